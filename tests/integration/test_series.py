"""Series on the ledger: as shown or not at all, whoever else books meanwhile, on both engines."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text, update

from labops.adapters import notices
from labops.domain.bookings import giving, handing_over
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.series import changes, queries, services
from labops.domain.series.commands import BookSeries, CancelSeries, Confirmation, MoveSeries
from labops.domain.series.foreseeing import Preview
from labops.domain.series.models import Series
from labops.domain.series.states import Outcome, Scope
from labops.domain.series.values import Repeat
from labops.domain.spaces.models import Space
from labops.domain.strikes.models import Strike
from labops.kernel import ledger
from labops.kernel.audit import AuditEntry
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Changed, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.people import members
from tests.support.series import told_series
from tests.support.world import NOW, World, at, slot

ROME = ZoneInfo("Europe/Rome")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPEN = {"grid_minutes": 30, "longest_minutes": 240, "horizon_days": 400}


@pytest.fixture(autouse=True)
def _wide(world: World) -> None:
    let_rules(world)


def let_rules(world: World, **changes: Any) -> None:
    """Set the house rules of MHUMA, wide enough for series."""
    data = SaveRules(site_id=world.sites["mhuma"], data={**OPEN, **changes})
    save_rules(data, actor=SYSTEM, now=NOW)


def weekly(first: Interval, count: int, *machines: str, **more: Any) -> BookSeries:
    weeks = more.pop("weeks", 1)
    wish = Book(machines=machines or ("printer",), slot=first, **more)
    return BookSeries(first=wish, repeat=Repeat(weeks=weeks, count=count))


def preview(world: World, who: str, command: BookSeries, now: datetime = NOW) -> Preview:
    return services.preview_series(command, actor=world.actor(who), now=now)


def book(world: World, who: str, command: BookSeries, now: datetime = NOW) -> str:
    """Book all of a series that can be booked; return its uid."""
    found = preview(world, who, command, now)
    seen = Confirmation(found.digest, found.possible)
    return services.book_series(command, seen, actor=world.actor(who), now=now)


def move(world: World, who: str, command: MoveSeries, now: datetime = NOW) -> str:
    """Move all of it that can move; return the uid of the series that they are in then."""
    actor = world.actor(who)
    found = changes.preview_moving(command, actor=actor, now=now)
    seen = Confirmation(found.digest, found.possible)
    return changes.move_series(command, seen, actor=actor, now=now)


def cancel(world: World, who: str, command: CancelSeries, now: datetime = NOW) -> None:
    actor = world.actor(who)
    found = changes.preview_cancelling(command, actor=actor, now=now)
    changes.cancel_series(command, Confirmation(found.digest, found.possible), actor=actor, now=now)


def held(machine: int) -> list[Interval]:
    rows = reading().execute(
        select(Allocation.starts_at, Allocation.ends_at).where(Allocation.bookable_id == machine)
    )
    return sorted(Interval(*row) for row in rows)


def standing(uid: str) -> list[Booking]:
    query = (
        select(Booking)
        .join(Series, Series.id == Booking.series_id)
        .where(Series.uid == uid, Booking.state.in_(["confirmed", "requested"]))
        .order_by(Booking.starts_at)
        .execution_options(populate_existing=True)
    )
    return list(reading().scalars(query))


@pytest.mark.parametrize("first_on", [date(2026, 10, 11), date(2027, 3, 14)])
@pytest.mark.parametrize("at_", [time(1, 30), time(2, 30), time(3, 0), time(14, 0)])
def test_the_same_hour_by_the_clock_across_the_nights(
    world: World, first_on: date, at_: time
) -> None:
    now = datetime(2026, 10, 1, 8, tzinfo=UTC)
    with unit_of_work() as session:
        session.execute(text("UPDATE opening_hours SET opens_minute = 0, closes_minute = 1440"))
        session.execute(text("UPDATE site SET revision = revision + 1"))
    starts = datetime.combine(first_on, at_, ROME).astimezone(UTC)
    uid = book(world, "alice", weekly(Interval(starts, starts + HOUR), 4), now)
    days = [first_on + n * 7 * DAY for n in range(4)]
    # Python's own reading of a local time: the first of two, after the jump when there is none.
    expected = [datetime.combine(day, at_, ROME).astimezone(UTC) for day in days]
    assert [booking.starts_at for booking in standing(uid)] == expected
    assert {booking.slot.length for booking in standing(uid)} == {HOUR}
    view = queries.one(reading(), uid, world.actor("alice"), now=now)
    skipped = at_ == time(2, 30) and first_on.month == 3
    assert [one.shifted for one in view.occurrences] == [False, False, skipped, False]
    assert not any(one.changed for one in view.occurrences)


def test_a_shift_goes_by_the_hour_that_was_meant_where_there_was_none(world: World) -> None:
    now = datetime(2027, 3, 1, 8, tzinfo=UTC)
    bob = {"override_reason": "a long print"}
    starts = datetime(2027, 3, 14, 1, 30, tzinfo=UTC)  # 02:30 by the clock
    uid = book(world, "bob", weekly(Interval(starts, starts + HOUR), 4, **bob), now)
    later = Interval(starts + 12 * HOUR, starts + 13 * HOUR)
    command = MoveSeries(
        uid=uid, number=1, slot=later, scope=Scope.ALL, override_reason="moved with reason"
    )
    move(world, "bob", command, now)
    local = [booking.starts_at.astimezone(ROME).time() for booking in standing(uid)]
    assert local == [time(14, 30)] * 4


def test_each_change_leaves_one_message_and_one_entry_and_each_act_one_letter(
    world: World,
) -> None:
    uid = book(world, "alice", weekly(slot(10, 11), 4))
    after = move(
        world,
        "alice",
        MoveSeries(uid=uid, number=3, slot=slot(12, 13, day=15), scope=Scope.FOLLOWING),
    )
    cancel(world, "alice", CancelSeries(uid=after, number=2, scope=Scope.FOLLOWING))
    cancel(world, "alice", CancelSeries(uid=uid, number=1, scope=Scope.ONE))
    kinds = Counter(reading().scalars(select(OutboxMessage.kind)))
    assert kinds == {
        "BookingConfirmed": 4,
        "SeriesBooked": 1,
        "BookingMoved": 2,
        "SeriesMoved": 1,
        "BookingCancelled": 2,
        "SeriesCancelled": 1,
    }
    entries = Counter(reading().scalars(select(AuditEntry.subject)))
    of_bookings = Counter(
        f"booking:{message.payload['booking_uid']}"
        for message in reading().scalars(select(OutboxMessage))
        if "booking_uid" in message.payload
    )
    assert {k: n for k, n in entries.items() if k.startswith("booking:")} == of_bookings
    assert entries[f"series:{uid}"] == 1
    assert entries[f"series:{after}"] == 2
    told = [
        (message.kind, letter.subject)
        for message in reading().scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        for letter in notices.letters_for(message.kind, message.payload, key="k", now=NOW)
    ]
    # The series' letters, and one booking cancelled by itself. What something newer tells of is
    # not told again.
    assert [kind for kind, _subject in told] == [
        "SeriesBooked",
        "SeriesCancelled",
        "BookingCancelled",
    ]


def test_what_is_over_or_overtaken_is_not_told(world: World) -> None:
    fact = told_series(world, "SeriesBooked")
    kind = "SeriesBooked"
    assert len(notices.letters_for(kind, fact, key="k", now=NOW)) == 1
    assert notices.letters_for(kind, {**fact, "revision": 7}, key="k", now=NOW) == []
    assert notices.letters_for(kind, fact, key="k", now=at(0, day=60)) == []
    assert notices.letters_for(kind, {**fact, "series_uid": "none"}, key="k", now=NOW) == []


def test_quotas_see_the_occurrences_before(world: World) -> None:
    let_rules(world, quotas=[{"bookings": 2, "window": "month", "scope": "machine"}])
    found = preview(world, "alice", weekly(slot(10, 11), 8))
    # One in November's last week, then two a month: 24 Nov; 1, 8 ... Dec; 5, 12 Jan.
    assert sorted(found.possible) == [1, 2, 3, 7, 8]
    uid = book(world, "alice", weekly(slot(10, 11), 8))
    assert [booking.occurrence for booking in standing(uid)] == [1, 2, 3, 7, 8]


def test_one_unit_after_another_and_people_in_the_space(world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Space).values(people_capacity=3))
    long = Interval(at(10), at(10, day=1) + 8 * DAY)
    let_rules(world, longest_minutes=30 * 24 * 60, unattended=True, one_at_a_time=0)
    found = preview(world, "alice", weekly(long, 4, "benches", people=1))
    # Each lies over the next one by a day: other units, but the people add up.
    assert sorted(found.possible) == [1, 2, 3, 4]
    found = preview(world, "alice", weekly(long, 4, "benches", people=2))
    assert sorted(found.possible) == [1, 3]
    found = preview(world, "alice", weekly(long, 4, "printer"))
    assert sorted(found.possible) == [1, 3]
    uid = book(world, "alice", weekly(long, 4, "benches", people=2))
    assert [booking.occurrence for booking in standing(uid)] == [1, 3]


def test_what_staff_have_to_agree_to_is_requested_and_says_so(world: World) -> None:
    let_rules(world, horizon_days=10, horizon_days_with_approval=30)
    found = preview(world, "alice", weekly(slot(10, 11), 5))
    outcomes = [item.outcome for item in found.items]
    assert outcomes == [
        Outcome.FINE,
        Outcome.FINE,
        Outcome.REQUEST,
        Outcome.REQUEST,
        Outcome.REQUEST,
    ]
    uid = book(world, "alice", weekly(slot(10, 11), 5))
    assert [one.state for one in standing(uid)] == ["confirmed"] * 2 + ["requested"] * 3


def test_moving_late_counts_after_all_have_moved(world: World) -> None:
    strikes = {"missed": 1, "in_days": 30, "suspended_days": 14, "late_cancelled": True}
    let_rules(world, cancel_notice_minutes=48 * 60, late_cancel="missed", strikes=strikes)
    uid = book(world, "alice", weekly(slot(10, 11), 3))
    command = MoveSeries(uid=uid, number=1, slot=slot(15, 16), scope=Scope.ALL)
    found = changes.preview_moving(command, actor=world.actor("alice"), now=NOW)
    assert [item.late for item in found.items] == [True, False, False]
    move(world, "alice", command)
    assert [one.starts_at for one in standing(uid)] == [at(15, day=n) for n in (1, 8, 15)]
    assert reading().scalar(select(func.count()).select_from(Strike)) == 1


def test_one_that_was_moved_alone_moves_as_far_and_stays_marked(world: World) -> None:
    uid = book(world, "alice", weekly(slot(10, 11), 3))
    second = standing(uid)[1].uid
    bookings.move(Move(uid=second, slot=slot(12, 13, day=9)), actor=world.actor("alice"), now=NOW)
    after = move(
        world,
        "alice",
        MoveSeries(uid=uid, number=1, slot=Interval(at(11), at(12.5)), scope=Scope.ALL),
    )
    assert after == uid
    assert [one.slot for one in standing(uid)] == [
        Interval(at(11, day=1), at(12.5, day=1)),
        Interval(at(13, day=9), at(14.5, day=9)),
        Interval(at(11, day=15), at(12.5, day=15)),
    ]
    view = queries.one(reading(), uid, world.actor("alice"), now=NOW)
    assert [one.changed for one in view.occurrences] == [False, True, False]


def test_what_stays_behind_keeps_its_series(world: World) -> None:
    uid = book(world, "alice", weekly(slot(10, 11), 4))
    taken = Book(machines=("printer",), slot=slot(14, 15, day=8))
    bookings.book(taken, actor=world.actor("bob"), now=NOW)
    after = move(world, "alice", MoveSeries(uid=uid, number=1, slot=slot(14, 15), scope=Scope.ALL))
    assert after != uid
    assert [one.starts_at for one in standing(uid)] == [at(10, day=8)]
    assert [one.starts_at for one in standing(after)] == [at(14, day=n) for n in (1, 15, 22)]
    views = [queries.one(reading(), one, world.actor("alice"), now=NOW) for one in (uid, after)]
    assert (views[0].continued_by, views[1].continues) == ((after,), uid)
    assert not any(one.changed for view in views for one in view.occurrences)


def test_one_that_is_handed_over_leaves_the_series(world: World) -> None:
    uid = book(world, "alice", weekly(slot(14, 15), 3))
    first = standing(uid)[0].uid
    giving.offer(first, email="charlie@example.org", actor=world.actor("alice"), now=NOW)
    offer = reading().scalars(select(HandOver.uid)).one()
    handing_over.accept(offer, actor=world.actor("charlie"), now=NOW)
    assert first not in {booking.uid for booking in standing(uid)}
    everything = CancelSeries(uid=uid, number=2, scope=Scope.ALL)
    cancel(world, "alice", everything)
    assert standing(uid) == []
    query = select(Booking).where(Booking.uid == first).execution_options(populate_existing=True)
    given = reading().scalars(query).one()
    assert (given.state, given.person_id) == ("confirmed", world.people["charlie"])


def test_whoever_books_between_the_look_and_the_lock_leaves_nothing_of_the_series(
    world: World, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = weekly(slot(10, 11), 5)
    found = preview(world, "alice", command)
    enter, done = ledger.refusing_overlaps, []

    @contextmanager
    def another_first() -> Iterator[None]:
        if not done:
            done.append(True)
            taken = Book(machines=("printer",), slot=slot(10.5, 11.5, day=15))
            in_thread(app, lambda: bookings.book(taken, actor=world.actor("bob"), now=NOW))
        with enter():
            yield

    monkeypatch.setattr(ledger, "refusing_overlaps", another_first)
    with pytest.raises(Changed):
        services.book_series(
            command,
            Confirmation(found.digest, found.possible),
            actor=world.actor("alice"),
            now=NOW,
        )
    assert held(world.machines["printer"]) == [slot(10.5, 11.5, day=15)]
    assert reading().scalar(select(func.count()).select_from(Series)) == 0
    messages = reading().scalars(select(OutboxMessage.kind)).all()
    assert messages == ["BookingConfirmed"]


def test_a_series_and_single_bookers_race_and_none_wins_by_half(world: World, app: Flask) -> None:
    # With the usual limit on open bookings a series that won would leave the next too little.
    let_rules(world, open_bookings=60)
    rivals = members(world, 3)
    for number in range(6):
        hour = 9 + number
        command = weekly(slot(hour, hour + 1), 5)
        found = preview(world, "alice", command)
        gate = threading.Barrier(4)
        outcomes: dict[str, object] = {}

        def series(command: BookSeries = command, found: Preview = found) -> None:
            seen = Confirmation(found.digest, found.possible)
            services.book_series(command, seen, actor=world.actor("alice"), now=NOW)

        def single(who: int, day: int, hour: int = hour) -> None:
            from labops.domain.people.queries import actor_of  # noqa: PLC0415

            actor = actor_of(reading(), who, now=NOW)
            wish = Book(machines=("printer",), slot=slot(hour, hour + 1, day=day))
            bookings.book(wish, actor=actor, now=NOW)

        def run(name: str, act: Callable[[], None], gate: threading.Barrier = gate) -> None:
            with app.app_context():
                gate.wait(30)
                try:
                    act()
                    outcomes[name] = "won"
                except (Changed, Refused) as lost:
                    outcomes[name] = type(lost).__name__

        acts = [("series", series)] + [
            (f"single {n}", lambda who=who, n=n: single(who, 1 + 7 * (n + 1)))
            for n, who in enumerate(rivals)
        ]
        threads = [threading.Thread(target=run, args=act) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert set(outcomes) == {name for name, _act in acts}, outcomes
        reading().rollback()
        starts = {span.starts_at for span in held(world.machines["printer"])}
        of_round = {start for start in starts if start.astimezone(ROME).hour == hour}
        if outcomes["series"] == "won":
            assert set(outcomes.values()) == {"won", "Refused"}
            assert len(of_round) == 5
        else:
            assert outcomes["series"] == "Changed"
            assert [outcomes[f"single {n}"] for n in range(3)] == ["won"] * 3
            assert len(of_round) == 3


def test_statements_grow_by_a_bounded_number_for_each_occurrence(world: World, app: Flask) -> None:
    preview(world, "alice", weekly(slot(9, 10), 2))
    few, many = (
        counted(lambda n=n: preview(world, "alice", weekly(slot(10, 11), n))) for n in (4, 24)
    )
    assert (many - few) / 20 <= 6
    few, many = (
        counted(lambda n=n: book(world, "alice", weekly(slot(8 + n / 4, 9 + n / 4), n)))
        for n in (4, 24)
    )
    # Three previews (what is shown, before the lock, under it) and the bookings themselves.
    assert (many - few) / 20 <= 34
    actor = world.actor("alice")
    (uid,) = reading().scalars(select(Series.uid).order_by(Series.id.desc()).limit(1))
    reading().rollback()
    assert counted(lambda: queries.one(reading(), uid, actor, now=NOW)) <= 5


def counted(act: Callable[[], object]) -> int:
    """Return how many statements the act runs."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return count


def in_thread(app: Flask, act: Callable[[], object]) -> None:
    def run() -> None:
        with app.app_context():
            act()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
