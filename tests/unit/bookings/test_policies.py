"""The house rules applied to facts, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from labops.domain.bookings.facts import (
    BookingFacts,
    CertifiedDays,
    HeldBooking,
    MachineFacts,
    PersonFacts,
)
from labops.domain.bookings.policies import booking_problems
from labops.domain.house_rules.values import (
    HouseRules,
    Quota,
    QuotaScope,
    Window,
    read_rules,
    write_rules,
)
from labops.kernel import local_time
from labops.kernel.errors import Invalid
from labops.kernel.interval import Interval

ROME = local_time.zone("Europe/Rome")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(hour: float, day: int = 1) -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=day, hours=hour - 1)


def facts(start: float = 10, end: float = 11, day: int = 1, **changes: Any) -> BookingFacts:
    """Return a wish that every rule allows, changed."""
    rules = changes.pop("rules", HouseRules())
    machine = MachineFacts(
        id=1, slug="laser", category="laser", state="in_service", rules=rules, free=True
    )
    machine = replace(machine, **changes.pop("machine", {}))
    slot = changes.pop("slot", None) or Interval(at(start, day), at(end, day))
    opening = tuple(Interval(at(8, d), at(20, d)) for d in range(-1, 40))
    values: dict[str, Any] = {
        "slot": slot,
        "now": NOW,
        "zone": ROME,
        "site_id": 1,
        "machines": (machine,),
        "person": PersonFacts(is_member=True),
        "opening": opening,
    }
    return BookingFacts(**(values | changes))


def held(
    start: float, end: float, day: int = 1, machine: int = 1, *, open_: bool = True
) -> HeldBooking:
    return HeldBooking(
        slot=Interval(at(start, day), at(end, day)),
        site_id=1,
        machines=((machine, "laser"),),
        is_open=open_,
        uses_now_or_later=open_,
    )


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


WEEKLY = Quota(hours(4), Window.WEEK, QuotaScope.MACHINE)
DAILY = Quota(hours(3), Window.DAY, QuotaScope.CATEGORY)

CASES: list[tuple[str, BookingFacts, set[str]]] = [
    ("an ordinary wish", facts(), set()),
    ("exactly the longest is allowed", facts(10, 14), set()),
    ("a grid longer is not", facts(10, 14.5), {"booking.too-long"}),
    (
        "shorter than the shortest",
        facts(rules=HouseRules(shortest=hours(2))),
        {"booking.too-short"},
    ),
    ("off the grid", facts(10.25, 11.25), {"booking.off-grid"}),
    ("in the past", facts(8.5, 9.5, day=0, now=at(9, 0)), {"booking.past"}),
    ("exactly now", facts(9, 10, day=0, now=at(9, 0)), set()),
    ("notice exactly kept", facts(rules=HouseRules(notice=at(10) - NOW)), set()),
    (
        "a minute too soon",
        facts(rules=HouseRules(notice=at(10) - NOW + timedelta(minutes=1))),
        {"booking.too-soon"},
    ),
    ("the last day of the horizon", facts(day=14), set()),
    ("a day beyond", facts(day=15), {"booking.too-far"}),
    ("before opening", facts(7.5, 9), {"booking.outside-hours"}),
    ("until closing", facts(18, 20), set()),
    ("past closing, unattended", facts(19, 23, rules=HouseRules(unattended=True)), set()),
    ("closed", facts(closures=(Interval(at(10.5), at(12)),)), {"booking.closed"}),
    ("touching a closure", facts(closures=(Interval(at(11), at(12)),)), set()),
    ("taken", facts(machine={"free": False}), {"booking.overlap"}),
    ("out of service", facts(machine={"state": "out_of_service"}), {"machine.out-of-service"}),
    ("retired", facts(machine={"state": "retired"}), {"machine.retired"}),
    ("nobody's member", facts(person=PersonFacts(is_member=False)), {"person.not-member"}),
    (
        "suspended",
        facts(person=PersonFacts(is_member=True, suspended_until=at(0, 9))),
        {"person.suspended"},
    ),
    (
        "no certification",
        facts(machine={"certification_needed": True}),
        {"person.certification-missing"},
    ),
    (
        "valid on its last day",
        facts(
            machine={
                "certification_needed": True,
                "certified": (
                    CertifiedDays(starts_on=date(2026, 1, 1), ends_on=date(2026, 11, 24)),
                ),
            }
        ),
        set(),
    ),
    (
        "valid today, not on the day",
        facts(
            machine={
                "certification_needed": True,
                "certified": (
                    CertifiedDays(starts_on=date(2026, 1, 1), ends_on=date(2026, 11, 23)),
                ),
            }
        ),
        {"person.certification-expired"},
    ),
    ("one at a time", facts(held=(held(10.5, 12, machine=2),)), {"booking.one-at-a-time"}),
    ("one after the other", facts(held=(held(11, 12, machine=2),)), set()),
    (
        "two overlapping neither each other",
        facts(
            9,
            12,
            rules=HouseRules(one_at_a_time=2),
            held=(held(9, 10, machine=2), held(11, 12, machine=3)),
        ),
        set(),
    ),
    (
        "too many open",
        facts(rules=HouseRules(open_bookings=2), held=(held(12, 13), held(14, 15))),
        {"booking.too-many-open"},
    ),
    (
        "exactly the week's hours",
        facts(rules=HouseRules(quotas=(WEEKLY,)), held=(held(10, 13, day=2, open_=False),)),
        set(),
    ),
    (
        "over the week's hours",
        facts(10, 12, rules=HouseRules(quotas=(WEEKLY,)), held=(held(10, 13, day=2, open_=False),)),
        {"booking.quota"},
    ),
    (
        "last week does not count",
        facts(
            10, 12, rules=HouseRules(quotas=(WEEKLY,)), held=(held(10, 13, day=-1, open_=False),)
        ),
        set(),
    ),
    (
        "the day's hours over all lasers",
        facts(10, 12, rules=HouseRules(quotas=(DAILY,)), held=(held(14, 16, machine=7),)),
        {"booking.quota"},
    ),
    ("a walk-in in the running cell", facts(9, 10, day=0, now=at(9.4, 0), walk_in=True), set()),
    ("a walk-in a cell ago", facts(9, 10, day=0, now=at(9.5, 0), walk_in=True), {"booking.past"}),
    (
        "prolonging what has begun",
        facts(9, 11, day=0, now=at(9.6, 0), previous=Interval(at(9, 0), at(10, 0))),
        set(),
    ),
]


@pytest.mark.parametrize(("wish", "codes"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_the_rules_say(wish: BookingFacts, codes: set[str]) -> None:
    assert {problem.code for problem in booking_problems(wish)} == codes


@pytest.mark.parametrize(
    ("length", "overridable", "longest"),
    [
        (timedelta(hours=5), True, timedelta(hours=4)),
        (timedelta(days=30), True, timedelta(hours=4)),
        (timedelta(days=30, minutes=30), False, timedelta(days=30)),
    ],
)
def test_staff_may_override_the_longest_booking_up_to_what_is_possible(
    length: timedelta, overridable: bool, longest: timedelta
) -> None:
    wish = facts(slot=Interval(at(10), at(10) + length))
    said = [problem for problem in booking_problems(wish) if problem.code == "booking.too-long"]
    assert [(one.overridable, one.params["longest"]) for one in said] == [(overridable, longest)]


def test_a_booking_over_midnight_counts_in_each_day_its_share() -> None:
    opening = (Interval(at(0), at(0, 4)),)
    rules = HouseRules(quotas=(Quota(hours(3), Window.DAY, QuotaScope.MACHINE),))
    assert booking_problems(facts(22, 26, rules=rules, opening=opening)) == ()
    over = facts(22, 26, rules=rules, opening=opening, held=(held(3, 5, day=2),))
    assert {p.code for p in booking_problems(over)} == {"booking.quota"}


@pytest.mark.parametrize(
    ("day", "elapsed"), [(datetime(2026, 10, 25), 25), (datetime(2027, 3, 28), 23)]
)
def test_on_the_nights_when_clocks_change_hours_are_elapsed_time(
    day: datetime, elapsed: int
) -> None:
    whole = local_time.local_day(day.date(), ROME)
    limit = Quota(hours(elapsed), Window.DAY, QuotaScope.MACHINE)
    rules = HouseRules(quotas=(limit,), longest=hours(48))
    wish = facts(slot=whole, now=whole.starts_at - hours(24), opening=(whole,), rules=rules)
    assert booking_problems(wish) == ()
    shorter = replace(limit, limit=hours(elapsed) - timedelta(minutes=1))
    wish = facts(
        slot=whole,
        now=whole.starts_at - hours(24),
        opening=(whole,),
        rules=replace(rules, quotas=(shorter,)),
    )
    assert {p.code for p in booking_problems(wish)} == {"booking.quota"}


def test_rules_survive_being_written_and_read() -> None:
    rules = HouseRules(quotas=(WEEKLY, DAILY), one_at_a_time=None, unattended=True)
    assert read_rules(write_rules(rules)) == rules


@pytest.mark.parametrize(
    "data",
    [
        {"longest": 3},
        {"longest_minutes": -1},
        {"longest_minutes": True},
        {"longest_minutes": "2 h"},
        {"grid_minutes": 7},
        {"shortest_minutes": 999},
        {"quotas": 3},
        {"quotas": [{}]},
        {"unattended": 1},
        {"quotas": [{"minutes": 1, "window": "decade", "scope": "machine"}]},
    ],
)
def test_wrong_rules_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        read_rules(data)
