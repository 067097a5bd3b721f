"""A person's particulars: read by herself and by staff, changed by either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.people.models import Person, Profile
from labops.domain.people.policies import EARLIEST_BIRTH, birth_date, phone_number, tax_code
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

LANGUAGES = ("it", "en")
LONGEST_NEEDS = 2_000
# Field by field: the longest text it holds.
LENGTHS = {
    "name": 120,
    "emergency_name": 120,
    "street": 160,
    "postcode": 12,
    "town": 80,
}
_READERS: dict[str, Callable[[str], str]] = {
    "phone": phone_number,
    "emergency_phone": phone_number,
    "tax_code": tax_code,
}
_PERSONAL = ("name", "born_on", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileView:
    """What is known of a person; `has_needs` says only that she wrote some down."""

    name: str
    born_on: date | None
    language: str
    phone: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    tax_code: str = ""
    has_needs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveProfile:
    """A person's particulars as typed; `accessibility` of `None` leaves what stands there."""

    name: str
    born_on: date | None = None
    language: str = "it"
    phone: str = ""
    emergency_name: str = ""
    emergency_phone: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    tax_code: str = ""
    accessibility: str | None = None


_PLAIN = tuple(
    name
    for name in SaveProfile.__dataclass_fields__
    if name not in _PERSONAL and name != "accessibility"
)


def profile_of(session: Session, person_id: int) -> ProfileView:
    """Return what is known of a person, all of it empty before she said anything."""
    person = session.get_one(Person, person_id)
    kept = session.get(Profile, person_id)
    values: dict[str, Any] = {name: getattr(person, name) for name in _PERSONAL}
    if kept is not None:
        values |= {name: getattr(kept, name) for name in _PLAIN}
        values["has_needs"] = bool(kept.accessibility)
    return ProfileView(**values)


def own_needs(actor: Actor) -> str:
    """Return what the actor wrote down about what she herself needs."""
    kept = reading().get(Profile, actor.require_person())
    return kept.accessibility if kept else ""


def see_needs(person_uid: str, *, actor: Actor, now: datetime) -> str:
    """Return what a person needs to work here, and write down who looked.

    Raises `NotFound` for whoever may not edit people at any site.
    """
    if not actor.may_somewhere(Permission.PERSON_EDIT):
        raise NotFound
    with unit_of_work() as session:
        person = _person(session, person_uid)
        kept = session.get(Profile, person.id)
        audit.record(session, actor, "person.needs-seen", f"person:{person_uid}", now=now)
        return kept.accessibility if kept else ""


def save_profile(person_uid: str, command: SaveProfile, *, actor: Actor, now: datetime) -> None:
    """Keep a person's particulars: her own, or anybody's for staff of some site.

    She herself says once when she was born; later staff correct it, since house rules ask for the
    age. Raises `NotFound` for others, `Invalid` with a problem for each field that is wrong.
    """
    actor.require_write()
    with unit_of_work() as session:
        person = _person(session, person_uid)
        for_staff = actor.may_somewhere(Permission.PERSON_EDIT)
        if not (actor.owns(person.id) or for_staff):
            raise NotFound
        values, problems = _checked(command, now.date())
        if not for_staff and person.born_on not in (None, command.born_on):
            problems.append(Problem("profile.birth-date-known", {"field": "born_on"}))
        if problems:
            raise Invalid(problems)
        changed = sorted(_write(session, person, values, now))
        if changed:
            # That it was changed is written down; what it says is nobody's business in a log.
            after = {"fields": changed}
            subject = f"person:{person_uid}"
            audit.record(session, actor, "profile.saved", subject, now=now, after=after)


def _person(session: Session, uid: str) -> Person:
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None:
        raise NotFound
    return person


def _checked(command: SaveProfile, today: date) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {"born_on": command.born_on, "language": command.language}
    problems = []
    for name in ("name", *_PLAIN):
        text = one_line(getattr(command, name))
        try:
            values[name] = _READERS[name](text) if name in _READERS else text
        except ValueError as error:
            problems.append(Problem(str(error), {"field": name, "value": text}))
        if len(text) > LENGTHS.get(name, len(text)):
            problems.append(Problem("field.too-long", {"field": name, "longest": LENGTHS[name]}))
    if not values["name"]:
        problems.append(Problem("field.required", {"field": "name"}))
    if command.language not in LANGUAGES:
        problems.append(Problem("field.not-offered", {"field": "language"}))
    try:
        birth_date(command.born_on, today)
    except ValueError as error:
        limits = {"field": "born_on", "lowest": EARLIEST_BIRTH, "highest": today}
        problems.append(Problem(str(error), limits))
    if command.accessibility is not None:
        values["accessibility"] = without_controls(command.accessibility).strip()
        if len(values["accessibility"]) > LONGEST_NEEDS:
            too_long = {"field": "accessibility", "longest": LONGEST_NEEDS}
            problems.append(Problem("field.too-long", too_long))
    return values, problems


def _write(
    session: Session, person: Person, values: dict[str, Any], now: datetime
) -> Iterator[str]:
    """Write what differs and yield the names of those fields."""
    kept = session.get(Profile, person.id)
    if kept is None:
        blank = dict.fromkeys((*_PLAIN, "accessibility"), "")
        kept = Profile(person_id=person.id, revised_at=now, **blank)
        session.add(kept)
    for name, value in values.items():
        row = person if name in _PERSONAL else kept
        if getattr(row, name) != value:
            setattr(row, name, value)
            kept.revised_at = now
            yield name
