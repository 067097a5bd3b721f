"""A booking becomes another member's by every rule for her, or stays whose it was."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from labops.domain.bookings import (
    giving,
    hand_overs,
    handing_over,
    queries,
    services,
    sweeping,
    use,
)
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.handing_over import HandOverTo
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.bookings.queries import OwnSearch
from labops.domain.certifications.services import Certify, add_certification
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Account, Person
from labops.domain.spaces.models import Space
from labops.domain.strikes.models import Strike
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Forbidden, Invalid, NotFound, Refused
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot


def booked(world: World, who: str = "alice", machine: str = "printer", **more: object) -> str:
    command = Book(machines=(machine,), slot=more.pop("when", slot(10, 11)), **more)  # type: ignore[arg-type]
    return services.book(command, actor=world.actor(who), now=NOW)


def offered(world: World, uid: str, to: str = "charlie") -> str:
    """Offer a booking of Alice's and return the offer's uid."""
    email = f"{to}@example.org"
    giving.offer(uid, email=email, actor=world.actor("alice"), now=NOW)
    query = select(HandOver.uid).where(HandOver.outcome == "offered")
    return reading().scalars(query).one()


def codes(error: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in error.value.problems}


def state_of(uid: str) -> Booking:
    query = select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    return reading().scalars(query).one()


def test_taking_makes_it_the_receivers_and_leaves_the_time_claimed(world: World) -> None:
    uid = booked(world, note="for my mother", people=2)
    offer = offered(world, uid)
    charlie = world.actor("charlie")
    (seen,) = hand_overs.offered_to(reading(), charlie, now=NOW)
    assert (seen.uid, seen.giver_name, seen.booking.note) == (offer, "Alice", None)
    before = reading().execute(select(Allocation.id, Allocation.starts_at)).all()
    assert handing_over.accept(offer, actor=charlie, now=NOW) == uid
    assert reading().execute(select(Allocation.id, Allocation.starts_at)).all() == before
    booking = state_of(uid)
    assert booking.person_id == world.people["charlie"]
    assert (booking.state, booking.sequence, booking.note) == ("confirmed", 1, "")
    assert booking.people_count == 2
    kinds = reading().scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)).all()
    assert kinds == ["BookingConfirmed", "HandOverOffered", "BookingConfirmed", "BookingHandedOver"]
    entry = reading().scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.before) == (
        "booking.handed-over",
        {"person": world.uids["alice"]},
    )
    assert handing_over.accept(offer, actor=charlie, now=NOW) == uid  # once more is once
    assert state_of(uid).sequence == 1
    assert reading().scalar(select(func.count()).select_from(Strike)) == 0
    row = reading().scalars(select(HandOver)).one()
    assert row.to_email == ""  # nobody's address is kept longer than the offer is open


def test_the_giver_has_nothing_to_do_with_it_any_more(world: World) -> None:
    uid = booked(world)
    handing_over.accept(offered(world, uid), actor=world.actor("charlie"), now=NOW)
    alice, charlie = world.actor("alice"), world.actor("charlie")
    for act in (services.cancel, use.check_in):
        with pytest.raises(NotFound):
            act(uid, actor=alice, now=NOW)
    with pytest.raises(NotFound):
        queries.one(reading(), uid, alice)
    search = OwnSearch(person_id=world.people["alice"], now=NOW)
    assert queries.own(reading(), search, alice)[0] == []
    services.cancel(uid, actor=charlie, now=NOW)


@pytest.mark.parametrize("to", ["charlie", "nobody-at-all"])
def test_an_offer_looks_the_same_whoever_has_the_address(world: World, to: str) -> None:
    uid = booked(world)
    offered(world, uid, to)
    offer = hand_overs.open_offer_of(reading(), uid)
    assert offer is not None
    assert offer.to_email == f"{to}@example.org"
    assert state_of(uid).person_id == world.people["alice"]
    written = reading().scalars(select(OutboxMessage.kind)).all()
    assert written == ["BookingConfirmed", "HandOverOffered"]


def test_only_whom_it_was_offered_to_may_answer(world: World) -> None:
    uid = booked(world)
    offer = offered(world, uid)
    for who in ("nina", "bob", "eva", "alice"):
        for act in (handing_over.accept, giving.decline):
            with pytest.raises(NotFound):
                act(offer, actor=world.actor(who), now=NOW)
        assert hand_overs.offered_to(reading(), world.actor(who), now=NOW) == []
    with unit_of_work() as session:  # an address that was never shown to be hers
        session.execute(update(Account).values(email_confirmed_at=None))
    with pytest.raises(NotFound):
        handing_over.accept(offer, actor=world.actor("charlie"), now=NOW)


def test_only_its_owner_may_offer_it_and_not_to_herself(world: World) -> None:
    uid = booked(world)
    email = "charlie@example.org"
    for who in ("charlie", "dora", "bob"):  # staff give it away openly, with a reason
        with pytest.raises(NotFound):
            giving.offer(uid, email=email, actor=world.actor(who), now=NOW)
    for wrong in ("alice@example.org", " Alice@Example.org", "nonsense", ""):
        with pytest.raises(Invalid):
            giving.offer(uid, email=wrong, actor=world.actor("alice"), now=NOW)


def test_every_rule_is_asked_for_the_receiver(world: World) -> None:
    laser = booked(world, machine="laser")
    offer = offered(world, laser)
    with pytest.raises(Refused) as refused:
        handing_over.accept(offer, actor=world.actor("charlie"), now=NOW)
    assert codes(refused) == {"person.certification-missing"}
    sam = offered(world, laser, "sam")
    with pytest.raises(Refused) as refused:
        handing_over.accept(sam, actor=world.actor("sam"), now=NOW)
    assert codes(refused) == {"person.suspended", "person.certification-missing"}
    nina = offered(world, laser, "nina")
    with pytest.raises(Refused) as refused:
        handing_over.accept(nina, actor=world.actor("nina"), now=NOW)
    assert "person.not-member" in codes(refused)
    booking = state_of(laser)
    assert (booking.person_id, booking.sequence) == (world.people["alice"], 0)
    with unit_of_work() as session:
        certify = Certify(
            person_uid=world.uids["charlie"], machine_type="laser", starts_on=date(2026, 1, 1)
        )
        add_certification(session, certify, actor=SYSTEM, now=NOW)
    again = offered(world, laser)
    handing_over.accept(again, actor=world.actor("charlie"), now=NOW)


def test_her_own_bookings_count_and_the_one_she_takes_does_not_count_twice(world: World) -> None:
    with unit_of_work() as session:
        data = {
            "grid_minutes": 30,
            "one_at_a_time": 1,
            "quotas": [{"hours": 2, "window": "day", "scope": "site"}],
        }
        rules = SaveRules(site_id=world.sites["mhuma"], data=data)
        add_version(session, rules, actor=SYSTEM, now=NOW)
        session.execute(update(Space).values(people_capacity=2))
    uid = booked(world, people=2)
    services.book(
        Book(machines=("benches",), slot=slot(13, 14)), actor=world.actor("charlie"), now=NOW
    )
    # Two people are in the space already: they are this booking's own.
    handing_over.accept(offered(world, uid), actor=world.actor("charlie"), now=NOW)
    more = booked(world, when=slot(15, 16))
    with pytest.raises(Refused) as refused:
        handing_over.accept(offered(world, more), actor=world.actor("charlie"), now=NOW)
    assert codes(refused) == {"booking.quota"}


def test_where_staff_have_to_agree_it_waits_for_them_again(world: World) -> None:
    uid = booked(world)
    with unit_of_work() as session:
        data = {"grid_minutes": 30, "approval": "always"}
        rules = SaveRules(site_id=world.sites["mhuma"], data=data)
        add_version(session, rules, actor=SYSTEM, now=NOW)
    handing_over.accept(offered(world, uid), actor=world.actor("charlie"), now=NOW)
    booking = state_of(uid)
    assert booking.state == "requested"
    assert booking.decide_by is not None
    kinds = reading().scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)).all()
    assert kinds[-2:] == ["BookingRequested", "BookingHandedOver"]


def test_an_offer_ends_when_it_is_taken_back_declined_replaced_or_overtaken(world: World) -> None:
    uid, alice, charlie = booked(world), world.actor("alice"), world.actor("charlie")
    first = offered(world, uid)
    second = offered(world, uid)
    with pytest.raises(NotFound):
        handing_over.accept(first, actor=charlie, now=NOW)
    giving.take_back(uid, actor=alice, now=NOW)
    giving.take_back(uid, actor=alice, now=NOW)
    with pytest.raises(NotFound):
        handing_over.accept(second, actor=charlie, now=NOW)
    third = offered(world, uid)
    giving.decline(third, actor=charlie, now=NOW)
    with pytest.raises(NotFound):
        handing_over.accept(third, actor=charlie, now=NOW)
    fourth = offered(world, uid)
    services.move(Move(uid=uid, slot=slot(14, 15)), actor=alice, now=NOW)
    with pytest.raises(Changed):
        handing_over.accept(fourth, actor=charlie, now=NOW, expected_sequence=0)
    services.cancel(uid, actor=alice, now=NOW)
    with pytest.raises(Refused) as refused:
        handing_over.accept(fourth, actor=charlie, now=NOW)
    assert codes(refused) == {"booking.not-open"}


def test_an_offer_lapses_at_the_start(world: World) -> None:
    uid, charlie = booked(world), world.actor("charlie")
    offer = offered(world, uid)
    with pytest.raises(Refused) as refused:
        handing_over.accept(offer, actor=charlie, now=at(10))
    assert codes(refused) == {"booking.begun"}
    assert hand_overs.offered_to(reading(), charlie, now=at(10)) == []
    with pytest.raises(Refused) as refused:
        giving.offer(uid, email="x@example.org", actor=world.actor("alice"), now=at(10))
    assert codes(refused) == {"booking.begun"}
    assert giving.lapse_offers(now=at(9)) == 0
    assert giving.lapse_offers(now=at(10), dry_run=True) == 1
    assert giving.lapse_offers(now=at(10)) == 1
    assert giving.lapse_offers(now=at(10)) == 0
    assert reading().scalars(select(HandOver.to_email)).all() == [""]
    assert sweeping.release_missed(now=at(11)) == 1  # and it is its owner who missed it
    assert state_of(uid).person_id == world.people["alice"]


def test_nobody_floods_addresses_with_offers(world: World) -> None:
    uid, alice = booked(world, when=slot(10, 11, day=3)), world.actor("alice")
    for number in range(giving.MOST_OFFERS):
        giving.offer(uid, email=f"x{number}@example.org", actor=alice, now=NOW)
    with pytest.raises(Refused) as refused:
        giving.offer(uid, email="y@example.org", actor=alice, now=NOW)
    assert codes(refused) == {"booking.many-offers"}
    tomorrow = NOW + timedelta(hours=25)
    giving.offer(uid, email="y@example.org", actor=alice, now=tomorrow)


def test_staff_hand_over_at_once_with_a_reason(world: World) -> None:
    uid = booked(world, machine="laser", when=slot(10, 11))
    offer = offered(world, uid)

    def give(who: str, **more: str) -> None:
        values = {"to": "charlie@example.org", "reason": "Alice is ill", **more}
        handing_over.hand_over(HandOverTo(uid=uid, **values), actor=world.actor(who), now=NOW)

    for stranger in ("alice", "charlie", "dora", "nina"):
        with pytest.raises(NotFound):
            give(stranger)
    for wrong in ({"reason": " "}, {"to": "x@example.org"}, {"to": "alice@example.org"}):
        with pytest.raises(Invalid):
            give("bob", **wrong)
    with pytest.raises(Refused) as refused:
        give("bob")
    assert codes(refused) == {"person.certification-missing"}
    with pytest.raises(Refused) as refused:
        give("bob", to=world.uids["sam"], override_reason="it is fine")
    assert codes(refused) == {"person.suspended"}
    give("bob", to=world.uids["charlie"], override_reason="under my eyes")
    booking = state_of(uid)
    assert booking.person_id == world.people["charlie"]
    assert booking.override_reason == "under my eyes"
    entry = reading().scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.reason) == ("booking.handed-over", "Alice is ill")
    with pytest.raises(NotFound):
        handing_over.accept(offer, actor=world.actor("charlie"), now=NOW)


def test_a_reading_token_hands_over_nothing(world: World) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from labops.kernel.permissions import Scope  # noqa: PLC0415

    uid = booked(world)
    offer = offered(world, uid)
    reader = replace(world.actor("charlie"), scope=Scope.READ)
    owner = replace(world.actor("alice"), scope=Scope.READ)
    for act in (
        lambda: handing_over.accept(offer, actor=reader, now=NOW),
        lambda: giving.decline(offer, actor=reader, now=NOW),
        lambda: giving.take_back(uid, actor=owner, now=NOW),
        lambda: giving.offer(uid, email="x@example.org", actor=owner, now=NOW),
    ):
        with pytest.raises(Forbidden):
            act()


def test_whoever_left_the_site_cannot_take(app: Flask, world: World) -> None:
    uid = booked(world)
    offer = offered(world, uid)
    with unit_of_work() as session:
        session.execute(
            update(Membership)
            .where(Membership.person_id == world.people["charlie"])
            .values(ends_on=date(2026, 11, 1))
        )
        assert session.scalars(select(Person)).first() is not None
    with pytest.raises(Refused) as refused:
        handing_over.accept(offer, actor=world.actor("charlie"), now=NOW)
    assert codes(refused) == {"person.not-member"}
