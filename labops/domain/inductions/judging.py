"""Use case of teachers: what came of each person on the attendance list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.granting import Certify, add_certification
from labops.domain.certifications.models import Certification
from labops.domain.certifications.states import EarnedBy
from labops.domain.inductions import line
from labops.domain.inductions.events import InductionNotPassed, InductionPassed
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.states import OUTCOMES, PLACED, SessionState, SignUpState
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.kernel import audit, local_time, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

LONGEST_NOTE = 300


def judge(
    uid: str,
    outcomes: Mapping[str, SignUpState],
    *,
    actor: Actor,
    now: datetime,
    notes: Mapping[str, str] | None = None,
) -> int:
    """Write down outcomes, by the uids of people, of a session that has begun.

    Return how many changed. Who is certified gets a certification from the local day of the
    session on; when that is corrected later it is revoked. Raises `Forbidden`, `NotFound` for who
    has no place in it, `Invalid` for what is no outcome, and `Refused` before it has begun or when
    it was cancelled.
    """
    with unit_of_work() as session:
        induction = line.find(session, uid)
        if induction is None:
            raise NotFound
        actor.require(Permission.CERTIFICATION_GRANT, induction.site_id)
        line.lock(session, induction)
        if induction.state == SessionState.CANCELLED:
            raise Refused([Problem("induction.cancelled")])
        if induction.starts_at > now:
            raise Refused([Problem("induction.not-begun")])
        people = {person.uid: (one, person) for one, person in _placed(session, induction)}
        changed = 0
        for person_uid, outcome in outcomes.items():
            if outcome not in OUTCOMES:
                raise Invalid.field("outcome", "field.not-offered", value=outcome)
            if person_uid not in people:
                raise NotFound
            sign_up, person = people[person_uid]
            sign_up.note = one_line((notes or {}).get(person_uid, sign_up.note))[:LONGEST_NOTE]
            if sign_up.state != outcome:
                _give(session, induction, sign_up, person, outcome, actor=actor, now=now)
                changed += 1
        if outcomes and induction.state != SessionState.HELD:
            induction.state = SessionState.HELD
            line.touch(induction, now)
        return changed


def _placed(session: Session, induction: InductionSession) -> list[tuple[InductionSignUp, Person]]:
    rows = session.execute(
        select(InductionSignUp, Person)
        .join(Person, Person.id == InductionSignUp.person_id)
        .where(
            InductionSignUp.session_id == induction.id, InductionSignUp.state.in_(sorted(PLACED))
        )
        .execution_options(populate_existing=True)
    )
    return [(row[0], row[1]) for row in rows]


def _give(
    session: Session,
    induction: InductionSession,
    sign_up: InductionSignUp,
    person: Person,
    outcome: SignUpState,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    before = sign_up.state
    if before == SignUpState.CERTIFIED:
        _take_back(session, sign_up, actor, now)
    if outcome is SignUpState.CERTIFIED:
        sign_up.certification_id = _certify(session, induction, person, actor, now)
    line.put(sign_up, outcome, now)
    sign_up.judged_by_id = actor.person_id
    event = InductionPassed if outcome is SignUpState.CERTIFIED else InductionNotPassed
    fact = event(session_uid=induction.uid, person_id=sign_up.person_id, revision=sign_up.revision)
    outbox.record(session, fact, now=now)
    line.note(session, induction, sign_up, "judged", actor, now, before=before, reason=sign_up.note)


def _certify(
    session: Session, induction: InductionSession, person: Person, actor: Actor, now: datetime
) -> int:
    zone = local_time.zone(session.get_one(Site, induction.site_id).zone)
    command = Certify(
        person_uid=person.uid,
        machine_type=session.get_one(MachineType, induction.machine_type_id).slug,
        starts_on=induction.starts_at.astimezone(zone).date(),
        evidence=f"/inductions/{induction.uid}",
        level=induction.level,
        earned_by=EarnedBy.INDUCTION,
    )
    return add_certification(session, command, actor=actor, now=now)


def _take_back(session: Session, sign_up: InductionSignUp, actor: Actor, now: datetime) -> None:
    """Revoke what an outcome granted that was written down by mistake."""
    granted = session.get(Certification, sign_up.certification_id, populate_existing=True)
    sign_up.certification_id = None
    if granted is None or granted.revoked_at is not None:
        return
    granted.revoked_at = now
    granted.revoked_by_id = actor.person_id
    granted.revoked_reason = "Outcome of the induction corrected"
    audit.record(
        session,
        actor,
        "certification.revoked",
        f"certification:{granted.id}",
        now=now,
        reason=granted.revoked_reason,
    )
