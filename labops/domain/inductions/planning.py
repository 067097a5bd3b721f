"""What a wish for a session means: which machines and teacher, when, and what is in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.closures import queries as closures
from labops.domain.inductions.commands import (
    DEAREST,
    LONGEST_LEAD,
    LONGEST_SESSION,
    MOST_PLACES,
    OLDEST,
    PlanSession,
)
from labops.domain.inductions.models import InductionMachine, InductionSession
from labops.domain.inductions.states import SessionState
from labops.domain.machines.models import Machine, MachineType
from labops.domain.people import queries as people
from labops.domain.quizzes.models import Quiz
from labops.domain.spaces.models import Space
from labops.kernel import ledger
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A session with the identifiers of all that it names."""

    site_id: int
    space_id: int | None
    type_id: int
    needs_type_id: int | None
    needs_quiz_id: int | None
    teacher_id: int
    machines: tuple[Machine, ...]
    span: Interval
    decide_at: datetime

    @property
    def claims(self) -> list[ledger.Claim]:
        """Return the claims on all units of the machines, buffers included."""
        return [ledger.Claim(one.id, one.capacity, around(one, self.span)) for one in self.machines]


def around(machine: Machine, span: Interval) -> Interval:
    """Return the span with the machine's own set-up and clean-up."""
    return span.widened(
        before=timedelta(minutes=machine.setup_minutes),
        after=timedelta(minutes=machine.cleanup_minutes),
    )


def owner_of(induction: InductionSession) -> ledger.Owner:
    """Return as whom the session claims time."""
    return ledger.Owner(ledger.OwnerKind.INDUCTION, induction.id)


def wanted(session: Session, site_id: int, command: PlanSession, *, now: datetime) -> Wanted:
    """Return what the command names.

    Raises `Invalid` naming the fields, and `NotFound` for a machine or space of elsewhere.
    """
    _refuse_nonsense(command, now)
    type_id = _type_id(session, command.machine_type, "machine_type")
    if type_id is None:
        raise Invalid.field("machine_type", "field.required")
    if command.space_id is not None:
        space = session.get(Space, command.space_id)
        if space is None or space.site_id != site_id:
            raise NotFound
    return Wanted(
        site_id=site_id,
        space_id=command.space_id,
        type_id=type_id,
        needs_type_id=_type_id(session, command.needs, "needs"),
        needs_quiz_id=_quiz_id(session, command.quiz),
        teacher_id=_teacher(session, site_id, command.teacher_uid, now),
        machines=_machines(session, site_id, command.machines),
        span=command.span,
        decide_at=command.span.starts_at - command.decide_before,
    )


def obstacles(
    session: Session, wish: Wanted, *, besides: InductionSession | None = None
) -> list[Problem]:
    """Return what stands against the session now: taken machines, a closure, the teacher's own."""
    own = owner_of(besides) if besides is not None else None
    problems = []
    for machine, claim in zip(wish.machines, wish.claims, strict=True):
        free = sum(1 for _unit in ledger.free_units(session, claim, besides=own))
        if free < machine.capacity:
            problems.append(Problem("induction.overlap", {"machine": machine.slug}))
    spaces = {wish.space_id, *(machine.space_id for machine in wish.machines)} - {None}
    shut = closures.during(
        session, wish.site_id, wish.span, space_ids=[one for one in spaces if one is not None]
    )
    problems += [Problem("induction.closed", {"reason": closure.reason}) for closure in shut[:1]]
    if _teaches_elsewhere(session, wish, besides):
        problems.append(Problem("induction.teacher-busy"))
    return problems


def machines_of(session: Session, induction: InductionSession) -> tuple[Machine, ...]:
    """Return the machines of a session, by id."""
    query = (
        select(Machine)
        .join(InductionMachine, InductionMachine.bookable_id == Machine.id)
        .where(InductionMachine.session_id == induction.id)
    )
    return tuple(session.scalars(query.order_by(Machine.id)))


def told(induction: InductionSession, machines: tuple[Machine, ...]) -> dict[str, Any]:
    """Return what an audit entry keeps of a session."""
    return {
        "starts_at": induction.starts_at.isoformat(),
        "ends_at": induction.ends_at.isoformat(),
        "machines": [machine.slug for machine in machines],
        "teacher_id": induction.teacher_id,
        "places": induction.places,
        "fewest": induction.fewest,
        "state": induction.state,
    }


def _refuse_nonsense(command: PlanSession, now: datetime) -> None:
    if command.span.starts_at <= now:
        raise Invalid.field("starts_at", "field.in-the-past")
    if command.span.length > LONGEST_SESSION:
        raise Invalid.field("ends_at", "induction.too-long", longest=LONGEST_SESSION)
    if not timedelta(0) <= command.decide_before <= LONGEST_LEAD:
        hours = LONGEST_LEAD // timedelta(hours=1)
        raise Invalid.field("decide_before", "field.out-of-range", lowest=0, highest=hours)
    numbers: tuple[tuple[str, Decimal | int | None, int, Decimal | int], ...] = (
        ("places", command.places, 1, MOST_PLACES),
        ("fewest", command.fewest, 0, command.places),
        ("youngest", command.youngest, 0, OLDEST),
        ("price", command.price, 0, DEAREST),
        ("level", command.level, 1, 9),
    )
    for name, value, lowest, highest in numbers:
        if value is not None and not lowest <= value <= highest:
            raise Invalid.field(name, "field.out-of-range", lowest=lowest, highest=highest)


def _type_id(session: Session, slug: str, field: str) -> int | None:
    if not slug:
        return None
    found = session.scalar(select(MachineType.id).where(MachineType.slug == slug))
    if found is None:
        raise Invalid.field(field, "field.not-offered", value=slug)
    return found


def _quiz_id(session: Session, slug: str) -> int | None:
    if not slug:
        return None
    found = session.scalar(select(Quiz.id).where(Quiz.slug == slug))
    if found is None:
        raise Invalid.field("quiz", "field.not-offered", value=slug)
    return found


def _teacher(session: Session, site_id: int, uid: str, now: datetime) -> int:
    ids = people.ids_of_uids(session, [uid])
    if uid not in ids:
        raise Invalid.field("teacher", "field.nobody")
    teacher = people.actor_of(session, ids[uid], now=now)
    if not teacher.may(Permission.CERTIFICATION_GRANT, site_id):
        raise Invalid.field("teacher", "induction.no-teacher")
    return ids[uid]


def _machines(session: Session, site_id: int, slugs: tuple[str, ...]) -> tuple[Machine, ...]:
    query = (
        select(Machine)
        .where(Machine.site_id == site_id, Machine.slug.in_(slugs))
        .order_by(Machine.id)
        .execution_options(populate_existing=True)
    )
    found = tuple(session.scalars(query))
    if len(found) != len(set(slugs)):
        raise NotFound
    return found


def _teaches_elsewhere(session: Session, wish: Wanted, besides: InductionSession | None) -> bool:
    query = select(InductionSession.id).where(
        InductionSession.teacher_id == wish.teacher_id,
        InductionSession.ends_at > wish.span.starts_at,
        InductionSession.ends_at <= wish.span.ends_at + LONGEST_SESSION,
        InductionSession.starts_at < wish.span.ends_at,
        InductionSession.state != SessionState.CANCELLED,
    )
    if besides is not None:
        query = query.where(InductionSession.id != besides.id)
    return session.scalar(query.limit(1)) is not None
