"""The card with which anybody can check a person's skills, as far as she shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications import skills
from labops.domain.certifications.models import SkillCard
from labops.domain.certifications.policies import name_shown
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.skills import Skill
from labops.domain.certifications.states import ShownName
from labops.domain.people.models import Person
from labops.kernel import audit, ids, ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """A person's open card as she sees it."""

    code: str
    shown_name: ShownName
    types: tuple[str, ...]
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What anybody sees who has the card's code, as it stands on `day`."""

    name: str
    skills: tuple[Skill, ...]
    day: date
    code: str


def card_of(session: Session, person_id: int) -> CardView | None:
    """Return the person's open card; `None` when there is none."""
    card = _open(session, person_id)
    if card is None:
        return None
    return CardView(
        code=card.code,
        shown_name=ShownName(card.shown_name),
        types=tuple(card.types),
        issued_at=card.issued_at,
    )


def shown_by(session: Session, code: str, *, now: datetime) -> Shown:
    """Return what the card shows today: of its owner's skills those she chose and still has.

    Raises `NotFound` for a code that was never issued, and for one that was revoked.
    """
    row = session.execute(
        select(SkillCard, Person.name)
        .join(Person, Person.id == SkillCard.person_id)
        .where(SkillCard.code == code, SkillCard.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    card, name = row
    today = local_today(session, now=now)
    chosen = [
        skill
        for skill in skills.of_person(session, card.person_id, today=today)
        if skill.slug in card.types
    ]
    return Shown(
        name=name_shown(name, ShownName(card.shown_name)),
        skills=tuple(chosen),
        day=today,
        code=card.code,
    )


def issue_card(*, actor: Actor, now: datetime) -> None:
    """Give the actor a card with a new code; the old one, if any, proves nothing any more.

    It shows what the old one did, else initials and all she is certified for.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        ledger.lock(session, people=[person_id])
        old = _open(session, person_id)
        shown = ShownName(old.shown_name) if old is not None else ShownName.INITIALS
        types = list(old.types) if old is not None else _slugs(session, person_id, now)
        if old is not None:
            old.revoked_at = now
            session.flush()  # before the new one: only one may be open
        session.add(
            SkillCard(
                person_id=person_id,
                code=ids.new_code(),
                shown_name=shown,
                types=types,
                issued_at=now,
            )
        )
        _note(session, actor, "card.issued", now, {"again": old is not None})


def choose_shown(
    shown_name: ShownName, types: Sequence[str], *, actor: Actor, now: datetime
) -> None:
    """Choose what the card shows; of the types only those count that the actor has.

    Raises `NotFound` without a card.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        ledger.lock(session, people=[person_id])
        card = _open(session, person_id)
        if card is None:
            raise NotFound
        card.shown_name = shown_name
        card.types = [slug for slug in _slugs(session, person_id, now) if slug in set(types)]
        chosen: dict[str, object] = {"shown_name": shown_name.value, "types": card.types}
        _note(session, actor, "card.changed", now, chosen)


def revoke_card(*, actor: Actor, now: datetime) -> None:
    """Let the actor's card prove nothing any more; without one nothing happens."""
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        ledger.lock(session, people=[person_id])
        card = _open(session, person_id)
        if card is not None:
            card.revoked_at = now
            _note(session, actor, "card.revoked", now, {})


def _open(session: Session, person_id: int) -> SkillCard | None:
    return session.scalar(
        select(SkillCard)
        .where(SkillCard.person_id == person_id, SkillCard.revoked_at.is_(None))
        .execution_options(populate_existing=True)
    )


def _slugs(session: Session, person_id: int, now: datetime) -> list[str]:
    today = local_today(session, now=now)
    return [skill.slug for skill in skills.of_person(session, person_id, today=today)]


def _note(
    session: Session, actor: Actor, action: str, now: datetime, after: dict[str, object]
) -> None:
    """Write it down without the code, which would let readers of the journal check the card."""
    uid = session.scalar(select(Person.uid).where(Person.id == actor.person_id))
    audit.record(session, actor, action, f"person:{uid}", now=now, after=after)
