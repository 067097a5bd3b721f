"""Which times would do for somebody who waits: every start in her window, by the rules for her.

Facts are gathered once for a machine and a local day; the rules are asked for each start. What is
found is a candidate only: whoever claims it looks again under the locks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.policies import booking_problems, open_spans
from labops.domain.bookings.timetable import full_spans, next_on_grid
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_by_id
from labops.domain.house_rules.values import NO_GRID
from labops.domain.machines.models import Machine, MachineType
from labops.domain.machines.states import MachineState
from labops.domain.waiting.models import WaitingWish, WaitingWishBookable
from labops.kernel import ledger, local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval, without

# Rules are asked this often at most for one wish.
MOST_ASKED = 600
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
# Where any start will do, these are tried besides the one at which time becomes free.
_STEP_WITHOUT_GRID = timedelta(minutes=15)

Machines = tuple[WantedMachine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What somebody waits for: one of the options, each some machines together, in the window."""

    person_id: int
    options: tuple[Machines, ...]
    window: Interval
    length: timedelta
    people: int
    fields: Mapping[str, str]

    def wish(self, machines: Machines, slot: Interval, now: datetime) -> Wish:
        """Return the wish for a booking of these machines in that slot."""
        return Wish(
            person_id=self.person_id,
            machines=machines,
            slot=slot,
            now=now,
            people=self.people,
            fields=self.fields,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A slot on some machines, and all that the rules need to judge it."""

    machines: Machines
    slot: Interval
    facts: BookingFacts

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what speaks against it."""
        return booking_problems(self.facts)


def sought_by(session: Session, wish: WaitingWish) -> Sought:
    """Return what a wish on the list is for, on the machines that there are now."""
    named = session.scalars(
        select(WaitingWishBookable.bookable_id)
        .where(WaitingWishBookable.wish_id == wish.id)
        .order_by(WaitingWishBookable.bookable_id)
    ).all()
    options = (
        (tuple(machines_by_id(session, named)),)
        if named
        else of_kind(session, wish.site_id, category=wish.category, process=wish.process)
    )
    return Sought(
        person_id=wish.person_id,
        options=options,
        window=wish.window,
        length=timedelta(minutes=wish.minutes),
        people=wish.people_count,
        fields=wish.fields,
    )


def of_kind(
    session: Session, site_id: int, *, category: str = "", process: str = ""
) -> tuple[Machines, ...]:
    """Return each machine of the kind at the site that is in service, by name, as an option."""
    query = select(Machine.id).where(
        Machine.site_id == site_id, Machine.state == MachineState.IN_SERVICE.value
    )
    if category:
        query = query.join(MachineType, MachineType.id == Machine.machine_type_id).where(
            MachineType.slug == category
        )
    if process:
        query = query.where(Machine.process == process)
    found = machines_by_id(session, session.scalars(query).all())
    return tuple((machine,) for machine in sorted(found, key=lambda one: (one.name, one.id)))


def candidates(
    session: Session, sought: Sought, *, since: datetime, now: datetime, taken_too: bool = False
) -> Iterator[Candidate]:
    """Yield slots from `since` on, soonest first, at which all machines of an option are free.

    With `taken_too` come those as well that others have; the facts say which are free.
    """
    last = sought.window.ends_at - sought.length
    first = max(sought.window.starts_at, since)
    if first > last or not sought.options:
        return
    room = _room(session, sought)
    zone = local_time.zone(sought.options[0][0].zone)
    for day in local_time.days_touched(Interval(first, last + _INSTANT), zone):
        whole = local_time.local_day(day, zone)
        part = Interval(max(first, whole.starts_at), min(last + _INSTANT, whole.ends_at))
        found: list[tuple[datetime, int, BookingFacts, bool]] = []
        for number, machines in enumerate(sought.options):
            free = _within(room[number], part)
            if not free and not taken_too:
                continue
            around = Interval(part.starts_at, part.ends_at + sought.length)
            facts = gather_facts(session, sought.wish(machines, around, now))
            starts = _starts(facts, [*free, part] if taken_too else free, sought, zone)
            found += ((start, number, facts, _holds(free, start)) for start in starts)
        for start, number, facts, is_free in sorted(found, key=lambda one: one[:2]):
            yield _candidate(sought, number, start, facts, is_free=is_free)


def _candidate(
    sought: Sought, number: int, start: datetime, facts: BookingFacts, *, is_free: bool
) -> Candidate:
    slot = Interval(start, start + sought.length)
    machines = tuple(replace(machine, free=is_free) for machine in facts.machines)
    return Candidate(sought.options[number], slot, replace(facts, slot=slot, machines=machines))


def _room(session: Session, sought: Sought) -> list[tuple[Interval, ...]]:
    """Return for each option the spans in which a start finds a unit of every machine free."""
    ids = sorted({machine.id for machines in sought.options for machine in machines})
    around = sought.window.widened(before=_DAY, after=_DAY)
    claimed = ledger.busy(session, ids, around)
    starts = [Interval(sought.window.starts_at, sought.window.ends_at + _INSTANT)]
    return [
        without(
            starts,
            (
                hole
                for machine in machines
                for hole in _holes(machine, claimed[machine.id], sought.length)
            ),
        )
        for machines in sought.options
    ]


def _holes(
    machine: WantedMachine, claimed: Sequence[Interval], length: timedelta
) -> Iterator[Interval]:
    """Yield the spans in which a start would reach into time that is taken, buffers included."""
    before = length + timedelta(minutes=machine.cleanup_minutes)
    after = timedelta(minutes=machine.setup_minutes)
    for full in full_spans(claimed, machine.capacity):
        yield Interval(full.starts_at - before + _INSTANT, full.ends_at + after)


def _starts(
    facts: BookingFacts, spans: Sequence[Interval], sought: Sought, zone: ZoneInfo
) -> list[datetime]:
    """Return the starts in the spans that lie on the machines' grid while one can be there."""
    open_ = open_spans(facts.opening, facts.closures)
    parts = [part for span in open_ for part in _within(spans, span)]
    rules = [machine.rules for machine in facts.machines]
    sessions = [session for one in rules for session in one.sessions]
    found = {sought.window.starts_at} if _holds(parts, sought.window.starts_at) else set()
    if sessions:
        found |= {
            span.starts_at
            for part in parts
            for session in sessions
            for span in session.during(part, zone)
            if _holds(parts, span.starts_at)
        }
        return sorted(found)
    grid = min(one.grid for one in rules)
    step = grid if grid != NO_GRID else _STEP_WITHOUT_GRID
    for part in parts:
        start = next_on_grid(part.starts_at, grid, zone)
        while start < part.ends_at:
            found.add(start)
            start += step
    return sorted(found)


def _within(spans: Sequence[Interval], window: Interval) -> list[Interval]:
    return [
        Interval(max(span.starts_at, window.starts_at), min(span.ends_at, window.ends_at))
        for span in spans
        if span.overlaps(window)
    ]


def _holds(spans: Sequence[Interval], at: datetime) -> bool:
    return any(span.starts_at <= at < span.ends_at for span in spans)
