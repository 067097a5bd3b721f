"""Reads of plans, of who is on them, and of what somebody owes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.domain.plans import entries
from labops.domain.plans.entries import Owner, standing_for
from labops.domain.plans.models import LedgerAccount, Plan, PlanHours, Posting, Subscription
from labops.domain.plans.policies import Cost, Line
from labops.domain.plans.states import Period, SubscriptionState
from labops.kernel import money
from labops.kernel.errors import NotFound, Problem
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan as it is offered. `hours` are minutes a month by machine type, with its names."""

    slug: str
    names: Mapping[str, str]
    price: Decimal
    period: Period
    groups: tuple[str, ...]
    sold_from: date | None
    sold_until: date | None
    hours: tuple[tuple[str, Mapping[str, str], int], ...]
    for_sale: bool
    firm_people: int | None = None
    induction_percent: int = 0

    def name(self, language: str) -> str:
        """Return its name in the language."""
        return self.names.get(language, self.names["en"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """A subscription with its plan, for whoever may see it."""

    uid: str
    site_id: int
    plan: PlanView
    state: SubscriptionState
    renews: bool
    starts_on: date
    period_ends_on: date | None
    ends_on: date | None


def refusals(
    plan: Plan, groups: Iterable[str], today: date, *, firm_people: int | None = None
) -> list[Problem]:
    """Return why somebody of these groups, or a firm of so many, may not begin with it today."""
    problems = []
    if firm_people is None and plan.firm_people is not None:
        problems.append(Problem("plan.for-firms"))
    if firm_people is not None and plan.firm_people is None:
        problems.append(Problem("plan.not-for-firms"))
    if firm_people is not None and plan.firm_people is not None and firm_people > plan.firm_people:
        problems.append(Problem("plan.for-smaller-firms", {"most": plan.firm_people}))
    if not _for_sale(plan, today):
        problems.append(Problem("plan.not-for-sale"))
    if plan.groups and not set(plan.groups) & set(groups):
        problems.append(Problem("plan.other-groups", {"groups": list(plan.groups)}))
    return problems


def plans_of(session: Session, site_id: int, *, today: date) -> list[PlanView]:
    """Return a site's plans, cheapest first."""
    rows = session.scalars(
        select(Plan).where(Plan.site_id == site_id).order_by(Plan.price_cents, Plan.slug)
    ).all()
    return _views(session, rows, today)


def plan_of(session: Session, site_id: int, slug: str, *, today: date) -> PlanView:
    """Return a plan; raises `NotFound`."""
    rows = session.scalars(select(Plan).where(Plan.site_id == site_id, Plan.slug == slug)).all()
    if not rows:
        raise NotFound
    return _views(session, rows, today)[0]


def may_have(
    session: Session,
    site_id: int,
    groups: Iterable[str],
    *,
    today: date,
    firm_people: int | None = None,
) -> set[str]:
    """Return the slugs of the plans that somebody of these groups may begin with today.

    With `firm_people`: those that a firm of so many may begin with.
    """
    known = set(groups)
    rows = session.scalars(select(Plan).where(Plan.site_id == site_id))
    return {plan.slug for plan in rows if not refusals(plan, known, today, firm_people=firm_people)}


def subscriptions_of(
    session: Session, owner: Owner, site_id: int, *, today: date
) -> list[SubscriptionView]:
    """Return all of an owner's subscriptions at a site, the running one first, then newest."""
    rows = session.execute(
        select(Subscription, Plan)
        .join(Plan, Plan.id == Subscription.plan_id)
        .where(_of(owner), Subscription.site_id == site_id)
        .order_by(
            (Subscription.state == SubscriptionState.ENDED.value), Subscription.created_at.desc()
        )
    ).all()
    views = _views(session, [row[1] for row in rows], today)
    return [
        SubscriptionView(
            uid=row.uid,
            site_id=site_id,
            plan=view,
            state=SubscriptionState(row.state),
            renews=row.renews,
            starts_on=row.starts_on,
            period_ends_on=row.period_ends_on,
            ends_on=row.ends_on,
        )
        for (row, _plan), view in zip(rows, views, strict=True)
    ]


def is_subscribed(session: Session, person_id: int, site_id: int) -> bool:
    """Say whether a subscription decides which plan the person is on at the site."""
    return (
        session.scalar(
            select(Subscription.id).where(
                Subscription.person_id == person_id,
                Subscription.site_id == site_id,
                Subscription.state != SubscriptionState.ENDED.value,
            )
        )
        is not None
    )


def balance_of(session: Session, owner: Owner, site_id: int) -> Decimal:
    """Return what an owner owes a site in euro; below zero it has been paid ahead."""
    name = entries.balance(site_id, owner).name
    held = session.scalar(
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerAccount.name == name)
    )
    return money.euro(int(held or 0))


def cost_of(session: Session, booking_uid: str) -> Cost | None:
    """Return what a booking costs as it stands in the books; `None` when nothing does."""
    booking_id = session.scalar(select(Booking.id).where(Booking.uid == booking_uid))
    standing = standing_for(session, booking_id) if booking_id is not None else None
    if standing is None:
        return None
    _uid, detail = standing
    return Cost(tuple(Line.of(kept) for kept in detail["lines"]))


def sites_with_account(session: Session, person_id: int) -> list[int]:
    """Return the sites where anything was entered for a person, or she is on a plan."""
    accounts = select(LedgerAccount.site_id).where(LedgerAccount.person_id == person_id)
    plans = select(Subscription.site_id).where(Subscription.person_id == person_id)
    return sorted(set(session.scalars(accounts.union(plans))))


def account_holder(session: Session, uid: str, site_id: int, actor: Actor) -> int:
    """Return the id of a person whose account at the site the actor may see.

    Raises `NotFound` for anybody else: staff see those of their own site.
    """
    person_id = session.scalar(select(Person.id).where(Person.uid == uid))
    if person_id is None or not (
        actor.owns(person_id) or actor.may(Permission.PAYMENT_RECORD, site_id)
    ):
        raise NotFound
    return person_id


def _of(owner: Owner) -> ColumnElement[bool]:
    if owner.firm_id is None:
        return Subscription.person_id == owner.person_id
    return Subscription.firm_id == owner.firm_id


def _for_sale(plan: Plan, today: date) -> bool:
    begun = plan.sold_from is None or plan.sold_from <= today
    return begun and (plan.sold_until is None or today <= plan.sold_until)


def _views(session: Session, plans: Iterable[Plan], today: date) -> list[PlanView]:
    plans = list(plans)
    hours: dict[int, list[tuple[str, Mapping[str, str], int]]] = {}
    for plan_id, minutes, slug, name_it, name_en in session.execute(
        select(
            PlanHours.plan_id,
            PlanHours.minutes,
            MachineType.slug,
            MachineType.name_it,
            MachineType.name_en,
        )
        .join(MachineType, MachineType.id == PlanHours.machine_type_id)
        .where(PlanHours.plan_id.in_({plan.id for plan in plans}))
        .order_by(MachineType.slug)
    ):
        hours.setdefault(plan_id, []).append((slug, {"it": name_it, "en": name_en}, minutes))
    return [
        PlanView(
            slug=plan.slug,
            names={"it": plan.name_it, "en": plan.name_en},
            price=money.euro(plan.price_cents),
            period=Period(plan.period),
            groups=tuple(plan.groups),
            sold_from=plan.sold_from,
            sold_until=plan.sold_until,
            hours=tuple(hours.get(plan.id, ())),
            for_sale=_for_sale(plan, today),
            firm_people=plan.firm_people,
            induction_percent=plan.induction_percent,
        )
        for plan in plans
    ]
