"""Use cases of being on a plan: one's own, or, for staff, anybody's at their site."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.placing import is_running, membership_of
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding import admitting
from labops.domain.onboarding import queries as onboarding
from labops.domain.onboarding.kinds import StepKind
from labops.domain.people.models import Person
from labops.domain.plans import terms
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import Plan, Subscription
from labops.domain.plans.queries import refusals
from labops.domain.plans.states import SubscriptionState
from labops.kernel import ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Who wants which plan (its slug) of which site, and whether it renews by itself."""

    person_uid: str
    site_id: int
    plan: str
    renews: bool = True


def subscribe(command: Subscribe, *, actor: Actor, now: datetime) -> None:
    """Put a member on a plan from today on, in place of the one she is on; its price is asked.

    An applicant whose last step is the plan chooses one, too, and is admitted by that. Raises
    `NotFound` for an unknown plan and for somebody who is not the actor's to act for, `Refused`
    for whoever is no member, has steps left, has that plan, or may not have it.
    """
    actor.require_write()
    with unit_of_work() as session:
        person_id = _person(session, command.person_uid, command.site_id, actor)
        ledger.lock(session, people=[person_id])
        owner = Owner(person_id)
        plan = session.scalar(
            select(Plan).where(Plan.site_id == command.site_id, Plan.slug == command.plan)
        )
        if plan is None:
            raise NotFound
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
        if subscription is None or not _may(actor, subscription.person_id, subscription.site_id):
            raise NotFound
        ledger.lock(session, people=[subscription.person_id or 0])
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


def _person(session: Session, uid: str, site_id: int, actor: Actor) -> int:
    person_id = session.scalar(select(Person.id).where(Person.uid == uid))
    if person_id is None or not _may(actor, person_id, site_id):
        raise NotFound
    return person_id


def _may(actor: Actor, person_id: int | None, site_id: int) -> bool:
    own = person_id is not None and actor.owns(person_id)
    return own or actor.may(Permission.PAYMENT_RECORD, site_id)
