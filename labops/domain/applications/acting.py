"""The one way in which something happens in a case: checked, numbered, written down, told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from labops.domain.applications import casefile, register
from labops.domain.applications import content as contents
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.content import Content
from labops.domain.applications.events import CaseActed
from labops.domain.applications.guards import Facts, problems_with
from labops.domain.applications.models import CaseEntry, Evidence
from labops.domain.applications.places import MOVES, places
from labops.domain.applications.policies import RULES, SENDS
from labops.domain.applications.states import Action, Capacity
from labops.domain.applications.working_days import city_day
from labops.domain.qualifications.models import Qualification
from labops.kernel import audit, outbox
from labops.kernel.errors import Refused
from labops.kernel.permissions import Actor

# What stays inside the house has no number of the register.
UNREGISTERED = frozenset(
    {
        Action.START_REVIEW,
        Action.ASSESS,
        Action.NOTE,
        Action.LAPSE_SUPPLEMENT,
        Action.LAPSE_NOTICE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done. `on` is the day from which it counts, today unless it says otherwise."""

    action: Action
    note: str = ""
    internal_note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    on: date | None = None


def facts_of(
    session: Session, file: CaseFile, action: Action, actor: Actor, *, now: datetime
) -> Facts:
    """Gather what the guards look at."""
    on = city_day(now)
    prepared = casefile.prepared(session, file.row.id) if action in SENDS else Content()
    sent = file.sent
    unsent = 0
    if action is Action.PROVE:
        unsent = (
            session.scalar(
                select(func.count(Evidence.id)).where(
                    Evidence.application_id == file.row.id,
                    Evidence.sent_with.is_(None),
                    Evidence.dropped_at.is_(None),
                )
            )
            or 0
        )
    return Facts(
        on=on,
        person_id=actor.person_id,
        call_open=file.call.takes_from(now),
        missing=contents.missing(file.call, prepared, on) if action in SENDS else (),
        required=file.call.required,
        lapsed=contents.lapsed(file.call, sent.last, on),
        changed=contents.changed(file.call, prepared, sent.in_force) if action in SENDS else (),
        unsent_files=unsent,
        due_on=file.due_on,
    )


def require(session: Session, file: CaseFile, action: Action, actor: Actor, now: datetime) -> Facts:
    """Return the facts; raises `Refused` with every reason against the act."""
    facts = facts_of(session, file, action, actor, now=now)
    if problems := problems_with(file.case, action, file.capacities, facts):
        raise Refused(problems, zone="Europe/Rome")
    return facts


def perform(
    session: Session, file: CaseFile, act: Act, *, actor: Actor, now: datetime
) -> CaseEntry:
    """Do it inside the caller's transaction, which holds the case's lock; return its entry.

    Raises `Refused` with every reason against it.
    """
    facts = require(session, file, act.action, actor, now)
    entry = _entry(session, file, act, facts, actor=actor, now=now)
    after = file.case.after(casefile.as_entry(entry))
    entry.state_after = after.state
    session.add(entry)
    session.flush()  # the unique number keeps a second act of the same moment out
    if "content" in entry.detail:
        _mark_sent(session, file.row.id, entry.number)
    file.row.state, file.row.valid_to = after.state, after.valid_to
    file.row.reply_by = after.reply_by
    if act.action in MOVES:
        _place(session, file, [*file.entries, entry])
    audit.record(
        session,
        actor,
        f"application.{act.action.replace('_', '-')}",
        f"application:{file.row.uid}",
        now=now,
        before={"state": file.case.state},
        after={"state": after.state, "entry": entry.number},
        reason=act.note,
    )
    event = CaseActed(application_uid=file.row.uid, number=entry.number, action=act.action)
    outbox.record(session, event, now=now)
    return entry


def _entry(
    session: Session, file: CaseFile, act: Act, facts: Facts, *, actor: Actor, now: datetime
) -> CaseEntry:
    # Letters are made from the entry, and speak of the lab as it is called now.
    detail = {"lab": file.lab.legal_name or file.lab.public_name, **act.detail}
    if act.action in SENDS:
        detail |= _sending(session, file, act.action, facts)
    last = file.entries[-1].happened_on if file.entries else facts.on
    on = max(act.on or facts.on, last)
    numbered = act.action not in UNREGISTERED
    return CaseEntry(
        application_id=file.row.id,
        number=len(file.entries) + 1,
        action=act.action,
        capacity=_capacity(file.capacities, act.action),
        state_before=file.case.state,
        state_after=file.case.state,
        at=now,
        happened_on=on,
        person_id=actor.person_id,
        note=act.note,
        internal_note=act.internal_note,
        detail=detail,
        protocol_year=facts.on.year if numbered else None,
        protocol_number=register.next_number(session, facts.on.year) if numbered else None,
    )


def _sending(session: Session, file: CaseFile, action: Action, facts: Facts) -> dict[str, Any]:
    prepared = casefile.prepared(session, file.row.id)
    found: dict[str, Any] = {"content": contents.written(prepared), "hash": prepared.hash}
    if action is Action.CHANGE:
        found["touched"] = list(facts.changed)
        found["differences"] = contents.differences(prepared, file.sent.in_force, facts.changed)
    return found


def _mark_sent(session: Session, application_id: int, number: int) -> None:
    session.execute(
        update(Evidence)
        .where(
            Evidence.application_id == application_id,
            Evidence.sent_with.is_(None),
            Evidence.dropped_at.is_(None),
        )
        .values(sent_with=number)
    )


def _place(session: Session, file: CaseFile, entries: list[CaseEntry]) -> None:
    session.execute(delete(Qualification).where(Qualification.application_id == file.row.id))
    session.add_all(
        Qualification(
            lab_id=file.row.lab_id,
            application_id=file.row.id,
            starts_on=each.starts_on,
            ends_on=each.ends_on,
            valid_from=each.valid_from,
            valid_to=each.valid_to,
        )
        for each in places(map(casefile.as_entry, entries))
    )


def _capacity(capacities: frozenset[Capacity], action: Action) -> Capacity:
    return next(each for each in Capacity if each in capacities & RULES[action].by)
