"""Which backups are kept: the newest of each of the last days, weeks and months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.backups.policies import Keep, is_due, kept, latest_night

FIRST = datetime(2025, 12, 20, 1, 0, tzinfo=UTC)
moments = st.sets(
    st.integers(0, 900 * 24).map(lambda hours: FIRST + timedelta(hours=hours)), max_size=120
)
keeps = st.builds(
    Keep, daily=st.integers(1, 9), weekly=st.integers(1, 6), monthly=st.integers(1, 13)
)


@settings(max_examples=60, deadline=None)
@given(moments, keeps)
def test_every_period_keeps_its_newest_and_dropping_nightly_is_dropping_once(
    taken: set[datetime], keep: Keep
) -> None:
    found = kept(taken, keep)
    assert found <= taken
    assert len(found) <= keep.daily + keep.weekly + keep.monthly
    assert kept(found, keep) == found
    if taken:
        assert max(taken) in found
    days = sorted({moment.date() for moment in taken})[-keep.daily :]
    assert {max(m for m in taken if m.date() == day) for day in days} <= found
    months = sorted({(moment.year, moment.month) for moment in taken})[-keep.monthly :]
    assert {max(m for m in taken if (m.year, m.month) == one) for one in months} <= found
    there: set[datetime] = set()
    for moment in sorted(taken):
        there = kept(there | {moment}, keep)
    assert there == found


def test_a_year_of_nights_leaves_seven_days_five_weeks_and_twelve_months() -> None:
    nights = [FIRST + timedelta(days=day) for day in range(500)]
    ages = sorted((nights[-1] - one).days for one in kept(nights, Keep()))
    assert ages[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert 7 + 3 + 10 <= len(ages) <= 7 + 5 + 12
    assert 300 < ages[-1] < 366


@given(st.integers(0, 60 * 72), st.integers(0, 60 * 72))
@settings(max_examples=60, deadline=None)
def test_one_a_night_and_another_try_after_an_hour(good: int, tried: int) -> None:
    now = FIRST + timedelta(days=3)
    good_at, tried_at = now - timedelta(minutes=good), now - timedelta(minutes=tried)
    due = is_due(good_at=good_at, tried_at=tried_at, now=now)
    assert due == (good_at < latest_night(now) and tried >= 60)
    assert not is_due(good_at=None, tried_at=None, now=now)
    assert latest_night(now) <= now < latest_night(now) + timedelta(days=1)
