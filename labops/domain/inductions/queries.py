"""Reads of inductions: lists for everybody, one's own, and who is in a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from labops.domain.inductions.commands import LONGEST_SESSION
from labops.domain.inductions.models import InductionMachine, InductionSession, InductionSignUp
from labops.domain.inductions.states import PLACED, PRESENT, SessionState
from labops.domain.inductions.views import SessionView, count_of, sessions, views
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person, RoleGrant
from labops.domain.plans.models import LedgerAccount, Posting
from labops.domain.sites.models import Site
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import ROLE_PERMISSIONS, Permission

MOST = 500
NEXT_OFFERED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a list is narrowed to; sites and types by slug. Later ones first when `past`."""

    now: datetime
    site: str = ""
    machine_type: str = ""
    only_free: bool = False
    past: bool = False
    limit: int = MOST
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpView:
    """A person in a session, as its teachers see her; `charged` is what she is asked, in cents."""

    id: int
    person_id: int
    person_uid: str
    name: str
    state: str
    turn: int
    late: bool
    signed_at: datetime
    note: str
    revision: int
    invited_sequence: int | None
    charged: int = 0


@dataclass(frozen=True, slots=True)
class Mine:
    """A session and how the person stands in it."""

    induction: SessionView
    state: str
    revision: int
    changed_at: datetime


def listed(session: Session, search: Search) -> tuple[list[SessionView], int]:
    """Return a page of sessions and how many there are in all; cancelled ones stay away."""
    conditions = [InductionSession.state != SessionState.CANCELLED]
    if search.past:
        conditions.append(InductionSession.ends_at <= search.now)
    else:
        conditions.append(InductionSession.ends_at > search.now)
    if search.site:
        conditions.append(Site.slug == search.site)
    if search.machine_type:
        conditions.append(MachineType.slug == search.machine_type)
    if search.only_free:
        conditions += [
            count_of(PLACED) < InductionSession.places,
            InductionSession.starts_at > search.now,
        ]
    count = session.scalar(
        select(func.count())
        .select_from(InductionSession)
        .join(Site, Site.id == InductionSession.site_id)
        .join(MachineType, MachineType.id == InductionSession.machine_type_id)
        .where(*conditions)
    )
    start = InductionSession.starts_at
    query = sessions().where(*conditions).order_by(start.desc() if search.past else start)
    query = query.order_by(InductionSession.id).limit(search.limit).offset(search.offset)
    return views(session, query), count or 0


def one(session: Session, uid: str) -> SessionView:
    """Return one session, whatever became of it; raises `NotFound`."""
    found = views(session, sessions().where(InductionSession.uid == uid))
    if not found:
        raise NotFound
    return found[0]


def next_free(
    session: Session, machine_type: str, *, now: datetime, limit: int = NEXT_OFFERED
) -> list[SessionView]:
    """Return the next sessions on a machine type that still have places, soonest first."""
    search = Search(now=now, machine_type=machine_type, only_free=True, limit=limit)
    return listed(session, search)[0]


def during(session: Session, site_id: int, window: Interval) -> list[SessionView]:
    """Return a site's sessions that reach into the window, by start."""
    query = sessions().where(InductionSession.site_id == site_id, *_standing_in(window))
    return views(session, query.order_by(InductionSession.starts_at, InductionSession.id))


def of_machine(session: Session, machine_id: int, window: Interval) -> list[SessionView]:
    """Return the sessions that take a machine in the window, by start."""
    ids = select(InductionMachine.session_id).where(InductionMachine.bookable_id == machine_id)
    query = sessions().where(InductionSession.id.in_(ids), *_standing_in(window))
    return views(session, query.order_by(InductionSession.starts_at, InductionSession.id))


def for_feed(session: Session, window: Interval, conditions: Sequence[Any]) -> list[SessionView]:
    """Return sessions in the window for feeds, cancelled ones too."""
    query = sessions().where(*_reaching_into(window), *conditions)
    return views(session, query.order_by(InductionSession.starts_at, InductionSession.id))


def of_person(session: Session, person_id: int, window: Interval) -> list[Mine]:
    """Return the sessions in the window that the person is in, by start, cancelled ones too."""
    rows = session.execute(
        select(
            InductionSignUp.session_id,
            InductionSignUp.state,
            InductionSignUp.revision,
            InductionSignUp.changed_at,
        ).where(
            InductionSignUp.person_id == person_id,
            InductionSignUp.state.in_(sorted(PRESENT)),
        )
    ).all()
    if not rows:
        return []
    ids = [row.session_id for row in rows]
    found = {view.id: view for view in for_feed(session, window, [InductionSession.id.in_(ids)])}
    mine = [
        Mine(found[row.session_id], row.state, row.revision, row.changed_at)
        for row in rows
        if row.session_id in found
    ]
    return sorted(mine, key=lambda one: (one.induction.starts_at, one.induction.id))


def states_of(session: Session, person_id: int, session_ids: Sequence[int]) -> dict[int, str]:
    """Return how the person stands in each of these sessions that she ever signed up for."""
    if not session_ids:
        return {}
    rows = session.execute(
        select(InductionSignUp.session_id, InductionSignUp.state).where(
            InductionSignUp.person_id == person_id, InductionSignUp.session_id.in_(session_ids)
        )
    )
    return {row.session_id: row.state for row in rows}


def attendance(session: Session, session_id: int) -> list[SignUpView]:
    """Return everybody who ever signed up for the session, in order of arrival."""
    rows = session.execute(
        select(
            InductionSignUp.id,
            InductionSignUp.person_id,
            Person.uid.label("person_uid"),
            Person.name,
            InductionSignUp.state,
            InductionSignUp.turn,
            InductionSignUp.late,
            InductionSignUp.signed_at,
            InductionSignUp.note,
            InductionSignUp.revision,
            InductionSignUp.invited_sequence,
            _charged().label("charged"),
        )
        .join(Person, Person.id == InductionSignUp.person_id)
        .where(InductionSignUp.session_id == session_id)
        .order_by(InductionSignUp.turn, InductionSignUp.id)
    )
    return [SignUpView(**row._mapping) for row in rows]


def _charged() -> Any:
    """Return what a sign-up's entry adds to the balance of the person."""
    return (
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(
            Posting.entry_uid == InductionSignUp.entry_uid,
            LedgerAccount.person_id == InductionSignUp.person_id,
        )
        .correlate(InductionSignUp)
        .scalar_subquery()
    )


def teachers(session: Session, site_id: int) -> list[tuple[str, str]]:
    """Return uid and name of everybody who may certify at the site, by name."""
    roles = [
        role
        for role, granted in ROLE_PERMISSIONS.items()
        if Permission.CERTIFICATION_GRANT in granted
    ]
    rows = session.execute(
        select(Person.uid, Person.name)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(
            RoleGrant.role.in_(roles),
            (RoleGrant.site_id == site_id) | RoleGrant.site_id.is_(None),
        )
        .distinct()
        .order_by(Person.name, Person.uid)
    )
    return [(row.uid, row.name) for row in rows]


def types(session: Session) -> list[tuple[str, str, str]]:
    """Return slug and both names of every machine type."""
    rows = session.execute(
        select(MachineType.slug, MachineType.name_it, MachineType.name_en).order_by(
            MachineType.slug
        )
    )
    return [(row.slug, row.name_it, row.name_en) for row in rows]


def _standing_in(window: Interval) -> list[ColumnElement[bool]]:
    return [InductionSession.state != SessionState.CANCELLED, *_reaching_into(window)]


def _reaching_into(window: Interval) -> list[ColumnElement[bool]]:
    return [
        InductionSession.ends_at > window.starts_at,
        InductionSession.ends_at <= window.ends_at + LONGEST_SESSION,
        InductionSession.starts_at < window.ends_at,
    ]
