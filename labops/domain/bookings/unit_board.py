"""Who holds which unit of which machine, with what is only planned laid over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.finding import SMALLEST_STEP
from labops.domain.bookings.hits import Obstacle
from labops.domain.bookings.policies import spans
from labops.domain.bookings.timetable import next_on_grid
from labops.domain.bookings.wanted import WantedMachine
from labops.kernel import ledger, ledger_whole
from labops.kernel.interval import Interval, common, merged, without

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_NOBODY = 0

_Claims = list[tuple[Interval, int]]


class UnitBoard:
    """Claims on some machines by unit: those of the ledger, an obstacle, and suggested moves."""

    def __init__(
        self,
        session: Session,
        machines: Sequence[WantedMachine],
        period: Interval,
        obstacle: Obstacle,
    ) -> None:
        self._units: dict[int, list[_Claims]] = {
            machine.id: [[] for _unit in range(machine.capacity)] for machine in machines
        }
        window = period.widened(before=_DAY, after=ledger.LONGEST_CLAIM)
        for one in ledger_whole.held(session, sorted(self._units), window):
            is_booking = one.owner.kind is ledger.OwnerKind.BOOKING
            units = self._units[one.bookable_id]
            if one.unit < len(units):
                units[one.unit].append((one.span, one.owner.id if is_booking else _NOBODY))
        for machine_id in obstacle.machine_ids:
            for claims in self._units.get(machine_id, ()):
                claims.append((obstacle.span, _NOBODY))

    def is_free(self, machines: Sequence[WantedMachine], slot: Interval, *, besides: int) -> bool:
        """Say whether each machine has a unit left that nobody but booking `besides` holds."""
        return all(self._free_unit(one, slot, besides) is not None for one in machines)

    def take(self, machines: Sequence[WantedMachine], slot: Interval, booking_id: int) -> None:
        """Lay the booking over the machines at that time, beside what it holds already."""
        for machine in machines:
            unit = self._free_unit(machine, slot, booking_id)
            if unit is not None:
                self._units[machine.id][unit].append((machine.claimed(slot), _NOBODY))

    def free_starts(
        self,
        machines: Sequence[WantedMachine],
        facts: BookingFacts,
        period: Interval,
        length: timedelta,
        *,
        besides: int,
    ) -> tuple[Interval, ...]:
        """Return the spans of the period in which a slot of that length could start.

        The machines are those of the facts, in their order. What depends on more than hours,
        notice, horizon and free units is still to be asked.
        """
        whole = replace(facts, slot=period)
        left: tuple[Interval, ...] = (period,)
        for machine, rules in zip(machines, facts.machines, strict=True):
            left = common(left, _present(whole, rules, length))
            left = common(left, self._unclaimed(machine, period, length, besides))
        return left

    def _unclaimed(
        self, machine: WantedMachine, period: Interval, length: timedelta, besides: int
    ) -> tuple[Interval, ...]:
        before = length + timedelta(minutes=machine.cleanup_minutes)
        after = timedelta(minutes=machine.setup_minutes)
        found: list[Interval] = []
        for claims in self._units[machine.id]:
            holes = (
                Interval(span.starts_at - before + _INSTANT, span.ends_at + after)
                for span, owner in claims
                if owner != besides
            )
            found += without([period], holes)
        return merged(found)

    def _free_unit(self, machine: WantedMachine, slot: Interval, besides: int) -> int | None:
        claimed = machine.claimed(slot)
        for unit, claims in enumerate(self._units[machine.id]):
            if not any(owner != besides and span.overlaps(claimed) for span, owner in claims):
                return unit
        return None


def grid_starts(found: Sequence[Interval], facts: BookingFacts) -> Iterator[datetime]:
    """Yield the starts in the spans that lie on the grid of the facts' machines."""
    grid = max(SMALLEST_STEP, *(machine.rules.grid for machine in facts.machines))
    for span in found:
        start = next_on_grid(span.starts_at, grid, facts.zone)
        while start < span.ends_at:
            yield start
            start += grid


def _present(facts: BookingFacts, machine: MachineFacts, length: timedelta) -> tuple[Interval, ...]:
    """Return when a slot may start so that somebody can be there as long as needed."""
    rules = machine.rules
    needed = rules.grid if rules.unattended else length
    places = [
        Interval(span.starts_at, span.ends_at - needed + _INSTANT)
        for span in spans.usable_spans(facts, rules)
        if span.starts_at <= span.ends_at - needed
    ]
    return common(places, spans.start_spans(facts, rules))
