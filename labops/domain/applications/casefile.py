"""Reading a case: the rows, how it stands, and as what somebody may look at it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications import content as contents
from labops.domain.applications.content import Content, FileSent, Sent
from labops.domain.applications.history import Case, Entry, walk
from labops.domain.applications.models import (
    Application,
    ApplicationAnswer,
    CaseEntry,
    DeclaredInterest,
    Evidence,
)
from labops.domain.applications.states import Action, Capacity, CaseState
from labops.domain.applications.working_days import city_day, holidays
from labops.domain.calls import queries as calls
from labops.domain.calls.queries import CallView
from labops.domain.labs.models import Lab
from labops.domain.labs.rights import role_of
from labops.kernel.errors import NotFound, NotSignedIn
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """A case as it stands, with its rows. `capacities` are those of whoever asked for it."""

    row: Application
    lab: Lab
    call: CallView
    entries: Sequence[CaseEntry]
    case: Case
    capacities: frozenset[Capacity]

    @property
    def sent(self) -> Sent:
        """Return what the lab sent last, and what counts."""
        return contents.sent((each.action, each.detail) for each in self.entries)

    @property
    def due_on(self) -> date | None:
        """Return the last day of the review in time; `None` while paused or without one."""
        return self.case.clock.due_on(holidays) if self.case.clock else None


def find(
    session: Session, uid: str, actor: Actor, *, now: datetime, locked: bool = False
) -> CaseFile:
    """Return the case; `locked` keeps others from acting in it until the transaction ends.

    Raises `NotFound` for whoever has nothing to do with it: strangers, everybody but the lab while
    it is a draft, and those of the city who have an interest in the lab.
    """
    if not actor.signed_in and actor.label != "system":
        raise NotSignedIn
    query = select(Application).where(Application.uid == uid)
    row = session.scalar(query.with_for_update() if locked else query)
    if row is None:
        raise NotFound
    capacities = capacities_of(session, row.lab_id, actor, now=now)
    own = capacities & {Capacity.REPRESENTATIVE, Capacity.SYSTEM}
    if not capacities or (row.state == CaseState.DRAFT and not own):
        raise NotFound
    return _file(session, row, entries_of(session, row.id), capacities)


def files_of(
    session: Session, rows: Iterable[Application], capacities: frozenset[Capacity]
) -> list[CaseFile]:
    """Return many cases by as many queries as for one."""
    rows = list(rows)
    ids = [row.id for row in rows]
    by_case: dict[int, list[CaseEntry]] = {each: [] for each in ids}
    query = select(CaseEntry).where(CaseEntry.application_id.in_(ids))
    for entry in session.scalars(query.order_by(CaseEntry.application_id, CaseEntry.number)):
        by_case[entry.application_id].append(entry)
    known = calls.by_ids(session, (row.call_id for row in rows))
    labs = {
        lab.id: lab
        for lab in session.scalars(select(Lab).where(Lab.id.in_({row.lab_id for row in rows})))
    }
    return [
        CaseFile(
            row=row,
            lab=labs[row.lab_id],
            call=known[row.call_id],
            entries=by_case[row.id],
            case=standing(known[row.call_id], by_case[row.id]),
            capacities=capacities,
        )
        for row in rows
    ]


def capacities_of(
    session: Session, lab_id: int, actor: Actor, *, now: datetime
) -> frozenset[Capacity]:
    """Return as what the actor may act; who speaks for a lab never acts for the city about it."""
    if actor.label == "system" and not actor.signed_in:
        return frozenset({Capacity.SYSTEM})
    if role_of(session, lab_id, actor, on=city_day(now)) is not None:
        return frozenset({Capacity.REPRESENTATIVE})
    if actor.person_id is None or has_interest(session, actor.person_id, lab_id):
        return frozenset()
    rights = {
        Capacity.OFFICER: Permission.APPLICATION_REVIEW,
        Capacity.DECIDER: Permission.APPLICATION_DECIDE,
    }
    return frozenset(each for each, right in rights.items() if actor.may(right, None))


def has_interest(session: Session, person_id: int, lab_id: int) -> bool:
    """Say whether the person declared an interest in the lab that has not ended."""
    query = select(DeclaredInterest.id).where(
        DeclaredInterest.person_id == person_id,
        DeclaredInterest.lab_id == lab_id,
        DeclaredInterest.ended_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def entries_of(session: Session, application_id: int) -> list[CaseEntry]:
    """Return the history of a case, oldest first."""
    query = select(CaseEntry).where(CaseEntry.application_id == application_id)
    return list(session.scalars(query.order_by(CaseEntry.number)))


def standing(call: CallView, entries: Iterable[CaseEntry]) -> Case:
    """Return how a case stands after these entries."""
    return walk(call.terms, map(as_entry, entries))


def as_entry(row: CaseEntry) -> Entry:
    """Return a row of the history as the walk through it wants it."""
    return Entry(
        action=Action(row.action),
        capacity=Capacity(row.capacity),
        on=row.happened_on,
        person_id=row.person_id,
        detail=row.detail,
    )


def prepared(session: Session, application_id: int) -> Content:
    """Return what the lab has prepared so far, sent or not."""
    answers = session.scalars(
        select(ApplicationAnswer)
        .where(ApplicationAnswer.application_id == application_id)
        .order_by(ApplicationAnswer.criterion)
    )
    files = session.scalars(
        select(Evidence)
        .where(Evidence.application_id == application_id, Evidence.dropped_at.is_(None))
        .order_by(Evidence.id)
    )
    return Content(
        answers={each.criterion: each.text for each in answers if each.text},
        files=tuple(
            FileSent(
                uid=each.uid,
                criterion=each.criterion,
                name=each.name,
                digest=each.digest,
                valid_to=each.valid_to.isoformat() if each.valid_to else "",
            )
            for each in files
        ),
    )


def _file(
    session: Session,
    row: Application,
    entries: Sequence[CaseEntry],
    capacities: frozenset[Capacity],
) -> CaseFile:
    call = calls.by_id(session, row.call_id)
    return CaseFile(
        row=row,
        lab=session.get_one(Lab, row.lab_id),
        call=call,
        entries=entries,
        case=standing(call, entries),
        capacities=capacities,
    )
