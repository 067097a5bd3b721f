"""When somebody is reminded, invited, or written to on Mondays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.domain.notifications.kinds import (
    ALWAYS,
    AUTOMATIC,
    KINDS,
    NEVER,
    OFF,
    ONE_DAY,
    TWO_HOURS,
    LetterKind,
)
from labops.domain.notifications.policies import (
    LEADS,
    digest_week,
    is_invited,
    is_reminder_due,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
DAYS = timedelta(days=1)
HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("choice", "made_before", "told_before", "expected"),
    [
        (ONE_DAY, 3 * DAYS, 1 * DAYS, True),
        (ONE_DAY, 3 * DAYS, 25 * HOURS, False),  # too early
        (ONE_DAY, 3 * DAYS, 1 * HOURS, True),  # a run was missed: late, but not too late
        (ONE_DAY, 3 * DAYS, 0 * HOURS, False),  # it has begun
        (ONE_DAY, 2 * DAYS, 1 * DAYS, False),  # made two days ahead, not more
        (TWO_HOURS, 5 * HOURS, 2 * HOURS, True),
        (TWO_HOURS, 4 * HOURS, 2 * HOURS, False),
        (TWO_HOURS, 5 * HOURS, 3 * HOURS, False),
        (OFF, 9 * DAYS, 1 * HOURS, False),
    ],
)
def test_reminders(
    choice: str, made_before: timedelta, told_before: timedelta, *, expected: bool
) -> None:
    starts_at = NOW + 30 * DAYS
    assert expected == is_reminder_due(
        choice,
        starts_at=starts_at,
        revised_at=starts_at - made_before,
        now=starts_at - told_before,
    )


@given(
    choice=st.sampled_from(KINDS[LetterKind.REMINDER].choices),
    made=st.integers(0, 10_000),
    told=st.integers(-10_000, 10_000),
)
def test_a_reminder_is_never_late_nor_right_after_the_booking(
    choice: str, made: int, told: int
) -> None:
    """`made` and `told` count minutes before the start."""
    minute = timedelta(minutes=1)
    due = is_reminder_due(
        choice, starts_at=NOW, revised_at=NOW - made * minute, now=NOW - told * minute
    )
    if due:
        assert timedelta(0) < told * minute <= LEADS[choice] < made * minute


@pytest.mark.parametrize(
    ("choice", "polled_days_ago", "known", "expected"),
    [
        (AUTOMATIC, None, False, True),
        (AUTOMATIC, 8, False, True),
        (AUTOMATIC, 7, False, False),
        (AUTOMATIC, 0, False, False),
        (AUTOMATIC, 0, True, True),  # else the calendar would keep what was cancelled
        (ALWAYS, 0, False, True),
        (NEVER, None, True, False),
    ],
)
def test_invitations(
    choice: str, polled_days_ago: int | None, *, known: bool, expected: bool
) -> None:
    polled_at = None if polled_days_ago is None else NOW - polled_days_ago * DAYS
    assert is_invited(choice, polled_at=polled_at, known=known, now=NOW) == expected


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-23T05:59:00+00:00", None),  # Monday, 06:59 in Rome
        ("2026-11-23T06:00:00+00:00", "2026-11-23"),
        ("2026-11-29T22:59:00+00:00", "2026-11-23"),  # the last minute of Sunday
        ("2026-11-29T23:00:00+00:00", None),
        ("2026-10-26T05:59:00+00:00", None),  # the first Monday of winter time
        ("2026-10-26T06:00:00+00:00", "2026-10-26"),
        ("2026-10-19T05:00:00+00:00", "2026-10-19"),  # the last of summer time
    ],
)
def test_the_week_begins_on_monday_at_seven_by_the_clock_on_the_wall(
    now: str, monday: str | None
) -> None:
    week = digest_week(datetime.fromisoformat(now), ROME)
    assert (week[0].isoformat() if week else None) == monday


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_digest_is_only_sent_within_its_own_week(now: datetime) -> None:
    week = digest_week(now, ROME)
    if week:
        assert week[0].weekday() == 0
        assert week[1].starts_at <= now < week[1].ends_at
