"""What holds for all rules and all bookings, daylight-saving weeks included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts, PersonFacts
from labops.domain.bookings.policies import RULES, booking_problems, explained
from labops.domain.house_rules.limits import Quota, QuotaScope, Unit, When, Window
from labops.domain.house_rules.shape import UNLIMITED, HouseRules
from labops.domain.house_rules.timetables import Timetable, read_hours
from labops.kernel import local_time
from labops.kernel.interval import Interval

ROME = local_time.zone("Europe/Rome")
# The weeks in which the clocks go back, go forward, and an ordinary one.
STARTS = [
    datetime(2026, 10, 20, tzinfo=UTC),
    datetime(2027, 3, 23, tzinfo=UTC),
    datetime(2026, 11, 23, tzinfo=UTC),
]
ALWAYS_OPEN = (Interval(datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)),)
PEAK = Timetable(name="peak", hours=read_hours("mon-fri 09:00-18:00"))
NIGHT = Timetable(name="night", hours=read_hours("daily 22:00-06:00"))


@st.composite
def slots(draw: st.DrawFn, start: datetime) -> Interval:
    begins = start + timedelta(minutes=15 * draw(st.integers(0, 8 * 96)))
    return Interval(begins, begins + timedelta(minutes=15 * draw(st.integers(1, 48))))


quotas = st.builds(
    Quota,
    limit=st.integers(0, 24).map(lambda n: timedelta(hours=n)),
    window=st.sampled_from([window for window in Window if window is not Window.ROLLING]),
    scope=st.sampled_from(list(QuotaScope)),
    unit=st.sampled_from([Unit.MINUTES, Unit.BOOKINGS, Unit.DAYS]),
    count=st.integers(0, 5),
    when=st.builds(When, during=st.sampled_from([None, PEAK, NIGHT]), whole=st.booleans()),
) | st.builds(
    Quota,
    limit=st.integers(0, 24).map(lambda n: timedelta(hours=n)),
    window=st.just(Window.ROLLING),
    scope=st.sampled_from(list(QuotaScope)),
    unit=st.sampled_from([Unit.MINUTES, Unit.BOOKINGS, Unit.DAYS]),
    count=st.integers(0, 5),
    rolling_days=st.integers(1, 9),
)


@st.composite
def wishes(draw: st.DrawFn) -> BookingFacts:
    start = draw(st.sampled_from(STARTS))
    rules = replace(
        UNLIMITED,
        quotas=tuple(draw(st.lists(quotas, max_size=3))),
        longest=timedelta(hours=draw(st.integers(1, 12))),
        gap=timedelta(minutes=draw(st.sampled_from([0, 30, 60]))),
        one_at_a_time=draw(st.sampled_from([None, 1, 2])),
        open_bookings=draw(st.sampled_from([None, 1, 3])),
    )
    held = tuple(
        HeldBooking(
            slot=slot,
            site_id=1,
            machines=((draw(st.integers(1, 2)), "laser"),),
            is_open=True,
            uses_now_or_later=True,
            state="confirmed",
        )
        for slot in draw(st.lists(slots(start), max_size=5))
    )
    return BookingFacts(
        slot=draw(slots(start)),
        now=start,
        zone=ROME,
        site_id=1,
        machines=(
            MachineFacts(
                id=1, slug="laser", category="laser", state="in_service", rules=rules, free=True
            ),
        ),
        person=PersonFacts(is_member=True),
        opening=ALWAYS_OPEN,
        held=held,
    )


def with_rules(facts: BookingFacts, rules: HouseRules) -> BookingFacts:
    return replace(facts, machines=(replace(facts.machines[0], rules=rules),))


def codes(facts: BookingFacts) -> set[str]:
    return {problem.code for problem in booking_problems(facts)}


@settings(max_examples=150, deadline=None)
@given(wishes(), st.randoms(use_true_random=False))
def test_the_order_of_held_bookings_does_not_matter(facts: BookingFacts, random: object) -> None:
    shuffled = list(facts.held)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert booking_problems(replace(facts, held=tuple(shuffled))) == booking_problems(facts)


@settings(max_examples=150, deadline=None)
@given(wishes(), quotas)
def test_a_tighter_limit_never_allows_more(facts: BookingFacts, quota: Quota) -> None:
    rules = facts.machines[0].rules
    tighter = [
        replace(rules, quotas=(*rules.quotas, quota)),
        replace(rules, longest=rules.longest - timedelta(minutes=30)),
        replace(rules, gap=rules.gap + timedelta(minutes=30)),
        replace(rules, open_bookings=(rules.open_bookings or 9) - 1),
        replace(
            rules,
            quotas=tuple(
                replace(
                    one,
                    limit=max(one.limit - timedelta(hours=1), timedelta(0)),
                    count=max(one.count - 1, 0),
                )
                for one in rules.quotas
            ),
        ),
    ]
    for one in tighter:
        assert codes(facts) <= codes(with_rules(facts, one))


@settings(max_examples=150, deadline=None)
@given(wishes())
def test_one_booking_more_never_allows_more(facts: BookingFacts) -> None:
    fewer = replace(facts, held=facts.held[1:])
    assert codes(fewer) <= codes(facts)


@settings(max_examples=100, deadline=None)
@given(wishes())
def test_what_is_explained_is_what_is_decided(facts: BookingFacts) -> None:
    found = explained(facts)
    failed = [one for one in found if not one.passed]
    assert tuple(one.problem for one in failed) == booking_problems(facts)
    assert found[: len(failed)] == tuple(failed)
    assert {one.rule for one in found} <= {rule.name for rule in RULES}
    assert all(not one.problem.fix for one in found if one.passed)


def brute_force(facts: BookingFacts, quota: Quota) -> bool:
    """Say by looking at every minute of every window whether a quota of time is kept."""
    day = facts.slot.starts_at.astimezone(ROME).date() - timedelta(days=12)
    for _ in range(24):
        days = quota.rolling_days
        window = Interval(
            local_time.at_minute(day, 0, ROME),
            local_time.at_minute(day + timedelta(days=days), 0, ROME),
        )
        mine = facts.slot.shared(window)
        others = sum((held.slot.shared(window) for held in facts.held), timedelta(0))
        if mine and mine + others > quota.limit:
            return False
        day += timedelta(days=1)
    return True


@settings(max_examples=150, deadline=None)
@given(wishes(), st.integers(1, 8), st.integers(1, 20))
def test_rolling_windows_are_found_by_the_days_that_matter(
    facts: BookingFacts, days: int, hours: int
) -> None:
    quota = Quota(timedelta(hours=hours), Window.ROLLING, QuotaScope.SITE, rolling_days=days)
    facts = with_rules(facts, replace(UNLIMITED, quotas=(quota,)))
    assert ("booking.quota" not in codes(facts)) == brute_force(facts, quota)
