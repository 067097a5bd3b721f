"""Booking the machine one stands at, from now on, by the same rules and the same ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.commands import Book
from labops.domain.bookings.gathering import gather
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.policies import judged
from labops.domain.bookings.wanted import Wish, wanted_machines
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.kernel import local_time
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor

LENGTHS = (timedelta(minutes=30), timedelta(minutes=60), timedelta(minutes=120))
# So long it is for whoever does not say how long.
USUAL = timedelta(minutes=60)


def walk_in(session: Session, machine: str, *, actor: Actor, now: datetime) -> str:
    """Book the machine from the running cell of the grid, an hour or what is left until the next.

    Runs inside the caller's transaction and returns the booking's uid. Raises `Refused` for
    everything against the shortest, and where staff would have to agree first; then nothing was
    changed.
    """
    wanted = wanted_machines(session, [machine])
    first = wanted[0]
    rules = rules_in_force(
        session, first.site_id, first.revision, category=first.category, machine=first.slug
    )
    start = running_cell(now, rules.grid, local_time.zone(first.zone))
    shortest = Interval(start, start + rules.shortest)
    wish = Wish(
        person_id=actor.require_person(),
        machines=wanted,
        slot=shortest,
        now=now,
        walk_in=True,
        fields={},
    )
    granting.lock(session, wish)
    lengths = [length for length in lengths_of(rules) if length <= max(USUAL, rules.shortest)]
    for length in reversed(lengths):
        slot = Interval(start, start + length)
        longer = Wish(
            person_id=wish.person_id,
            machines=wanted,
            slot=slot,
            now=now,
            walk_in=True,
            fields={},
        )
        gathered = gather(session, longer)
        judgement = judged(gathered.facts)
        against = (*judgement.problems, *judgement.approval)
        if not against:
            command = Book(machines=(machine,), slot=slot, walk_in=True)
            _id, uid = granting.book_in(
                session, command, longer, Consent(actor), gathered=gathered, judgement=judgement
            )
            return uid
    raise Refused(against, zone=first.zone)


def running_cell(now: datetime, grid: timedelta, zone: ZoneInfo) -> datetime:
    """Return where the cell of the grid began that is running at the site."""
    local = now.astimezone(zone)
    past_midnight = timedelta(
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return now - past_midnight % grid


def lengths_of(rules: HouseRules) -> Iterator[timedelta]:
    """Yield the lengths that are offered, shortest first; always at least the shortest."""
    yield rules.shortest
    for length in LENGTHS:
        if rules.shortest < length <= rules.longest and not length % rules.grid:
            yield length
