"""Reads of what staff decided for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.restrictions.models import Restriction, TopUp
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionView:
    """A person limited to some machines or machine types, or shut out without any."""

    id: int
    site_id: int
    machines: tuple[str, ...]
    categories: tuple[str, ...]
    until_on: date | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpView:
    """What a person has besides a quota: minutes, or a count."""

    id: int
    site_id: int
    quota: str
    minutes: int
    count: int
    starts_on: date
    ends_on: date | None
    reason: str

    @property
    def length(self) -> timedelta:
        """Return the time that is added."""
        return timedelta(minutes=self.minutes)


def restrictions_of(session: Session, person_id: int, actor: Actor) -> list[RestrictionView]:
    """Return the restrictions that stand, at the sites where the actor may suspend."""
    found = session.scalars(
        select(Restriction)
        .where(Restriction.person_id == person_id, Restriction.lifted_at.is_(None))
        .order_by(Restriction.id)
    )
    return [
        RestrictionView(
            id=one.id,
            site_id=one.site_id,
            machines=tuple(one.machines),
            categories=tuple(one.categories),
            until_on=one.until_on,
            reason=one.reason,
        )
        for one in found
        if actor.may(Permission.ACCOUNT_SUSPEND, one.site_id)
    ]


def top_ups_of(session: Session, person_id: int, actor: Actor) -> Sequence[TopUpView]:
    """Return the top-ups at the sites where the actor looks after memberships, latest first."""
    found = session.scalars(
        select(TopUp).where(TopUp.person_id == person_id).order_by(TopUp.id.desc())
    )
    return [
        TopUpView(
            id=one.id,
            site_id=one.site_id,
            quota=one.quota,
            minutes=one.minutes,
            count=one.count,
            starts_on=one.starts_on,
            ends_on=one.ends_on,
            reason=one.reason,
        )
        for one in found
        if actor.may(Permission.MEMBERSHIP_GRANT, one.site_id)
    ]
