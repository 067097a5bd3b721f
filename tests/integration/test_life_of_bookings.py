"""Everything that can happen to bookings, in any order, against an oracle of plain intervals.

On both engines, in the weeks in which the clocks change. After every step the ledger holds what
the model holds, no unit is claimed twice, and each change left one audit entry and one message.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select

from labops.domain.bookings import approval, services, sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.certifications.services import Certify, add_certification
from labops.domain.closures.models import Closure
from labops.domain.closures.services import close
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.house_rules.values import Level
from labops.domain.sites.services import Span, replace_hours
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support import model as modelled
from tests.support.model import HALF_HOUR, HOLDING, MACHINES, Model
from tests.support.world import NOW, World

# The Friday before the clocks go back, and the one before they go forward.
STARTS = (
    datetime(2026, 10, 23, 6, 0, tzinfo=UTC),
    datetime(2027, 3, 26, 6, 0, tzinfo=UTC),
)
RULES = {
    "grid_minutes": 30,
    "shortest_minutes": 30,
    "longest_minutes": 240,
    "horizon_days": modelled.HORIZON_DAYS,
    "one_at_a_time": 0,
    "open_bookings": 0,
    "cancel_notice_minutes": 60,
    "approval_above_minutes": 120,
    "approval_held_minutes": 360,
    "early_check_in_minutes": 15,
    "grace_minutes": 15,
    "quotas": [{"minutes": 300, "window": "day", "scope": "site"}],
}


@pytest.fixture
def ground(world: World) -> Iterator[World]:
    """Return the world with a house that never closes and with the rules of the model."""
    site = world.sites["mhuma"]
    with unit_of_work() as session:
        always = [Span(weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)]
        replace_hours(session, site, always, actor=SYSTEM, now=NOW)
        add_version(session, SaveRules(site_id=site, data=RULES), actor=SYSTEM, now=NOW)
        laser = SaveRules(site_id=site, data={}, level=Level.CATEGORY, key="laser")
        add_version(session, laser, actor=SYSTEM, now=NOW)
        for name in ("alice", "charlie"):
            granted = Certify(
                person_uid=world.uids[name],
                machine_type="laser",
                starts_on=NOW.date().replace(year=2025),
            )
            add_certification(session, granted, actor=SYSTEM, now=NOW)
    yield world


def clear() -> None:
    """Forget everything that an earlier run did."""
    with unit_of_work() as session:
        for table in (Allocation, BookingBookable, Booking, Closure, OutboxMessage, AuditEntry):
            session.execute(delete(table))


@pytest.mark.parametrize("start", STARTS, ids=["autumn", "spring"])
def test_whatever_happens(app: Flask, ground: World, start: datetime) -> None:
    del app  # its context is what the machine below works in

    class Life(Happenings):
        world = ground
        began_at = start

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


class Happenings(RuleBasedStateMachine):
    """What people, staff and the clock do."""

    bookings = Bundle("bookings")
    people = st.sampled_from(["alice", "charlie"])
    several = st.sampled_from(
        [("laser",), ("printer",), ("benches",), ("laser", "printer"), ("printer", "benches")]
    )
    # In half hours from now: most wishes meet others, some lie days ahead or in the past.
    ahead = st.one_of(st.integers(-2, 60), st.integers(0, 1000))
    length = st.integers(1, 9)
    world: World
    began_at: datetime

    def __init__(self) -> None:
        super().__init__()
        clear()
        self.model = Model(self.began_at)
        self.ids = {number: slug for slug, number in self.world.machines.items()}

    def actor(self, name: str) -> Any:
        return self.world.actor(name, self.model.now)

    def slot(self, ahead: int, length: int) -> Interval:
        """Return a slot on the grid of the half hours."""
        base = self.model.now.replace(minute=self.model.now.minute // 30 * 30, second=0)
        start = base + ahead * HALF_HOUR
        return Interval(start, start + length * HALF_HOUR)

    @rule(target=bookings, who=people, machines=several, ahead=ahead, length=length)
    def book(self, who: str, machines: tuple[str, ...], ahead: int, length: int) -> Any:
        slot = self.slot(ahead, length)
        expected = self.model.problems(who, machines, slot.starts_at, slot.ends_at)
        command = Book(machines=machines, slot=slot)
        uid = self.tried(
            lambda: services.book(command, actor=self.actor(who), now=self.model.now),
            expected,
            machines,
            slot,
        )
        if uid is None:
            return multiple()
        self.model.put(
            uid,
            who=who,
            machines=machines,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            state=self.model.state_for(slot.starts_at, slot.ends_at),
            check_in_by=self.model.check_in_by(slot.starts_at, slot.ends_at),
            decide_by=self.model.decide_by(slot.starts_at),
        )
        return uid

    @rule(uid=bookings, ahead=ahead, length=length, keeps=st.booleans(), other=several)
    def move(self, uid: str, ahead: int, length: int, keeps: bool, other: tuple[str, ...]) -> None:
        """Give it another start, or only another end (which is extending it, or shortening)."""
        booking = self.model.bookings[uid]
        slot = self.slot(ahead, length)
        if keeps:
            slot = Interval(booking.starts_at, booking.starts_at + length * HALF_HOUR)
        machines = booking.machines if keeps else other
        expected = self.model.problems(
            booking.who, machines, slot.starts_at, slot.ends_at, besides=uid
        )
        late = booking.starts_at - self.model.now < modelled.CANCEL_NOTICE
        if slot.starts_at != booking.starts_at and late:
            expected.add("booking.cancel-too-late")
        state = self.model.state_for(slot.starts_at, slot.ends_at)
        if booking.state == "checked_in":
            if not expected and state == "requested":
                expected = {"booking.needs-approval"}
            state = "checked_in"
            if slot.starts_at != booking.starts_at or not keeps:
                expected = {"booking.not-open"}
        if booking.state not in HOLDING:
            expected = {"booking.not-open"}
        command = Move(uid=uid, slot=slot, machines=None if keeps else machines)
        done = self.tried(
            lambda: (
                services.move(command, actor=self.actor(booking.who), now=self.model.now) or uid
            ),
            expected,
            machines,
            slot,
        )
        if done:
            self.model.put(
                uid,
                machines=machines,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                state=state,
                check_in_by=self.model.check_in_by(
                    slot.starts_at,
                    slot.ends_at,
                    before=booking if slot.starts_at == booking.starts_at else None,
                ),
                decide_by=self.model.decide_by(slot.starts_at),
            )

    @rule(uid=bookings)
    def cancel(self, uid: str) -> None:
        booking = self.model.bookings[uid]
        expected: set[str] = set()
        if booking.state not in {"requested", "confirmed", "cancelled"}:
            expected = {"booking.not-open"}
        elif (
            booking.state != "cancelled"
            and booking.starts_at - self.model.now < modelled.CANCEL_NOTICE
        ):
            expected = {"booking.cancel-too-late"}
        act = lambda: services.cancel(uid, actor=self.actor(booking.who), now=self.model.now) or uid  # noqa: E731
        if self.tried(act, expected) and booking.state != "cancelled":
            self.model.put(uid, state="cancelled")

    @rule(uid=bookings, agree=st.booleans())
    def decide(self, uid: str, agree: bool) -> None:
        booking = self.model.bookings[uid]
        bob, now = self.actor("bob"), self.model.now
        if booking.state != "requested":
            return
        # What was asked for at the very start lapses before anybody can decide.
        expected = {"booking.not-open"} if booking.decide_by <= now else set()
        if agree:
            act = lambda: approval.approve(uid, actor=bob, now=now) or uid  # noqa: E731
            by = self.model.check_in_by(booking.starts_at, booking.ends_at)
            if self.tried(act, expected):
                self.model.put(uid, state="confirmed", check_in_by=by)
        else:
            act = lambda: approval.reject(uid, reason="no", actor=bob, now=now) or uid  # noqa: E731
            if self.tried(act, expected):
                self.model.put(uid, state="rejected")

    @rule(uid=bookings)
    def check_in(self, uid: str) -> None:
        booking, now = self.model.bookings[uid], self.model.now
        expected: set[str] = set()
        if booking.state not in {"confirmed", "checked_in"}:
            expected = {"booking.not-open"}
        elif booking.state == "confirmed":
            if booking.starts_at - now > modelled.EARLY:
                expected.add("booking.check-in-too-early")
            if now < booking.starts_at and self.in_use(uid):
                expected.add("booking.machine-in-use")
        act = lambda: use.check_in(uid, actor=self.actor(booking.who), now=now)  # noqa: E731
        if self.tried(act, expected) and booking.state == "confirmed":
            self.model.put(uid, state="checked_in")

    @rule(uid=bookings)
    def finish(self, uid: str) -> None:
        booking, now = self.model.bookings[uid], self.model.now
        expected = set() if booking.state in {"checked_in", "finished"} else {"booking.not-open"}
        act = lambda: use.finish(uid, actor=self.actor(booking.who), now=now) or uid  # noqa: E731
        if self.tried(act, expected) and booking.state == "checked_in":
            self.model.put(uid, state="finished", released_at=min(now, booking.ends_at))

    @rule(minutes=st.one_of(st.integers(1, 40), st.integers(40, 1500)))
    def time_passes(self, minutes: int) -> None:
        now = self.model.now + timedelta(minutes=minutes)
        self.model.time_passes(now)
        sweeping.release_missed(now=now)
        sweeping.finish_elapsed(now=now)
        sweeping.lapse_requests(now=now)

    @rule(ahead=st.integers(0, 100), length=st.integers(1, 20))
    def close(self, ahead: int, length: int) -> None:
        slot = self.slot(ahead, length)
        close(self.world.sites["mhuma"], slot, reason="a party", actor=SYSTEM, now=self.model.now)
        self.model.closures.append((slot.starts_at, slot.ends_at))

    @invariant()
    def the_ledger_is_what_the_model_holds(self) -> None:
        reading().rollback()
        rows = (
            reading()
            .execute(
                select(
                    Allocation.bookable_id,
                    Allocation.unit,
                    Allocation.starts_at,
                    Allocation.ends_at,
                ).order_by(Allocation.bookable_id, Allocation.unit, Allocation.starts_at)
            )
            .all()
        )
        held = sorted((self.ids[row[0]], row[2], row[3]) for row in rows)
        assert held == self.model.claims()
        for one, following in zip(rows, rows[1:], strict=False):
            assert one[:2] != following[:2] or one[3] <= following[2]

    @invariant()
    def each_change_left_one_entry_and_one_message(self) -> None:
        session = reading()
        entries = session.scalar(select(func.count()).where(AuditEntry.subject.like("booking:%")))
        messages = session.scalar(select(func.count()).select_from(OutboxMessage))
        assert (entries, messages) == (self.model.changes, self.model.changes)

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        states = dict(reading().execute(select(Booking.uid, Booking.state)).all())
        assert states == {uid: one.state for uid, one in self.model.bookings.items()}

    def tried(
        self,
        act: Any,
        expected: set[str],
        machines: tuple[str, ...] = (),
        slot: Interval | None = None,
    ) -> Any:
        """Do it, or see it refused for just those reasons; return what it gave, else `None`."""
        try:
            done = act()
        except Refused as refused:
            codes = {problem.code for problem in refused.problems}
            if codes - expected == {"booking.overlap"} and "benches" in machines and slot:
                assert self.scattered(slot)
                codes.discard("booking.overlap")
                if not expected:
                    return None
            # The time is claimed last: a wish that the rules refuse is not asked for its time.
            assert codes == expected
            return None
        assert expected == set()
        return done

    def in_use(self, uid: str) -> bool:
        """Say whether everything of a machine is still used by who came before."""
        booking = self.model.bookings[uid]
        return any(
            sum(
                1
                for other in self.model.bookings.values()
                if other.uid != uid
                and other.state == "checked_in"
                and machine in other.machines
                and other.starts_at < booking.starts_at
            )
            >= MACHINES[machine][0]
            for machine in booking.machines
        )

    def scattered(self, slot: Interval) -> bool:
        """Say whether no single bench is free for all of the slot, though some always is."""
        reading().rollback()
        units = reading().scalars(
            select(Allocation.unit).where(
                Allocation.bookable_id == self.world.machines["benches"],
                Allocation.starts_at < slot.ends_at,
                Allocation.ends_at > slot.starts_at,
            )
        )
        return len(set(units)) == MACHINES["benches"][0]
