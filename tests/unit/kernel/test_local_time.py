"""The two nights of daylight saving in Rome, and intervals that never lie."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.kernel import local_time
from labops.kernel.interval import Interval, merged, without
from labops.kernel.local_time import NoSuchLocalTime, WallClock

ROME = local_time.zone("Europe/Rome")
AUTUMN = date(2026, 10, 25)
SPRING = date(2027, 3, 28)


def test_a_time_that_happens_twice_means_the_first() -> None:
    reading = local_time.read_local(datetime(2026, 10, 25, 2, 30), ROME)
    assert reading.clock is WallClock.TWICE
    assert reading.instant == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_never_happens_is_refused_with_the_next() -> None:
    with pytest.raises(NoSuchLocalTime) as error:
        local_time.read_local(datetime(2027, 3, 28, 2, 30), ROME)
    assert error.value.suggestion == datetime(2027, 3, 28, 3, 30)


@pytest.mark.parametrize(("day", "hours"), [(AUTUMN, 25), (SPRING, 23), (date(2026, 11, 23), 24)])
def test_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    assert local_time.local_day(day, ROME).length == timedelta(hours=hours)


def test_weeks_begin_on_monday_and_keep_their_hours() -> None:
    assert local_time.local_week(AUTUMN, ROME).length == timedelta(days=7, hours=1)
    assert local_time.local_week(SPRING, ROME).starts_at == datetime(2027, 3, 21, 23, tzinfo=UTC)


def test_two_instants_with_one_wall_clock_are_an_hour_apart() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ROME, fold=0)
    second = datetime(2026, 10, 25, 2, 30, tzinfo=ROME, fold=1)
    assert Interval(first, second).length == timedelta(hours=1)


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        local_time.zone("Europe/Atlantis")


NOW = datetime(2026, 10, 24, tzinfo=UTC)


@st.composite
def spans(draw: st.DrawFn) -> Interval:
    start = draw(st.integers(0, 300))
    return Interval(
        NOW + timedelta(minutes=10 * start),
        NOW + timedelta(minutes=10 * (start + draw(st.integers(1, 40)))),
    )


def minutes_of(parts: list[Interval] | tuple[Interval, ...]) -> set[int]:
    """Return every tenth minute that the spans cover."""
    covered = set()
    for part in parts:
        first = int((part.starts_at - NOW).total_seconds() // 600)
        covered |= set(range(first, first + int(part.length.total_seconds() // 600)))
    return covered


@given(st.lists(spans(), max_size=12), st.lists(spans(), max_size=12))
def test_union_and_difference_are_those_of_sets(
    some: list[Interval], holes: list[Interval]
) -> None:
    assert minutes_of(merged(some)) == minutes_of(some)
    assert minutes_of(without(some, holes)) == minutes_of(some) - minutes_of(holes)
    parts = without(some, holes)
    assert all(a.ends_at < b.starts_at for a, b in zip(parts, parts[1:], strict=False))
