"""Which people are meant: filters that the list, its files and circulars share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.bookings.queries import LONGEST_BOOKING
from labops.domain.bookings.states import QUOTA_STATES
from labops.domain.certifications.models import Certification
from labops.domain.erasure.models import ErasedPerson
from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Account, Person
from labops.domain.privacy.purposes import NOBODY_UID
from labops.domain.sites.models import Site
from labops.kernel import local_time
from labops.kernel.errors import NotFound
from labops.kernel.local_time import at_minute
from labops.kernel.permissions import Actor, Permission


class Standing(StrEnum):
    """How a person stands with the site asked about, or with any."""

    ANY = ""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    LAPSED = "lapsed"  # active on paper, but its last day has passed
    APPLICANT = "applicant"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which people are meant; an empty filter asks for nothing.

    `booked_from` and `booked_until` are local days, both included. `group` and `plan` are short
    names of the site's own.
    """

    words: str = ""
    site: str = ""
    standing: Standing = Standing.ANY
    plan: str = ""
    group: str = ""
    certified: str = ""
    booked_from: date | None = None
    booked_until: date | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Choice:
        """Return the filters that `kept` wrote down."""
        values: dict[str, Any] = {
            name: str(kept.get(name, ""))
            for name in ("words", "site", "plan", "group", "certified")
        }
        for name in ("booked_from", "booked_until"):
            values[name] = date.fromisoformat(kept[name]) if kept.get(name) else None
        return cls(**values, standing=Standing(kept.get("standing", "")))

    def kept(self) -> dict[str, Any]:
        """Return the filters as JSON."""
        values = {name: value for name, value in asdict(self).items() if value}
        return {
            name: value.isoformat() if isinstance(value, date) else str(value)
            for name, value in values.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A line of the people page."""

    id: int
    uid: str
    name: str
    email: str
    language: str
    suspended_until: datetime | None


def chosen(session: Session, choice: Choice, *, now: datetime) -> Select[Any]:
    """Return a select of the ids of the people chosen.

    Days are those of the site asked about, or of the first site.
    """
    zone = _zone(session, choice.site)
    today = now.astimezone(zone).date()
    query = select(Person.id).where(
        Person.uid.not_in(select(ErasedPerson.uid)), Person.uid != NOBODY_UID
    )
    for word in choice.words.split():
        pattern = f"%{word.replace('%', '').replace('_', '')}%"
        query = query.where(or_(Person.name.ilike(pattern), _has_address(pattern)))
    if any((choice.site, choice.standing, choice.plan, choice.group)):
        query = query.where(_standing(choice, today))
    if choice.certified:
        query = query.where(_certified(choice.certified, today))
    if choice.booked_from or choice.booked_until:
        query = query.where(_booked(choice, zone))
    return query


def listed(
    session: Session,
    actor: Actor,
    choice: Choice,
    *,
    now: datetime,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[PersonRow], int]:
    """Return a page of the people chosen, by name, and how many there are in all.

    Raises `NotFound` for whoever is staff nowhere.
    """
    actor.require_person()
    if not actor.may_somewhere(Permission.PERSON_SEE):
        raise NotFound
    ids = chosen(session, choice, now=now)
    count = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    rows = session.execute(
        select(
            Person.id,
            Person.uid,
            Person.name,
            func.coalesce(Account.email, "").label("email"),
            Person.language,
            Person.suspended_until,
        )
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Person.id.in_(ids))
        .order_by(Person.name, Person.id)
        .offset(offset)
        .limit(limit)
    )
    return [PersonRow(**row._mapping) for row in rows], count


def plans_and_groups(session: Session, site_slug: str) -> tuple[list[str], list[str]]:
    """Return the plans and groups that members have, at a site or (without one) anywhere."""
    query = select(Membership.plan, Membership.groups)
    if site_slug:
        query = query.join(Site, Site.id == Membership.site_id).where(Site.slug == site_slug)
    plans: set[str] = set()
    groups: set[str] = set()
    for plan, names in session.execute(query):
        plans.add(plan)
        groups.update(names)
    return sorted(plans - {""}), sorted(groups)


def _zone(session: Session, site_slug: str) -> ZoneInfo:
    query = select(Site.zone).order_by(Site.id).limit(1)
    if site_slug:
        query = query.where(Site.slug == site_slug)
    found = session.scalars(query).one_or_none()
    return local_time.zone(found or "UTC")


def _has_address(pattern: str) -> ColumnElement[bool]:
    return (
        select(Account.id)
        .where(Account.person_id == Person.id, Account.email.ilike(pattern))
        .exists()
    )


def _standing(choice: Choice, today: date) -> ColumnElement[bool]:
    """Return whether the person has, or has not, a membership of the kind that is asked for."""
    query = select(Membership.id).where(Membership.person_id == Person.id)
    if choice.site:
        query = query.where(Membership.site_id.in_(select(Site.id).where(Site.slug == choice.site)))
    if choice.plan:
        query = query.where(Membership.plan == choice.plan)
    if choice.group:
        # Names of groups hold no quotation marks, so the list's own text can be searched.
        group = choice.group.replace("%", "").replace("_", "").replace('"', "")
        query = query.where(cast(Membership.groups, String).like(f'%"{group}"%'))
    if choice.standing is Standing.NONE:
        return ~query.exists()
    lapsed = Membership.ends_on < today
    kinds = {
        Standing.ACTIVE: and_(
            Membership.state == MembershipState.ACTIVE, or_(Membership.ends_on.is_(None), ~lapsed)
        ),
        Standing.LAPSED: and_(Membership.state == MembershipState.ACTIVE, lapsed),
        Standing.SUSPENDED: Membership.state == MembershipState.SUSPENDED,
        Standing.ENDED: Membership.state == MembershipState.ENDED,
        Standing.APPLICANT: Membership.state == MembershipState.APPLICANT,
    }
    if choice.standing in kinds:
        query = query.where(kinds[choice.standing])
    return query.exists()


def _certified(machine_type: str, today: date) -> ColumnElement[bool]:
    return (
        select(Certification.id)
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(
            Certification.person_id == Person.id,
            MachineType.slug == machine_type,
            Certification.revoked_at.is_(None),
            Certification.starts_on <= today,
            or_(Certification.ends_on.is_(None), Certification.ends_on >= today),
        )
        .exists()
    )


def _booked(choice: Choice, zone: ZoneInfo) -> ColumnElement[bool]:
    query = select(Booking.id).where(
        Booking.person_id == Person.id, Booking.state.in_(sorted(QUOTA_STATES))
    )
    if choice.site:
        query = query.where(Booking.site_id.in_(select(Site.id).where(Site.slug == choice.site)))
    if choice.booked_from:
        query = query.where(Booking.ends_at > at_minute(choice.booked_from, 0, zone))
    if choice.booked_until:
        until = at_minute(choice.booked_until, 24 * 60, zone)
        query = query.where(Booking.starts_at < until, Booking.ends_at <= until + LONGEST_BOOKING)
    return query.exists()
