"""Steps of ordinary booking, and what holds after every step of any kind."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from flask.testing import FlaskClient
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import func, select

from labops.domain.bookings import approval, giving, services, sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.closures.services import close
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.life import ground
from tests.support.life.calendars import events
from tests.support.model import EARLY, HALF_HOUR, HOLDING, MACHINES, Model, Modelled
from tests.support.world import World

PEOPLE = st.sampled_from(ground.PEOPLE)
SEVERAL = st.sampled_from(
    [("laser",), ("printer",), ("benches",), ("laser", "printer"), ("printer", "benches")]
)
# In half hours from now: most wishes meet others, some lie days ahead or in the past.
AHEAD = st.one_of(
    *[st.integers(1, 12)] * 3, st.integers(-1, 60), st.integers(0, 48 * 9), st.integers(0, 1000)
)
LENGTH = st.one_of(st.integers(1, 4), st.integers(1, 9))
PICKED = st.integers(0, 999)


def there_are_bookings(life: Happenings) -> bool:
    """Say whether there is one to pick."""
    return bool(life.model.bookings)


class Happenings(RuleBasedStateMachine):
    """What people, staff and the clock do to bookings."""

    world: World
    client: FlaskClient
    paths: dict[str, str]
    began_at: datetime
    modelled: type[Any] = Model

    def __init__(self) -> None:
        super().__init__()
        ground.clear()
        self.model = self.modelled(self.began_at)
        self.ids = {number: slug for slug, number in self.world.machines.items()}
        self.known: dict[str, tuple[str, bytes]] = {}
        self.followed = 0

    def actor(self, name: str) -> Any:
        return self.world.actor(name, self.model.now)

    def slot(self, ahead: int, length: int) -> Interval:
        """Return a slot on the grid of the half hours."""
        base = self.model.now.replace(minute=self.model.now.minute // 30 * 30, second=0)
        start = base + ahead * HALF_HOUR
        return Interval(start, start + length * HALF_HOUR)

    @rule(who=PEOPLE, machines=SEVERAL, ahead=AHEAD, length=LENGTH)
    def book(self, who: str, machines: tuple[str, ...], ahead: int, length: int) -> None:
        self.book_that(who, machines, self.slot(ahead, length))

    @precondition(there_are_bookings)
    @rule(pick=PICKED, who=PEOPLE, shift=st.integers(-3, 9), length=LENGTH)
    def book_beside(self, pick: int, who: str, shift: int, length: int) -> None:
        """Book the same machines nearly at the same time."""
        booking = self.one_booking(pick)
        start = booking.starts_at + shift * HALF_HOUR
        self.book_that(who, booking.machines, Interval(start, start + length * HALF_HOUR))

    def book_that(self, who: str, machines: tuple[str, ...], slot: Interval) -> None:
        at = (slot.starts_at, slot.ends_at)
        expected = self.model.problems(who, machines, *at)
        command = Book(machines=machines, slot=slot)
        act = lambda: services.book(command, actor=self.actor(who), now=self.model.now)  # noqa: E731
        uid = self.tried(act, expected, machines, slot)
        if uid is not None:
            self.model.add(uid, who, machines, *at)

    @precondition(there_are_bookings)
    @rule(pick=PICKED, ahead=AHEAD, length=LENGTH, keeps=st.booleans(), other=SEVERAL)
    def move(self, pick: int, ahead: int, length: int, keeps: bool, other: tuple[str, ...]) -> None:
        """Give it another start, or only another end (which is extending it, or shortening)."""
        booking = self.one_booking(pick)
        uid, slot = booking.uid, self.slot(ahead, length)
        if keeps:
            slot = Interval(booking.starts_at, booking.starts_at + length * HALF_HOUR)
        machines = booking.machines if keeps else other
        at = (slot.starts_at, slot.ends_at)
        expected = self.model.problems(booking.who, machines, *at, moving=uid)
        if slot.starts_at != booking.starts_at and self.model.late(booking):
            expected.add("booking.cancel-too-late")
        if booking.state == "checked_in":
            if not expected and self.model.state_for(*at) == "requested":
                expected = {"booking.needs-approval"}
            if slot.starts_at != booking.starts_at or not keeps:
                expected = {"booking.not-open"}
        if booking.state not in HOLDING:
            expected = {"booking.not-open"}
        command = Move(uid=uid, slot=slot, machines=None if keeps else machines)
        mover = self.actor(booking.who)
        act = lambda: services.move(command, actor=mover, now=self.model.now) or uid  # noqa: E731
        if self.tried(act, expected, machines, slot):
            self.model.moved(uid, machines, *at)

    @precondition(there_are_bookings)
    @rule(pick=PICKED)
    def cancel(self, pick: int) -> None:
        self.cancel_that(self.one_booking(pick).uid)

    def cancel_that(self, uid: str) -> None:
        booking, expected = self.model.bookings[uid], set[str]()
        if booking.state not in {"requested", "confirmed", "cancelled"}:
            expected = {"booking.not-open"}
        elif booking.state != "cancelled" and self.model.late(booking):
            expected = {"booking.cancel-too-late"}
        act = lambda: services.cancel(uid, actor=self.actor(booking.who), now=self.model.now) or uid  # noqa: E731
        if self.tried(act, expected) and booking.state != "cancelled":
            self.model.change(uid, "booking.cancelled", "BookingCancelled", state="cancelled")

    @precondition(there_are_bookings)
    @rule(pick=PICKED, agree=st.booleans())
    def decide(self, pick: int, agree: bool) -> None:
        booking = self.one_booking(pick)
        bob, now = self.actor("bob"), self.model.now
        if booking.state != "requested":
            return
        uid = booking.uid
        # What was asked for at the very start lapses before anybody can decide.
        expected = {"booking.not-open"} if booking.decide_by <= now else set()
        if agree:
            act = lambda: approval.approve(uid, actor=bob, now=now) or uid  # noqa: E731
            by = self.model.check_in_by(booking.starts_at, booking.ends_at)
            if self.tried(act, expected):
                self.model.change(
                    uid, "booking.confirmed", "BookingApproved", state="confirmed", check_in_by=by
                )
        else:
            act = lambda: approval.reject(uid, reason="no", actor=bob, now=now) or uid  # noqa: E731
            if self.tried(act, expected):
                self.model.change(uid, "booking.rejected", "BookingRejected", state="rejected")

    @precondition(there_are_bookings)
    @rule(pick=PICKED, comes=st.one_of(st.none(), st.integers(-20, 20)))
    def check_in(self, pick: int, comes: int | None) -> None:
        """Check in: now, or so many minutes after the start."""
        uid = self.one_booking(pick).uid
        if comes is not None:
            self.it_is(self.model.bookings[uid].starts_at + timedelta(minutes=comes))
        booking, now = self.model.bookings[uid], self.model.now
        expected = set[str]()
        if booking.state not in {"confirmed", "checked_in"}:
            expected = {"booking.not-open"}
        elif booking.state == "confirmed":
            if booking.starts_at - now > EARLY:
                expected.add("booking.check-in-too-early")
            if now < booking.starts_at and self.in_use(uid):
                expected.add("booking.machine-in-use")
        act = lambda: use.check_in(uid, actor=self.actor(booking.who), now=now)  # noqa: E731
        if self.tried(act, expected) and booking.state == "confirmed":
            self.model.change(uid, "booking.checked-in", "BookingCheckedIn", state="checked_in")

    @precondition(there_are_bookings)
    @rule(pick=PICKED)
    def keep_for_caller(self, pick: int) -> None:
        """Let staff keep the time for her who called that she is late."""
        booking, now = self.one_booking(pick), self.model.now
        uid = booking.uid
        expected = set() if booking.state == "confirmed" else {"booking.not-open"}
        act = lambda: use.keep(uid, actor=self.actor("bob"), now=now) or uid  # noqa: E731
        if self.tried(act, expected) and booking.check_in_by < booking.ends_at:
            self.model.change(uid, "booking.kept", "BookingKept", check_in_by=booking.ends_at)

    @precondition(there_are_bookings)
    @rule(pick=PICKED)
    def finish(self, pick: int) -> None:
        running = [one for one in self.model.bookings.values() if one.state == "checked_in"]
        booking = running[pick % len(running)] if running else self.one_booking(pick)
        now = self.model.now
        uid = booking.uid
        expected = set() if booking.state in {"checked_in", "finished"} else {"booking.not-open"}
        act = lambda: use.finish(uid, actor=self.actor(booking.who), now=now) or uid  # noqa: E731
        if self.tried(act, expected) and booking.state == "checked_in":
            until = min(now, booking.ends_at)
            self.model.change(
                uid, "booking.finished", "BookingFinished", state="finished", released_at=until
            )

    @rule(minutes=st.one_of(st.integers(1, 40), st.integers(40, 1500)))
    def time_passes(self, minutes: int) -> None:
        self.it_is(self.model.now + timedelta(minutes=minutes))

    def it_is(self, now: datetime) -> None:
        """Let the clock go on to there, and everything that is due be done."""
        if now < self.model.now:
            return
        self.model.time_passes(now)
        sweeping.release_missed(now=now)
        sweeping.finish_elapsed(now=now)
        sweeping.lapse_requests(now=now)
        giving.lapse_offers(now=now)
        self.time_passed()

    def time_passed(self) -> None:
        """Let others follow the clock too."""

    @rule(ahead=st.integers(0, 400), length=st.integers(1, 12))
    def close(self, ahead: int, length: int) -> None:
        self.close_that(self.slot(ahead, length))

    def close_that(self, slot: Interval) -> None:
        close(self.world.sites["mhuma"], slot, reason="a party", actor=SYSTEM, now=self.model.now)
        self.model.closures.append((slot.starts_at, slot.ends_at))
        self.model.wrote("closure.added")

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
                    Allocation.owner_kind,
                ).order_by(Allocation.bookable_id, Allocation.unit, Allocation.starts_at)
            )
            .all()
        )
        held = sorted((row[4], self.ids[row[0]], row[2], row[3]) for row in rows)
        assert held == self.model.claims()
        for one, following in zip(rows, rows[1:], strict=False):
            assert one[:2] != following[:2] or one[3] <= following[2]

    @invariant()
    def each_change_left_its_entry_and_its_message(self) -> None:
        for column, wanted in (
            (AuditEntry.action, self.model.entries),
            (OutboxMessage.kind, self.model.messages),
        ):
            rows = reading().execute(select(column, func.count()).group_by(column))
            assert Counter({row[0]: row[1] for row in rows}) == wanted

    @invariant()
    def states_are_those_of_the_model(self) -> None:
        rows = reading().execute(select(Booking.uid, Booking.state, Booking.check_in_by)).all()
        states = {row[0]: row[1] for row in rows}
        assert states == {uid: one.state for uid, one in self.model.bookings.items()}
        for uid, state, check_in_by in rows:
            assert state != "confirmed" or check_in_by == self.model.bookings[uid].check_in_by

    @invariant()
    def one_of_them_looks_at_her_calendar(self) -> None:
        self.followed += 1
        self.look(ground.PEOPLE[self.followed % len(ground.PEOPLE)])

    def teardown(self) -> None:
        for who in ground.PEOPLE:
            self.look(who)

    def look(self, who: str) -> None:
        """Hold a person's feed, fetched as a calendar does, against the model."""
        tag, body = self.known.get(who, ("", b""))
        with patch.object(clock, "now", return_value=self.model.now):
            asked = {"If-None-Match": tag} if tag else {}
            answer = self.client.get(self.paths[who], headers=asked)
        if answer.status_code != 304:
            assert answer.status_code == 200
            body = answer.data
        self.known[who] = (answer.headers["ETag"], body)
        assert sorted(events(body)) == sorted(self.model.feed(who))

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

    def one_booking(self, pick: int) -> Modelled:
        """Return a booking: most often one that holds its time."""
        every = list(self.model.bookings.values())
        live = [one for one in every if one.state in HOLDING]
        found: list[Modelled] = live if live and pick % 8 else every
        return found[pick % len(found)]

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
