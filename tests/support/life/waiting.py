"""Steps of the waiting list: joining, leaving, and what becomes of offers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select

from labops.domain.waiting import answering, offering, services
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.services import Join
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from tests.support.life.base import PEOPLE, PICKED, Happenings, there_are_bookings
from tests.support.model import HALF_HOUR, Held
from tests.support.model_of_waiting import OPEN, Wished

ANY_PRINTER = (("printer",), ("second",))
NAMED = [("laser",), ("printer",), ("laser", "printer")]


class Waiting(Happenings):
    """People who wait for time that others have."""

    @precondition(there_are_bookings)
    @rule(
        pick=PICKED,
        who=PEOPLE,
        more=st.sampled_from([0, 0, 0, 1, 4]),
        length=st.integers(1, 5),
        kind=st.booleans(),
        given_up=st.booleans(),
    )
    def wait_for_that(
        self, pick: int, who: str, more: int, length: int, kind: bool, given_up: bool
    ) -> None:
        """Wait for the time of a booking, or a little later; perhaps it is given up then."""
        booking = self.one_booking(pick)
        until = booking.ends_at + more * HALF_HOUR
        length = min(length, (until - booking.starts_at) // HALF_HOUR)
        machines = tuple(one for one in booking.machines if one != "benches")
        if machines:
            options = ANY_PRINTER if kind and machines == ("printer",) else (machines,)
            self.join(who, options, booking.starts_at, until, length)
        if given_up:
            self.cancel_that(booking.uid)
            self.what_is_free_is_offered()

    @rule(
        who=PEOPLE,
        named=st.sampled_from(NAMED),
        ahead=st.integers(-2, 60),
        window=st.integers(1, 24),
        length=st.integers(1, 9),
    )
    def wait_for_any(
        self, who: str, named: tuple[str, ...], ahead: int, window: int, length: int
    ) -> None:
        slot = self.slot(ahead, window)
        self.join(who, (named,), slot.starts_at, slot.ends_at, min(length, window))

    def join(
        self,
        who: str,
        options: tuple[tuple[str, ...], ...],
        begins: datetime,
        ends: datetime,
        length: int,
    ) -> None:
        wish = Wished("", who, options, begins, ends, length * HALF_HOUR)
        expected = self.model.against_joining(wish)
        kind = {"site": "mhuma", "category": "printer-fdm"}
        named: Any = kind if len(options) > 1 else {"machines": options[0]}
        command = Join(window=Interval(begins, ends), length=wish.length, **named)
        try:
            wish.uid = services.join(command, actor=self.actor(who), now=self.model.now)
        except Refused as refused:
            assert {problem.code for problem in refused.problems} in expected
            return
        assert not expected
        self.model.wishes.append(wish)
        self.model.wrote("wish.joined", "WishJoined")

    @precondition(lambda self: any(one.state in OPEN for one in self.model.wishes))
    @rule(pick=PICKED, removed=st.booleans())
    def leave(self, pick: int, removed: bool) -> None:
        """Withdraw, or be taken off the list by staff; with it goes what was offered."""
        found = [one for one in self.model.wishes if one.state in OPEN]
        wish, now = found[pick % len(found)], self.model.now
        if removed:
            services.remove(wish.uid, reason="twice", actor=self.actor("bob"), now=now)
            self.model.leave(wish, "wish.removed", "WishRemoved")
        else:
            services.withdraw(wish.uid, actor=self.actor(wish.who), now=now)
            self.model.leave(wish, "wish.withdrawn", "WishWithdrawn")

    @rule()
    def what_is_free_is_offered(self) -> None:
        made = self.model.offer_what_is_free()
        assert offering.offer_freed_time(now=self.model.now).offered == len(made)
        reading().rollback()
        rows = reading().execute(
            select(Offer.uid, WaitingWish.uid)
            .join(WaitingWish, WaitingWish.id == Offer.wish_id)
            .where(Offer.state == "held")
        )
        uids = {wish: uid for uid, wish in rows}
        for held in made:
            held.uid = uids[held.wish]

    def time_passed(self) -> None:
        super().time_passed()
        self.what_is_free_is_offered()

    @precondition(lambda self: self.model.offers)
    @rule(pick=PICKED)
    def accept(self, pick: int) -> None:
        held = self.one_offer(pick)
        at = (held.starts_at, held.ends_at)
        expected = self.model.problems(held.who, held.machines, *at, given=held.uid)
        actor, now = self.actor(held.who), self.model.now
        uid = self.tried(lambda: answering.accept(held.uid, actor=actor, now=now), expected)
        if uid is None:
            return
        assert answering.accept(held.uid, actor=actor, now=now) == uid
        self.model.end(held, "taken")
        self.model.add(uid, held.who, held.machines, *at)
        self.model.wrote("offer.accepted", "OfferAccepted")

    @precondition(lambda self: self.model.offers)
    @rule(pick=PICKED)
    def decline(self, pick: int) -> None:
        held, now = self.one_offer(pick), self.model.now
        for _twice in range(2):
            answering.decline(held.uid, actor=self.actor(held.who), now=now)
        self.model.end(held, "withdrawn")
        self.model.wrote("offer.declined", "OfferDeclined")

    @precondition(lambda self: self.model.offers)
    @rule(pick=PICKED, late=st.sampled_from([-1, 0, 1]), closed=st.booleans())
    def nobody_answers(self, pick: int, late: int, closed: bool) -> None:
        """Let the clock run to the end of an offer, a minute less or more; who could, if shut?"""
        held = self.one_offer(pick)
        if closed:
            self.close_that(Interval(held.starts_at, held.ends_at))
        self.it_is(held.until + timedelta(minutes=late))

    def one_offer(self, pick: int) -> Held:
        held: Held = self.model.offers[pick % len(self.model.offers)]
        return held

    @invariant()
    def the_list_is_that_of_the_model(self) -> None:
        rows = reading().execute(select(WaitingWish.uid, WaitingWish.state)).all()
        assert dict(map(tuple, rows)) == {one.uid: one.state for one in self.model.wishes}
        rows = reading().execute(
            select(Offer.uid, Offer.starts_at, Offer.ends_at, Offer.answer_by).where(
                Offer.state == "held"
            )
        )
        assert sorted(map(tuple, rows)) == sorted(
            (one.uid, one.starts_at, one.ends_at, one.until) for one in self.model.offers
        )
