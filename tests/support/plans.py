"""Prices, plans and books for tests."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, text

from labops.domain.bookings.models import Booking
from labops.domain.plans import services, subscribing
from labops.domain.plans.models import (
    LedgerAccount,
    LedgerEntry,
    Payment,
    Posting,
    Subscription,
)
from labops.domain.plans.services import DescribePlan, RecordPayment
from labops.domain.plans.states import AccountKind, Method, Period
from labops.domain.plans.subscribing import Subscribe
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World

PRICED = {
    "grid_minutes": 30,
    "longest_minutes": 240,
    "horizon_days": 14,
    "open_bookings": 0,
    "one_at_a_time": 0,
    "cancel_notice_minutes": 24 * 60,
    "late_cancel": "charge",
    "late_charges": [{"within_minutes": 24 * 60, "percent": 50}],
    "prices": [
        {"per_hour": "6.00"},
        {"per_hour": "4.00", "per_use": "1.00", "plans": ["pro"]},
    ],
}
PLANS = {"maker": (Decimal("15.00"), 240), "pro": (Decimal("40.00"), 360)}

OFF_INDUCTIONS = {"maker": 0, "pro": 50}


def with_prices(world: World, **changes: object) -> None:
    """Let both sites' house rules ask for money, and MHUMA sell two plans."""
    with unit_of_work() as session:
        session.execute(
            text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
            {"data": json.dumps(PRICED | changes)},
        )
        session.execute(text("UPDATE site SET revision = revision + 1"))
        for slug, (price, minutes) in PLANS.items():
            services.add_plan(
                session,
                DescribePlan(
                    site_id=world.sites["mhuma"],
                    slug=slug,
                    name_it=slug.title(),
                    name_en=slug.title(),
                    price=price,
                    period=Period.MONTH,
                    hours={"printer-fdm": minutes},
                    induction_percent=OFF_INDUCTIONS[slug],
                ),
                actor=SYSTEM,
                now=NOW,
            )


def put_on(world: World, name: str, plan: str, *, now: datetime = NOW, renews: bool = True) -> None:
    """Let a person subscribe to a plan of MHUMA."""
    command = Subscribe(
        person_uid=world.uids[name], site_id=world.sites["mhuma"], plan=plan, renews=renews
    )
    subscribing.subscribe(command, actor=world.actor(name), now=now)


def assert_balanced() -> None:
    """Every entry sums to zero in each unit, and so do the books."""
    sums: Counter[tuple[str, str]] = Counter()
    rows = reading().execute(select(Posting.entry_uid, Posting.unit, Posting.amount))
    for uid, unit, amount in rows:
        sums[uid, unit] += amount
    assert not any(sums.values())
    entries = set(reading().scalars(select(LedgerEntry.uid)))
    assert {uid for uid, _unit in sums} == entries


def held(kind: AccountKind, *, person_id: int | None = None) -> dict[str, int]:
    """Return what the accounts of a kind hold, by month and unit; a person's where one is named."""
    found: Counter[str] = Counter()
    query = (
        select(LedgerAccount.unit, LedgerAccount.month, Posting.amount)
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .where(LedgerAccount.kind == kind.value)
    )
    if person_id is not None:
        query = query.where(LedgerAccount.person_id == person_id)
    for unit, month, amount in reading().execute(query):
        found[month or unit] += amount
    return dict(found)


def booking_of(uid: str) -> Booking:
    """Return a booking as it stands now."""
    query = select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    return reading().scalars(query).one()


def told(world: World, *, act: str) -> dict[str, object]:
    """Let Alice's plan be as the act leaves it, and return the fact of it."""
    with_prices(world)
    put_on(world, "alice", "maker", renews=act != "ending")
    uid = reading().scalars(select(Subscription.uid)).one()
    staff = world.actor("bob")
    if act in {"suspended", "resumed"}:
        subscribing.suspend(uid, actor=staff, now=NOW)
    if act == "resumed":
        subscribing.resume(uid, actor=staff, now=NOW)
    if act == "ended":
        subscribing.end(uid, actor=staff, now=NOW)
    return {"subscription_uid": uid, "act": act, "at": NOW.isoformat()}


def paid(world: World) -> dict[str, object]:
    """Let staff write down that Alice paid."""
    with_prices(world)
    payment = RecordPayment(
        person_uid=world.uids["alice"],
        site_id=world.sites["mhuma"],
        amount=Decimal("15.00"),
        method=Method.CASH,
        paid_on=NOW.date(),
    )
    services.record_payment(payment, actor=world.actor("bob"), now=NOW)
    return {"payment_uid": reading().scalars(select(Payment.uid)).one()}


def month_over(world: World) -> dict[str, object]:
    """Let Alice be on a plan that she has paid in part."""
    told(world, act="started")
    payment = RecordPayment(
        person_uid=world.uids["alice"],
        site_id=world.sites["mhuma"],
        amount=Decimal("5.50"),
        method=Method.CASH,
        paid_on=NOW.date(),
    )
    services.record_payment(payment, actor=world.actor("bob"), now=NOW)
    mine = select(LedgerAccount.id).where(
        LedgerAccount.person_id == world.people["alice"],
        LedgerAccount.kind == AccountKind.BALANCE.value,
    )
    return {"account_id": reading().scalars(mine).one(), "month": "2026-11"}
