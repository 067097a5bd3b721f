"""Two acts on the same time at the same moment, by real processes: one wins, never both."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.drills.races import Call, halves, overlaps, stampede, wish
from tests.drills.test_races import BOOKINGS, Ground, ground
from tests.support.servers import serving

__all__ = ["ground"]
ROUNDS = 12


def allow_early_check_in(ground: Ground) -> None:
    """Let people check in days ahead, so that a race need not wait for its hour."""
    data = (
        '{"horizon_days": 400, "open_bookings": 0, "one_at_a_time": 0,'
        ' "early_check_in_minutes": 43200}'
    )
    engine = ground.engine()
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
            {"data": data},
        )
    engine.dispose()


def uids(ground: Ground) -> list[str]:
    """Return the bookings by start."""
    engine = ground.engine()
    with engine.connect() as connection:
        found = (
            connection.execute(text("SELECT uid FROM booking ORDER BY starts_at")).scalars().all()
        )
    engine.dispose()
    return list(found)


def test_extending_against_booking_what_follows(ground: Ground) -> None:
    owner, *others = ground.tokens
    with serving(ground.url, ground.folder / "data") as (address, _process):
        homes: list[list[Call]] = [
            [("POST", BOOKINGS, wish(["laser"], ground.at(step), 30), owner)]
            for step in range(ROUNDS)
        ]
        stampede(address, homes)
        longer: list[list[Call]] = []
        for step, uid in enumerate(uids(ground)):
            end = (ground.at(step) + timedelta(minutes=60)).isoformat()
            extend: Call = ("PATCH", f"{BOOKINGS}/{uid}", {"ends_at": end}, owner)
            following = wish(["laser"], ground.at(step) + timedelta(minutes=30), 30)
            longer.append([extend, *(("POST", BOOKINGS, following, token) for token in others)])
        outcomes = stampede(address, longer)
    won: dict[int, int] = defaultdict(int)
    for outcome in outcomes:
        assert outcome.status in {200, 201, 409}
        won[outcome.round] += outcome.status in {200, 201}
    assert set(won.values()) == {1}
    engine = ground.engine()
    assert overlaps(engine) == 0
    assert set(halves(engine).values()) == {0}
    engine.dispose()


@pytest.mark.parametrize("other", ["check-in", "move"])
def test_cancelling_against_using_or_moving_it(ground: Ground, other: str) -> None:
    """Whoever comes first decides: what is in use is not cancelled, what is cancelled not used."""
    allow_early_check_in(ground)
    owner = ground.tokens[0]
    with serving(ground.url, ground.folder / "data") as (address, _process):
        homes: list[list[Call]] = [
            [("POST", BOOKINGS, wish(["laser"], ground.at(step)), owner)] for step in range(ROUNDS)
        ]
        stampede(address, homes)
        calls: list[list[Call]] = []
        # Latest first: whoever uses the machine earlier would keep others from checking in.
        for step, uid in reversed(list(enumerate(uids(ground)))):
            path = f"{BOOKINGS}/{uid}"
            cancel: Call = ("POST", f"{path}/cancel", {}, owner)
            later = (ground.at(step) + timedelta(days=60)).isoformat()
            end = (ground.at(step) + timedelta(days=60, hours=1)).isoformat()
            against: Call = (
                ("POST", f"{path}/check-in", {}, owner)
                if other == "check-in"
                else ("PATCH", path, {"starts_at": later, "ends_at": end}, owner)
            )
            calls.append([cancel, against])
        outcomes = stampede(address, calls)
    engine = ground.engine()
    with engine.connect() as connection:
        states = (
            connection.execute(text("SELECT state FROM booking ORDER BY starts_at")).scalars().all()
        )
        claims = connection.execute(text("SELECT count(*) FROM allocation")).scalar_one()
    # By number of the client, as it was sent: even ones cancel, odd ones do the other.
    for number in range(ROUNDS):
        got = [outcome.status for outcome in outcomes if outcome.round == number]
        assert set(got) <= {200, 409}, got
    if other == "check-in":
        assert set(states) <= {"cancelled", "checked_in"}
        assert claims == states.count("checked_in")
        for number in range(ROUNDS):
            got = sorted(outcome.status for outcome in outcomes if outcome.round == number)
            # Each act done twice is done once: all of one kind succeed, all of the other do not.
            assert got == [200] * 4 + [409] * 4
    else:
        # A booking that was moved can still be cancelled, one that was cancelled not be moved.
        assert set(states) == {"cancelled"}
        assert claims == 0
    engine.dispose()
