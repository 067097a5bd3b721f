"""Which lines are people whom we know, and what would change about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification
from labops.domain.machines.models import MachineType
from labops.domain.member_lists.reading import key_of
from labops.domain.member_lists.values import (
    CERTIFICATION,
    Duplicates,
    FoundBy,
    Line,
    OnDuplicate,
    PlannedLine,
    Step,
)
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Account, FormerAccount, Person, Profile
from labops.kernel.errors import Problem
from labops.kernel.text import one_line

CHUNK = 500
PERSONAL = ("name", "born_on", "language")
PROFILE = ("phone", "emergency_name", "emergency_phone")
MEMBERSHIP = {
    "member_from": "starts_on",
    "member_until": "ends_on",
    "plan": "plan",
    "groups": "groups",
}
Item = TypeVar("Item")


@dataclass(slots=True, kw_only=True)
class Known:
    """Somebody whom we know. `membership` is hers at the site; without one it is empty.

    `certifications` are the last days of what holds, by machine type: `None` for no end.
    """

    id: int
    uid: str
    name: str
    born_on: date | None
    language: str
    email: str
    has_profile: bool
    phone: str
    emergency_name: str
    emergency_phone: str
    membership_id: int | None
    membership: dict[str, Any]
    certifications: dict[str, date | None] = field(default_factory=dict)


def plan_lines(
    session: Session, site_id: int, lines: Sequence[Line], duplicates: Duplicates
) -> tuple[list[PlannedLine], dict[int, Known], list[Problem]]:
    """Return what is to be done with each line, who is known, and what stands against it."""
    by_email, by_name = _found(session, lines)
    ids = {*by_email.values(), *(one for found in by_name.values() for one in found)}
    known = _known(session, site_id, ids)
    problems: list[Problem] = []
    plans = [_planned(line, by_email, by_name, known, duplicates, problems) for line in lines]
    return plans, known, [*problems, *_doubled(plans)]


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield the items, so many at a time."""
    every = list(items)
    for start in range(0, len(every), size):
        yield every[start : start + size]


def is_longer(until: date | None, held_until: date | None) -> bool:
    """Say whether the first day is later than the second; `None` is no end."""
    return held_until is not None and (until is None or until > held_until)


def _doubled(plans: Sequence[PlannedLine]) -> Iterator[Problem]:
    """Yield a problem for each line whose person stands on an earlier one.

    Two of one name and birth date are two people only where their addresses are known as such.
    """
    seen: dict[Any, int] = {}
    for plan in plans:
        line = plan.line
        key = key_of(line.name, line.fields.get("born_on"))
        same = seen.get(plan.person_id) if plan.person_id is not None else None
        if same is None and plan.found_by is not FoundBy.EMAIL and key is not None:
            same = seen.get(key)
        if same is not None:
            place = {"line": line.number, "field": "name", "other": same}
            yield Problem("members.doubled", place)
        for one in (plan.person_id, key):
            if one is not None:
                seen.setdefault(one, line.number)


def _planned(
    line: Line,
    by_email: Mapping[str, int],
    by_name: Mapping[tuple[str, date], list[int]],
    known: Mapping[int, Known],
    duplicates: Duplicates,
    problems: list[Problem],
) -> PlannedLine:
    found_by, person_id = FoundBy.NOBODY, by_email.get(line.email)
    if person_id is not None:
        found_by = FoundBy.EMAIL
    elif key := key_of(line.name, line.fields.get("born_on")):
        same = by_name.get(key, [])
        if len(same) > 1:
            place = {"line": line.number, "field": "name", "value": line.name}
            problems.append(Problem("members.several-known", place))
        if same:
            found_by, person_id = FoundBy.NAME, same[0]
    if person_id is None:
        problems += _problems_of_new(line)
        return PlannedLine(line=line, step=Step.CREATE, person_name=line.name)
    person = known[person_id]
    until, since = line.fields.get("member_until"), person.membership.get("starts_on")
    if until and since and "member_from" not in line.fields and until < since:
        place = {"line": line.number, "field": "member_until"}
        problems.append(Problem("field.ends-before-start", place))
    changes = tuple(changes_of(line, person))
    step = Step.UPDATE if changes else Step.NOTHING
    if changes and duplicates.of(found_by) is OnDuplicate.SKIP:
        step = Step.SKIP
    return PlannedLine(
        line=line,
        step=step,
        found_by=found_by,
        person_id=person_id,
        person_name=person.name,
        changes=changes,
    )


def _problems_of_new(line: Line) -> list[Problem]:
    """Return what is missing to make a person of a line."""
    if not line.name:
        return [Problem("field.required", {"line": line.number, "field": "name"})]
    if not line.email and not line.fields.get("born_on"):
        return [Problem("members.nothing-to-know-by", {"line": line.number, "field": "email"})]
    return []


def changes_of(line: Line, person: Known) -> Iterator[str]:
    """Yield the fields in which the line says something else than is known.

    Empty cells say nothing. The address of an account is changed by its owner alone, and no
    certification is made shorter.
    """
    for name, value in line.fields.items():
        kept = getattr(person, name) if name in (*PERSONAL, *PROFILE) else value
        differs = (one_line(kept) if isinstance(kept, str) else kept) != value
        if differs or (name == "email" and not person.email):
            yield name
        elif name in MEMBERSHIP and person.membership:
            held = person.membership[MEMBERSHIP[name]]
            if (tuple(held) if name == "groups" else held) != value:
                yield name
    if not person.membership:
        yield "member_from"
    for slug, until in line.certifications.items():
        if slug not in person.certifications or is_longer(until, person.certifications[slug]):
            yield f"{CERTIFICATION}{slug}"


def _found(
    session: Session, lines: Sequence[Line]
) -> tuple[dict[str, int], dict[tuple[str, date], list[int]]]:
    """Return the ids of people with an address, or a name and birth date, of the lines."""
    by_email: dict[str, int] = {}
    for part in chunks({line.email for line in lines if line.email}):
        for table in (FormerAccount, Account):  # an account of today counts more
            rows = session.execute(
                select(table.email, table.person_id).where(table.email.in_(part))
            )
            by_email |= {str(row[0]): row[1] for row in rows}
    by_name: dict[tuple[str, date], list[int]] = {}
    born = {line.fields["born_on"] for line in lines if line.name and "born_on" in line.fields}
    for days in chunks(born):
        query = select(Person.id, Person.name, Person.born_on).where(Person.born_on.in_(days))
        for row in session.execute(query.order_by(Person.id)):
            if key := key_of(row.name, row.born_on):
                by_name.setdefault(key, []).append(row.id)
    return by_email, by_name


def _known(session: Session, site_id: int, ids: Iterable[int]) -> dict[int, Known]:
    """Return what is known of the people, in two statements for every 500."""
    known: dict[int, Known] = {}
    for part in chunks(sorted(ids)):
        rows = session.execute(
            select(Person, Account.email, Profile, Membership)
            .outerjoin(Account, Account.person_id == Person.id)
            .outerjoin(Profile, Profile.person_id == Person.id)
            .outerjoin(
                Membership, (Membership.person_id == Person.id) & (Membership.site_id == site_id)
            )
            .where(Person.id.in_(part))
        )
        for person, email, profile, membership in rows:
            known[person.id] = _as_known(person, email, profile, membership)
        for person_id, slug, until in held_until(session, part):
            known[person_id].certifications[slug] = until
    return known


def held_until(
    session: Session, person_ids: Sequence[int]
) -> Iterator[tuple[int, str, date | None]]:
    """Yield person, machine type and last day of what people hold, the longest last."""
    rows = session.execute(
        select(Certification.person_id, MachineType.slug, Certification.ends_on)
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(Certification.person_id.in_(person_ids), Certification.revoked_at.is_(None))
    )
    yield from sorted(
        ((row[0], row[1], row[2]) for row in rows),
        key=lambda held: (held[0], held[1], held[2] or date.max),
    )


def _as_known(
    person: Person, email: str | None, profile: Profile | None, membership: Membership | None
) -> Known:
    held: dict[str, Any] = {}
    if membership is not None:
        held = {name: getattr(membership, name) for name in (*MEMBERSHIP.values(), "state")}
    return Known(
        id=person.id,
        uid=person.uid,
        name=person.name,
        born_on=person.born_on,
        language=person.language,
        email=email or "",
        has_profile=profile is not None,
        phone=profile.phone if profile else "",
        emergency_name=profile.emergency_name if profile else "",
        emergency_phone=profile.emergency_phone if profile else "",
        membership_id=membership.id if membership else None,
        membership=held,
    )
