"""Who may follow what, and what programs that fetch feeds are called."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.blueprints.feeds.clients import LONGEST, client_name
from labops.domain.calendars.policies import Standing, answers, shows_names
from labops.domain.calendars.scopes import FeedKind, FeedScope
from labops.kernel.errors import Invalid

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
PLACES = (FeedKind.MACHINE, FeedKind.SITE)
standings = st.builds(
    Standing,
    may_sign_in=st.booleans(),
    member_from=st.one_of(st.none(), st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY)),
    member_until=st.one_of(st.none(), st.dates(TODAY - 9 * DAY, TODAY + 9 * DAY)),
    works_there=st.booleans(),
    sees_names=st.booleans(),
    suspended=st.booleans(),
)


@given(standings, st.sampled_from(FeedKind))
def test_nobody_without_an_account_gets_anything(standing: Standing, kind: FeedKind) -> None:
    if answers(kind, standing, TODAY):
        assert standing.may_sign_in
    elif kind not in PLACES:
        assert not standing.may_sign_in


@given(standings, st.sampled_from(PLACES))
def test_a_place_is_for_its_members_and_staff(standing: Standing, kind: FeedKind) -> None:
    member = standing.member_from is not None and standing.member_from <= TODAY
    member &= standing.member_until is None or TODAY <= standing.member_until
    staff = standing.works_there and not standing.suspended
    assert answers(kind, standing, TODAY) == (standing.may_sign_in and (member or staff))


@given(standings, st.sampled_from(FeedKind), st.booleans())
def test_names_need_the_wish_and_the_right(
    standing: Standing, kind: FeedKind, wanted: bool
) -> None:
    if shows_names(kind, standing, wanted=wanted):
        assert wanted
        assert standing.sees_names
        assert not standing.suspended
        assert kind in PLACES


@pytest.mark.parametrize("last", [0, 1])
def test_the_last_day_of_a_membership_counts(last: int) -> None:
    standing = Standing(may_sign_in=True, member_from=TODAY - DAY, member_until=TODAY)
    assert answers(FeedKind.SITE, standing, TODAY + last * DAY) is (last == 0)


@pytest.mark.parametrize("text", ["me", "inductions", "machine:laser-1", "site:mhuma"])
def test_a_scope_reads_back(text: str) -> None:
    assert str(FeedScope.read(text)) == text


@given(st.text(max_size=20))
def test_any_other_text_is_no_scope(text: str) -> None:
    try:
        scope = FeedScope.read(text)
    except Invalid:
        return
    assert str(scope) == text
    assert bool(scope.slug) == (scope.kind in PLACES)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Google-Calendar-Importer", "Google Calendar"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1)", "Google Calendar"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.3",
            "Thunderbird 140",
        ),
        ("iOS/18.1 (22B83) dataaccessd/1.0", "Apple (iPhone, iPad)"),
        ("macOS/15.1 (24B83) CalendarAgent/1.0", "Apple (Mac)"),
        ("Mac+OS+X/10.15.7 (19H2) CalendarAgent/930.5.1", "Apple (Mac)"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)", "Outlook"),
        ("ICSx5/2.3.1 (ical4j/3.2.19) Android/14", "ICSx⁵ 2.3"),
        (
            "Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
            "Chrome 141",
        ),
        ("SomeCalendar/7.1 (build 9)", "SomeCalendar"),
        ("x" * 300, "x" * LONGEST),
        ("", ""),
    ],
)
def test_a_program_has_a_name(told: str, name: str) -> None:
    assert client_name(told) == name


@given(st.text(max_size=300))
def test_any_program_has_a_short_name(told: str) -> None:
    assert len(client_name(told)) <= LONGEST
    assert "\n" not in client_name(told)
