"""Use cases and reads of what certifications for a machine type get: ends, levels, trainers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import (
    Certification,
    CertificationLevel,
    CertificationRule,
    Trainer,
)
from labops.domain.certifications.states import Renewal
from labops.domain.machines.models import Machine, MachineType
from labops.domain.people.addresses import normalised
from labops.domain.people.models import Account, Person
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn, Problem
from labops.kernel.permissions import Actor, Permission

MOST_LEVELS = 9
MOST_MONTHS = 120
MOST_DAYS = 3650
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeSettings:
    """A machine type with its rule; `levels` holds each one's Italian and English name."""

    id: int
    slug: str
    name_it: str
    name_en: str
    valid_months: int | None = None
    unused_days: int | None = None
    renewal: tuple[Renewal, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()
    machine_count: int = 0
    person_count: int = 0

    def name(self, language: str) -> str:
        """Return the machine type's name."""
        return self.name_it if language == "it" else self.name_en

    def level_name(self, level: int, language: str) -> str:
        """Return a level's name; empty where it has none."""
        if not 1 <= level <= len(self.levels):
            return ""
        return self.levels[level - 1][0 if language == "it" else 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeType:
    """What a machine type is called, and what its certifications get from now on."""

    slug: str
    name_it: str
    name_en: str
    valid_months: int | None = None
    unused_days: int | None = None
    renewal: tuple[Renewal, ...] = ()
    levels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TrainerView:
    """A person who may certify for a machine type."""

    person_uid: str
    name: str


def all_types(session: Session) -> list[TypeSettings]:
    """Return every machine type with its rule."""
    return _types(session, None)


def type_by_slug(session: Session, slug: str) -> TypeSettings:
    """Return one machine type with its rule; raises `NotFound`."""
    found = _types(session, slug)
    if not found:
        raise NotFound
    return found[0]


def trainers(session: Session, machine_type_id: int) -> list[TrainerView]:
    """Return who was named to certify for the machine type, by name."""
    rows = session.execute(
        select(Person.uid, Person.name)
        .join(Trainer, Trainer.person_id == Person.id)
        .where(Trainer.machine_type_id == machine_type_id)
        .order_by(Person.name, Person.id)
    )
    return [TrainerView(uid, name) for uid, name in rows]


def describe_type(command: DescribeType, *, actor: Actor, now: datetime) -> None:
    """Change a machine type's names and rule; certifications granted before keep their ends.

    Raises `Forbidden` unless the actor edits rules at some site, `NotFound`, and `Invalid` naming
    every field that is wrong. A level that somebody has cannot be taken away.
    """
    _require(actor)
    _refuse(command)
    with unit_of_work() as session:
        machine_type = _type(session, command.slug)
        before = type_by_slug(session, command.slug)
        _refuse_lost_levels(session, machine_type.id, command)
        machine_type.name_it, machine_type.name_en = command.name_it, command.name_en
        rule = session.get(CertificationRule, machine_type.id)
        if rule is None:
            rule = CertificationRule(machine_type_id=machine_type.id)
            session.add(rule)
        rule.valid_months, rule.unused_days = command.valid_months, command.unused_days
        rule.renewal = [way.value for way in command.renewal]
        rule.changed_at = now
        session.execute(
            delete(CertificationLevel).where(CertificationLevel.machine_type_id == machine_type.id)
        )
        session.add_all(
            CertificationLevel(
                machine_type_id=machine_type.id, level=level, name_it=name_it, name_en=name_en
            )
            for level, (name_it, name_en) in enumerate(command.levels, 1)
        )
        session.flush()
        audit.record(
            session,
            actor,
            "machine_type.changed",
            f"machine_type:{command.slug}",
            now=now,
            before=_said(before),
            after=_said(command),
        )


def name_trainer(slug: str, email: str, *, actor: Actor, now: datetime) -> None:
    """Let a person certify for a machine type; naming her twice is once.

    Raises `Forbidden`, `NotFound` for the type, `Invalid` for an address that nobody has.
    """
    _require(actor)
    address = normalised(email)
    with unit_of_work() as session:
        machine_type = _type(session, slug)
        person = session.execute(
            select(Person.id, Person.uid)
            .join(Account, Account.person_id == Person.id)
            .where(Account.email == address)
        ).one_or_none()
        if person is None:
            raise Invalid.field("email", "field.nobody")
        if session.get(Trainer, (machine_type.id, person.id)) is not None:
            return
        session.add(
            Trainer(
                machine_type_id=machine_type.id,
                person_id=person.id,
                named_by_id=actor.person_id,
                named_at=now,
            )
        )
        _note_trainer(session, actor, "trainer.named", slug, person.uid, now)


def dismiss_trainer(slug: str, person_uid: str, *, actor: Actor, now: datetime) -> None:
    """Let a person no longer certify for a machine type; what she granted stays."""
    _require(actor)
    with unit_of_work() as session:
        machine_type = _type(session, slug)
        person_id = session.scalar(select(Person.id).where(Person.uid == person_uid))
        trainer = session.get(Trainer, (machine_type.id, person_id)) if person_id else None
        if trainer is not None:
            session.delete(trainer)
            _note_trainer(session, actor, "trainer.dismissed", slug, person_uid, now)


def _note_trainer(
    session: Session, actor: Actor, action: str, slug: str, person_uid: str, now: datetime
) -> None:
    after = {"person": person_uid}
    audit.record(session, actor, action, f"machine_type:{slug}", now=now, after=after)


def _require(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.RULES_EDIT):
        raise Forbidden if actor.signed_in else NotSignedIn


def _type(session: Session, slug: str) -> MachineType:
    found = session.scalar(select(MachineType).where(MachineType.slug == slug))
    if found is None:
        raise NotFound
    return found


def _types(session: Session, slug: str | None) -> list[TypeSettings]:
    query = (
        select(MachineType, CertificationRule)
        .outerjoin(CertificationRule, CertificationRule.machine_type_id == MachineType.id)
        .order_by(MachineType.slug)
    )
    if slug is not None:
        query = query.where(MachineType.slug == slug)
    found: Sequence[Any] = session.execute(query).all()
    ids = [machine_type.id for machine_type, _rule in found]
    levels: dict[int, list[tuple[str, str]]] = {}
    rows = select(CertificationLevel).where(CertificationLevel.machine_type_id.in_(ids))
    for one in session.scalars(rows.order_by(CertificationLevel.level)):
        levels.setdefault(one.machine_type_id, []).append((one.name_it, one.name_en))
    machines = _counts(session, ids, Machine.machine_type_id, Machine.id)
    people = _counts(session, ids, Certification.machine_type_id, Certification.person_id)
    return [
        TypeSettings(
            id=kind.id,
            slug=kind.slug,
            name_it=kind.name_it,
            name_en=kind.name_en,
            valid_months=rule.valid_months if rule else None,
            unused_days=rule.unused_days if rule else None,
            renewal=tuple(Renewal(way) for way in rule.renewal) if rule else (),
            levels=tuple(levels.get(kind.id, ())),
            machine_count=machines.get(kind.id, 0),
            person_count=people.get(kind.id, 0),
        )
        for kind, rule in found
    ]


def _counts(session: Session, ids: Sequence[int], key: Any, what: Any) -> dict[int, int]:
    query = select(key, func.count(what.distinct())).where(key.in_(ids)).group_by(key)
    return {row[0]: row[1] for row in session.execute(query)}


def _refuse(command: DescribeType) -> None:
    wrong = [
        Problem("field.required", {"field": name})
        for name in ("name_it", "name_en")
        if not getattr(command, name).strip()
    ]
    for name, most in (("valid_months", MOST_MONTHS), ("unused_days", MOST_DAYS)):
        value = getattr(command, name)
        if value is not None and not 1 <= value <= most:
            wrong.append(
                Problem("field.out-of-range", {"field": name, "lowest": 1, "highest": most})
            )
    if len(command.levels) > MOST_LEVELS or any(
        not name.strip() or len(name) > LONGEST_NAME for names in command.levels for name in names
    ):
        wrong.append(Problem("certification.level-names", {"field": "levels"}))
    if wrong:
        raise Invalid(wrong)


def _refuse_lost_levels(session: Session, type_id: int, command: DescribeType) -> None:
    kept = max(len(command.levels), 1)
    query = select(Certification.id).where(
        Certification.machine_type_id == type_id, Certification.level > kept
    )
    if session.scalar(query.limit(1)) is not None:
        raise Invalid.field("levels", "certification.level-taken")


def _said(one: TypeSettings | DescribeType) -> dict[str, object]:
    return {
        "name_it": one.name_it,
        "name_en": one.name_en,
        "valid_months": one.valid_months,
        "unused_days": one.unused_days,
        "renewal": [way.value for way in one.renewal],
        "levels": [list(names) for names in one.levels],
    }
