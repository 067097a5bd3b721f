"""Find a time: the earliest slots on any machine that can do it, by the rules of the booking.

Where a slot could start is worked out with spans of time, for all machines at once and in chunks
of the period, since most searches end in the first days. Whether one may have it is then asked of
the same rules that decide the booking.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_for_search
from labops.domain.bookings.policies import booking_problems, spans
from labops.domain.bookings.timetable import full_spans, next_on_grid
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines import queries as inventory
from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.kernel import ledger, local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval, common, without

MOST_FOUND = 100
LONGEST_PERIOD = timedelta(days=93)
# The first chunk answers most searches; each further one is three times as long.
FIRST_CHUNK = timedelta(days=3)
CHUNK_GROWTH = 3
# Rules are asked this often at most: a person whose quota is full for weeks gets an answer too.
MOST_ASKED = 600
# Where any minute would do, nobody wants to be offered each of them.
SMALLEST_STEP = timedelta(minutes=5)
_INSTANT = timedelta(microseconds=1)
# What does not depend on when: whoever may not use a machine today may not at five either.
_OF_THE_PERSON = frozenset(
    {
        "person.not-member",
        "person.suspended",
        "person.certification-missing",
        "person.waiver-missing",
        "person.too-young",
        "booking.too-many-open",
        "booking.too-short",
        "booking.too-long",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSearch:
    """What is looked for: so long a slot inside the period, on a machine that can do it.

    `envelope_mm` is the workpiece, in any order of its two sides, height last if it matters.
    `only_mine` leaves out machines that the person may not use.
    """

    length: timedelta
    period: Interval
    process: str | None = None
    material: str | None = None
    site: str | None = None
    machine: str | None = None
    envelope_mm: tuple[float, ...] = ()
    only_mine: bool = False
    limit: int = 10
    most_asked: int = MOST_ASKED


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A free slot on a machine, and what still keeps this person from booking it."""

    machine: MachineView
    slot: Interval
    problems: tuple[Problem, ...]


def find_times(
    session: Session, search: TimeSearch, person_id: int | None, *, now: datetime
) -> list[FoundTime]:
    """Return free slots, soonest first, one after another on each machine.

    Without a person only the rules that hold for everybody are asked.
    """
    machines = _fitting(session, search)
    found: list[FoundTime] = []
    seen: dict[int, datetime] = {}
    asked = 0
    for chunk in _chunks(search.period, now):
        if len(found) >= search.limit or asked >= search.most_asked or not machines:
            break
        facts = gather_for_search(session, person_id, machines, chunk, now=now)
        starts = _Starts(session, machines, facts, chunk, search, seen)
        for number, slot in starts:
            asked += 1
            machine = machines[number]
            problems = _problems(facts[machine.id], slot, known=person_id is not None)
            lasting = tuple(p for p in problems if p.code in _OF_THE_PERSON)
            if len(lasting) < len(problems) or (lasting and search.only_mine):
                starts.go_on(number, slot, problems)
            else:
                found.append(FoundTime(machine, slot, lasting))
                starts.go_on(number, slot, ())
            if len(found) >= search.limit or asked >= search.most_asked:
                break
    return found


def _fitting(session: Session, search: TimeSearch) -> list[MachineView]:
    found = inventory.search(session, site=search.site, process=search.process)
    return [
        machine
        for machine in found
        if machine.state == MachineState.IN_SERVICE
        and search.machine in {None, machine.slug}
        and (search.material is None or search.material in machine.materials)
        and fits(search.envelope_mm, machine.envelope_mm)
    ]


def fits(piece: Sequence[float], envelope: Sequence[float] | None) -> bool:
    """Say whether a workpiece lies inside a machine's envelope, turned on the bed if need be.

    A machine whose envelope is not known holds nothing for sure, so it does not fit.
    """
    if not piece:
        return True
    if envelope is None or len(envelope) < len(piece):
        return False
    bed = zip(sorted(piece[:2])[::-1], sorted(envelope[:2])[::-1], strict=False)
    height = zip(piece[2:], envelope[2:], strict=False)
    return all(side <= room for side, room in (*bed, *height))


def _chunks(period: Interval, now: datetime) -> Iterator[Interval]:
    start = max(period.starts_at, now)
    length = FIRST_CHUNK
    while start < period.ends_at:
        end = min(start + length, period.ends_at)
        yield Interval(start, end)
        start, length = end, length * CHUNK_GROWTH


def _problems(facts: BookingFacts, slot: Interval, *, known: bool) -> tuple[Problem, ...]:
    problems = booking_problems(replace(facts, slot=slot))
    if known:
        return problems
    return tuple(problem for problem in problems if not problem.code.startswith("person."))


class _Starts:
    """The instants at which a slot could start in a chunk, over all machines, soonest first.

    Whoever takes a slot says with `go_on` from where on to look at that machine again.
    """

    def __init__(
        self,
        session: Session,
        machines: Sequence[MachineView],
        facts: Mapping[int, BookingFacts],
        chunk: Interval,
        search: TimeSearch,
        seen: dict[int, datetime],
    ) -> None:
        self._machines = machines
        self._seen = seen  # until when each machine has been looked at, across chunks
        self._facts = facts
        self._search = search
        around = chunk.widened(before=timedelta(days=1), after=search.length + timedelta(days=1))
        claimed = ledger.busy(session, [machine.id for machine in machines], around)
        self._spans = [
            _startable(machine, facts[machine.id], claimed[machine.id], chunk, search)
            for machine in machines
        ]
        self._queue: list[tuple[datetime, int]] = []
        for number in range(len(machines)):
            self._push(number, seen.get(number, chunk.starts_at))

    def __iter__(self) -> Iterator[tuple[int, Interval]]:
        while self._queue:
            start, number = heapq.heappop(self._queue)
            yield number, Interval(start, start + self._search.length)

    def go_on(self, number: int, slot: Interval, problems: Sequence[Problem]) -> None:
        """Look at the machine again: after the slot, or where what was wrong may be over."""
        facts = self._facts[self._machines[number].id]
        if any(problem.code in _OF_THE_PERSON for problem in problems) and self._search.only_mine:
            after = self._search.period.ends_at
        elif not problems:
            after = slot.ends_at
        elif any(problem.code == "booking.quota" for problem in problems):
            day = slot.starts_at.astimezone(facts.zone).date()
            after = local_time.local_day(day, facts.zone).ends_at
        else:
            after = slot.starts_at + max(facts.machines[0].rules.grid, SMALLEST_STEP)
        self._push(number, after)

    def _push(self, number: int, after: datetime) -> None:
        self._seen[number] = after
        facts = self._facts[self._machines[number].id]
        rules = facts.machines[0].rules
        for span in self._spans[number]:
            if span.ends_at <= after:
                continue
            earliest = max(span.starts_at, after)
            if rules.sessions:
                first = _session_from(facts, rules, earliest, span)
                if first is None:
                    continue
                start = first
            else:
                start = next_on_grid(earliest, max(rules.grid, SMALLEST_STEP), facts.zone)
            if start < span.ends_at:
                heapq.heappush(self._queue, (start, number))
                return


def _session_from(
    facts: BookingFacts, rules: HouseRules, earliest: datetime, span: Interval
) -> datetime | None:
    """Return the first start of a session in the span, from the instant on."""
    window = Interval(earliest, span.ends_at + timedelta(days=1))
    starts = (one.starts_at for one in spans.session_spans(replace(facts, slot=window), rules))
    return next((start for start in starts if start < span.ends_at), None)


def _startable(
    machine: MachineView,
    facts: BookingFacts,
    claimed: Sequence[Interval],
    chunk: Interval,
    search: TimeSearch,
) -> tuple[Interval, ...]:
    """Return the spans in which a slot may start: somebody can be there and a unit is free."""
    rules = facts.machines[0].rules
    whole = replace(facts, slot=chunk)
    present = rules.grid if rules.unattended else search.length
    last = min(chunk.ends_at - _INSTANT, search.period.ends_at - search.length)
    places = []
    for span in spans.usable_spans(whole, rules):
        end = min(span.ends_at - present, last)
        if span.starts_at <= end:
            places.append(Interval(span.starts_at, end + _INSTANT))  # the last start is one too
    before = search.length + _buffer(rules.cleanup, rules, machine.cleanup_minutes)
    after = _buffer(rules.setup, rules, machine.setup_minutes)
    return without(
        common(places, spans.start_spans(whole, rules)),
        (
            Interval(full.starts_at - before + _INSTANT, full.ends_at + after)
            for full in full_spans(claimed, machine.capacity)
        ),
    )


def _buffer(ruled: timedelta | None, rules: HouseRules, own_minutes: int) -> timedelta:
    if rules.buffers_inside:
        return timedelta(0)
    return timedelta(minutes=own_minutes) if ruled is None else ruled
