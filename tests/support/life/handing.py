"""Steps of handing bookings over: offered by their people, or given by staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy import select

from labops.domain.bookings import giving, handing_over
from labops.domain.bookings.handing_over import HandOverTo
from labops.domain.bookings.models import Booking, HandOver
from labops.kernel.db import reading
from tests.support.life.base import PEOPLE, PICKED, Happenings, there_are_bookings
from tests.support.model import Modelled

MOST_OFFERS, WITHIN = 10, timedelta(days=1)


class Handing(Happenings):
    """Bookings that change hands."""

    @initialize()
    def nobody_gives_anything(self) -> None:
        # By booking: the offer's uid and to whom. And who offered when.
        self.given: dict[str, tuple[str, str]] = {}
        self.offered: list[tuple[str, datetime]] = []

    @precondition(there_are_bookings)
    @rule(pick=PICKED, to=PEOPLE)
    def offer(self, pick: int, to: str) -> None:
        booking, now = self.one_booking(pick), self.model.now
        if booking.who == to:
            return
        uid = booking.uid
        expected = self.against_giving(booking)
        recent = [who for who, at in self.offered if who == booking.who and at > now - WITHIN]
        if not expected and len(recent) >= MOST_OFFERS:
            expected = {"booking.many-offers"}
        giver, email = self.actor(booking.who), f"{to}@example.org"
        act = lambda: giving.offer(uid, email=email, actor=giver, now=now) or uid  # noqa: E731
        if self.tried(act, expected):
            self.given[uid] = (self.open_offer(uid), to)
            self.offered.append((booking.who, now))
            self.model.wrote("booking.offered", "HandOverOffered")

    @precondition(lambda self: self.given)
    @rule(pick=PICKED)
    def take(self, pick: int) -> None:
        uid = self.one_given(pick)
        hand_over, to = self.given[uid]
        booking, now, taker = self.model.bookings[uid], self.model.now, self.actor(to)
        expected = self.against_giving(booking) or self.against_having(booking, to)
        act = lambda: handing_over.accept(hand_over, actor=taker, now=now)  # noqa: E731
        if self.tried(act, expected):
            assert handing_over.accept(hand_over, actor=taker, now=now) == uid
            self.hand(booking, to)

    @precondition(lambda self: self.given)
    @rule(pick=PICKED, back=st.booleans())
    def keep(self, pick: int, back: bool) -> None:
        """Let the offer be declined, or taken back."""
        uid = self.one_given(pick)
        hand_over, to = self.given.pop(uid)
        now = self.model.now
        if back:
            giving.take_back(uid, actor=self.actor(self.model.bookings[uid].who), now=now)
            self.model.wrote("booking.offer-taken-back")
        else:
            giving.decline(hand_over, actor=self.actor(to), now=now)
            self.model.wrote("booking.offer-declined", "HandOverDeclined")

    @precondition(there_are_bookings)
    @rule(pick=PICKED, to=PEOPLE)
    def staff_give(self, pick: int, to: str) -> None:
        booking, now, bob = self.one_booking(pick), self.model.now, self.actor("bob")
        if booking.who == to:
            return
        uid = booking.uid
        expected = self.against_giving(booking) or self.against_having(booking, to)
        command = HandOverTo(uid=uid, to=self.world.uids[to], reason="they asked")
        act = lambda: handing_over.hand_over(command, actor=bob, now=now) or uid  # noqa: E731
        if self.tried(act, expected):
            self.hand(booking, to)

    def hand(self, booking: Modelled, to: str) -> None:
        """Make it the other one's as if she had booked it now."""
        self.given.pop(booking.uid, None)
        state = self.model.state_for(booking.starts_at, booking.ends_at)
        self.model.change(
            booking.uid,
            "booking.handed-over",
            f"Booking{state.title()}",
            "BookingHandedOver",
            who=to,
            series="",
            state=state,
            check_in_by=self.model.check_in_by(booking.starts_at, booking.ends_at),
            decide_by=self.model.decide_by(booking.starts_at),
        )

    def against_giving(self, booking: Modelled) -> set[str]:
        if booking.state not in {"requested", "confirmed"}:
            return {"booking.not-open"}
        return {"booking.begun"} if booking.starts_at <= self.model.now else set()

    def against_having(self, booking: Modelled, who: str) -> set[str]:
        at = (booking.starts_at, booking.ends_at)
        problems: set[str] = self.model.problems(who, booking.machines, *at, given=booking.uid)
        return problems

    def one_given(self, pick: int) -> str:
        return list(self.given)[pick % len(self.given)]

    def time_passed(self) -> None:
        super().time_passed()
        now = self.model.now
        # Nobody can take any more what has begun, and its address is forgotten.
        begun = [uid for uid in self.given if self.model.bookings[uid].starts_at <= now]
        for uid in begun:
            del self.given[uid]

    def open_offer(self, uid: str) -> str:
        rows = reading().scalars(
            select(HandOver.uid)
            .join(Booking, Booking.id == HandOver.booking_id)
            .where(Booking.uid == uid, HandOver.outcome == "offered")
        )
        return rows.one()
