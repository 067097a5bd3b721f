"""Maintenance, closures and bookings in any order, against an oracle of plain intervals.

After every step the ledger holds exactly what the model holds, no unit is claimed twice, nothing
that was refused left a trace, and what the first suggestions promise can always be done together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book
from labops.domain.bookings.displacing import Act, Choice, ChoiceRefused
from labops.domain.bookings.hits import HitBooking, Obstacle, hit_bookings, obstacle_of
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.rebooking import Suggestion, suggestions_for
from labops.domain.closures.models import Closure
from labops.domain.closures.services import close_making_way
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.house_rules.values import Level
from labops.domain.machines.services import DescribeMachine, add_machine
from labops.domain.maintenance import services as maintenance
from labops.domain.maintenance.commands import PlanBlock
from labops.domain.maintenance.models import MaintenanceBlock, MaintenanceBookable
from labops.domain.sites.services import Span, replace_hours
from labops.domain.strikes.models import Strike
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World

HALF_HOUR = timedelta(minutes=30)
# Machines with how many there are of them, and the minutes of clean-up after each booking.
MACHINES = {"drill": (1, 0), "saw": (1, 15), "saw-two": (1, 15), "tables": (3, 0)}
RULES = {
    "grid_minutes": 30,
    "shortest_minutes": 30,
    "longest_minutes": 240,
    "horizon_days": 60,
    "one_at_a_time": 0,
    "open_bookings": 0,
    "early_check_in_minutes": 15,
    "grace_minutes": 30,
    "strikes": {"missed": 1, "in_days": 30, "suspended_days": 1, "late_cancelled": True},
    "cancel_notice_minutes": 24 * 60,
    "late_cancel": "missed",
}
# The Friday before the clocks go back.
START = datetime(2026, 10, 23, 6, 0, tzinfo=UTC)
TABLES = (
    Allocation,
    Strike,
    BookingBookable,
    Booking,
    Closure,
    MaintenanceBookable,
    MaintenanceBlock,
    OutboxMessage,
    AuditEntry,
)


@dataclass
class Held:
    """What the model knows of a booking: its state and what it claims, by machine."""

    uid: str
    machines: tuple[str, ...]
    slot: Interval
    state: str = "confirmed"
    claims: dict[str, Interval] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Say whether it is still to be used, or in use."""
        return self.state in {"confirmed", "checked_in"}


def claims_of(machines: tuple[str, ...], slot: Interval) -> dict[str, Interval]:
    """Return what a booking claims: clean-up comes after."""
    after = {machine: timedelta(minutes=MACHINES[machine][1]) for machine in machines}
    return {one: Interval(slot.starts_at, slot.ends_at + after[one]) for one in machines}


@pytest.fixture
def ground(world: World) -> Iterator[World]:
    """Return the world with machines of its own in a house that never closes."""
    site = world.sites["smart-city-lab"]
    with unit_of_work() as session:
        always = [Span(weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)]
        replace_hours(session, site, always, actor=SYSTEM, now=NOW)
        add_version(session, SaveRules(site_id=site, data=RULES), actor=SYSTEM, now=NOW)
        for key in ("laser", "bench"):
            own = SaveRules(site_id=site, data={}, level=Level.CATEGORY, key=key)
            add_version(session, own, actor=SYSTEM, now=NOW)
        for slug, (capacity, cleanup) in MACHINES.items():
            machine = DescribeMachine(
                name=slug,
                slug=slug,
                machine_type="laser" if slug.startswith("saw") else "bench",
                capacity=capacity,
                cleanup_minutes=cleanup,
            )
            made = add_machine(session, site, machine, actor=SYSTEM, now=NOW)
            world.machines[slug] = made.id
    yield world


def test_whatever_happens(app: Flask, ground: World) -> None:
    del app  # its context is what the machine below works in

    class Life(Happenings):
        world = ground

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Happenings(RuleBasedStateMachine):
    """What people, staff and the clock do."""

    several = st.sampled_from(
        [("drill",), ("saw",), ("saw-two",), ("tables",), ("drill", "saw"), ("drill", "tables")]
    )
    steps = st.integers(min_value=0, max_value=20)
    lengths = st.integers(min_value=1, max_value=4)
    ways = st.sampled_from(["suggested", "suggested", "cancel", "missing", "stale", "impossible"])
    world: World

    def __init__(self) -> None:
        super().__init__()
        with unit_of_work() as session:
            for table in TABLES:
                session.execute(delete(table))
        self.now = START
        self.held: dict[str, Held] = {}
        self.blocks: dict[str, tuple[tuple[str, ...], Interval]] = {}
        self.closures: list[Interval] = []
        self.messages: Counter[str] = Counter()
        self.site = self.world.sites["smart-city-lab"]
        self.dora = self.world.actor("dora")

    # What happens

    @initialize(wishes=st.lists(st.tuples(several, steps, lengths), min_size=6, max_size=12))
    def begin(self, wishes: list[tuple[tuple[str, ...], int, int]]) -> None:
        self.book(wishes)

    @rule(wishes=st.lists(st.tuples(several, steps, lengths), min_size=2, max_size=5))
    def book(self, wishes: list[tuple[tuple[str, ...], int, int]]) -> None:
        for machines, start, length in wishes:
            self.book_one(machines, start, length)

    def book_one(self, machines: tuple[str, ...], start: int, length: int) -> None:
        slot = self.span(start, length)
        command = Book(machines=machines, slot=slot)
        free = all(self.has_room(one, claim) for one, claim in claims_of(machines, slot).items())
        closed = any(shut.overlaps(slot) for shut in self.closures)
        try:
            uid = services.book(command, actor=self.dora, now=self.now)
        except Refused as refused:
            codes = {problem.code for problem in refused.problems}
            assert codes == ({"booking.closed"} if closed else set()) | (
                set() if free else {"booking.overlap"}
            )
            return
        assert free
        assert not closed
        self.held[uid] = Held(uid, machines, slot, claims=claims_of(machines, slot))
        self.messages["BookingConfirmed"] += 1

    @rule(machines=several, start=steps, length=lengths, way=ways)
    def plan(self, machines: tuple[str, ...], start: int, length: int, way: str) -> None:
        self.plan_one(machines, self.span(start, length * 2), way)

    @rule(early=st.booleans(), leaves=st.booleans(), delay=st.sampled_from([0, 45]), way=ways)
    def break_down(self, early: bool, leaves: bool, delay: int, way: str) -> None:  # noqa: FBT001
        """Let a machine fail while, or just after, somebody works on it."""
        held = self.next_comes(10 if early else 0, 10 if leaves else None)
        if held is not None:
            starts_at = self.now + timedelta(minutes=delay)
            self.plan_one(held.machines[-1:], Interval(starts_at, starts_at + 3 * HALF_HOUR), way)

    def plan_one(self, machines: tuple[str, ...], span: Interval, way: str) -> None:
        obstacle = self.obstacle(machines, span)
        choices, hits = self.choices(obstacle, way)
        command = PlanBlock(span=span, machines=machines, reason="Oil")
        other = any(
            set(machines) & set(taken) and taken_span.overlaps(span)
            for taken, taken_span in self.blocks.values()
        )
        if self.refused_as_told(
            lambda: maintenance.plan(self.site, command, choices, actor=self.dora, now=self.now),
            hits,
            way,
            other=other,
        ):
            return
        (uid, _displaced) = self.done
        self.blocks[uid] = (machines, span)
        self.messages["MaintenancePlanned"] += 1
        self.follow(hits, choices, obstacle)
        self.trim_finished(machines, span)

    @rule(start=steps, length=lengths, way=ways, leave=st.booleans())
    def close(self, start: int, length: int, way: str, leave: bool) -> None:  # noqa: FBT001
        span = self.span(start, length)
        obstacle = obstacle_of(reading(), self.site, span)
        choices, hits = self.choices(obstacle, way)
        if leave and way == "suggested":
            choices = {hit.uid: Choice(Act.LEAVE, hit.sequence) for hit in hits}
        if self.refused_as_told(
            lambda: close_making_way(
                self.site, span, choices, reason="Fair", actor=self.dora, now=self.now
            ),
            hits,
            way,
        ):
            return
        self.closures.append(span)
        self.follow(hits, choices, obstacle)

    @rule(data=st.data(), start=steps, length=lengths)
    def change(self, data: st.DataObject, start: int, length: int) -> None:
        uid = self.one_block(data)
        if uid is None:
            return
        machines, before = self.blocks[uid]
        span = self.span(start, length)
        if before.starts_at <= self.now:
            if span.ends_at <= before.starts_at:
                return
            span = Interval(before.starts_at, span.ends_at)
        obstacle = self.obstacle(machines, span)
        choices, hits = self.choices(obstacle, "suggested")
        command = PlanBlock(span=span, machines=machines, reason="Oil")
        other = any(
            set(machines) & set(taken) and taken_span.overlaps(span)
            for one, (taken, taken_span) in self.blocks.items()
            if one != uid
        )
        if self.refused_as_told(
            lambda: maintenance.change(uid, command, choices, actor=self.dora, now=self.now),
            hits,
            "suggested",
            other=other,
        ):
            return
        self.blocks[uid] = (machines, span)
        self.messages["MaintenanceChanged"] += 1
        self.follow(hits, choices, obstacle)
        self.trim_finished(machines, span)

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        uid = self.one_block(data)
        if uid is None:
            return
        machines, span = self.blocks[uid]
        if span.starts_at < self.now:
            maintenance.end(uid, actor=self.dora, now=self.now)
            maintenance.end(uid, actor=self.dora, now=self.now)
            self.blocks[uid] = (machines, Interval(span.starts_at, self.now))
            self.messages["MaintenanceEnded"] += 1
        else:
            maintenance.cancel(uid, actor=self.dora, now=self.now)
            maintenance.cancel(uid, actor=self.dora, now=self.now)
            del self.blocks[uid]
            self.messages["MaintenanceCancelled"] += 1

    @rule(minutes=st.sampled_from([5, 30, 40]))
    def wait(self, minutes: int) -> None:
        self.let_it_be(self.now + timedelta(minutes=minutes))

    @rule(early=st.sampled_from([0, 10]), leaves_after=st.sampled_from([None, 0, 10, 30]))
    def come(self, early: int, leaves_after: int | None) -> None:
        """Let whoever is next come to the machine, perhaps early, and perhaps leave early."""
        self.next_comes(early, leaves_after)

    def next_comes(self, early: int, leaves_after: int | None) -> Held | None:
        coming = [
            held
            for held in self.held.values()
            if held.state == "confirmed" and held.slot.starts_at >= self.now
        ]
        if not coming:
            return None
        held = min(coming, key=lambda one: one.slot.starts_at)
        self.let_it_be(max(self.now, held.slot.starts_at - timedelta(minutes=early)))
        try:
            use.check_in(held.uid, actor=self.dora, now=self.now)
        except Refused as refused:  # somebody is still there
            assert {problem.code for problem in refused.problems} == {"booking.machine-in-use"}
            return None
        held.state = "checked_in"
        self.messages["BookingCheckedIn"] += 1
        if leaves_after is not None:
            self.let_it_be(self.now + timedelta(minutes=leaves_after))
            if held.state == "checked_in":
                use.finish(held.uid, actor=self.dora, now=self.now)
                self.finished(held, self.now)
        return held

    def let_it_be(self, now: datetime) -> None:
        """Move the clock on; what was used to its end is finished."""
        self.now = now
        sweeping.finish_elapsed(now=self.now)
        for held in self.held.values():
            if held.state == "checked_in" and held.slot.ends_at <= self.now:
                held.state = "finished"
                self.messages["BookingFinished"] += 1

    # What must hold

    @invariant()
    def the_ledger_holds_what_the_model_holds(self) -> None:
        session = reading()
        session.rollback()
        uids = dict(session.execute(select(Booking.id, Booking.uid)).all())
        works = dict(session.execute(select(MaintenanceBlock.id, MaintenanceBlock.uid)).all())
        slugs = {number: slug for slug, number in self.world.machines.items()}
        rows = session.scalars(
            select(Allocation).order_by(
                Allocation.bookable_id, Allocation.unit, Allocation.starts_at
            )
        ).all()
        for one, following in pairwise(rows):
            if (one.bookable_id, one.unit) == (following.bookable_id, following.unit):
                assert one.ends_at <= following.starts_at
        owners: Mapping[str, dict[int, str]] = {"booking": uids, "maintenance": works}
        stored = Counter(
            (
                owners[row.owner_kind][row.owner_id],
                slugs[row.bookable_id],
                row.starts_at,
                row.ends_at,
            )
            for row in rows
        )
        expected: Counter[tuple[str, str, datetime, datetime]] = Counter()
        for held in self.held.values():
            for machine, claim in held.claims.items():
                expected[(held.uid, machine, claim.starts_at, claim.ends_at)] += 1
        for uid, (machines, span) in self.blocks.items():
            for machine in machines:
                key = (uid, machine, span.starts_at, span.ends_at)
                expected[key] += MACHINES[machine][0]
        assert stored == expected

    @invariant()
    def bookings_are_where_the_model_says(self) -> None:
        stored = {
            booking.uid: (booking.state, booking.starts_at, booking.ends_at)
            for booking in reading().scalars(select(Booking))
        }
        assert stored == {
            held.uid: (held.state, held.slot.starts_at, held.slot.ends_at)
            for held in self.held.values()
        }
        assert reading().scalar(select(func.count()).select_from(Strike)) == 0

    @invariant()
    def each_change_left_one_message_and_one_entry(self) -> None:
        session = reading()
        kinds = Counter(session.scalars(select(OutboxMessage.kind)))
        assert kinds == self.messages
        entries = Counter(session.scalars(select(AuditEntry.action)))
        assert entries.pop("closure.added", 0) == len(self.closures)
        assert sum(entries.values()) == sum(kinds.values())

    # How it is decided

    def span(self, start: int, length: int) -> Interval:
        """Return a span on the grid, a few half hours from now."""
        past = (self.now - START) % HALF_HOUR
        begins = self.now + (HALF_HOUR - past if past else timedelta(0)) + start * HALF_HOUR
        return Interval(begins, begins + length * HALF_HOUR)

    def obstacle(self, machines: tuple[str, ...], span: Interval) -> Obstacle:
        ids = tuple(self.world.machines[one] for one in machines)
        return Obstacle(self.site, ids, span, claims_time=True)

    def choices(self, obstacle: Obstacle, way: str) -> tuple[dict[str, Choice], list[HitBooking]]:
        """Return choices for what is in the way, after comparing that with the model."""
        session = reading()
        session.rollback()
        hits = hit_bookings(session, obstacle)
        slugs = {
            slug for slug, number in self.world.machines.items() if number in obstacle.machine_ids
        }
        assert {hit.uid for hit in hits} == {
            held.uid
            for held in self.held.values()
            if held.is_open and self.is_in_the_way(held, slugs, obstacle)
        }
        found = suggestions_for(session, hits, obstacle, now=self.now)
        self.nothing_is_nearer(hits, found, obstacle)
        choices = {hit.uid: self.choice(hit, found.get(hit.uid, ()), way) for hit in hits}
        if way == "missing" and hits:
            del choices[hits[0].uid]
        return choices, hits

    @staticmethod
    def is_in_the_way(held: Held, slugs: set[str], obstacle: Obstacle) -> bool:
        if obstacle.claims_time:
            return any(
                machine in slugs and claim.overlaps(obstacle.span)
                for machine, claim in held.claims.items()
            )
        return bool(slugs & set(held.machines)) and held.slot.overlaps(obstacle.span)

    def choice(self, hit: HitBooking, found: tuple[Suggestion, ...], way: str) -> Choice:
        sequence = hit.sequence + (1 if way == "stale" else 0)
        if hit.is_running:
            return Choice(Act.END, sequence)
        if way == "impossible":  # in the past
            slot = Interval(START - HALF_HOUR, START - HALF_HOUR + hit.slot.length)
            return Choice(Act.MOVE, sequence, slot, hit.machines)
        if way == "cancel" or not found:
            return Choice(Act.CANCEL, sequence)
        return Choice(Act.MOVE, sequence, found[0].slot, found[0].machines)

    def nothing_is_nearer(
        self,
        hits: list[HitBooking],
        found: Mapping[str, tuple[Suggestion, ...]],
        obstacle: Obstacle,
    ) -> None:
        """Check that on the same machines no free time lies nearer than the first suggested."""
        first = next((hit for hit in hits if not hit.is_running), None)
        if first is None:
            return
        same = [one for one in found[first.uid] if one.same_machines]
        assert same  # a week of empty nights lies ahead
        start, reach = first.slot.starts_at, abs(same[0].slot.starts_at - first.slot.starts_at)
        taken = set(first.machines) & {
            slug for slug, number in self.world.machines.items() if number in obstacle.machine_ids
        }
        number = 1
        while number * HALF_HOUR < reach:
            for begins in (start - number * HALF_HOUR, start + number * HALF_HOUR):
                slot = Interval(begins, begins + first.slot.length)
                claims = claims_of(first.machines, slot)
                assert (
                    begins < self.now
                    or any(shut.overlaps(slot) for shut in self.closures)
                    or any(obstacle.span.overlaps(claims[machine]) for machine in taken)
                    or not all(
                        self.has_room(one, claim, besides=first.uid)
                        for one, claim in claims.items()
                    )
                )
            number += 1

    def refused_as_told(
        self, act: Any, hits: list[HitBooking], way: str, *, other: bool = False
    ) -> bool:
        """Do it, and say whether it was refused for the reason that the model knows."""
        movable = any(not hit.is_running for hit in hits)
        try:
            self.done = act()
        except ChoiceRefused:
            assert way == "impossible"
            assert movable
            return True
        except Changed:
            assert way in {"missing", "stale"}
            assert hits
            return True
        except Refused as refused:
            assert {problem.code for problem in refused.problems} == {"maintenance.overlap"}
            assert other
            return True
        assert not other
        assert not hits or way not in {"missing", "stale"}
        assert not movable or way != "impossible"
        return False

    def follow(
        self, hits: list[HitBooking], choices: Mapping[str, Choice], obstacle: Obstacle
    ) -> None:
        """Let the model do what was chosen."""
        for hit in hits:
            held, choice = self.held[hit.uid], choices[hit.uid]
            if choice.act is Act.CANCEL:
                held.state = "cancelled"
                held.claims = {}
                self.messages["BookingCancelled"] += 1
            elif choice.act is Act.MOVE and choice.slot is not None:
                held.slot, held.machines = choice.slot, choice.machines
                held.claims = claims_of(held.machines, held.slot)
                self.messages["BookingMoved"] += 1
            elif choice.act is Act.END:
                self.end(held, obstacle)

    def end(self, held: Held, obstacle: Obstacle) -> None:
        slugs = {
            slug for slug, number in self.world.machines.items() if number in obstacle.machine_ids
        }
        needed = [MACHINES[one][1] for one in held.machines if one in slugs]
        ends_at = obstacle.span.starts_at
        if obstacle.claims_time:
            ends_at -= timedelta(minutes=max(needed))
        if ends_at > max(self.now, held.slot.starts_at):
            held.slot = Interval(held.slot.starts_at, ends_at)
            held.claims = claims_of(held.machines, held.slot)
            self.messages["BookingMoved"] += 1
            return
        self.finished(held, self.now)
        if obstacle.claims_time:
            for machine in slugs & set(held.claims):
                self.cut(held, machine, obstacle.span.starts_at)

    def finished(self, held: Held, at: datetime) -> None:
        held.state = "finished"
        self.messages["BookingFinished"] += 1
        for machine in held.machines:
            self.cut(held, machine, at + timedelta(minutes=MACHINES[machine][1]))

    def trim_finished(self, machines: tuple[str, ...], span: Interval) -> None:
        """Maintenance needs no clean-up of what was used before."""
        for held in self.held.values():
            for machine in set(machines) & set(held.claims):
                if held.state == "finished" and held.claims[machine].overlaps(span):
                    self.cut(held, machine, span.starts_at)

    @staticmethod
    def cut(held: Held, machine: str, until: datetime) -> None:
        claim = held.claims[machine]
        if claim.starts_at >= until:
            del held.claims[machine]
        elif claim.ends_at > until:
            held.claims[machine] = Interval(claim.starts_at, until)

    def has_room(self, machine: str, claim: Interval, besides: str = "") -> bool:
        """Say whether a unit is free all along, as the ledger's rows have it."""
        if any(
            machine in machines and span.overlaps(claim) for machines, span in self.blocks.values()
        ):
            return False
        reading().rollback()
        mine = select(Booking.id).where(Booking.uid == besides)
        taken = reading().scalars(
            select(Allocation.unit).where(
                Allocation.bookable_id == self.world.machines[machine],
                Allocation.starts_at < claim.ends_at,
                Allocation.ends_at > claim.starts_at,
                Allocation.owner_id.not_in(mine) | (Allocation.owner_kind != "booking"),
            )
        )
        return len(set(taken)) < MACHINES[machine][0]

    def one_block(self, data: st.DataObject) -> str | None:
        """Return a block that is not over."""
        coming = [uid for uid, (_m, span) in self.blocks.items() if span.ends_at > self.now]
        return data.draw(st.sampled_from(coming)) if coming else None
