"""Use cases by which staff let one person book less, or more, than others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.house_rules.queries import site_rules
from labops.domain.machines.models import Machine, MachineType
from labops.domain.people.models import Person
from labops.domain.restrictions.models import Restriction, TopUp
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.permissions import Actor, Permission

LONGEST_REASON = 300
MOST_MINUTES = 60 * 24 * 366
MOST_COUNT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrict:
    """Limit a person to machines and machine types (slugs), or shut her out without any.

    It holds for bookings before the local date `until_on`, or for good.
    """

    person_uid: str
    site_id: int
    reason: str
    machines: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    until_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTopUp:
    """Add minutes, or a count, to the quota of that name, for bookings between two days."""

    person_uid: str
    site_id: int
    quota: str
    reason: str
    starts_on: date
    ends_on: date | None = None
    minutes: int = 0
    count: int = 0


def restrict(command: Restrict, *, actor: Actor, now: datetime) -> None:
    """Restrict a person; raises `Forbidden`, `NotFound`, and `Invalid` naming what is wrong."""
    actor.require(Permission.ACCOUNT_SUSPEND, command.site_id)
    _require(reason=command.reason)
    with unit_of_work() as session:
        person = _person(session, command.person_uid)
        _refuse_unknown(session, command)
        row = Restriction(
            person_id=person.id,
            site_id=command.site_id,
            machines=list(command.machines),
            categories=list(command.categories),
            until_on=command.until_on,
            reason=command.reason.strip()[:LONGEST_REASON],
            created_at=now,
        )
        session.add(row)
        audit.record(
            session,
            actor,
            "restriction.added",
            f"person:{person.uid}",
            now=now,
            after={
                "machines": row.machines,
                "categories": row.categories,
                "until_on": row.until_on.isoformat() if row.until_on else None,
            },
            reason=row.reason,
        )


def lift(restriction_id: int, *, actor: Actor, now: datetime) -> None:
    """Lift a restriction now; the row stays. Raises `NotFound` unless the actor may."""
    with unit_of_work() as session:
        row = session.get(Restriction, restriction_id)
        if row is None or not actor.may(Permission.ACCOUNT_SUSPEND, row.site_id):
            raise NotFound
        if row.lifted_at is not None:
            return
        row.lifted_at = now
        person = session.get_one(Person, row.person_id)
        audit.record(session, actor, "restriction.lifted", f"person:{person.uid}", now=now)


def add_top_up(command: AddTopUp, *, actor: Actor, now: datetime) -> None:
    """Add to a person's quota; raises `Forbidden`, `NotFound`, and `Invalid`."""
    actor.require(Permission.MEMBERSHIP_GRANT, command.site_id)
    _require(quota=command.quota, reason=command.reason)
    if (command.minutes > 0) == (command.count > 0):
        raise Invalid.field("minutes", "field.required")
    for name, value, most in (
        ("minutes", command.minutes, MOST_MINUTES),
        ("count", command.count, MOST_COUNT),
    ):
        if not 0 <= value <= most:
            raise Invalid.field(name, "field.out-of-range", lowest=0, highest=most)
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", "field.ends-before-start")
    with unit_of_work() as session:
        person = _person(session, command.person_uid)
        if command.quota not in quota_names(session, command.site_id):
            raise Invalid.field("quota", "field.not-offered", value=command.quota)
        session.add(
            TopUp(
                person_id=person.id,
                site_id=command.site_id,
                quota=command.quota,
                minutes=command.minutes,
                count=command.count,
                starts_on=command.starts_on,
                ends_on=command.ends_on,
                reason=command.reason.strip()[:LONGEST_REASON],
                created_at=now,
            )
        )
        audit.record(
            session,
            actor,
            "top-up.added",
            f"person:{person.uid}",
            now=now,
            after={
                "quota": command.quota,
                "minutes": command.minutes,
                "count": command.count,
            },
            reason=command.reason,
        )


def quota_names(session: Session, site_id: int) -> list[str]:
    """Return the names of the site's quotas, on every level: those that can be topped up."""
    names = {
        str(quota.get("name", ""))
        for data in site_rules(session, site_id).levels.values()
        for key in ("quotas", "add_quotas")
        for quota in data.get(key, ())
    }
    return sorted(names - {""})


def _refuse_unknown(session: Session, command: Restrict) -> None:
    known = set(session.scalars(select(Machine.slug).where(Machine.site_id == command.site_id)))
    types = set(session.scalars(select(MachineType.slug)))
    problems = [
        Problem("field.not-offered", {"field": field, "value": slug})
        for field, slugs, among in (
            ("machines", command.machines, known),
            ("categories", command.categories, types),
        )
        for slug in slugs
        if slug not in among
    ]
    if problems:
        raise Invalid(problems)


def _require(**texts: str) -> None:
    missing = [
        Problem("field.required", {"field": name})
        for name, text in texts.items()
        if not text.strip()
    ]
    if missing:
        raise Invalid(missing)


def _person(session: Session, uid: str) -> Person:
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None:
        raise NotFound
    return person
