"""Use cases of being on a plan: one's own, or, for staff, anybody's at their site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm
from labops.domain.firms.placing import count_people
from labops.domain.memberships.models import Membership
from labops.domain.memberships.placing import is_running, membership_of
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding import admitting
from labops.domain.onboarding import queries as onboarding
from labops.domain.onboarding.kinds import StepKind
from labops.domain.plans import payers, terms
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import Plan, Subscription
from labops.domain.plans.queries import refusals
from labops.domain.plans.states import SubscriptionState
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Who, a person or a firm, wants which plan (its slug) of which site; does it renew itself."""

    person_uid: str = ""
    firm_uid: str = ""
    site_id: int
    plan: str
    renews: bool = True


def subscribe(command: Subscribe, *, actor: Actor, now: datetime) -> None:
    """Put a member or a firm on a plan from today on, in place of the one before; it is charged.

    An applicant whose last step is the plan chooses one, too, and is admitted by that. Raises
    `NotFound` for an unknown plan and for whoever is not the actor's to act for, `Refused` for
    whoever is no member, has steps left, has that plan, or may not have it.
    """
    actor.require_write()
    with unit_of_work() as session:
        owner = payers.owner_named(session, command.person_uid, command.firm_uid)
        if not payers.may_act(session, owner, command.site_id, actor):
            raise NotFound
        payers.lock(session, owner)
        plan = session.scalar(
            select(Plan).where(Plan.site_id == command.site_id, Plan.slug == command.plan)
        )
        if plan is None:
            raise NotFound
        if owner.firm_id is not None:
            _subscribe_firm(session, plan, owner, command, actor=actor, now=now)
            return
        person_id = owner.person_id or 0
        membership = membership_of(session, person_id, command.site_id)
        today = terms.today_at(session, command.site_id, now)
        if membership is None:
            raise Refused([Problem("person.not-member")])
        applies = not is_running(membership)
        if applies:
            _require_last_step(session, membership, today)
        before = terms.running(session, command.site_id, owner)
        problems = refusals(plan, membership.groups, today)
        if before is not None and before.plan_id == plan.id:
            problems.append(Problem("plan.same"))
        if problems:
            raise Refused(problems)
        terms.begin(session, plan, owner, renews=command.renews, actor=actor, now=now)
        if applies:
            admitting.admit_if_ready(session, person_id, command.site_id, actor=actor, now=now)


def _subscribe_firm(
    session: Session, plan: Plan, owner: Owner, command: Subscribe, *, actor: Actor, now: datetime
) -> None:
    """Put a firm on a plan: its people need not be members, the plan makes them."""
    firm = session.get_one(Firm, owner.firm_id, with_for_update=True)  # nobody joins meanwhile
    today = terms.today_at(session, command.site_id, now)
    before = terms.running(session, command.site_id, owner)
    people = count_people(session, firm.id)
    problems = refusals(plan, (), today, firm_people=people)
    if firm.email_proven_at is None:
        problems.append(Problem("firm.not-proven"))
    if before is not None and before.plan_id == plan.id:
        problems.append(Problem("plan.same"))
    if problems:
        raise Refused(problems)
    terms.begin(session, plan, owner, renews=command.renews, actor=actor, now=now)


def _require_last_step(session: Session, membership: Membership, today: date) -> None:
    """Refuse whoever is no member unless the plan is all that is left to become one."""
    if membership.state != MembershipState.APPLICANT:
        raise Refused([Problem("person.not-member")])
    progress = onboarding.progress_of(
        session, membership.person_id, membership.site_id, today=today
    )
    left = [one.step.kind for one in progress.steps if not one.is_over] if progress else []
    if not left or set(left) != {StepKind.PLAN}:
        raise Refused([Problem("plan.steps-left")])


def set_renewal(uid: str, *, renews: bool, actor: Actor, now: datetime) -> None:
    """Say whether a plan goes on when its period ends, or ends with it; twice is once.

    Raises `NotFound`, and `Refused` with `plan.ended` when it has.
    """

    def change(_session: Session, subscription: Subscription) -> None:
        if subscription.period_ends_on is not None:
            subscription.renews = renews

    _change(uid, change, actor=actor, now=now)


def suspend(uid: str, *, actor: Actor, now: datetime) -> None:
    """Let a plan rest. For staff; raises as `set_renewal`, and `Forbidden`."""

    def change(session: Session, subscription: Subscription) -> None:
        actor.require(Permission.PAYMENT_RECORD, subscription.site_id)
        if subscription.state == SubscriptionState.ACTIVE:
            terms.suspend(session, subscription, actor=actor, now=now)

    _change(uid, change, actor=actor, now=now)


def resume(uid: str, *, actor: Actor, now: datetime) -> None:
    """Take a resting plan up again. For staff; raises as `suspend`."""

    def change(session: Session, subscription: Subscription) -> None:
        actor.require(Permission.PAYMENT_RECORD, subscription.site_id)
        if subscription.state == SubscriptionState.SUSPENDED:
            terms.resume(session, subscription, actor=actor, now=now)

    _change(uid, change, actor=actor, now=now)


def end(uid: str, *, actor: Actor, now: datetime) -> None:
    """End a plan at once; what was asked for its period stays. Raises as `set_renewal`."""

    def change(session: Session, subscription: Subscription) -> None:
        terms.end(session, subscription, actor=actor, now=now)

    _change(uid, change, actor=actor, now=now)


def _change(
    uid: str, change: Callable[[Session, Subscription], None], *, actor: Actor, now: datetime
) -> None:
    actor.require_write()
    with unit_of_work() as session:
        subscription = session.scalar(select(Subscription).where(Subscription.uid == uid))
        if subscription is None:
            raise NotFound
        owner = terms.owner_of(subscription)
        if not payers.may_act(session, owner, subscription.site_id, actor):
            raise NotFound
        payers.lock(session, owner)
        session.refresh(subscription)
        if subscription.state == SubscriptionState.ENDED:
            raise Refused([Problem("plan.ended")])
        # What the calendar has already decided comes first.
        terms.go_on(
            session,
            subscription,
            today=terms.today_at(session, subscription.site_id, now),
            now=now,
        )
        if subscription.state != SubscriptionState.ENDED:
            change(session, subscription)
