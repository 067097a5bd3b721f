"""A preview and what is done afterwards agree, whatever else is booked and whatever the rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.series import changes, services
from labops.domain.series.commands import BookSeries, Confirmation, MoveSeries
from labops.domain.series.states import Scope
from labops.domain.series.values import Repeat
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TABLES = (
    "outbox_message", "audit_entry", "allocation", "booking_bookable", "booking", "series",
)  # fmt: skip
rules = st.fixed_dictionaries(
    {
        "grid_minutes": st.just(30),
        "longest_minutes": st.just(20 * 24 * 60),
        "unattended": st.just(True),
        "horizon_days": st.sampled_from([30, 400]),
        "one_at_a_time": st.integers(0, 2),
        "open_bookings": st.sampled_from([0, 3, 6]),
        "gap_minutes": st.sampled_from([0, 60]),
    },
    optional={
        "quotas": st.sampled_from(
            [
                [{"bookings": 1, "window": "week", "scope": "machine"}],
                [{"hours": 3, "window": "month", "scope": "site"}],
                [{"bookings": 2, "window": "10 days", "scope": "everywhere"}],
            ]
        )
    },
)
slots = st.builds(
    lambda day, half_hour, length: Interval(
        at(8 + half_hour / 2, day=day), at(8 + half_hour / 2, day=day) + length
    ),
    st.integers(1, 60),
    st.integers(0, 16),
    st.sampled_from([HOUR / 2, HOUR, 2 * HOUR, 2 * HOUR, 26 * HOUR, 8 * DAY]),
)
others = st.lists(
    st.tuples(slots, st.sampled_from(["printer", "benches"]), st.sampled_from(["alice", "bob"])),
    max_size=8,
)
shifts = st.builds(
    lambda days, half_hours: days * DAY + half_hours * HOUR / 2,
    st.sampled_from([-7, -1, 0, 1, 7, 14]),
    st.integers(-4, 4),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rules=rules,
    others=others,
    first=slots,
    machines=st.sampled_from([("printer",), ("benches",), ("benches", "printer")]),
    count=st.integers(2, 8),
    weeks=st.sampled_from([1, 2]),
    shift=shifts,
    length=st.sampled_from([None, HOUR, 9 * DAY]),
)
def test_what_is_shown_is_what_is_done(
    world: World,
    rules: dict[str, Any],
    others: list[tuple[Interval, str, str]],
    first: Interval,
    machines: tuple[str, ...],
    count: int,
    weeks: int,
    shift: timedelta,
    length: timedelta | None,
) -> None:
    arrange(world, rules, others)
    alice = world.actor("alice")
    wish = Book(machines=machines, slot=first)
    command = BookSeries(first=wish, repeat=Repeat(weeks=weeks, count=count))
    found = services.preview_series(command, actor=alice, now=NOW)
    if not found.possible:
        return
    seen = Confirmation(found.digest, found.possible)
    uid = services.book_series(command, seen, actor=alice, now=NOW)
    shown = {item.number: item.slot for item in found.items if item.possible}
    assert slots_of(uid) == shown
    for item in found.items:
        if not item.possible:
            with pytest.raises(Refused):
                bookings.book(Book(machines=machines, slot=item.slot), actor=alice, now=NOW)
    moves_as_shown(world, uid, shift, length)


def moves_as_shown(world: World, uid: str, shift: timedelta, length: timedelta | None) -> None:
    alice, before = world.actor("alice"), slots_of(uid)
    number, slot = next(iter(before.items()))
    to = Interval(slot.starts_at + shift, slot.starts_at + shift + (length or slot.length))
    if to == slot:
        return
    command = MoveSeries(uid=uid, number=number, slot=to, scope=Scope.ALL)
    found = changes.preview_moving(command, actor=alice, now=NOW)
    if not found.possible:
        return
    seen = Confirmation(found.digest, found.possible)
    after = changes.move_series(command, seen, actor=alice, now=NOW)
    shown = {item.uid: item.slot if item.possible else item.was for item in found.items}
    assert slots_by_uid(uid) | slots_by_uid(after) == shown


def arrange(world: World, rules: dict[str, Any], others: list[tuple[Interval, str, str]]) -> None:
    """Forget what was booked, set the rules, and let others book what they can."""
    with unit_of_work() as session:
        for table in TABLES:
            session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own names
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=NOW)
    for slot, machine, who in others:
        try:
            wish = Book(machines=(machine,), slot=slot)
            bookings.book(wish, actor=world.actor(who), now=NOW)
        except Refused:
            continue


def bookings_of(uid: str) -> list[Booking]:
    reading().rollback()
    query = (
        select(Booking)
        .where(Booking.series_id == text("(SELECT id FROM series WHERE uid = :uid)"))
        .order_by(Booking.occurrence)
        .execution_options(populate_existing=True)
    )
    return list(reading().scalars(query, {"uid": uid}))


def slots_of(uid: str) -> dict[int, Interval]:
    return {booking.occurrence or 0: booking.slot for booking in bookings_of(uid)}


def slots_by_uid(uid: str) -> dict[str, Interval]:
    return {booking.uid: booking.slot for booking in bookings_of(uid)}
