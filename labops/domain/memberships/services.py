"""Use cases of memberships."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Person
from labops.domain.plans import terms
from labops.domain.plans.entries import Owner
from labops.domain.plans.queries import is_subscribed
from labops.kernel import audit, ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 60


def make_member(
    person_uid: str,
    site_id: int,
    *,
    starts_on: date,
    ends_on: date | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Make a person an active member of a site, or renew an ended membership.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` when it ends before it starts.
    """
    actor.require(Permission.MEMBERSHIP_GRANT, site_id)
    if ends_on is not None and ends_on < starts_on:
        raise Invalid.field("ends_on", "field.ends-before-start")
    with unit_of_work() as session:
        person = session.scalar(select(Person).where(Person.uid == person_uid))
        if person is None:
            raise NotFound
        add_membership(
            session, person, site_id, starts_on=starts_on, ends_on=ends_on, actor=actor, now=now
        )


def add_membership(
    session: Session,
    person: Person,
    site_id: int,
    *,
    starts_on: date,
    ends_on: date | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Add or renew the membership inside the caller's transaction."""
    membership = _of(session, person.id, site_id)
    if membership is None:
        membership = Membership(person_id=person.id, site_id=site_id, created_at=now)
        session.add(membership)
    membership.state = MembershipState.ACTIVE
    membership.starts_on = starts_on
    membership.ends_on = ends_on
    audit.record(
        session,
        actor,
        "membership.started",
        f"person:{person.uid}",
        now=now,
        after={"site_id": site_id, "ends_on": ends_on.isoformat() if ends_on else None},
    )


def place(
    person_uid: str,
    site_id: int,
    *,
    plan: str,
    groups: Sequence[str],
    actor: Actor,
    now: datetime,
) -> None:
    """Put a member on a plan and into groups, as house rules name them; empty for none.

    Raises `Forbidden`, `NotFound` for whoever is no member there, `Invalid` for what is no name,
    `Refused` with `plan.subscribed` for another plan than the one she subscribed to.
    """
    actor.require(Permission.MEMBERSHIP_GRANT, site_id)
    wrong = [
        Problem("field.not-a-short-name", {"field": field, "value": name})
        for field, names in (("plan", [plan] if plan else []), ("groups", groups))
        for name in names
        if not SLUG.fullmatch(name) or len(name) > LONGEST_SLUG
    ]
    if wrong:
        raise Invalid(wrong)
    with unit_of_work() as session:
        person = session.scalar(select(Person).where(Person.uid == person_uid))
        membership = _of(session, person.id, site_id) if person else None
        if membership is None:
            raise NotFound
        if plan != membership.plan and is_subscribed(session, membership.person_id, site_id):
            raise Refused([Problem("plan.subscribed")])
        before = {"plan": membership.plan, "groups": list(membership.groups)}
        membership.plan = plan
        membership.groups = sorted(set(groups))
        audit.record(
            session,
            actor,
            "membership.placed",
            f"person:{person_uid}",
            now=now,
            before=before,
            after={"plan": plan, "groups": membership.groups, "site_id": site_id},
        )


def end_membership(person_uid: str, site_id: int, *, actor: Actor, now: datetime) -> None:
    """End a membership now, and the plan with it; the rows and their dates stay."""
    actor.require(Permission.MEMBERSHIP_GRANT, site_id)
    with unit_of_work() as session:
        person = session.scalar(select(Person).where(Person.uid == person_uid))
        membership = _of(session, person.id, site_id) if person else None
        if membership is None:
            raise NotFound
        membership.state = MembershipState.ENDED
        ledger.lock(session, people=[membership.person_id])
        subscription = terms.running(session, site_id, Owner(membership.person_id))
        if subscription is not None:
            terms.end(session, subscription, actor=actor, now=now)
        audit.record(
            session,
            actor,
            "membership.ended",
            f"person:{person_uid}",
            now=now,
            after={"site_id": site_id},
        )


def _of(session: Session, person_id: int, site_id: int) -> Membership | None:
    return session.scalar(
        select(Membership).where(Membership.person_id == person_id, Membership.site_id == site_id)
    )
