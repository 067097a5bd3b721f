"""Steps of series: booked over the change of the clocks, moved and cancelled with others."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from sqlalchemy import select

from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.series import changes, services
from labops.domain.series.commands import BookSeries, CancelSeries, Confirmation, MoveSeries
from labops.domain.series.foreseeing import Preview
from labops.domain.series.models import Series
from labops.domain.series.states import Scope
from labops.domain.series.values import Repeat
from labops.kernel.db import reading
from labops.kernel.interval import Interval
from tests.support.life.base import PEOPLE, PICKED, Happenings
from tests.support.model import HALF_HOUR, Modelled, instant, wall
from tests.support.model_of_series import Foreseen, Place
from tests.support.model_of_series import Repeating as Pattern

# One of each, so that the model need not know which unit is whose.
MACHINES = st.sampled_from([("laser",), ("printer",), ("laser", "printer"), ("second",)])
LEFT_OUT = st.frozensets(st.integers(1, 5), max_size=2)


class Repeating(Happenings):
    """Bookings that come again every week or two."""

    @rule(
        who=PEOPLE,
        machines=MACHINES,
        ahead=st.one_of(st.integers(1, 60), st.integers(0, 300)),
        length=st.integers(1, 5),
        weeks=st.sampled_from([1, 1, 2]),
        count=st.integers(2, 5),
        left_out=LEFT_OUT,
        beside=st.one_of(st.none(), st.tuples(PICKED, st.integers(-1, 1))),
    )
    def book_series(
        self,
        who: str,
        machines: tuple[str, ...],
        ahead: int,
        length: int,
        weeks: int,
        count: int,
        left_out: frozenset[int],
        beside: tuple[int, int] | None,
    ) -> None:
        """Book a series from some time on, or so that its first touches another booking."""
        slot, actor, now = self.slot(ahead, length), self.actor(who), self.model.now
        if beside and self.model.bookings:
            ends = self.one_booking(beside[0]).starts_at + beside[1] * HALF_HOUR
            slot = Interval(ends - slot.length, ends)
        pattern = Pattern(who, wall(slot.starts_at), weeks)
        places = []
        for number in range(1, count + 1):
            start = instant(pattern.planned(number))
            places.append(Place(number, machines, start, start + slot.length))
        first = Book(machines=machines, slot=slot)
        repeat = Repeat(weeks=weeks, count=count)
        command = BookSeries(first=first, repeat=repeat, left_out=left_out)
        found = services.preview_series(command, actor=actor, now=now)
        assert told(found) == self.model.foresee(who, places, left_out)
        if not found.possible:
            return
        seen = Confirmation(found.digest, found.possible)
        uid = services.book_series(command, seen, actor=actor, now=now)
        uids = self.uids_of(uid)
        assert set(uids) == found.possible
        for place in places:
            if place.number in uids:
                self.model.add(
                    uids[place.number], who, machines, place.starts_at, place.ends_at,
                    series=uid, number=place.number,
                )  # fmt: skip
        self.model.begin(uid, who, pattern.starts, weeks)

    @precondition(lambda self: self.of_series())
    @rule(
        pick=PICKED,
        ahead=st.integers(-60, 60),
        length=st.one_of(st.none(), st.integers(1, 6)),
        scope=st.sampled_from(Scope),
        left_out=LEFT_OUT,
    )
    def move_series(
        self, pick: int, ahead: int, length: int | None, scope: Scope, left_out: frozenset[int]
    ) -> None:
        booking, now = self.one_of_series(pick), self.model.now
        series, was = booking.series, booking.ends_at - booking.starts_at
        start = booking.starts_at + ahead * HALF_HOUR
        slot = Interval(start, start + (length * HALF_HOUR if length else was))
        shift = wall(start) - self.model.meant(booking)
        if not shift and slot.length == was:
            return
        places = self.model.placed(booking, scope, start, slot.length)
        actor = self.actor(booking.who)
        command = MoveSeries(
            uid=series, number=booking.number, slot=slot, scope=scope, left_out=left_out
        )
        found = changes.preview_moving(command, actor=actor, now=now)
        foreseen = self.model.foresee(booking.who, places, left_out)
        if told(found) != foreseen and any("benches" in place.machines for place in places):
            assert any(self.scattered(Interval(p.starts_at, p.ends_at)) for p in places)
            return
        assert told(found) == foreseen
        if not found.possible:
            return
        seen = Confirmation(found.digest, found.possible)
        after = changes.move_series(command, seen, actor=actor, now=now)
        chosen = [place for place in places if place.number in found.possible]
        if scope is Scope.ONE:
            assert after == series
            for place in chosen:
                self.model.moved(place.uid, place.machines, place.starts_at, place.ends_at)
        else:
            assert (after != series) == self.model.stay_behind(series, found.possible)
            self.model.shift(series, after, chosen, shift)

    @precondition(lambda self: self.of_series())
    @rule(
        pick=PICKED,
        scope=st.sampled_from(Scope),
        left_out=LEFT_OUT,
    )
    def cancel_series(self, pick: int, scope: Scope, left_out: frozenset[int]) -> None:
        booking, now = self.one_of_series(pick), self.model.now
        actor, expected = self.actor(booking.who), Foreseen()
        for one in self.model.scope(booking, scope):
            late = frozenset({"booking.cancel-too-late"}) if self.model.late(one) else frozenset()
            expected[one.number] = ("refused" if late else "fine", late)
            if one.number in left_out:
                expected[one.number] = ("left-out", frozenset())
        command = CancelSeries(
            uid=booking.series, number=booking.number, scope=scope, left_out=left_out
        )
        found = changes.preview_cancelling(command, actor=actor, now=now)
        assert told(found) == expected
        if not found.possible:
            return
        seen = Confirmation(found.digest, found.possible)
        changes.cancel_series(command, seen, actor=actor, now=now)
        for one in self.model.scope(booking, scope):
            if one.number in found.possible:
                self.model.change(
                    one.uid, "booking.cancelled", "BookingCancelled", state="cancelled"
                )
        if scope is not Scope.ONE:
            self.model.wrote("series.cancelled", "SeriesCancelled")

    @invariant()
    def series_have_the_occurrences_of_the_model(self) -> None:
        rows = reading().execute(
            select(Booking.uid, Series.uid, Booking.occurrence).join(
                Series, Series.id == Booking.series_id
            )
        )
        assert sorted(map(tuple, rows)) == sorted(
            (uid, one.series, one.number) for uid, one in self.model.bookings.items() if one.series
        )

    def of_series(self) -> list[Modelled]:
        """Return the bookings of series that are still to come and of the same person."""
        return [
            one
            for one in self.model.bookings.values()
            if one.series
            and self.model.coming(one)
            and one.who == self.model.series[one.series].who
        ]

    def one_of_series(self, pick: int) -> Modelled:
        found = self.of_series()
        return found[pick % len(found)]

    def uids_of(self, series: str) -> dict[int, str]:
        reading().rollback()
        rows = reading().execute(
            select(Booking.occurrence, Booking.uid)
            .join(Series, Series.id == Booking.series_id)
            .where(Series.uid == series)
            .order_by(Booking.occurrence)
        )
        return {row[0]: row[1] for row in rows}


def told(preview: Preview) -> Foreseen:
    """Return what a preview says, by number; reasons only where it says no."""
    return {
        item.number: (
            item.outcome.value,
            frozenset(problem.code for problem in item.problems if item.outcome.value == "refused"),
        )
        for item in preview.items
    }
