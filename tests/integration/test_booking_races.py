"""Two people act at the same moment: one of them wins, and what is left is whole."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import aliased

from labops.domain.bookings import giving, handing_over, services, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking, HandOver
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from tests.support.threads import at_once
from tests.support.world import NOW, World, at

ROUNDS = 8
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_limits(world: World) -> None:
    with unit_of_work() as session:
        session.execute(
            text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
            {"data": '{"open_bookings": 0, "one_at_a_time": 0, "horizon_days": 400}'},
        )
        session.execute(text("UPDATE site SET revision = revision + 1"))


def booked(world: World, round_: int) -> tuple[str, Interval]:
    slot = Interval(at(10, round_ + 1), at(11, round_ + 1))
    command = Book(machines=("printer",), slot=slot)
    return services.book(command, actor=world.actor("alice"), now=NOW), slot


def offered(world: World, uid: str) -> str:
    with unit_of_work() as session:  # the races are about booking, not about how many offers
        session.execute(update(HandOver).values(offered_at=NOW - timedelta(days=2)))
    giving.offer(uid, email="charlie@example.org", actor=world.actor("alice"), now=NOW)
    query = select(HandOver.uid).where(HandOver.outcome == "offered")
    return reading().scalars(query.order_by(HandOver.id.desc()).limit(1)).one()


def assert_whole() -> None:
    """Nothing overlaps; open bookings hold their time; each change was written down once."""
    one, other = aliased(Allocation), aliased(Allocation)
    overlaps = select(func.count()).where(
        one.bookable_id == other.bookable_id,
        one.unit == other.unit,
        one.id < other.id,
        one.starts_at < other.ends_at,
        other.starts_at < one.ends_at,
    )
    assert reading().scalar(overlaps) == 0
    for booking in reading().scalars(select(Booking)):
        held = select(func.count()).where(Allocation.owner_id == booking.id)
        holds = booking.state != "cancelled"  # whoever finished has used its time up
        assert reading().scalar(held) == (1 if holds else 0), booking.state
        told = select(func.count()).where(
            OutboxMessage.dedupe_key.like(f"%:{booking.uid}:%"),
            OutboxMessage.kind != "BookingHandedOver",
        )
        written = select(func.count()).where(
            AuditEntry.subject == f"booking:{booking.uid}",
            AuditEntry.action.not_in(("booking.offered", "booking.offer-taken-back")),
        )
        assert reading().scalar(told) == reading().scalar(written)


def test_extend_against_book(app: Flask, world: World) -> None:
    alice, bob = world.actor("alice"), world.actor("bob")
    for round_ in range(ROUNDS):
        uid, slot = booked(world, round_)
        longer = Interval(slot.starts_at, slot.ends_at + HOUR)
        after = Interval(slot.ends_at, slot.ends_at + HOUR)
        results = at_once(
            app,
            lambda uid=uid, longer=longer: services.move(
                Move(uid=uid, slot=longer), actor=alice, now=NOW
            ),
            lambda after=after: services.book(
                Book(machines=("printer",), slot=after), actor=bob, now=NOW
            ),
        )
        assert sorted(results) == ["Refused", "done"], results
    assert_whole()


def test_extending_twice_at_once_extends_once(app: Flask, world: World) -> None:
    alice = world.actor("alice")
    for round_ in range(ROUNDS):
        uid, slot = booked(world, round_)
        longer = Interval(slot.starts_at, slot.ends_at + HOUR)

        def grow(uid: str = uid, longer: Interval = longer) -> None:
            services.move(Move(uid=uid, slot=longer, expected_sequence=0), actor=alice, now=NOW)

        assert sorted(at_once(app, grow, grow)) == ["Changed", "done"]
    assert_whole()


def test_taking_against_cancelling(app: Flask, world: World) -> None:
    alice, charlie = world.actor("alice"), world.actor("charlie")
    won = set()
    for round_ in range(ROUNDS):
        uid, _slot = booked(world, round_)
        offer = offered(world, uid)
        taken, cancelled = at_once(
            app,
            lambda offer=offer: handing_over.accept(offer, actor=charlie, now=NOW),
            lambda uid=uid: services.cancel(uid, actor=alice, now=NOW),
        )
        booking = reading().scalars(select(Booking).where(Booking.uid == uid)).one()
        if taken == "done":
            assert cancelled == "NotFound"  # it was not hers to cancel any more
            assert (booking.person_id, booking.state) == (world.people["charlie"], "confirmed")
        else:
            assert (taken, cancelled) == ("Refused", "done")
            assert (booking.person_id, booking.state) == (world.people["alice"], "cancelled")
        won.add(taken)
    assert won
    assert_whole()


def test_taking_against_checking_in(app: Flask, world: World) -> None:
    alice, charlie = world.actor("alice"), world.actor("charlie")
    for round_ in range(ROUNDS):
        uid, slot = booked(world, round_)
        offer = offered(world, uid)
        soon = slot.starts_at - timedelta(minutes=5)
        taken, used = at_once(
            app,
            lambda offer=offer, soon=soon: handing_over.accept(offer, actor=charlie, now=soon),
            lambda uid=uid, soon=soon: use.check_in(uid, actor=alice, now=soon),
        )
        booking = reading().scalars(select(Booking).where(Booking.uid == uid)).one()
        if taken == "done":
            assert used == "NotFound"
            assert (booking.person_id, booking.state) == (world.people["charlie"], "confirmed")
        else:
            assert (taken, used) == ("Refused", "done")
            assert (booking.person_id, booking.state) == (world.people["alice"], "checked_in")
            use.finish(uid, actor=alice, now=slot.ends_at)  # or the next one finds it in use
    assert_whole()


def test_taking_against_taking_back(app: Flask, world: World) -> None:
    alice, charlie = world.actor("alice"), world.actor("charlie")
    for round_ in range(ROUNDS):
        uid, _slot = booked(world, round_)
        offer = offered(world, uid)
        taken, back = at_once(
            app,
            lambda offer=offer: handing_over.accept(offer, actor=charlie, now=NOW),
            lambda uid=uid: giving.take_back(uid, actor=alice, now=NOW),
        )
        booking = reading().scalars(select(Booking).where(Booking.uid == uid)).one()
        row = reading().scalars(select(HandOver).where(HandOver.uid == offer)).one()
        if taken == "done":
            assert (booking.person_id, row.outcome) == (world.people["charlie"], "accepted")
        else:
            assert taken in {"Refused", "NotFound"}
            assert back == "done"
            assert (booking.person_id, row.outcome) == (world.people["alice"], "taken_back")
    assert_whole()
