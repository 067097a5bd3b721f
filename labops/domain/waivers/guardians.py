"""Use cases of guardians: invited by the minor, they prove the address, sign, and may withdraw."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.people.ages import is_minor
from labops.domain.people.models import Account, Person
from labops.domain.waivers.events import GuardianInvited, GuardianWithdrew
from labops.domain.waivers.models import Guardian, Signature
from labops.domain.waivers.policies import same_name
from labops.domain.waivers.services import Signing, add_signature
from labops.kernel import audit, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import NOBODY, Actor


def invite(name: str, email: str, *, today: date, actor: Actor, now: datetime) -> str:
    """Name the adult who answers for the actor and return her uid; asking again mails again.

    Raises `Refused` for whoever is of age, `Invalid` without a name or for the minor's own
    address. Whoever was named before with another address is so no longer, unless she signed.
    """
    person_id = actor.require_person()
    actor.require_write()
    name, email = " ".join(name.split())[:120], email.strip().lower()[:254]
    if not name:
        raise Invalid.field("name", "field.required")
    with unit_of_work() as session:
        child = session.get_one(Person, person_id, with_for_update=True)
        if not is_minor(child.born_on, today):
            raise Refused([Problem("guardian.not-a-minor")])
        own = session.scalar(select(Account.email).where(Account.person_id == person_id))
        if email == own:
            raise Invalid.field("email", "field.your-own-address")
        guardian = session.scalar(
            select(Guardian).where(
                Guardian.child_id == person_id,
                Guardian.email == email,
                Guardian.ended_at.is_(None),
            )
        )
        if guardian is None:
            session.execute(
                update(Guardian)
                .where(
                    Guardian.child_id == person_id,
                    Guardian.proven_at.is_(None),
                    Guardian.ended_at.is_(None),
                )
                .values(ended_at=now)
            )
            guardian = Guardian(
                uid=new_uid(), child_id=person_id, name=name, email=email, invited_at=now
            )
            session.add(guardian)
        guardian.name, guardian.invited_at = name, now
        fact = GuardianInvited(guardian_uid=guardian.uid, at=now.isoformat())
        outbox.record(session, fact, now=now)
        _note(session, actor, "guardian.invited", child, guardian, now)
        return guardian.uid


def sign_for_child(guardian_uid: str, signing: Signing, *, now: datetime) -> str:
    """Sign for the child by the link of the mail, which proves the guardian's address.

    Raises `NotFound` when she is no guardian any more, `Invalid` for another name than the one
    she was invited by, for the child's own, or without saying how she is related.
    """
    with unit_of_work() as session:
        guardian, child = _open(session, guardian_uid)
        if same_name(signing.name, child.name):
            raise Invalid.field("name", "field.not-your-name", person=guardian.name)
        if not same_name(signing.name, guardian.name):
            raise Invalid.field("name", "field.not-your-name", person=guardian.name)
        if not signing.relation.strip():
            raise Invalid.field("relation", "field.required")
        guardian.proven_at = guardian.proven_at or now
        return add_signature(session, child, signing, guardian=guardian, actor=NOBODY, now=now)


def consent(guardian_uid: str, *, now: datetime) -> None:
    """Agree that the child uses the place, where there is nothing to sign."""
    with unit_of_work() as session:
        guardian, child = _open(session, guardian_uid)
        if guardian.proven_at is None:
            guardian.proven_at = now
            _note(session, NOBODY, "guardian.consented", child, guardian, now)


def choose_copies(guardian_uid: str, *, wanted: bool, now: datetime) -> None:
    """Let the guardian get copies of the child's letters from now on, or no more.

    Raises `NotFound`, and `Refused` before she has proved her address by signing or agreeing.
    """
    with unit_of_work() as session:
        guardian, child = _open(session, guardian_uid)
        if wanted and guardian.proven_at is None:
            raise Refused([Problem("guardian.not-proven")])
        if guardian.copies != wanted:
            guardian.copies = wanted
            act = "guardian.copied" if wanted else "guardian.not-copied"
            _note(session, NOBODY, act, child, guardian, now)


def withdraw(guardian_uid: str, *, now: datetime) -> None:
    """Take everything back: from now on the child's bookings are refused."""
    with unit_of_work() as session:
        guardian, child = _open(session, guardian_uid)
        guardian.ended_at = now
        session.execute(
            update(Signature)
            .where(Signature.guardian_id == guardian.id, Signature.withdrawn_at.is_(None))
            .values(withdrawn_at=now)
        )
        fact = GuardianWithdrew(guardian_uid=guardian.uid, at=now.isoformat())
        outbox.record(session, fact, now=now)
        _note(session, NOBODY, "guardian.withdrew", child, guardian, now)


def _open(session: Session, uid: str) -> tuple[Guardian, Person]:
    guardian = session.scalar(select(Guardian).where(Guardian.uid == uid).with_for_update())
    if guardian is None or guardian.ended_at is not None:
        raise NotFound
    return guardian, session.get_one(Person, guardian.child_id)


def _note(
    session: Session, actor: Actor, action: str, child: Person, guardian: Guardian, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"person:{child.uid}",
        now=now,
        after={"guardian": guardian.uid},
    )
