"""Who is in: replays, guests, roll calls, closing time, and what comes late, on both engines."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from labops.adapters import notices
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.sites.queries import by_slug
from labops.domain.spaces import queries as spaces
from labops.domain.spaces.models import Space
from labops.domain.stations.models import Station
from labops.domain.stations.services import label_door
from labops.domain.visits import queries, recalling, roll_calls, services, sweeping
from labops.domain.visits.commands import Scan
from labops.domain.visits.models import Visit
from labops.domain.visits.states import Act
from labops.kernel.db import reading
from labops.kernel.errors import Forbidden
from labops.kernel.outbox import OutboxMessage
from tests.support.doors import bring, change, inside, laser, leave, pass_of, room_for, shown, walk
from tests.support.world import World, at, slot

MINUTE = timedelta(minutes=1)
ROME = ZoneInfo("Europe/Rome")
TEN = at(10)


def test_a_nonce_is_carried_out_once(app: Flask, world: World) -> None:
    with app.app_context():
        nonce = uuid.uuid4().hex
        first = walk(world, "alice", TEN, nonce=nonce)
        leave(world, "alice", at(10.5))
        again = walk(world, "alice", at(11), nonce=nonce)
        assert (first.replayed, again.replayed) == (False, True)
        assert (again.result, again.at, inside(world)) == ("checked_in", TEN, 0)
        # Another device may have the same nonce: it is another scan.
        assert shown(world, pass_of(world, "alice", at(11)), at(11), nonce=nonce).welcome
        assert inside(world) == 1


def test_a_refused_pass_may_be_shown_again_and_a_used_one_may_not(app: Flask, world: World) -> None:
    with app.app_context():
        room_for(world, 1)
        walk(world, "alice", TEN)
        text = pass_of(world, "charlie", TEN)
        assert shown(world, text, TEN).result == "full"
        leave(world, "alice", TEN + timedelta(seconds=10))
        assert shown(world, text, TEN + timedelta(seconds=20)).result == "checked_in"
        assert shown(world, text, TEN + timedelta(seconds=22)).result == "already_in"  # read twice
        kiosk = shown(world, text, TEN + timedelta(seconds=23), device="kiosk:9")
        assert kiosk.result == "pass_used"
        used = queries_of_last(world)[0].outcome
        assert used.first_at == TEN + timedelta(seconds=20)


def queries_of_last(world: World) -> list[recalling.ScanView]:
    """Return the last scans at MHUMA."""
    reading().rollback()
    return list(recalling.last_scans(reading(), world.sites["mhuma"]))


def test_only_staff_let_others_in_and_nobody_at_the_other_site(app: Flask, world: World) -> None:
    with app.app_context():
        for who in ("charlie", "dora"):
            with pytest.raises(Forbidden):
                services.scan(
                    Scan(
                        site_id=world.sites["mhuma"],
                        device="x",
                        nonce="n1",
                        text=pass_of(world, "alice", TEN),
                    ),
                    actor=world.actor(who, TEN),
                    now=TEN,
                )
        with pytest.raises(Forbidden):  # nobody waves herself through
            walk(world, "nina", TEN, override_reason="I know the owner")
        assert inside(world) == 0


def test_guests_count_and_stand_first_on_the_list(app: Flask, world: World) -> None:
    with app.app_context():
        walk(world, "alice", TEN)
        room_for(world, 20)
        assert bring(world, "alice", 18, TEN, minors=True, names=("Ada", "Bea")).welcome
        refused = bring(world, "alice", 2, TEN)
        assert (refused.result, refused.problems[0].params) == ("full", {"room": 1})
        assert bring(world, "alice", 2, TEN, over_capacity=True).welcome
        site = by_slug(reading(), "mhuma")
        listed = queries.inside(reading(), site, now=TEN)
        assert [(one.name, one.people_count, one.host) for one in listed] == [
            ("Class 3B", 18, "Alice"),
            ("Class 3B", 2, "Alice"),
            ("Alice", 1, ""),
        ]
        assert listed[0].minor
        assert inside(world) == 21
        assert [one.over_capacity for one in queries.unusual(reading(), site, now=TEN)] == [True]
        assert leave(world, "alice", at(11)).guests_left == 20


def test_a_roll_call_counts_until_everybody_is_found(app: Flask, world: World) -> None:
    with app.app_context():
        walk(world, "alice", TEN)
        bring(world, "alice", 10, TEN)
        bob, site_id = world.actor("bob", TEN), world.sites["mhuma"]
        uid = roll_calls.start(site_id, actor=bob, now=at(11))
        assert roll_calls.start(site_id, actor=bob, now=at(11)) == uid
        leave(world, "alice", at(11.01))  # whoever ran out by herself is still on the list
        call = roll_calls.running(reading(), site_id, now=at(11.02))
        assert call is not None
        assert call.missing_count == 11
        group = next(line.one for line in call.lines if line.one.guest)
        for nonce, count in (("a", 7), ("a", 7), ("b", 3)):
            roll_calls.tick(uid, group.uid, found_count=count, nonce=nonce, actor=bob, now=at(11.1))
        call = roll_calls.running(reading(), site_id, now=at(11.2))
        assert call is not None
        assert call.missing_count == 1
        roll_calls.end(uid, actor=bob, now=at(11.3))
        assert roll_calls.running(reading(), site_id, now=at(11.4)) is None


@pytest.mark.parametrize("day", ["2026-10-25", "2027-03-28", "2026-11-24"])
def test_whoever_forgot_leaves_when_the_site_closes_by_its_own_clock(
    app: Flask, world: World, day: str
) -> None:
    """The clocks go back, forward, or stay; the sweep comes minutes or days later."""
    with app.app_context():
        noon = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=ROME)
        closing = noon.replace(hour=20).astimezone(UTC)
        walk(world, "alice", noon.astimezone(UTC))
        bring(world, "alice", 3, noon.astimezone(UTC))
        for now in (closing - MINUTE, closing + 14 * MINUTE):
            assert sweeping.check_out_at_closing(now=now) == 0
        late = closing + timedelta(days=3)
        assert sweeping.check_out_at_closing(now=late, dry_run=True) == 2
        assert sweeping.check_out_at_closing(now=late) == 2
        assert sweeping.check_out_at_closing(now=late) == 0
        reading().rollback()
        visits = reading().scalars(select(Visit)).all()
        assert {(one.ends_at, one.auto_closed) for one in visits} == {(closing, True)}


def test_nobody_is_swept_out_from_a_machine_in_use(app: Flask, world: World) -> None:
    with app.app_context():
        command = Book(machines=("laser",), slot=slot(18, 20))
        bookings.book(command, actor=world.actor("alice", at(9)), now=at(9))
        walk(world, "alice", at(18), station_id=laser(world))
        change(Booking, Booking.person_id == world.people["alice"], ends_at=at(22))
        assert sweeping.check_out_at_closing(now=at(21)) == 0
        done = at(21.5)
        change(
            Booking,
            Booking.person_id == world.people["alice"],
            state="finished",
            finished_at=done,
        )
        assert sweeping.check_out_at_closing(now=at(23)) == 1
        reading().rollback()
        assert reading().scalars(select(Visit.ends_at)).one() == done


def test_what_a_screen_tells_late_is_written_as_it_was(app: Flask, world: World) -> None:
    """Facts of a time without a connection: full or not, in their order, sent twice or not."""
    with app.app_context():
        room_for(world, 1)
        queue: list[tuple[str, Act, str, datetime]] = [
            ("q1", Act.CHECK_IN, pass_of(world, "alice", TEN), TEN),
            ("q2", Act.CHECK_IN, pass_of(world, "charlie", at(10.1)), at(10.1)),
            ("q3", Act.CHECK_OUT, pass_of(world, "alice", at(10.5)), at(10.5)),
            ("q4", Act.CHECK_IN, "nonsense", at(10.6)),
        ]
        walk(world, "charlie", at(11))  # by phone, before the queue arrives
        for _time in range(2):
            outcomes = [
                shown(world, text, at(12), nonce=nonce, act=act, at=when, device="kiosk:1")
                for nonce, act, text, when in queue
            ]
            assert [one.result for one in outcomes] == [
                "checked_in",
                "already_in",
                "checked_out",
                "pass_unknown",
            ]
        reading().rollback()
        query = select(Visit.person_id, Visit.starts_at, Visit.ends_at).order_by(Visit.starts_at)
        assert [tuple(row) for row in reading().execute(query)] == [
            (world.people["alice"], TEN, at(10.5)),
            (world.people["charlie"], at(10.1), None),
        ]
        assert outcomes[0].conflict == ("site.full",)
        # What is told of yesterday does not bring back whoever left since.
        leave(world, "charlie", at(12.5))
        old = pass_of(world, "charlie", at(9))
        late = shown(world, old, at(13), nonce="q0", at=at(9), device="kiosk:1")
        assert (late.result, inside(world)) == ("already_in", 0)


def test_a_missing_job_is_no_reason_to_tell_anybody(app: Flask, world: World) -> None:
    """Every visit leaves its two facts, and everybody knows that nobody is told of them."""
    with app.app_context():
        walk(world, "alice", TEN)
        leave(world, "alice", at(11))
        kinds = reading().scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)).all()
        assert [kind for kind in kinds if kind.startswith("Visit")] == ["VisitBegun", "VisitEnded"]
        assert all(notices.is_known(kind) for kind in kinds)


def test_a_door_into_a_space_counts_who_is_in_there(app: Flask, world: World) -> None:
    with app.app_context():
        site = by_slug(reading(), "mhuma")
        (space,) = spaces.of_site(reading(), site.id)
        change(Space, Space.id == space.id, people_capacity=1)
        bob = world.actor("bob", TEN)
        label_door(site.id, "Officina", actor=bob, now=TEN, space=space.slug)
        inner = reading().scalars(select(Station.id).where(Station.name == "Officina")).one()
        walk(world, "alice", TEN)
        assert walk(world, "alice", TEN, station_id=inner).result == "checked_in"
        assert walk(world, "alice", TEN, station_id=inner).result == "already_in"
        walk(world, "charlie", TEN)
        assert walk(world, "charlie", TEN, station_id=inner).result == "full"
        reading().rollback()
        counted = queries.occupancy(reading(), site)
        assert (counted.count, counted.spaces[0].count) == (2, 1)
        # Back at the door of the site she is in as before; leaving ends it all.
        assert walk(world, "alice", TEN).result == "already_in"
        leave(world, "alice", at(11))
        assert walk(world, "charlie", at(11), station_id=inner).result == "checked_in"
