"""Where else bookings in the way could go: other times, or other machines of the same type.

Every suggestion keeps the length and the rules that hold for its person, and leaves alone what
was suggested for the bookings before it: all first suggestions can be followed together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, product

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts, HeldBooking
from labops.domain.bookings.gathering import gather_for_search, with_spaces
from labops.domain.bookings.hits import HitBooking, Obstacle
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import booking_problems
from labops.domain.bookings.unit_board import UnitBoard, grid_starts
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_by_id
from labops.domain.machines import queries as inventory
from labops.domain.machines.queries import InventorySearch, MachineView
from labops.domain.machines.states import MachineState
from labops.kernel.interval import Interval

# How far around its own time another one is looked for, and what is near enough to come first.
REACH = timedelta(days=7)
NEAR = timedelta(days=2)
MOST_TIMES = 3
MOST_OTHERS = 2
# A person whose quota is full for weeks gets an answer, too.
MOST_ASKED = 300
MOST_SETS = 12
MOST_MACHINES = 1_000
# Staff do not ask whether it is too late to move.
_NOT_ASKED = frozenset({"booking.cancel-too-late"})
# What no other time would change.
_LASTING = frozenset(
    {
        "person.not-member",
        "person.suspended",
        "person.certification-missing",
        "person.waiver-missing",
        "person.too-young",
        "person.too-old",
        "machine.out-of-service",
        "machine.retired",
        "booking.too-many-open",
        "booking.too-long",
        "booking.too-short",
    }
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Another slot, on the same or other machines, that the rules allow."""

    machines: tuple[str, ...]
    machine_names: tuple[str, ...]
    slot: Interval
    same_machines: bool


def suggestions_for(
    session: Session, hits: Sequence[HitBooking], obstacle: Obstacle, *, now: datetime
) -> dict[str, tuple[Suggestion, ...]]:
    """Return for each booking in the way where it could go, closest first, by its uid.

    The same machines within two days come first, then others like them at the same time, then
    what lies farther away. A running booking goes nowhere.
    """
    waiting = [hit for hit in hits if not hit.is_running]
    if not waiting:
        return {}
    ground = _ground(session, waiting, obstacle, now)
    found = {}
    for hit in waiting:
        suggestions = _Place(session, ground, hit).suggestions()
        if suggestions:
            ground.follow(hit, suggestions[0])
        found[hit.uid] = suggestions
    return found


@dataclass(slots=True)
class _Ground:
    """What all searches share: machines, who holds what, and what was suggested so far."""

    obstacle: Obstacle
    now: datetime
    period: Interval
    views: Mapping[int, MachineView]
    wanted: Mapping[int, WantedMachine]
    bookings: Mapping[int, Booking]
    board: UnitBoard
    moved: dict[int, list[tuple[HitBooking, Suggestion]]] = field(default_factory=dict)

    def alike(self, machine_id: int) -> list[int]:
        """Return the other machines of the same type that are not in the way and in service."""
        view = self.views[machine_id]
        return [
            other.id
            for other in self.views.values()
            if other.type_id == view.type_id
            and other.id != machine_id
            and other.state == MachineState.IN_SERVICE
            and other.id not in self.obstacle.machine_ids
        ]

    def follow(self, hit: HitBooking, suggestion: Suggestion) -> None:
        """Take the suggestion for granted in all that are made after it."""
        ids = {machine.slug: machine for machine in self.wanted.values()}
        self.board.take([ids[slug] for slug in suggestion.machines], suggestion.slot, hit.id)
        self.moved.setdefault(hit.person_id, []).append((hit, suggestion))


class _Place:
    """The search for one booking."""

    def __init__(self, session: Session, ground: _Ground, hit: HitBooking) -> None:
        self._session, self._ground, self._hit = session, ground, hit
        self._booking = ground.bookings[hit.id]
        blocked = [one for one in hit.machine_ids if one in ground.obstacle.machine_ids]
        options = [ground.alike(one) if one in blocked else [one] for one in hit.machine_ids]
        sets = (one for one in product(*options) if len(set(one)) == len(one))
        self._others: list[tuple[int, ...]] = list(islice(sets, MOST_SETS)) if blocked else []
        ids = {*hit.machine_ids, *(one for others in self._others for one in others)}
        self._facts = gather_for_search(
            session,
            hit.person_id,
            [ground.views[one] for one in sorted(ids)],
            self._period(),
            now=ground.now,
        )

    def suggestions(self) -> tuple[Suggestion, ...]:
        """Return where it could go, closest first."""
        start = self._hit.slot.starts_at
        times = list(islice(self._apart(self._hit.machine_ids), MOST_TIMES))
        near = [one for one in times if abs(one.slot.starts_at - start) <= NEAR]
        far = times[len(near) :]
        instead = list(islice(self._meanwhile(), MOST_OTHERS))
        found = [*near, *instead, *far]
        if not found:
            elsewhere = (next(self._apart(others), None) for others in self._others)
            found = [one for one in islice(elsewhere, MOST_OTHERS) if one is not None]
        return tuple(found)

    def _period(self) -> Interval:
        around, hit, now = self._ground.period, self._hit.slot, self._ground.now
        first = max(now, hit.starts_at - REACH)
        return Interval(first, max(around.ends_at, first + REACH))

    def _meanwhile(self) -> Iterator[Suggestion]:
        """Yield the other machines that are free at the booking's own time."""
        slot = self._hit.slot
        for others in self._others:
            if slot.starts_at >= self._ground.now and not self._problems(others, slot):
                yield self._suggestion(others, slot)

    def _apart(self, ids: tuple[int, ...]) -> Iterator[Suggestion]:
        """Yield free slots on these machines that do not overlap each other, nearest first."""
        facts, slot = self._asked(ids), self._hit.slot
        machines = [self._ground.wanted[one] for one in ids]
        spans = self._ground.board.free_starts(
            machines, facts, self._period(), slot.length, besides=self._hit.id
        )
        starts = sorted(grid_starts(spans, facts), key=lambda at: (abs(at - slot.starts_at), at))
        taken: list[Interval] = []
        for start in islice(starts, MOST_ASKED):
            other = Interval(start, start + slot.length)
            if other == slot or any(one.overlaps(other) for one in taken):
                continue
            problems = self._problems(ids, other)
            if problems & _LASTING:
                return
            if not problems:
                taken.append(other)
                yield self._suggestion(ids, other)

    def _problems(self, ids: tuple[int, ...], slot: Interval) -> set[str]:
        """Return the codes of what speaks against these machines at that time."""
        machines = [self._ground.wanted[one] for one in ids]
        if not self._ground.board.is_free(machines, slot, besides=self._hit.id):
            return {"booking.overlap"}
        facts = replace(self._asked(ids), slot=slot)
        wish = Wish(
            person_id=self._hit.person_id,
            machines=machines,
            slot=slot,
            now=self._ground.now,
            previous=self._booking,
        )
        facts = with_spaces(self._session, facts, wish)
        return {problem.code for problem in booking_problems(facts)} - _NOT_ASKED

    def _asked(self, ids: tuple[int, ...]) -> BookingFacts:
        """Return the facts for moving the booking to these machines, whenever that is."""
        of_each = [self._facts[one] for one in ids]
        moves = set(ids) != set(self._hit.machine_ids)
        booking = self._booking
        return replace(
            of_each[0],
            machines=tuple(one.machines[0] for one in of_each),
            closures=tuple(sorted({shut for one in of_each for shut in one.closures})),
            held=self._held(of_each[0].held),
            previous=self._hit.slot,
            previous_booked_at=booking.created_at,
            previous_machines=tuple(
                (one, self._ground.views[one].type_slug) for one in self._hit.machine_ids
            ),
            walk_in=booking.walk_in,
            people=booking.people_count,
            fields=booking.fields if moves else None,
        )

    def _held(self, held: tuple[HeldBooking, ...]) -> tuple[HeldBooking, ...]:
        """Leave out the booking itself, and move those for which something was suggested."""
        left = list(held)
        _remove(left, self._hit)
        for hit, suggestion in self._ground.moved.get(self._hit.person_id, ()):
            before = _remove(left, hit)
            if before is not None:
                ids = {one.slug: one for one in self._ground.wanted.values()}
                machines = tuple((ids[s].id, ids[s].category) for s in suggestion.machines)
                left.append(
                    replace(
                        before,
                        slot=suggestion.slot,
                        machines=machines,
                        slugs=suggestion.machines,
                    )
                )
        return tuple(sorted(left, key=lambda one: one.slot))

    def _suggestion(self, ids: tuple[int, ...], slot: Interval) -> Suggestion:
        machines = [self._ground.wanted[one] for one in ids]
        return Suggestion(
            machines=tuple(machine.slug for machine in machines),
            machine_names=tuple(machine.name for machine in machines),
            slot=slot,
            same_machines=set(ids) == set(self._hit.machine_ids),
        )


def _remove(held: list[HeldBooking], hit: HitBooking) -> HeldBooking | None:
    """Take the booking out of the list, and return it."""
    for number, one in enumerate(held):
        if one.slot == hit.slot and set(one.slugs) == set(hit.machines):
            return held.pop(number)
    return None


def _ground(
    session: Session, hits: Sequence[HitBooking], obstacle: Obstacle, now: datetime
) -> _Ground:
    site = InventorySearch(
        site_ids=frozenset({obstacle.site_id}), with_retired=True, limit=MOST_MACHINES
    )
    views = {machine.id: machine for machine in inventory.listed(session, site)[0]}
    types = {views[one].type_id for hit in hits for one in hit.machine_ids}
    wanted = {
        machine.id: machine
        for machine in machines_by_id(
            session, [view.id for view in views.values() if view.type_id in types]
        )
    }
    starts = [hit.slot.starts_at for hit in hits]
    last = max(*starts, obstacle.span.ends_at) + REACH
    period = Interval(max(now, min(starts) - REACH), max(last, now + REACH))
    found = session.scalars(select(Booking).where(Booking.id.in_([hit.id for hit in hits])))
    return _Ground(
        obstacle=obstacle,
        now=now,
        period=period,
        views=views,
        wanted=wanted,
        bookings={booking.id: booking for booking in found},
        board=UnitBoard(session, list(wanted.values()), period, obstacle),
    )
