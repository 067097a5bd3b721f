"""Use cases of harm to people: reporting it, and reading it under everybody's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from labops.domain.incidents import queries
from labops.domain.incidents.events import HarmReported
from labops.domain.incidents.models import HarmRecord
from labops.domain.incidents.queries import HarmView
from labops.domain.machines.models import Machine
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import without_controls

LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHarm:
    """What happened at a site, and at which machine (by slug) if at one."""

    text: str
    happened_at: datetime
    nonce: str
    machine: str = ""


def report(site_id: int, command: ReportHarm, *, actor: Actor, now: datetime) -> str:
    """Write down that somebody came to harm, and return the record's uid.

    Everybody who is signed in may, the suspended too. Raises `NotSignedIn`, `Forbidden` for tokens
    that only read, `NotFound` for a machine of elsewhere, and `Invalid` for no text or a moment to
    come.
    """
    person_id = actor.require_person()
    actor.require_write()
    text = without_controls(command.text).strip()[:LONGEST_TEXT]
    if not text:
        raise Invalid.field("text", "field.required")
    if command.happened_at > now:
        raise Invalid.field("happened_at", "incident.to-come")
    with unit_of_work() as session:
        ledger.lock(session, people=[person_id])
        known = session.scalar(
            select(HarmRecord.uid).where(
                HarmRecord.reporter_id == person_id, HarmRecord.nonce == command.nonce
            )
        )
        if known is not None:
            return known
        machine = session.scalar(select(Machine).where(Machine.slug == command.machine))
        if command.machine and (machine is None or machine.site_id != site_id):
            raise NotFound
        record = HarmRecord(
            uid=new_uid(),
            nonce=command.nonce,
            site_id=site_id,
            machine_id=machine.id if machine else None,
            reporter_id=person_id,
            text=text,
            happened_at=command.happened_at,
            reported_at=now,
        )
        session.add(record)
        outbox.record(session, HarmReported(harm_uid=record.uid), now=now)
        # Not a word of it here: the trail is read by more people than the record.
        audit.record(session, actor, "harm.reported", f"harm:{record.uid}", now=now)
        return record.uid


def read(uid: str, *, actor: Actor, now: datetime) -> HarmView:
    """Return a record after writing down who looked; raises `NotFound` for everybody else."""
    with unit_of_work() as session:
        record = queries.one_harm(session, uid)
        if not actor.may(Permission.HARM_SEE, record.site_id):
            raise NotFound
        audit.record(session, actor, "harm.seen", f"harm:{uid}", now=now)
        return record
