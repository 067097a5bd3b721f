"""What begins, goes on and ends with a subscription, inside its caller's transaction.

The caller has locked the person. Fees and hours are entered here and nowhere else.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.memberships.placing import put_on_plan
from labops.domain.plans import allowances, entries
from labops.domain.plans.entries import Entry, Owner
from labops.domain.plans.events import SubscriptionChanged
from labops.domain.plans.models import Plan, PlanHours, Subscription
from labops.domain.plans.policies import period_end
from labops.domain.plans.states import EntryKind, Period, SubscriptionState
from labops.domain.sites.models import Site
from labops.kernel import audit, local_time, outbox
from labops.kernel.ids import new_uid
from labops.kernel.permissions import SYSTEM, Actor

DAY = timedelta(days=1)


def today_at(session: Session, site_id: int, now: datetime) -> date:
    """Return the local day at the site."""
    zone = local_time.zone(session.get_one(Site, site_id).zone)
    return now.astimezone(zone).date()


def running(session: Session, site_id: int, owner: Owner) -> Subscription | None:
    """Return the owner's subscription at the site that has not ended."""
    column = Subscription.person_id if owner.firm_id is None else Subscription.firm_id
    return session.scalar(
        select(Subscription)
        .where(
            column == (owner.person_id if owner.firm_id is None else owner.firm_id),
            Subscription.site_id == site_id,
            Subscription.state != SubscriptionState.ENDED.value,
        )
        .execution_options(populate_existing=True)
    )


def owner_of(subscription: Subscription) -> Owner:
    """Return whose subscription it is."""
    return Owner(subscription.person_id, subscription.firm_id)


def begin(
    session: Session, plan: Plan, owner: Owner, *, renews: bool, actor: Actor, now: datetime
) -> Subscription:
    """Put the owner on the plan from today on, in place of the one she is on; ask for its price."""
    today = today_at(session, plan.site_id, now)
    before = running(session, plan.site_id, owner)
    if before is not None:
        end(session, before, actor=actor, now=now)
    subscription = Subscription(
        uid=new_uid(),
        site_id=plan.site_id,
        plan_id=plan.id,
        person_id=owner.person_id,
        firm_id=owner.firm_id,
        state=SubscriptionState.ACTIVE.value,
        renews=renews and plan.period != Period.ONCE,
        starts_on=today,
        period_starts_on=today,
        created_at=now,
    )
    session.add(subscription)
    begin_period(session, subscription, plan, today, now=now)
    _in_step(session, subscription, plan.slug, today, now)
    _note(session, subscription, "started", actor, now, {"plan": plan.slug})
    return subscription


def begin_period(
    session: Session, subscription: Subscription, plan: Plan, first: date, *, now: datetime
) -> None:
    """Begin a period and ask for its price, once for each period."""
    subscription.period_starts_on = first
    subscription.period_ends_on = period_end(first, Period(plan.period))
    session.flush()  # the entry refers to it
    until = subscription.period_ends_on
    owner = owner_of(subscription)
    entries.enter(
        session,
        Entry(
            site_id=plan.site_id,
            kind=EntryKind.FEE,
            amounts={
                entries.balance(plan.site_id, owner): plan.price_cents,
                entries.income(plan.site_id): -plan.price_cents,
            },
            subscription_id=subscription.id,
            key=f"fee:{subscription.uid}:{first.isoformat()}",
            detail={
                "name_it": plan.name_it,
                "name_en": plan.name_en,
                "from": first.isoformat(),
                "until": until.isoformat() if until else None,
            },
        ),
        now=now,
    )


def go_on(session: Session, subscription: Subscription, *, today: date, now: datetime) -> bool:
    """Begin the periods that are due, or end what does not renew; say whether anything was due."""
    ended = subscription.period_ends_on
    if subscription.state != SubscriptionState.ACTIVE or ended is None or ended >= today:
        return False
    if not subscription.renews:
        end(session, subscription, actor=SYSTEM, now=now, last_day=ended)
        return True
    plan = session.get_one(Plan, subscription.plan_id)
    while subscription.period_ends_on is not None and subscription.period_ends_on < today:
        begin_period(session, subscription, plan, subscription.period_ends_on + DAY, now=now)
    _note(session, subscription, "renewed", SYSTEM, now, {})
    return True


def suspend(session: Session, subscription: Subscription, *, actor: Actor, now: datetime) -> None:
    """Let a plan rest: no hours and no rules of its own, and no fee, until it is resumed."""
    today = today_at(session, subscription.site_id, now)
    subscription.state = SubscriptionState.SUSPENDED.value
    subscription.suspended_on = today
    _in_step(session, subscription, "", today, now)
    _note(session, subscription, "suspended", actor, now, {})


def resume(session: Session, subscription: Subscription, *, actor: Actor, now: datetime) -> None:
    """Take a plan up again; the days it rested are added to its period."""
    today = today_at(session, subscription.site_id, now)
    rested = today - (subscription.suspended_on or today)
    if subscription.period_ends_on is not None:
        subscription.period_ends_on += rested
    subscription.state = SubscriptionState.ACTIVE.value
    subscription.suspended_on = None
    plan = session.get_one(Plan, subscription.plan_id)
    _in_step(session, subscription, plan.slug, today, now)
    _note(session, subscription, "resumed", actor, now, {"days": rested.days})


def end(
    session: Session,
    subscription: Subscription,
    *,
    actor: Actor,
    now: datetime,
    last_day: date | None = None,
) -> None:
    """End a subscription now; the row stays, and hours that were not used are taken back."""
    today = today_at(session, subscription.site_id, now)
    subscription.state = SubscriptionState.ENDED.value
    subscription.ends_on = last_day or today
    subscription.suspended_on = None
    _in_step(session, subscription, "", today, now)
    _note(session, subscription, "ended", actor, now, {})


def categories_of(session: Session, plan_id: int) -> list[str]:
    """Return the machine types of which a plan includes hours, by slug."""
    return list(
        session.scalars(
            select(MachineType.slug)
            .join(PlanHours, PlanHours.machine_type_id == MachineType.id)
            .where(PlanHours.plan_id == plan_id)
        )
    )


def _in_step(
    session: Session, subscription: Subscription, plan: str, today: date, now: datetime
) -> None:
    """Bring the membership's plan and this month's hours to what the subscription now says."""
    if subscription.person_id is not None:
        put_on_plan(session, subscription.person_id, subscription.site_id, plan)
    session.flush()  # hours are read from the rows
    allowances.level_out(
        session,
        subscription.site_id,
        owner_of(subscription),
        categories_of(session, subscription.plan_id),
        today=today,
        now=now,
    )


def _note(
    session: Session,
    subscription: Subscription,
    act: str,
    actor: Actor,
    now: datetime,
    after: dict[str, Any],
) -> None:
    subject = f"subscription:{subscription.uid}"
    audit.record(session, actor, f"subscription.{act}", subject, now=now, after=after)
    fact = SubscriptionChanged(subscription_uid=subscription.uid, act=act, at=now.isoformat())
    outbox.record_once(session, fact, now=now)
