"""Use cases of filling an empty database with a demonstration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification
from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.values import Level, read_rules
from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Account, Person, RoleGrant
from labops.domain.sites.models import OpeningHours, Site
from labops.domain.spaces.models import Space
from labops.kernel import passwords
from labops.kernel.db import unit_of_work
from labops.kernel.ids import new_uid
from labops.kernel.instance import InstanceFact
from labops.kernel.outbox import OutboxMessage

MARK = "demonstration"


def state(session: Session) -> str:
    """Return `empty`, `loading` (interrupted), `loaded`, or `real` for anybody else's data."""
    mark = session.get(InstanceFact, MARK)
    if mark is not None:
        return mark.value
    for table in (Person, Site):
        if session.scalar(select(table.id).limit(1)) is not None:
            return "real"
    return "empty"


def fill(
    places: Mapping[str, Any], people: Sequence[Mapping[str, Any]], *, password: str, now: datetime
) -> None:
    """Add sites, machine types, rules and people, unless an interrupted run already did."""
    password_hash = passwords.hash_password(password)
    with unit_of_work() as session:
        if session.get(InstanceFact, MARK) is not None:
            return
        session.add(InstanceFact(name=MARK, value="loading"))
        types: dict[str, MachineType] = {}
        for entry in places["types"]:
            types[entry["slug"]] = MachineType(**entry)
            session.add(types[entry["slug"]])
        sites = {entry["slug"]: _add_site(session, entry, now) for entry in places["sites"]}
        session.flush()
        for entry in people:
            _add_person(session, entry, sites, types, password_hash, now)


def finish(*, now: datetime) -> None:
    """Mark the demonstration complete; nobody is mailed about bookings that never were."""
    with unit_of_work() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.delivered_at.is_(None))
            .values(delivered_at=now)
        )
        session.get_one(InstanceFact, MARK).value = "loaded"


def _add_site(session: Session, entry: Mapping[str, Any], now: datetime) -> Site:
    plain = {
        name: entry[name]
        for name in (
            "slug",
            "name",
            "address",
            "city",
            "latitude",
            "longitude",
            "email",
            "phone",
            "description_it",
            "description_en",
        )
    }
    site = Site(**plain, zone="Europe/Rome", subdivision="MI", revision=1)  # with 7 December
    session.add(site)
    session.flush()  # everything inside it needs its id
    for slug, name, capacity in entry["spaces"]:
        session.add(Space(slug=slug, name=name, capacity=capacity, site_id=site.id, revised_at=now))
    for weekday, opens, closes in entry["hours"]:
        session.add(
            OpeningHours(site_id=site.id, weekday=weekday, opens_minute=opens, closes_minute=closes)
        )
    levels = [(Level.SITE, "", entry["rules"])]
    levels += [(Level.CATEGORY, key, data) for key, data in entry.get("categories", {}).items()]
    for level, key, data in levels:
        read_rules(data)
        session.add(
            HouseRulesVersion(
                site_id=site.id, level=level, key=key, version=1, data=data, created_at=now
            )
        )
    return site


def _add_person(
    session: Session,
    entry: Mapping[str, Any],
    sites: Mapping[str, Site],
    types: Mapping[str, MachineType],
    password_hash: str,
    now: datetime,
) -> None:
    since = now - timedelta(days=120)
    person = Person(
        uid=new_uid(), name=entry["name"], language=entry.get("language", "it"), created_at=since
    )
    if "suspended_days" in entry:
        person.suspended_until = now + timedelta(days=entry["suspended_days"])
        person.suspension_reason = "Tre prenotazioni mancate in un mese."
    session.add(person)
    session.flush()  # everything about her needs her id
    session.add(
        Account(
            person_id=person.id,
            email=entry["email"],
            password_hash=password_hash,
            email_confirmed_at=since,
            created_at=since,
            credentials_revision=0,
        )
    )
    for slug in entry.get("member", []):
        session.add(
            Membership(
                person_id=person.id,
                site_id=sites[slug].id,
                state=MembershipState.ACTIVE,
                starts_on=since.date(),
                created_at=now,
            )
        )
    for slug in entry.get("certified", []):
        session.add(
            Certification(
                person_id=person.id,
                machine_type_id=types[slug].id,
                starts_on=since.date(),
                evidence="Corso di abilitazione",
                granted_at=now,
            )
        )
    for role, place in entry.get("roles", []):
        session.add(
            RoleGrant(
                person_id=person.id,
                role=role,
                granted_at=now,
                site_id=sites[place].id if place else None,
            )
        )
