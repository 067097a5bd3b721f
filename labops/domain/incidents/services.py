"""Use cases of incidents: report, link what is the same, solve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.incidents.events import IncidentReported, IncidentSolved
from labops.domain.incidents.models import Incident, IncidentEcho
from labops.domain.incidents.states import Severity
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFault:
    """What is wrong with a machine (by slug); sent again with its nonce it is the same report."""

    machine: str
    severity: Severity
    text: str
    nonce: str
    photo: str = ""


def report(command: ReportFault, *, actor: Actor, now: datetime) -> str:
    """Write down a fault and return its uid; one that stops takes the machine out of service.

    Raises `NotSignedIn`, `Forbidden` for the suspended and for tokens that only read, `NotFound`
    for no such machine or a retired one, `Invalid` for no text.
    """
    person_id = actor.require_person()
    actor.require_write()
    if actor.suspended:
        raise Forbidden
    text = one_line(command.text)[:LONGEST_TEXT]
    if not text:
        raise Invalid.field("text", "field.required")
    with unit_of_work() as session:
        machine = session.scalar(select(Machine).where(Machine.slug == command.machine))
        if machine is None:
            raise NotFound
        # The lock keeps bookings from being confirmed on a machine that stops, and two sendings
        # of one report from both being the first.
        ledger.lock(session, bookables=[machine.id])
        session.refresh(machine)
        known = session.scalar(
            select(Incident.uid).where(
                Incident.reporter_id == person_id, Incident.nonce == command.nonce
            )
        )
        if known is not None:
            return known
        if machine.state == MachineState.RETIRED:
            raise NotFound
        incident = Incident(
            uid=new_uid(),
            nonce=command.nonce,
            site_id=machine.site_id,
            machine_id=machine.id,
            reporter_id=person_id,
            severity=command.severity,
            text=text,
            photo=command.photo,
            reported_at=now,
            solution="",
        )
        session.add(incident)
        if command.severity is Severity.STOPS:
            _stop(session, machine, incident, actor, now)
        _conclude(session, incident, IncidentReported(incident_uid=incident.uid), actor, now)
        return incident.uid


def met_too(uid: str, *, actor: Actor, now: datetime) -> None:
    """Say that one met the same fault, and hear when it is solved; twice is once.

    Raises `NotSignedIn`, `Forbidden`, `NotFound`, and `Refused` when it is solved already.
    """
    person_id = actor.require_person()
    actor.require_write()
    if actor.suspended:
        raise Forbidden
    with unit_of_work() as session:
        incident = session.scalar(select(Incident).where(Incident.uid == uid))
        if incident is None:
            raise NotFound
        ledger.lock(session, bookables=[incident.machine_id])
        session.refresh(incident)
        if incident.solved_at is not None:
            raise Refused([Problem("incident.solved")])
        if incident.reporter_id == person_id:
            return
        if session.get(IncidentEcho, (incident.id, person_id)) is None:
            session.add(IncidentEcho(incident_id=incident.id, person_id=person_id, said_at=now))
            audit.record(session, actor, "incident.met-too", f"incident:{uid}", now=now)


def link(uid: str, original: str, *, actor: Actor, now: datetime) -> None:
    """Say that a report is about the same fault as an earlier open one of the same machine.

    Raises `NotFound` for reports of elsewhere, and `Refused` with `incident.other` when the two
    cannot be one.
    """
    with unit_of_work() as session:
        incident, _machine = _locked(session, uid, actor)
        first = session.scalar(select(Incident).where(Incident.uid == original))
        if first is None or first.machine_id != incident.machine_id:
            raise NotFound
        followed = session.scalar(
            select(Incident.id).where(Incident.duplicate_of_id == incident.id).limit(1)
        )
        closed = first.solved_at is not None or incident.solved_at is not None
        if first.id == incident.id or first.duplicate_of_id is not None or followed or closed:
            raise Refused([Problem("incident.other")])
        incident.duplicate_of_id = first.id
        audit.record(
            session,
            actor,
            "incident.linked",
            f"incident:{uid}",
            now=now,
            after={"duplicate_of": original},
        )


def solve(uid: str, solution: str, *, back: bool, actor: Actor, now: datetime) -> None:
    """Say that the fault, and what was reported twice of it, is no more; twice is once.

    With `back` the machine returns to service: only when no other fault stops it, else `Refused`
    with `incident.still-stopped`. Raises `NotFound`, and `Invalid` without a solution.
    """
    words = one_line(solution)[:LONGEST_TEXT]
    if not words:
        raise Invalid.field("solution", "field.required")
    with unit_of_work() as session:
        incident, machine = _locked(session, uid, actor)
        if incident.solved_at is not None:
            return
        if incident.duplicate_of_id is not None:
            raise Refused([Problem("incident.other")])
        together = list(
            session.scalars(
                select(Incident)
                .where(Incident.solved_at.is_(None))
                .where((Incident.id == incident.id) | (Incident.duplicate_of_id == incident.id))
                .order_by(Incident.id)
            )
        )
        session.execute(
            update(Incident)
            .where(Incident.id.in_([one.id for one in together]))
            .values(solved_at=now, solved_by_id=actor.require_person(), solution=words)
        )
        for one in together:
            session.refresh(one)
            _conclude(session, one, IncidentSolved(incident_uid=one.uid), actor, now)
        if back and machine.state == MachineState.OUT_OF_SERVICE:
            _return(session, machine, actor, now, words)


def _stop(
    session: Session, machine: Machine, incident: Incident, actor: Actor, now: datetime
) -> None:
    """Take the machine out of service; one that is already keeps its reason."""
    if machine.state != MachineState.IN_SERVICE:
        return
    machine.state = MachineState.OUT_OF_SERVICE
    machine.state_reason = incident.text
    machine.revised_at = now
    _audit_state(session, machine, actor, now, incident.text)


def _return(session: Session, machine: Machine, actor: Actor, now: datetime, words: str) -> None:
    still = session.scalar(
        select(Incident.id)
        .where(Incident.machine_id == machine.id, Incident.solved_at.is_(None))
        .where(Incident.severity == Severity.STOPS)
        .limit(1)
    )
    if still is not None:
        raise Refused([Problem("incident.still-stopped")])
    machine.state = MachineState.IN_SERVICE
    machine.state_reason = ""
    machine.revised_at = now
    _audit_state(session, machine, actor, now, words)


def _audit_state(
    session: Session, machine: Machine, actor: Actor, now: datetime, reason: str
) -> None:
    audit.record(
        session,
        actor,
        f"machine.{machine.state.replace('_', '-')}",
        f"machine:{machine.slug}",
        now=now,
        after={"state": str(machine.state)},
        reason=reason,
    )


def _locked(session: Session, uid: str, actor: Actor) -> tuple[Incident, Machine]:
    incident = session.scalar(select(Incident).where(Incident.uid == uid))
    if incident is None or not actor.may(Permission.MACHINE_EDIT, incident.site_id):
        raise NotFound
    ledger.lock(session, bookables=[incident.machine_id])
    session.refresh(incident)
    machine = session.get_one(Machine, incident.machine_id, populate_existing=True)
    return incident, machine


def _conclude(
    session: Session,
    incident: Incident,
    event: IncidentReported | IncidentSolved,
    actor: Actor,
    now: datetime,
) -> None:
    outbox.record(session, event, now=now)
    audit.record(
        session,
        actor,
        f"incident.{event.kind.removeprefix('Incident').lower()}",
        f"incident:{incident.uid}",
        now=now,
        after={"severity": str(incident.severity)},
        reason=incident.solution,
    )
