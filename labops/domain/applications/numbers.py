"""The list's own numbers: how long decisions take, how often labs are asked for more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications import casefile
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.clocks import Clock
from labops.domain.applications.history import Case
from labops.domain.applications.models import Application
from labops.domain.applications.policies import BEGINS_REVIEW, DECIDES
from labops.domain.applications.states import ON_LIST, Action, CaseState
from labops.domain.applications.working_days import city_day, holidays
from labops.kernel.errors import Forbidden
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision: `days` on the clock, `calendar_days` from what was sent to the act."""

    uid: str
    lab: str
    action: Action
    sent_on: date
    decided_on: date
    days: int
    calendar_days: int
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A lab whose place ends on a day."""

    uid: str
    lab: str
    valid_to: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Counts between two days, both included. The median and the worst are `None` without any."""

    since: date
    until: date
    decided: tuple[Decided, ...]
    median_days: float | None
    worst_days: int | None
    late: int
    submitted: int
    supplements: int
    withdrawals: int
    ahead: tuple[Ahead, ...]
    by_state: tuple[tuple[CaseState, int], ...]


def numbers(session: Session, actor: Actor, *, since: date, until: date, now: datetime) -> Numbers:
    """Return the numbers of all cases; raises `Forbidden` for whoever works on none."""
    rights = (Permission.APPLICATION_REVIEW, Permission.APPLICATION_DECIDE)
    if not any(actor.may(right, None) for right in rights):
        raise Forbidden
    rows = session.scalars(select(Application).order_by(Application.id))
    files = casefile.files_of(session, rows, frozenset())
    decided = tuple(
        one for file in files for one in _decisions(file) if since <= one.decided_on <= until
    )
    days = [one.days for one in decided]

    def count(*actions: Action) -> int:
        return sum(
            entry.action in actions and since <= entry.happened_on <= until
            for file in files
            for entry in file.entries
        )

    return Numbers(
        since=since,
        until=until,
        decided=decided,
        median_days=median(days) if days else None,
        worst_days=max(days, default=None),
        late=sum(one.late for one in decided),
        submitted=count(Action.SUBMIT),
        supplements=count(Action.REQUEST_SUPPLEMENT),
        withdrawals=count(Action.WITHDRAW, Action.LEAVE),
        ahead=_ahead(files, city_day(now)),
        by_state=tuple(
            (state, sum(file.case.state is state for file in files)) for state in CaseState
        ),
    )


def _decisions(file: CaseFile) -> list[Decided]:
    found: list[Decided] = []
    case = Case(terms=file.call.terms)
    sent_on: date | None = None
    for row in file.entries:
        entry = casefile.as_entry(row)
        clock, case = case.clock, case.after(entry)
        if entry.action in BEGINS_REVIEW:
            sent_on = entry.on
        elif entry.action in DECIDES and clock is not None and sent_on is not None:
            found.append(_decided(file, entry.action, clock.stopped(entry.on), sent_on, entry.on))
    return found


def _decided(file: CaseFile, action: Action, clock: Clock, sent_on: date, on: date) -> Decided:
    return Decided(
        uid=file.row.uid,
        lab=file.lab.public_name,
        action=action,
        sent_on=sent_on,
        decided_on=on,
        days=clock.elapsed(on),
        calendar_days=(on - sent_on).days,
        late=clock.is_late(on, holidays),
    )


def _ahead(files: Iterable[CaseFile], on: date) -> tuple[Ahead, ...]:
    """Return the places that end within half a year, soonest first."""
    horizon = on + timedelta(days=183)
    found = [
        Ahead(uid=file.row.uid, lab=file.lab.public_name, valid_to=file.case.valid_to)
        for file in files
        if file.case.state in ON_LIST
        and file.case.valid_to is not None
        and on <= file.case.valid_to <= horizon
    ]
    return tuple(sorted(found, key=lambda one: one.valid_to))
