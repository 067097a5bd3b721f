"""Booking a machine one stands in front of: which times there are, or why there are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from labops.blueprints.access import worn_hat
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.walking_in import lengths_of, running_cell
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines.queries import MachineView
from labops.kernel import local_time
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor

# A later start helps against these; the others stand whatever time one takes.
_ABOUT_THE_START = {"booking.overlap", "booking.past"}


@dataclass(frozen=True, slots=True)
class Offer:
    """The slots that could be booked now; when there is none, every reason against the first."""

    slots: tuple[Interval, ...]
    problems: tuple[Problem, ...]


def offer_for(machine: MachineView, actor: Actor, *, now: datetime) -> Offer:
    """Return what somebody at the machine may book: from the running cell of the grid, or the next.

    The next one is tried only when somebody before still holds a part of the running one.
    """
    rules = rules_of(machine)
    start = running_cell(now, rules.grid, local_time.zone(machine.zone))
    first: Sequence[Problem] = ()
    for starts_at in (start, start + rules.grid):
        slots, problems = [], []
        for length in lengths_of(rules):
            slot = Interval(starts_at, starts_at + length)
            wish = Book(machines=(machine.slug,), slot=slot, walk_in=True, firm_uid=worn_hat())
            check = services.check_booking(wish, actor=actor, now=now)
            # What has to be said besides is asked in the form itself.
            against = [one for one in check.problems if not one.fix.startswith("field:")]
            if not against:
                slots.append(slot)
            else:
                problems.append(tuple(against))
        if slots:
            return Offer(tuple(slots), ())
        first = first or problems[0]
        if not all(problem.code in _ABOUT_THE_START for problem in problems[0]):
            break
    return Offer((), tuple(first))


def rules_of(machine: MachineView) -> HouseRules:
    """Return the house rules in force for the machine."""
    return rules_in_force(
        reading(),
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
    )
