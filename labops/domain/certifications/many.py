"""Use case: everybody who passed a course is certified at once, or nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications import rights
from labops.domain.certifications.events import CertificationGranted
from labops.domain.certifications.granting import Grant, grant_certification, type_id_of
from labops.domain.certifications.states import EarnedBy
from labops.domain.people.addresses import normalised
from labops.domain.people.models import Account
from labops.kernel import ledger, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Actor

MOST_PEOPLE = 200
_NOBODY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifyMany:
    """Everybody with these addresses, for one machine type and level, from a day on."""

    addresses: tuple[str, ...]
    machine_type: str
    starts_on: date
    ends_on: date | None = None
    level: int = 1
    evidence: str = ""


def certify_many(command: CertifyMany, *, actor: Actor, now: datetime) -> int:
    """Certify them all and return how many; whoever is named twice counts once.

    Raises `Forbidden`, and `Invalid` that names every address nobody has: then nobody is
    certified.
    """
    actor.require_person()
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", "field.ends-before-start")
    if not command.addresses:
        raise Invalid.field("addresses", "field.required")
    if len(command.addresses) > MOST_PEOPLE:
        raise Invalid.field("addresses", "field.out-of-range", lowest=1, highest=MOST_PEOPLE)
    with unit_of_work() as session:
        type_id = type_id_of(session, command.machine_type)
        # Before anybody is looked up: whoever may not certify learns nothing of who is here.
        rights.require_certify(session, actor, type_id, _NOBODY)
        people = _people(session, command.addresses)
        ledger.lock(session, people=people)
        for person_id in people:
            rights.require_certify(session, actor, type_id, person_id)
            grant = Grant(
                person_id=person_id,
                machine_type_id=type_id,
                starts_on=command.starts_on,
                ends_on=command.ends_on,
                level=command.level,
                evidence=command.evidence,
                earned_by=EarnedBy.GRANT,
            )
            made = grant_certification(session, grant, actor=actor, now=now)
            outbox.record_once(session, CertificationGranted(certification_id=made), now=now)
        return len(people)


def _people(session: Session, addresses: Sequence[str]) -> list[int]:
    """Return the people with these addresses; raises `Invalid` naming those that nobody has."""
    wanted: dict[str, None] = {}
    unknown = []
    for address in addresses:
        try:
            wanted[normalised(address)] = None
        except Invalid:
            unknown.append(address)
    rows = session.execute(
        select(Account.email, Account.person_id).where(Account.email.in_(list(wanted)))
    )
    found = {row[0]: row[1] for row in rows}
    unknown += [address for address in wanted if address not in found]
    if unknown:
        said = ", ".join(unknown)[:500]
        raise Invalid(
            [Problem("certification.nobody-has", {"field": "addresses", "addresses": said})]
        )
    return sorted(found.values())
