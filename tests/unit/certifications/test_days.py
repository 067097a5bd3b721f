"""On which days a certification counts, against sets of days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.domain.certifications.policies import (
    Granted,
    Suspended,
    months_later,
    name_shown,
    reminder_due,
    spans,
    stands,
)
from labops.domain.certifications.states import ShownName, Standing

FIRST = date(2026, 11, 1)
SHOWN = [FIRST + timedelta(days=number) for number in range(60)]

days = st.integers(0, 50).map(lambda number: FIRST + timedelta(days=number))
suspensions = st.lists(
    st.builds(
        Suspended,
        starts_on=days,
        ends_on=st.none() | days,
        resumed_on=st.none() | days,
    ),
    max_size=4,
)


@given(starts_on=days, last_on=st.none() | days, gaps=suspensions)
def test_spans_are_the_days_of_the_grant_without_the_suspended_ones(
    starts_on: date, last_on: date | None, gaps: list[Suspended]
) -> None:
    wanted = {
        day
        for day in SHOWN
        if starts_on <= day
        and (last_on is None or day <= last_on)
        and not any(
            gap.starts_on <= day
            and (gap.ends_on is None or day <= gap.ends_on)
            and (gap.resumed_on is None or day < gap.resumed_on)
            for gap in gaps
        )
    }
    found = spans(starts_on, last_on, gaps)
    covered = [
        day
        for first, last in found
        for day in SHOWN
        if first <= day and (last is None or day <= last)
    ]
    assert sorted(covered) == sorted(wanted)  # each once, too
    assert found[0][0] == starts_on


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 11, 15), 2, date(2027, 1, 15)),
        (date(2026, 11, 15), 12, date(2027, 11, 15)),
        (date(2026, 12, 31), 24, date(2028, 12, 31)),
    ],
)
def test_months_later(day: date, months: int, later: date) -> None:
    assert months_later(day, months) == later


@pytest.mark.parametrize(
    ("left", "whole", "due"),
    [
        (31, 365, None),
        (30, 365, 30),
        (8, 365, 30),
        (7, 365, 7),
        (0, 365, 7),
        (-1, 365, None),
        (20, 20, None),  # granted for less than a month: nothing to say at once
        (7, 20, 7),
        (3, 5, None),
    ],
)
def test_the_nearest_reminder_is_due(left: int, whole: int, due: int | None) -> None:
    last_on = FIRST + timedelta(days=whole)
    assert reminder_due(FIRST, last_on, last_on - timedelta(days=left)) == due


def test_a_grant_says_why_it_does_not_count() -> None:
    day, before = FIRST + timedelta(days=10), FIRST + timedelta(days=9)
    assert stands([Granted(starts_on=FIRST)], [], day) is Standing.VALID
    assert stands([Granted(starts_on=FIRST, ends_on=day)], [], day) is Standing.VALID
    assert stands([Granted(starts_on=FIRST, ends_on=before)], [], day) is Standing.EXPIRED
    assert stands([Granted(starts_on=FIRST, lapses_on=before)], [], day) is Standing.UNUSED
    assert stands([Granted(starts_on=day)], [], before) is Standing.NOT_YET
    assert stands([Granted(starts_on=FIRST, revoked=True)], [], day) is Standing.REVOKED
    gap = Suspended(starts_on=before, ends_on=day)
    assert stands([Granted(starts_on=FIRST)], [gap], day) is Standing.SUSPENDED
    # What has ended is not suspended, and what was granted anew is not revoked.
    assert stands([Granted(starts_on=FIRST, ends_on=before)], [gap], day) is Standing.EXPIRED
    anew = [Granted(starts_on=FIRST, revoked=True), Granted(starts_on=day)]
    assert stands(anew, [], day) is Standing.VALID


def test_a_card_tells_no_more_of_a_name_than_was_chosen() -> None:
    name = "maria Rossi Bianchi"
    assert name_shown(name, ShownName.FULL) == name
    assert name_shown(name, ShownName.FIRST) == "maria"
    assert name_shown(name, ShownName.INITIALS) == "M. R. B."
    assert name_shown(name, ShownName.NONE) == ""
