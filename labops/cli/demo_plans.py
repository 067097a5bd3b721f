"""The plans of the demonstration, who is on them, and what was paid."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from labops.domain.people import queries as people
from labops.domain.plans import services, subscribing, sweeping
from labops.domain.plans.queries import is_subscribed
from labops.domain.plans.services import DescribePlan, RecordPayment
from labops.domain.plans.states import Method, Period
from labops.domain.plans.subscribing import Subscribe
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

SITES = ("mhuma", "smart-city-lab")
# Slug, Italian, English, euro a month, minutes a month by machine type.
PLANS: tuple[tuple[str, str, str, str, dict[str, int]], ...] = (
    ("free", "Libero", "Free", "0.00", {}),
    ("maker", "Maker", "Maker", "15.00", {"laser": 240}),
    ("pro", "Pro", "Pro", "45.00", {"laser": 720, "cnc": 480}),
)
SUBSCRIBED = (
    ("maker@example.org", "mhuma", "maker"),
    ("maker@example.org", "smart-city-lab", "free"),
    ("paolo@example.org", "mhuma", "pro"),
    ("rosa@example.org", "mhuma", "maker"),
    ("wei@example.org", "mhuma", "free"),
)
PAID = (
    ("maker@example.org", "mhuma", "15.00", Method.CASH, "", 20),
    ("paolo@example.org", "mhuma", "45.00", Method.PAGOPA, "301000000000012373", 18),
    ("rosa@example.org", "mhuma", "10.00", Method.TRANSFER, "", 5),
)


def sell(*, now: datetime) -> None:
    """Let both sites sell three plans, and some members have one for three weeks."""
    then = now - timedelta(days=22)
    for slug in SITES:
        site_id = by_slug(reading(), slug).id
        for name, italian, english, price, hours in PLANS:
            plan = DescribePlan(
                site_id=site_id,
                slug=name,
                name_it=italian,
                name_en=english,
                price=Decimal(price),
                period=Period.MONTH,
                hours=hours,
            )
            services.describe_plan(plan, actor=SYSTEM, now=then)
    for email, slug, name in SUBSCRIBED:
        uid, person_id = _person(email)
        site_id = by_slug(reading(), slug).id
        if not is_subscribed(reading(), person_id, site_id):  # an interrupted run did
            command = Subscribe(person_uid=uid, site_id=site_id, plan=name)
            subscribing.subscribe(command, actor=SYSTEM, now=then)


def pay(*, now: datetime) -> None:
    """Let some pay, and this month's hours be granted."""
    for email, slug, amount, method, notice, days in PAID:
        uid, _person_id = _person(email)
        at = now - timedelta(days=days)
        payment = RecordPayment(
            person_uid=uid,
            site_id=by_slug(reading(), slug).id,
            amount=Decimal(amount),
            method=method,
            paid_on=at.date() - timedelta(days=1),
            notice_number=notice,
        )
        services.record_payment(payment, actor=SYSTEM, now=at)
    sweeping.renew(now=now)
    sweeping.grant_hours(now=now)


def _person(email: str) -> tuple[str, int]:
    account = people.account_by_email(reading(), email)
    if account is None:
        raise LookupError(email)
    return people.uid_of(reading(), account.person_id), account.person_id
