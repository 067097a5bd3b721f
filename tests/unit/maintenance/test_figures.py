"""What figures and rounds say, against naive oracles that count minutes and days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.maintenance.coming_round import RANK, Round, Standing
from labops.domain.maintenance.figures import dependability
from labops.domain.maintenance.quiet import best_of
from labops.kernel.interval import Interval

START = datetime(2026, 3, 1, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
LONGEST = 60


def span(start: int, length: int) -> Interval:
    begins = START + timedelta(minutes=start)
    return Interval(begins, begins + timedelta(minutes=length))


spans = st.builds(span, st.integers(-30, LONGEST + 10), st.integers(1, 20))


@given(stops=st.lists(spans, max_size=6), length=st.integers(1, LONGEST))
@settings(max_examples=150, deadline=None)
def test_down_time_and_failures_are_what_counting_minutes_says(
    stops: list[Interval], length: int
) -> None:
    period = span(0, length)
    is_down = [
        any(one.starts_at <= START + timedelta(minutes=n) < one.ends_at for one in stops)
        for n in range(-31, LONGEST + 31)
    ]
    inside = is_down[31 : 31 + length]
    begun = sum(is_down[31 + n] and not is_down[30 + n] for n in range(length))
    found = dependability(stops, period)
    assert found.down == timedelta(minutes=sum(inside))
    assert found.failures == begun
    assert found.availability == (length - sum(inside)) / length
    assert found.mtbf == (timedelta(minutes=length - sum(inside)) / begun if begun else None)


@given(
    done=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    months=st.none() | st.integers(1, 36),
    hours=st.none() | st.integers(1, 500),
    used=st.integers(0, 800),
    days=st.integers(0, 1500),
)
@settings(max_examples=150, deadline=None)
def test_a_round_grows_more_urgent_and_keeps_its_local_hour(
    done: datetime, months: int | None, hours: int | None, used: int, days: int
) -> None:
    done = done.replace(tzinfo=UTC)
    due = Round(every_months=months, every_hours=hours, done_at=done, used=timedelta(hours=used))
    now = done + timedelta(days=days)
    standing = due.standing(ROME, now=now)
    later = due.standing(ROME, now=now + timedelta(days=30))
    assert RANK[later] >= RANK[standing]
    due_at = due.due_at(ROME)
    assert (due_at is None) == (months is None)
    expected = [Standing.FINE]
    if due_at is not None and months is not None:
        local, was = due_at.astimezone(ROME), done.astimezone(ROME)
        count = (local.year - was.year) * 12 + local.month - was.month
        assert count == months
        assert local.day <= was.day
        left = (due_at - now).total_seconds() / 86400
        expected.append(
            Standing.OVERDUE
            if left < -7
            else Standing.DUE
            if left <= 0
            else Standing.SOON
            if left <= 14
            else Standing.FINE
        )
    if hours is not None:
        part = used / hours
        expected.append(
            Standing.OVERDUE
            if part > 1.1
            else Standing.DUE
            if part >= 1
            else Standing.SOON
            if part >= 0.9
            else Standing.FINE
        )
    assert standing == max(expected, key=lambda one: RANK[one])


def test_the_quietest_hour_has_least_in_its_way_then_least_demand() -> None:
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    hours = [Interval(at + timedelta(hours=n), at + timedelta(hours=n + 1)) for n in range(4)]
    weeks = timedelta(weeks=1)
    demand = [Interval(one.starts_at - weeks, one.ends_at - weeks) for one in (hours[0], hours[2])]
    assert best_of(hours, [], [], ROME) == hours[0]
    assert best_of(hours, [], demand, ROME) == hours[1]
    assert best_of(hours, [hours[1]], demand, ROME) == hours[3]
    assert best_of([], [], [], ROME) is None
