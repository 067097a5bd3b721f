"""What the calendar does to plans: periods begin or end, and each month brings its hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, literal, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.plans import allowances, payers, terms
from labops.domain.plans.events import SubscriptionChanged
from labops.domain.plans.models import LedgerAccount, PlanHours, Subscription
from labops.domain.plans.policies import month_of
from labops.domain.plans.states import AccountKind, SubscriptionState
from labops.domain.sites.models import Site
from labops.kernel import local_time, outbox
from labops.kernel.db import reading, unit_of_work

TOLD_BEFORE = timedelta(days=7)


def renew(*, now: datetime, dry_run: bool = False) -> int:
    """Begin the periods that are due, and end what does not renew; return how many.

    Asked for again it finds nothing: each period's fee is entered once.
    """
    tomorrow = (now + timedelta(days=1)).date()
    due = [
        one.id
        for one in reading().scalars(
            select(Subscription).where(
                Subscription.state == SubscriptionState.ACTIVE.value,
                Subscription.period_ends_on < tomorrow,
            )
        )
        if one.period_ends_on is not None
        and one.period_ends_on < terms.today_at(reading(), one.site_id, now)
    ]
    return len(due) if dry_run else sum(_renew(one, now=now) for one in due)


def tell_of_ends(*, now: datetime, dry_run: bool = False) -> int:
    """Have people told whose plan ends within a week and does not renew; return how many.

    Asked for again it finds nothing: each end is told of once.
    """
    horizon = (now + TOLD_BEFORE).date()
    due = reading().execute(
        select(Subscription.uid, Subscription.period_ends_on).where(
            Subscription.state == SubscriptionState.ACTIVE.value,
            Subscription.period_ends_on <= horizon,
            Subscription.renews.is_(False),
        )
    )
    facts = [
        SubscriptionChanged(subscription_uid=uid, act="ending", at=last.isoformat())
        for uid, last in due
        if last is not None
    ]
    news = [one for one in facts if not outbox.is_recorded(reading(), one)]
    if news and not dry_run:
        with unit_of_work() as session:
            for fact in news:
                outbox.record_once(session, fact, now=now)
    return len(news)


def grant_hours(*, now: datetime, dry_run: bool = False) -> int:
    """Grant this month's included hours to whoever has not got them yet; return to how many."""
    due = [
        found
        for site_id, zone in reading().execute(select(Site.id, Site.zone)).all()
        for found in _without_hours(
            reading(), site_id, month_of(now.astimezone(local_time.zone(zone)).date())
        )
    ]
    if not dry_run:
        for subscription_id in due:
            _grant(subscription_id, now=now)
    return len(due)


def _without_hours(session: Session, site_id: int, month: str) -> list[int]:
    """Return the active subscriptions for which a month's account of hours is missing."""
    account = exists().where(
        LedgerAccount.site_id == site_id,
        LedgerAccount.kind == AccountKind.HOURS.value,
        LedgerAccount.month == month,
        LedgerAccount.unit == literal("minutes:") + MachineType.slug,
        (LedgerAccount.person_id == Subscription.person_id)
        | (LedgerAccount.firm_id == Subscription.firm_id),
    )
    return list(
        session.scalars(
            select(Subscription.id)
            .join(PlanHours, PlanHours.plan_id == Subscription.plan_id)
            .join(MachineType, MachineType.id == PlanHours.machine_type_id)
            .where(
                Subscription.site_id == site_id,
                Subscription.state == SubscriptionState.ACTIVE.value,
                ~account,
            )
            .distinct()
        )
    )


def _renew(subscription_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        subscription = _locked(session, subscription_id)
        today = terms.today_at(session, subscription.site_id, now)
        return terms.go_on(session, subscription, today=today, now=now)


def _grant(subscription_id: int, *, now: datetime) -> None:
    with unit_of_work() as session:
        subscription = _locked(session, subscription_id)
        allowances.level_out(
            session,
            subscription.site_id,
            terms.owner_of(subscription),
            terms.categories_of(session, subscription.plan_id),
            today=terms.today_at(session, subscription.site_id, now),
            now=now,
        )


def _locked(session: Session, subscription_id: int) -> Subscription:
    subscription = session.get_one(Subscription, subscription_id, populate_existing=True)
    payers.lock(session, terms.owner_of(subscription))
    session.refresh(subscription)
    return subscription
