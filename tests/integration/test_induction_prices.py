"""What a place in an induction costs: when it is asked, given back, kept, and never twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, update

from labops.adapters import notices
from labops.domain.inductions import services, signing
from labops.domain.inductions.models import InductionSession
from labops.domain.inductions.states import SignUpState
from labops.domain.plans import queries
from labops.domain.plans import services as plans
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import LedgerEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.outbox import OutboxMessage
from tests.support.inductions import planned, standing
from tests.support.plans import assert_balanced, put_on, with_prices
from tests.support.world import NOW, World, slot

PRICE, LATER = Decimal("12.50"), slot(11, 12, 2).starts_at  # it is decided a day before


def owed(world: World, name: str) -> Decimal:
    reading().rollback()
    return queries.balance_of(reading(), Owner(world.people[name]), world.sites["mhuma"])


def words(fact: str) -> str:
    """Return the letters of the newest such fact."""
    reading().rollback()
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == fact)
    payload = reading().scalars(query.order_by(OutboxMessage.id.desc())).first()
    assert payload is not None
    return "".join(one.text for one in notices.letters_for(fact, payload, key="k", now=NOW))


def test_a_place_is_charged_when_it_is_got_and_kept_only_when_late_and_lost(world: World) -> None:
    alice, charlie = world.actor("alice"), world.actor("charlie")
    uid = planned(world, slot(10, 12, 3), places=1, price=PRICE)
    signing.sign_up(uid, actor=charlie, now=NOW)
    assert "€12.50, added to your account" in words("InductionSignedUp")
    signing.sign_up(uid, actor=alice, now=NOW, waits=True)
    assert (owed(world, "charlie"), owed(world, "alice")) == (PRICE, 0), "who waits owes nothing"
    signing.give_up(uid, actor=charlie, now=LATER)
    assert (owed(world, "charlie"), owed(world, "alice")) == (0, PRICE), "somebody took the place"
    assert "You pay nothing for it." in words("InductionGivenUp")
    assert "€12.50, added to your account" in words("InductionMovedUp")
    signing.give_up(uid, actor=alice, now=LATER)
    assert owed(world, "alice") == PRICE, "late, and nobody took it"
    assert "You pay for it all the same" in words("InductionGivenUp")
    signing.sign_up(uid, actor=charlie, now=LATER)
    signing.sign_up(uid, actor=alice, now=LATER, waits=True)
    signing.give_up(uid, actor=alice, now=LATER)
    assert owed(world, "alice") == PRICE, "a wait that is given up gives nothing back"
    signing.sign_up(uid, actor=alice, now=LATER, waits=True)
    signing.give_up(uid, actor=charlie, now=LATER)
    assert standing(uid)[world.people["alice"]] == SignUpState.SIGNED_UP
    assert owed(world, "alice") == PRICE, "who pays for it already is not asked twice"
    services.cancel(uid, reason="Bob is ill.", actor=world.actor("bob"), now=LATER)
    assert (owed(world, "charlie"), owed(world, "alice")) == (0, 0)
    assert "You pay nothing for it." in words("InductionCancelled")
    assert_balanced()


def test_plans_take_something_off_and_nobody_pays_what_she_did_not_see(world: World) -> None:
    with_prices(world)
    alice = world.actor("alice")
    uid = planned(world, price=PRICE, free_plan="maker")
    for plan, costs in (("", PRICE), ("pro", Decimal("6.25")), ("maker", Decimal(0))):
        if plan:
            put_on(world, "alice", plan)
        assert signing.cost_for(reading(), uid, world.people["alice"]) == costs
        reading().rollback()
    put_on(world, "alice", "pro")
    before = owed(world, "alice")
    with pytest.raises(Refused) as refused:
        signing.sign_up(uid, actor=alice, now=NOW, seen_price=PRICE)
    assert [one.code for one in refused.value.problems] == ["induction.price-changed"]
    assert standing(uid) == {}
    signing.sign_up(uid, actor=alice, now=NOW, seen_price=Decimal("6.25"))
    with unit_of_work() as session:
        session.execute(update(InductionSession).values(price=Decimal("99.00")))
    put_on(world, "alice", "maker")
    assert owed(world, "alice") == before + Decimal("21.25"), "what was agreed stays: 15 and 6.25"
    entry = reading().scalars(select(LedgerEntry.uid).where(LedgerEntry.kind == "induction")).one()
    plans.reverse(entry, reason="A gift.", actor=world.actor("bob"), now=NOW)
    signing.give_up(uid, actor=alice, now=NOW)
    assert owed(world, "alice") == before + Decimal("15.00"), "it is given back once"
    assert_balanced()
