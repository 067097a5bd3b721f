"""What letters tell of plans and payments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm
from labops.domain.people.models import Person
from labops.domain.plans.models import Payment, Plan, Subscription
from labops.domain.plans.states import Method, SubscriptionState
from labops.kernel import money


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSubscription:
    """A plan that somebody is or was on; one of `person_uid` and `firm_uid` is set."""

    person_uid: str
    firm_uid: str
    firm_name: str
    site_id: int
    names: Mapping[str, str]
    price: Decimal
    state: SubscriptionState
    renews: bool
    period_ends_on: date | None
    ends_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldPayment:
    """A payment; one of `person_uid` and `firm_uid` is set."""

    person_uid: str
    firm_uid: str
    site_id: int
    amount: Decimal
    method: Method
    paid_on: date


def subscription_told(session: Session, uid: str) -> ToldSubscription | None:
    """Return a subscription as letters tell it; `None` when there is none."""
    row = session.execute(
        select(Subscription, Plan, Person.uid, Firm.uid, Firm.legal_name)
        .join(Plan, Plan.id == Subscription.plan_id)
        .outerjoin(Person, Person.id == Subscription.person_id)
        .outerjoin(Firm, Firm.id == Subscription.firm_id)
        .where(Subscription.uid == uid)
    ).one_or_none()
    if row is None:
        return None
    subscription, plan, person_uid, firm_uid, firm_name = row
    return ToldSubscription(
        person_uid=person_uid or "",
        firm_uid=firm_uid or "",
        firm_name=firm_name or "",
        site_id=subscription.site_id,
        names={"it": plan.name_it, "en": plan.name_en},
        price=money.euro(plan.price_cents),
        state=SubscriptionState(subscription.state),
        renews=subscription.renews,
        period_ends_on=subscription.period_ends_on,
        ends_on=subscription.ends_on,
    )


def payment_told(session: Session, uid: str) -> ToldPayment | None:
    """Return a payment as letters tell it; `None` when there is none."""
    row = session.execute(
        select(Payment, Person.uid, Firm.uid)
        .outerjoin(Person, Person.id == Payment.person_id)
        .outerjoin(Firm, Firm.id == Payment.firm_id)
        .where(Payment.uid == uid)
    ).one_or_none()
    if row is None:
        return None
    payment, person_uid, firm_uid = row
    return ToldPayment(
        person_uid=person_uid or "",
        firm_uid=firm_uid or "",
        site_id=payment.site_id,
        amount=money.euro(payment.amount_cents),
        method=Method(payment.method),
        paid_on=payment.paid_on,
    )
