"""Cases as pages show them: the lab's own, the queue of the city, the chronology of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications import casefile
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.models import (
    Application,
    CaseEntry,
    DeclaredInterest,
    Evidence,
)
from labops.domain.applications.policies import possible
from labops.domain.applications.states import IN_REVIEW, Action, Capacity, CaseState
from labops.domain.applications.working_days import city_day, holidays
from labops.domain.labs.models import Lab, LabMachine, LabMachineProcess, LabRepresentative
from labops.domain.labs.rights import role_of, running
from labops.domain.people.models import Person
from labops.kernel.errors import Forbidden, NotFound
from labops.kernel.permissions import Actor, Permission

# What the lab does not read of the history: what officers note and find before they write to it.
_INSIDE = frozenset({Action.NOTE, Action.ASSESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockView:
    """The review's clock as both sides see it: "day 12 of 30, paused"."""

    day: int
    days: int
    paused: bool
    stopped: bool
    due_on: date | None
    late: bool
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in a list."""

    uid: str
    lab: str
    call_it: str
    call_en: str
    state: CaseState
    clock: ClockView | None
    reply_by: date | None
    valid_to: date | None
    officer: str
    near: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry of the history; `person` is empty for the system."""

    number: int
    action: Action
    capacity: Capacity
    person: str
    at: datetime
    happened_on: date
    state_before: CaseState
    state_after: CaseState
    note: str
    internal_note: str
    detail: Mapping[str, Any]
    protocol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A file of a case."""

    uid: str
    criterion: str
    name: str
    media_type: str
    size: int
    digest: str
    valid_to: date | None
    added_at: datetime
    sent_with: int | None
    dropped_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabChoice:
    """A lab that somebody speaks for."""

    uid: str
    slug: str
    name: str


def clock_of(file: CaseFile, on: date) -> ClockView | None:
    """Return the clock on a day; `None` before the first submission."""
    clock = file.case.clock
    if clock is None:
        return None
    return ClockView(
        day=clock.elapsed(on),
        days=clock.days,
        paused=clock.is_paused(on),
        stopped=clock.stopped_on is not None,
        due_on=clock.due_on(holidays),
        late=clock.is_late(on, holidays),
        left=clock.left(on, holidays),
    )


def own(session: Session, actor: Actor, *, now: datetime) -> list[CaseLine]:
    """Return the cases of the labs that the actor speaks for, newest first."""
    labs = select(LabRepresentative.lab_id).where(
        LabRepresentative.person_id == actor.require_person(), *running(city_day(now))
    )
    query = select(Application).where(Application.lab_id.in_(labs))
    return _lines(session, session.scalars(query.order_by(Application.id.desc())).all(), now)


def own_labs(session: Session, actor: Actor, *, now: datetime) -> list[LabChoice]:
    """Return the labs that the actor speaks for, by name."""
    spoken_for = select(LabRepresentative.lab_id).where(
        LabRepresentative.person_id == actor.require_person(), *running(city_day(now))
    )
    query = select(Lab).where(Lab.id.in_(spoken_for)).order_by(Lab.public_name, Lab.id)
    return [
        LabChoice(uid=one.uid, slug=one.slug, name=one.public_name)
        for one in session.scalars(query)
    ]


def queue(session: Session, actor: Actor, *, now: datetime, every: bool = False) -> list[CaseLine]:
    """Return the cases that wait for the city, fewest days left first; `every` adds the others.

    Those in which the actor has an interest are not there. Raises `Forbidden`.
    """
    rights = (Permission.APPLICATION_REVIEW, Permission.APPLICATION_DECIDE)
    if not any(actor.may(right, None) for right in rights):
        raise Forbidden
    locked = select(DeclaredInterest.lab_id).where(
        DeclaredInterest.person_id == actor.person_id, DeclaredInterest.ended_at.is_(None)
    )
    spoken_for = select(LabRepresentative.lab_id).where(
        LabRepresentative.person_id == actor.person_id, *running(city_day(now))
    )
    query = select(Application).where(
        Application.state != CaseState.DRAFT,
        Application.lab_id.not_in(locked),
        Application.lab_id.not_in(spoken_for),
    )
    if not every:
        query = query.where(
            Application.state.in_(
                {*IN_REVIEW, CaseState.EXPIRED, CaseState.REMOVAL_NOTICE, CaseState.SUSPENDED}
            )
        )
    rows = session.scalars(query.order_by(Application.id)).all()
    lines = _lines(session, rows, now, waiting_only=not every)
    return sorted(
        lines,
        key=lambda line: (
            line.clock is None or line.clock.stopped,
            line.clock.left if line.clock else 0,
        ),
    )


def possible_in(file: CaseFile) -> list[Action]:
    """Return what whoever opened the case may do, as far as its state goes."""
    return possible(file.case.state, file.capacities)


def chronology(session: Session, file: CaseFile, *, on: date | None = None) -> list[EntryView]:
    """Return the history, oldest first, up to the end of a day; the lab's is without the inside."""
    inside = bool(file.capacities & {Capacity.OFFICER, Capacity.DECIDER, Capacity.SYSTEM})
    names = _names(session, file.entries)
    return [
        EntryView(
            number=each.number,
            action=Action(each.action),
            capacity=Capacity(each.capacity),
            person=names.get(each.person_id or 0, ""),
            at=each.at,
            happened_on=each.happened_on,
            state_before=CaseState(each.state_before),
            state_after=CaseState(each.state_after),
            note=each.note,
            internal_note=each.internal_note if inside else "",
            detail=each.detail,
            protocol=protocol(each),
        )
        for each in file.entries
        if (inside or each.action not in _INSIDE) and (on is None or city_day(each.at) <= on)
    ]


def as_it_stood(file: CaseFile, on: date) -> CaseFile:
    """Return the case as it stood at the end of a day; raises `NotFound` before it was sent."""
    entries = [each for each in file.entries if city_day(each.at) <= on]
    if not entries:
        raise NotFound
    return CaseFile(
        row=file.row,
        lab=file.lab,
        call=file.call,
        entries=entries,
        case=casefile.standing(file.call, entries),
        capacities=file.capacities,
    )


def evidence_of(session: Session, file: CaseFile) -> list[EvidenceView]:
    """Return the files of a case that the asker may see: the city only what was sent."""
    query = select(Evidence).where(Evidence.application_id == file.row.id)
    if Capacity.REPRESENTATIVE not in file.capacities:
        query = query.where(Evidence.sent_with.is_not(None))
    return [
        EvidenceView(**{name: getattr(row, name) for name in EvidenceView.__slots__})
        for row in session.scalars(query.order_by(Evidence.criterion, Evidence.id))
    ]


def latest_notes(file: CaseFile) -> dict[str, tuple[str, str]]:
    """Return by criterion the note for both sides and the internal one of its latest verdict."""
    return {
        str(each.detail["criterion"]): (each.note, each.internal_note)
        for each in file.entries
        if each.action == Action.ASSESS and "criterion" in each.detail
    }


def families_recorded(session: Session, lab_id: int) -> int:
    """Return how many processes the lab's recorded machines do: what the call counts."""
    query = (
        select(LabMachineProcess.process)
        .join(LabMachine, LabMachine.id == LabMachineProcess.lab_machine_id)
        .where(LabMachine.lab_id == lab_id)
        .distinct()
    )
    return len(list(session.scalars(query)))


def protocol(entry: CaseEntry) -> str:
    """Return the number of the register, as `2026/0000012`; empty without one."""
    if entry.protocol_number is None:
        return ""
    return f"{entry.protocol_year}/{entry.protocol_number:07d}"


def lab_of_representative(session: Session, slug: str, actor: Actor, *, now: datetime) -> LabChoice:
    """Return the lab when the actor speaks for it; raises `NotFound`."""
    lab = session.scalar(select(Lab).where(Lab.slug == slug))
    if lab is None or role_of(session, lab.id, actor, on=city_day(now)) is None:
        raise NotFound
    return LabChoice(uid=lab.uid, slug=lab.slug, name=lab.public_name)


def _lines(
    session: Session, rows: Sequence[Application], now: datetime, *, waiting_only: bool = False
) -> list[CaseLine]:
    on = city_day(now)
    files = casefile.files_of(session, rows, frozenset())
    if waiting_only:
        files = [
            each
            for each in files
            if each.case.state is not CaseState.EXPIRED or each.case.renewal_open
        ]
    officers = {each.case.officer_id for each in files if each.case.officer_id is not None}
    names = _people(session, officers)
    return [_line(each, names.get(each.case.officer_id or 0, ""), on) for each in files]


def _line(file: CaseFile, officer: str, on: date) -> CaseLine:
    clock = clock_of(file, on)
    near = clock is not None and not clock.stopped and not clock.paused
    return CaseLine(
        uid=file.row.uid,
        lab=file.lab.public_name,
        call_it=file.call.title_it,
        call_en=file.call.title_en,
        state=file.case.state,
        clock=clock,
        reply_by=file.case.reply_by,
        valid_to=file.case.valid_to,
        officer=officer,
        near=near and clock is not None and clock.left <= file.case.terms.alert_days,
    )


def _names(session: Session, entries: Sequence[CaseEntry]) -> dict[int, str]:
    return _people(session, {one.person_id for one in entries if one.person_id is not None})


def _people(session: Session, ids: set[int]) -> dict[int, str]:
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}
