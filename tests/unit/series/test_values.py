"""Local starts and the instants they mean, against what the clock on the wall shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labops.domain.series.values import MOST, Pattern, Repeat, wall_of
from labops.kernel.errors import Invalid
from labops.kernel.local_time import WallClock

DAY = timedelta(days=1)
ZONES = ("Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC")
# Weeks before and after the nights of 25 October 2026 and 28 March 2027, by the minute.
starts = st.builds(
    lambda day, minute: datetime(2026, 10, 1) + timedelta(days=day, minutes=minute),
    st.integers(0, 180),
    st.one_of(st.integers(0, 24 * 60 - 1), st.integers(110, 190)),
)
patterns = st.builds(
    Pattern,
    starts=starts,
    length=st.integers(1, 3 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    weeks=st.sampled_from([1, 2]),
    zone=st.sampled_from(ZONES),
)


def instants_showing(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return every instant at which the clock of the zone shows that time, by trying offsets."""
    offsets = {
        (wall.replace(tzinfo=UTC) + n * DAY).astimezone(zone).utcoffset() for n in (-2, -1, 0, 1, 2)
    }
    tried = (wall.replace(tzinfo=UTC) - offset for offset in offsets if offset is not None)
    return sorted(at for at in tried if at.astimezone(zone).replace(tzinfo=None) == wall)


@given(patterns, st.integers(1, MOST))
@example(
    Pattern(
        starts=datetime(2026, 10, 18, 2, 30),
        length=timedelta(hours=1),
        weeks=1,
        zone="Europe/Rome",
    ),
    2,
)
@example(
    Pattern(
        starts=datetime(2027, 3, 14, 2, 30),
        length=timedelta(hours=1),
        weeks=2,
        zone="Europe/Rome",
    ),
    2,
)
def test_an_occurrence_starts_when_the_clock_shows_its_time(pattern: Pattern, number: int) -> None:
    zone = ZoneInfo(pattern.zone)
    planned = pattern.planned(number)
    assert planned.wall == pattern.starts + (number - 1) * pattern.weeks * 7 * DAY
    assert planned.slot.length == pattern.length
    shown = instants_showing(planned.wall, zone)
    if shown:
        assert planned.slot.starts_at == shown[0]
        assert planned.clock is (WallClock.TWICE if len(shown) > 1 else WallClock.NORMAL)
        assert not planned.shifted
        return
    # The clock never shows it: as much later as the clock jumps, which is the first minute after
    # the jump for a start at the jump itself.
    assert planned.shifted
    before, after = (planned.wall.replace(tzinfo=UTC) + n * 2 * DAY for n in (-1, 1))
    jump = (after.astimezone(zone).utcoffset() or DAY * 0) - (
        before.astimezone(zone).utcoffset() or DAY * 0
    )
    assert jump > timedelta(0)
    assert wall_of(planned.slot.starts_at, zone) == planned.wall + jump


@given(patterns, st.integers(1, MOST - 1))
def test_occurrences_of_one_series_are_whole_weeks_apart_by_the_clock(
    pattern: Pattern, number: int
) -> None:
    zone = ZoneInfo(pattern.zone)
    one, following = pattern.planned(number), pattern.planned(number + 1)
    if one.shifted or following.shifted:
        return
    walls = (wall_of(planned.slot.starts_at, zone) for planned in (following, one))
    assert next(walls) - next(walls) == timedelta(weeks=pattern.weeks)


@pytest.mark.parametrize(
    ("first", "weeks", "expected"),
    [
        # 02:30 in Rome on the Sundays around each night, as standards say.
        (
            datetime(2026, 10, 18, 2, 30),
            1,
            ["2026-10-18T00:30Z", "2026-10-25T00:30Z", "2026-11-01T01:30Z"],
        ),
        (
            datetime(2027, 3, 21, 2, 30),
            1,
            ["2027-03-21T01:30Z", "2027-03-28T01:30Z", "2027-04-04T00:30Z"],
        ),
        (
            datetime(2027, 3, 14, 14, 0),
            2,
            ["2027-03-14T13:00Z", "2027-03-28T12:00Z", "2027-04-11T12:00Z"],
        ),
    ],
)
def test_the_nights_in_rome(first: datetime, weeks: int, expected: list[str]) -> None:
    pattern = Pattern(starts=first, length=timedelta(hours=2), weeks=weeks, zone="Europe/Rome")
    found = [pattern.planned(number) for number in (1, 2, 3)]
    assert [one.slot.starts_at.strftime("%Y-%m-%dT%H:%MZ") for one in found] == expected
    assert {one.slot.length for one in found} == {timedelta(hours=2)}


@given(st.sampled_from([1, 2]), st.integers(0, 400))
def test_a_last_day_means_as_many_as_fit(weeks: int, days: int) -> None:
    first = date(2026, 11, 24)
    repeat = Repeat(weeks=weeks, until=first + days * DAY)
    fitting = [n for n in range(60) if first + n * weeks * 7 * DAY <= first + days * DAY]
    if 2 <= len(fitting) <= MOST:
        assert repeat.count_from(first) == len(fitting)
    else:
        with pytest.raises(Invalid):
            repeat.count_from(first)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ({"count": 2}, 2),
        ({"count": 52}, 52),
        ({"count": 5, "until": date(2026, 12, 8)}, 3),
        ({"count": 2, "until": date(2030, 1, 1)}, 2),
        ({"count": 53}, None),
        ({"count": 1}, None),
        ({"until": date(2026, 1, 1)}, None),
        ({}, None),
    ],
)
def test_the_earlier_end_counts(values: dict[str, int | date], count: int | None) -> None:
    repeat = Repeat(weeks=1, **values)  # type: ignore[arg-type]
    if count is not None:
        assert repeat.count_from(date(2026, 11, 24)) == count
        return
    with pytest.raises(Invalid):
        repeat.count_from(date(2026, 11, 24))
