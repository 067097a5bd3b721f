"""Firms: founded and proven, people who come and go, hats, and what is booked under their name."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, text

from labops.domain.bookings import of_firm
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.firms import hats, people, queries, services
from labops.domain.firms.states import FirmRole
from labops.domain.people.models import Account, SignIn
from labops.domain.plans import queries as plans
from labops.domain.plans import subscribing
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import LedgerAccount, Posting, Subscription
from labops.domain.plans.subscribing import Subscribe
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Refused
from tests.support.firms import JOINERY, VAT_NUMBER, a_firm, newest_invitation, on_plan
from tests.support.plans import assert_balanced, with_prices
from tests.support.world import NOW, World, slot


def codes(refused: pytest.ExceptionInfo[Refused] | pytest.ExceptionInfo[Invalid]) -> set[str]:
    """Return the codes of a refusal."""
    return {problem.code for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"vat_number": "12345670018"}, {"vat_number"}),
        ({"vat_number": ""}, {"vat_number"}),
        ({"vat_number": "", "tax_code": "RSSMRA85T10A562S"}, set()),
        ({"tax_code": "RSSMRA85T10A562T"}, {"tax_code"}),
        ({"vat_number": "IT 123 4567 0017"}, set()),
        ({"ateco_code": "31.09.9x"}, {"ateco_code"}),
        ({"ateco_code": "16.23.10"}, set()),
        ({"legal_name": "  ", "email": "none"}, {"legal_name", "email"}),
        ({"municipio": 10, "size": "huge", "flags": ("best",)}, {"municipio", "size", "flags"}),
    ],
)
def test_what_is_wrong_is_said_field_by_field(
    app: Flask, world: World, changes: dict[str, object], fields: set[str]
) -> None:
    command = replace(JOINERY, **changes)  # type: ignore[arg-type]
    if not fields:
        services.found(command, actor=world.actor("alice"), now=NOW)
        return
    with pytest.raises(Invalid) as refused:
        services.found(command, actor=world.actor("alice"), now=NOW)
    assert {problem.params["field"] for problem in refused.value.problems} == fields


def test_people_come_and_go_and_somebody_always_speaks(app: Flask, world: World) -> None:
    uid = a_firm(world, "charlie")
    alice, charlie = world.actor("alice"), world.actor("charlie")
    with pytest.raises(Refused) as known:
        services.found(replace(JOINERY, vat_number=f"IT{VAT_NUMBER}"), actor=charlie, now=NOW)
    assert codes(known) == {"firm.known"}
    for act in (
        lambda: people.leave(uid, world.uids["alice"], actor=alice, now=NOW),
        lambda: people.give_role(uid, world.uids["alice"], FirmRole.MEMBER, actor=alice, now=NOW),
    ):
        with pytest.raises(Refused) as last:
            act()
        assert codes(last) == {"firm.last-representative"}
    # A colleague who does not speak for it changes nobody; a stranger does not even see it.
    for name in ("charlie", "nina", "bob"):
        with pytest.raises(NotFound):
            people.leave(uid, world.uids["alice"], actor=world.actor(name), now=NOW)
    for name, sees in (("charlie", True), ("bob", True), ("nina", False)):
        if sees:
            assert queries.seen(reading(), uid, world.actor(name)).legal_name
        else:
            with pytest.raises(NotFound):
                queries.seen(reading(), uid, world.actor(name))
    people.give_role(uid, world.uids["charlie"], FirmRole.REPRESENTATIVE, actor=alice, now=NOW)
    people.leave(uid, world.uids["alice"], actor=alice, now=NOW)
    reading().rollback()
    firm = queries.seen(reading(), uid, charlie)
    assert [one.uid for one in queries.colleagues(reading(), firm.id)] == [world.uids["charlie"]]


def test_an_invitation_works_once_and_not_when_taken_back(app: Flask, world: World) -> None:
    uid = a_firm(world)
    alice = world.actor("alice")
    people.invite(uid, "x@example.com", FirmRole.MEMBER, actor=alice, now=NOW)
    first = newest_invitation()
    people.invite(uid, "X@example.com ", FirmRole.MEMBER, actor=alice, now=NOW)
    assert newest_invitation() == first  # the same one, mailed again
    people.take_back(uid, first, actor=alice, now=NOW)
    with pytest.raises(NotFound):
        people.accept(first, actor=world.actor("nina"), now=NOW)
    people.invite(uid, "x@example.com", FirmRole.MEMBER, actor=alice, now=NOW)
    second = newest_invitation()
    for _time in range(2):
        assert people.accept(second, actor=world.actor("nina"), now=NOW) == uid
    with pytest.raises(NotFound):
        people.accept(second, actor=world.actor("charlie"), now=NOW)


def test_a_plan_for_firms_is_for_so_many_and_makes_members(app: Flask, world: World) -> None:
    with_prices(world)
    uid = a_firm(world, "nina")
    on_plan(world, uid, most=2)
    alice, nina = world.actor("alice"), world.actor("nina")
    with pytest.raises(Refused) as full:
        people.invite(uid, "third@example.com", FirmRole.MEMBER, actor=alice, now=NOW)
    assert codes(full) == {"firm.full"}
    # Nina is nobody's member: under her own name she is refused, under the firm's she books.
    wish = Book(machines=("printer",), slot=slot(9, 11))
    with pytest.raises(Refused) as stranger:
        bookings.book(wish, actor=nina, now=NOW)
    assert "person.not-member" in codes(stranger)
    booked = bookings.book(replace(wish, firm_uid=uid), actor=nina, now=NOW)
    firm_id = queries.seen(reading(), uid, alice).id
    assert spent(firm_id) == 120
    bookings.move(Move(uid=booked, slot=slot(9, 12)), actor=nina, now=NOW)
    assert spent(firm_id) == 180
    seen = of_firm.bookings_of(reading(), firm_id, since=NOW)
    assert [(one.uid, one.machine_names, one.person_name) for one in seen] == [
        (booked, ("Printer",), "Nina")
    ]
    bookings.cancel(booked, actor=nina, now=NOW)
    assert spent(firm_id) == 0
    assert_balanced()


def test_strangers_and_people_who_left_do_not_book_for_it(app: Flask, world: World) -> None:
    with_prices(world)
    uid = a_firm(world, "charlie")
    on_plan(world, uid)
    wish = Book(machines=("printer",), slot=slot(9, 10), firm_uid=uid)
    for name in ("bob", "nina"):
        with pytest.raises(NotFound):
            bookings.book(wish, actor=world.actor(name), now=NOW)
    bookings.book(wish, actor=world.actor("charlie"), now=NOW)
    people.leave(uid, world.uids["charlie"], actor=world.actor("alice"), now=NOW)
    with pytest.raises(NotFound):
        bookings.book(replace(wish, slot=slot(10, 11)), actor=world.actor("charlie"), now=NOW)
    reading().rollback()
    assert reading().scalars(select(Booking.state)).all() == ["confirmed"]  # what is booked stays


def test_a_quota_of_the_firm_counts_what_colleagues_hold(app: Flask, world: World) -> None:
    quota_for_firms(world, minutes=180)
    uid = a_firm(world, "charlie")
    bookings.book(
        Book(machines=("printer",), slot=slot(9, 11), firm_uid=uid),
        actor=world.actor("alice"),
        now=NOW,
    )
    wish = Book(machines=("printer",), slot=slot(11, 13), firm_uid=uid)
    with pytest.raises(Refused) as refused:
        bookings.book(wish, actor=world.actor("charlie"), now=NOW)
    assert "booking.quota" in codes(refused)
    # An hour fits, and her own name is not the firm's.
    bookings.book(replace(wish, slot=slot(11, 12)), actor=world.actor("charlie"), now=NOW)
    bookings.book(
        replace(wish, slot=slot(13, 15), firm_uid=""), actor=world.actor("charlie"), now=NOW
    )


def test_only_a_proven_firm_of_the_right_size_has_a_plan(app: Flask, world: World) -> None:
    with_prices(world)
    actor = world.actor("alice")
    uid = services.found(JOINERY, actor=actor, now=NOW)
    with pytest.raises(Refused) as unproven:
        on_plan(world, uid)
    assert codes(unproven) == {"firm.not-proven"}
    site = world.sites["mhuma"]
    for command, code in (
        (Subscribe(firm_uid=uid, site_id=site, plan="maker"), "plan.not-for-firms"),
        (Subscribe(person_uid=world.uids["alice"], site_id=site, plan="firms"), "plan.for-firms"),
    ):
        with pytest.raises(Refused) as refused:
            subscribing.subscribe(command, actor=actor, now=NOW)
        assert code in codes(refused)
    services.prove(uid, JOINERY.email, now=NOW)
    with pytest.raises(NotFound):
        subscribing.subscribe(
            Subscribe(firm_uid=uid, site_id=site, plan="firms"),
            actor=world.actor("charlie"),
            now=NOW,
        )
    on_plan(world, uid, most=1)
    firm_id = queries.seen(reading(), uid, actor).id
    assert plans.balance_of(reading(), Owner(firm_id=firm_id), site) == 100
    # Another address has to be proven anew, by its own link.
    services.describe(uid, replace(JOINERY, email="new@example.org"), actor=actor, now=NOW)
    with pytest.raises(NotFound):
        services.prove(uid, JOINERY.email, now=NOW)
    reading().rollback()
    assert not queries.seen(reading(), uid, actor).proven


def test_the_hat_is_kept_with_the_sign_in_and_comes_off(app: Flask, world: World) -> None:
    uid = a_firm(world, "charlie")
    world.browser(app, "charlie")
    charlie = world.actor("charlie")
    sign_in = (
        select(SignIn.id, SignIn.firm_id)
        .join(Account, Account.id == SignIn.account_id)
        .where(Account.person_id == world.people["charlie"])
    )
    reading().rollback()
    device = reading().execute(sign_in).one().id
    hats.put_on(device, uid, actor=charlie, now=NOW)
    with pytest.raises(NotFound):
        hats.put_on(device, "0" * 32, actor=charlie, now=NOW)
    reading().rollback()
    assert reading().execute(sign_in).one().firm_id is not None
    people.leave(uid, world.uids["charlie"], actor=charlie, now=NOW)
    reading().rollback()
    assert reading().execute(sign_in).one().firm_id is None
    with pytest.raises(NotFound):
        hats.put_on(device, uid, actor=charlie, now=NOW)


def quota_for_firms(world: World, *, minutes: int) -> None:
    """Let all people of a firm together have so many minutes a week on everything."""
    rules = {
        "grid_minutes": 30,
        "longest_minutes": 240,
        "horizon_days": 14,
        "open_bookings": 0,
        "one_at_a_time": 0,
        "quotas": [{"minutes": minutes, "window": "week", "scope": "site", "sums": "firm"}],
    }
    with unit_of_work() as session:
        session.execute(
            text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
            {"data": json.dumps(rules)},
        )
        session.execute(text("UPDATE site SET revision = revision + 1"))


def spent(firm_id: int) -> int:
    """Return how many included minutes the firm has used on balance."""
    reading().rollback()
    granted = (
        reading().scalars(select(Subscription.id).where(Subscription.firm_id == firm_id)).all()
    )
    assert granted
    amounts = reading().scalars(
        select(Posting.amount)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.firm_id == firm_id, LedgerAccount.unit != "euro")
    )
    return 240 - sum(amounts)
