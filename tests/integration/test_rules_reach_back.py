"""Rules look as far back and ahead in a person's bookings as their windows say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book, Move
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.kernel.errors import Refused
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, slot

ROOMY = {"horizon_days": 400, "open_bookings": 0, "one_at_a_time": 0, "longest_minutes": 600}


def rules(world: World, **data: Any) -> None:
    """Put these rules in force at the site."""
    wanted = SaveRules(site_id=world.sites["mhuma"], data={**ROOMY, **data})
    save_rules(wanted, actor=SYSTEM, now=NOW)


def codes(world: World, day: int, hour: float = 10, machine: str = "printer") -> set[str]:
    """Return what stands against an hour on that day."""
    wish = Book(machines=(machine,), slot=slot(hour, hour + 1, day))
    check = services.check_booking(wish, actor=world.actor("alice"), now=NOW)
    return {problem.code for problem in check.problems}


def book(world: World, day: int, now_offset: timedelta = timedelta(0)) -> str:
    """Book an hour of the printer."""
    wish = Book(machines=("printer",), slot=slot(10, 11, day))
    return services.book(wish, actor=world.actor("alice"), now=NOW + now_offset)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        ("30 days", 29, 30),  # a rolling window, ahead of the booking
        ("month", 7, 8),  # Monday 30 November and Tuesday 1 December 2026
        ("year", 38, 39),  # New Year's Eve and New Year's Day
        ("week", 6, 7),
    ],
)
def test_a_quota_counts_in_its_whole_window(
    world: World, window: str, inside: int, outside: int
) -> None:
    rules(world, quotas=[{"bookings": 1, "window": window, "scope": "machine"}])
    book(world, 0, timedelta(hours=-1))
    assert codes(world, inside, 14) == {"booking.quota"}
    assert codes(world, outside, 14) == set()


def test_a_finished_month_is_remembered(world: World) -> None:
    """What was used three weeks ago is far before this week and still counts."""
    rules(world, quotas=[{"bookings": 1, "window": "30 days", "scope": "machine"}])
    book(world, 1)
    later = NOW + timedelta(days=22)
    wish = Book(machines=("printer",), slot=slot(10, 11, 23))
    check = services.check_booking(wish, actor=world.actor("alice", later), now=later)
    assert {problem.code for problem in check.problems} == {"booking.quota"}
    free = Book(machines=("printer",), slot=slot(10, 11, 31))
    assert services.check_booking(free, actor=world.actor("alice", later), now=later).allowed


def test_a_booking_that_moves_does_not_count_against_itself(world: World) -> None:
    rules(world, quotas=[{"bookings": 1, "window": "30 days", "scope": "machine"}])
    uid = book(world, 5)
    services.move(Move(uid=uid, slot=slot(14, 15, 6)), actor=world.actor("alice"), now=NOW)
    with pytest.raises(Refused):
        book(world, 9)


def test_a_certification_that_only_the_rules_ask_for(world: World) -> None:
    assert codes(world, 1) == set()
    rules(world, certifications_needed=["laser"])
    assert codes(world, 1) == set()  # Alice has it
    wish = Book(machines=("printer",), slot=slot(10, 11, 1))
    check = services.check_booking(wish, actor=world.actor("charlie"), now=NOW)
    assert {problem.code for problem in check.problems} == {"person.certification-missing"}
