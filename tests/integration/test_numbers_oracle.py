"""The numbers against an oracle that looks at every quarter of an hour, over both clock changes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.closures.models import Closure
from labops.domain.numbers import queries
from labops.domain.numbers.queries import Period
from labops.domain.sites.queries import by_slug
from labops.kernel import ids, local_time
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.world import World

QUARTER = timedelta(minutes=15)
ROME = local_time.zone("Europe/Rome")
# The nights of 28 March and 25 October 2026 are in between; so are their days.
CHANGES = (date(2026, 3, 28), date(2026, 10, 24))
STATES = ("requested", "confirmed", "checked_in", "finished", "cancelled", "missed", "rejected")

Row = tuple[int, int, str, int, int, bool, str, str]

bookings = st.lists(
    st.tuples(
        st.integers(-8, 4 * 24 * 4),  # quarters after the first midnight
        st.integers(1, 24),  # quarters long
        st.sampled_from(STATES),
        st.integers(-2, 3),  # checked in so many quarters after the start
        st.integers(0, 20),  # finished so many after that
        st.booleans(),
        st.sampled_from(("alice", "charlie")),
        st.sampled_from(("laser", "benches")),
    ),
    max_size=8,
)


@given(
    change=st.sampled_from(CHANGES),
    rows=bookings,
    days=st.integers(1, 3),
    passed=st.integers(0, 4 * 24 * 4),
    shut=st.integers(0, 200),
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_numbers_are_what_somebody_counts_by_hand(
    app: Flask,
    world: World,
    change: date,
    rows: list[Row],
    days: int,
    passed: int,
    shut: int,
) -> None:
    first = local_time.at_minute(change, 0, ROME)
    now = first + passed * QUARTER
    closed = (first + shut * QUARTER, first + (shut + 10) * QUARTER)
    _write(world, first, rows, closed)
    site = by_slug(reading(), "mhuma")
    last = change + timedelta(days=days - 1)
    period = Period(first=change, last=last, site_ids=(site.id,))
    found = queries.of_period(reading(), period, [site], actor=SYSTEM, now=now)
    for name, numbers in found.machines:
        expected = _by_hand(name.slug, first, rows, last, now, closed)
        got = {
            "used": numbers.used // QUARTER,
            "used open": numbers.used_while_open // QUARTER,
            "open": numbers.open // QUARTER // name.capacity,
            "missed": numbers.missed,
            "kept": numbers.bookings - numbers.missed,
            "walk-ins": numbers.walk_ins,
        }
        assert got == {key: expected[key] for key in got}
    heat = Counter({cell: length // QUARTER for cell, length in found.heat.items()})
    assert heat == _heat_by_hand(first, rows, last, now)
    assert sum(found.heat.values(), timedelta(0)) == found.total.used
    # Every figure opens its records, and they add up to it.
    records = queries.records(reading(), period, [site], actor=SYSTEM, now=now)
    assert sum((r.used.length for r in records if r.used), timedelta(0)) == found.total.used
    missed = [r for r in records if r.counted and r.booking.missed(now=now)]
    assert len(missed) == found.total.missed
    members = queries.members(reading(), period, [site], actor=SYSTEM, now=now)
    assert len(members) == found.active_members


def test_a_year_takes_as_many_queries_as_a_day(app: Flask, world: World) -> None:
    site = by_slug(reading(), "mhuma")
    counts = []
    first = local_time.at_minute(CHANGES[0], 0, ROME)
    for rows, last in (([], CHANGES[0]), ([_row(n) for n in range(40)], date(2027, 3, 1))):
        _write(world, first, rows, (first, first + QUARTER))
        asked: list[object] = []

        def note(*said: object, to: list[object] = asked) -> None:
            to.append(said[2])

        event.listen(db.engine, "before_cursor_execute", note)
        period = Period(first=CHANGES[0], last=last, site_ids=(site.id,))
        queries.of_period(reading(), period, [site], actor=SYSTEM, now=datetime.now(UTC))
        counts.append(len(asked))
        event.remove(db.engine, "before_cursor_execute", note)
    assert counts[1] <= counts[0] <= 10


def _row(number: int) -> Row:
    return (number * 8, 4, "finished", 0, 4, False, "alice", "benches")


def _times(
    first: datetime, row: Row
) -> tuple[datetime, datetime, datetime | None, datetime | None]:
    start, length, state, came, stayed, *_ = row
    starts_at = first + start * QUARTER
    ends_at = starts_at + length * QUARTER
    checked_in = starts_at + came * QUARTER if state in {"checked_in", "finished"} else None
    if checked_in is None:
        return starts_at, ends_at, None, None
    done = min(checked_in + stayed * QUARTER, ends_at) if state == "finished" else None
    return starts_at, ends_at, checked_in, done


def _write(
    world: World,
    first: datetime,
    rows: list[Row],
    closed: tuple[datetime, datetime],
) -> None:
    """Put the rows into the tables as they are: the ledger plays no part in what was."""
    with unit_of_work() as session:
        for model in (BookingBookable, Booking, Closure):
            session.execute(delete(model))
        session.add(
            Closure(
                site_id=world.sites["mhuma"],
                starts_at=closed[0],
                ends_at=closed[1],
                reason="",
            )
        )
        for row in rows:
            starts_at, ends_at, came, done = _times(first, row)
            booking = Booking(
                uid=ids.new_uid(),
                person_id=world.people[row[6]],
                site_id=world.sites["mhuma"],
                starts_at=starts_at,
                ends_at=ends_at,
                state=row[2],
                check_in_by=starts_at + QUARTER,
                checked_in_at=came,
                finished_at=done,
                created_at=starts_at,
                revised_at=starts_at,
                walk_in=row[5],
            )
            session.add(booking)
            session.flush()
            session.add(BookingBookable(booking_id=booking.id, bookable_id=world.machines[row[7]]))


def _quarters(last: date, first: datetime) -> list[datetime]:
    found, at = [], first
    while at.astimezone(ROME).date() <= last:
        found.append(at)
        at += QUARTER
    return found


def _in_use(first: datetime, row: Row, at: datetime, now: datetime) -> bool:
    _start, ends_at, came, done = _times(first, row)
    return came is not None and came <= at < min(done or now, ends_at)


def _by_hand(
    slug: str,
    first: datetime,
    rows: list[Row],
    last: date,
    now: datetime,
    closed: tuple[datetime, datetime],
) -> Counter[str]:
    found: Counter[str] = Counter()
    own = [row for row in rows if row[7] == slug]
    quarters = _quarters(last, first)
    for at in quarters:
        opened = 8 <= at.astimezone(ROME).hour < 20 and not closed[0] <= at < closed[1]
        found["open"] += opened and at < now
        for row in own:
            used = _in_use(first, row, at, now)
            found["used"] += used
            found["used open"] += used and opened and at < now
    for row in own:
        starts_at, _end, came, _done = _times(first, row)
        if starts_at not in quarters:
            continue
        late = row[2] == "confirmed" and starts_at + QUARTER <= now
        found["missed"] += row[2] == "missed" or late
        found["kept"] += came is not None
        found["walk-ins"] += came is not None and row[5]
    return found


def _heat_by_hand(
    first: datetime,
    rows: list[Row],
    last: date,
    now: datetime,
) -> Counter[tuple[int, int]]:
    found: Counter[tuple[int, int]] = Counter()
    for at in _quarters(last, first):
        local = at.astimezone(ROME)
        found[local.weekday(), local.hour] += sum(_in_use(first, row, at, now) for row in rows)
    return +found
