"""Reads of member lists: a site's members as rows, and how its files are laid out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.member_lists.matching import chunks, held_until
from labops.domain.member_lists.models import MemberListMapping
from labops.domain.member_lists.values import CERTIFICATION, FIELDS
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Account, Person, Profile
from labops.kernel.permissions import Actor, Permission

NO_END = "yes"
_WRITTEN = tuple(name for name in FIELDS if name != "surname")


def type_names(session: Session) -> dict[str, tuple[str, ...]]:
    """Return the names of each machine type by its slug."""
    rows = session.execute(
        select(MachineType.slug, MachineType.name_it, MachineType.name_en).order_by(
            MachineType.slug
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def remembered_mapping(session: Session, site_id: int) -> dict[str, str]:
    """Return the field of each heading in the site's last file."""
    kept = session.get(MemberListMapping, site_id)
    return {str(heading): str(field) for heading, field in kept.columns.items()} if kept else {}


def exported(
    session: Session, site_id: int, actor: Actor, *, among: Select[Any] | None = None
) -> Iterator[Sequence[str]]:
    """Yield the site's members as rows of text, the heading first: what an import reads back.

    `among` selects ids of people; without it all who are or were members are meant. Raises
    `Forbidden`.
    """
    actor.require(Permission.PERSON_EDIT, site_id)
    query = select(Membership.person_id).where(Membership.site_id == site_id)
    if among is not None:
        query = query.where(Membership.person_id.in_(among))
    ids = list(session.scalars(query.order_by(Membership.person_id)))
    certifications: dict[int, dict[str, date | None]] = {}
    for part in chunks(ids):
        for person_id, slug, until in held_until(session, part):
            certifications.setdefault(person_id, {})[slug] = until
    types = sorted({slug for held in certifications.values() for slug in held})
    yield (*_WRITTEN, *(CERTIFICATION + slug for slug in types))
    for part in chunks(ids):
        rows = session.execute(
            select(Person, Account.email, Profile, Membership)
            .join(Membership, Membership.person_id == Person.id)
            .outerjoin(Account, Account.person_id == Person.id)
            .outerjoin(Profile, Profile.person_id == Person.id)
            .where(Membership.site_id == site_id, Person.id.in_(part))
            .order_by(Person.id)
        )
        for person, email, profile, membership in rows:
            held = certifications.get(person.id, {})
            yield (
                *_cells(person, email, profile, membership),
                *(_until(held[slug]) if slug in held else "" for slug in types),
            )


def _cells(
    person: Person, email: str | None, profile: Profile | None, membership: Membership
) -> tuple[str, ...]:
    values: dict[str, Any] = {
        "name": person.name,
        "email": email,
        "born_on": person.born_on,
        "language": person.language,
        "member_from": membership.starts_on,
        "member_until": membership.ends_on,
        "plan": membership.plan,
        "groups": ";".join(membership.groups),
    }
    for name in ("phone", "emergency_name", "emergency_phone"):
        values[name] = getattr(profile, name) if profile else ""
    return tuple(_text(values[name]) for name in _WRITTEN)


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def _until(until: date | None) -> str:
    return until.isoformat() if until else NO_END
