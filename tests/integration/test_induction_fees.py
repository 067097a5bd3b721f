"""What an induction costs stands in the books exactly while its place is somebody's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labops.domain.inductions import services, signing
from labops.domain.inductions.states import PLACED
from labops.domain.plans.entries import Owner
from labops.domain.plans.queries import balance_of
from labops.kernel.db import reading
from labops.kernel.errors import LabopsError
from tests.support.inductions import planned, standing
from tests.support.plans import assert_balanced, put_on, with_prices
from tests.support.world import NOW, World, slot

PRICE = Decimal("20.00")
ACTS = st.lists(
    st.tuples(st.sampled_from(["in", "out"]), st.sampled_from(["alice", "charlie"])), max_size=8
)


def owed(world: World, name: str) -> Decimal:
    """Return what a person owes the site."""
    reading().rollback()
    return balance_of(reading(), Owner(world.people[name]), world.sites["mhuma"])


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS)
def test_who_has_a_place_owes_its_price(app: Flask, world: World, acts: list[list[str]]) -> None:
    before = {name: owed(world, name) for name in ("alice", "charlie")}
    uid = planned(world, slot(17, 18, 5), now=NOW, machines=(), places=1, fewest=0, price=PRICE)
    for act, name in acts:
        actor = world.actor(name)
        try:
            if act == "in":
                signing.sign_up(uid, actor=actor, now=NOW, waits=True)
            else:
                signing.give_up(uid, actor=actor, now=NOW)
        except LabopsError:
            reading().rollback()
    try:
        assert_owed(world, uid, before)
    finally:
        services.cancel(uid, reason="Ill", actor=world.actor("bob"), now=NOW)
    assert {name: owed(world, name) for name in before} == before
    assert_balanced()


def assert_owed(world: World, uid: str, before: dict[str, Decimal]) -> None:
    """Whoever has a place owes its price besides, and nobody else anything."""
    states = standing(uid)
    for name, was in before.items():
        placed = states.get(world.people[name]) in PLACED
        assert owed(world, name) - was == (PRICE if placed else 0)


def test_it_is_free_on_its_plan_and_stays_when_given_up_late(app: Flask, world: World) -> None:
    with_prices(world)
    put_on(world, "charlie", "maker")
    uid = planned(
        world, slot(17, 18, 5), now=NOW, machines=(), fewest=0, price=PRICE, free_plan="maker"
    )
    start = {name: owed(world, name) for name in ("alice", "charlie")}
    for name in start:
        signing.sign_up(uid, actor=world.actor(name), now=NOW)
    assert owed(world, "charlie") == start["charlie"]
    assert owed(world, "alice") == start["alice"] + PRICE
    late = slot(17, 18, 5).starts_at - timedelta(hours=1)
    assert signing.give_up(uid, actor=world.actor("alice"), now=late)
    assert owed(world, "alice") == start["alice"] + PRICE
    assert_balanced()
