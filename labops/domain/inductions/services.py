"""Use cases of those who plan sessions: plan, repeat, change, cancel."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from labops.domain.inductions import fees, line
from labops.domain.inductions.commands import (
    LONGEST_NOTE,
    LONGEST_REASON,
    PlanSession,
    PlanSessions,
)
from labops.domain.inductions.events import (
    InductionCancelled,
    InductionChanged,
    InductionPlanned,
)
from labops.domain.inductions.models import InductionMachine, InductionSession
from labops.domain.inductions.planning import (
    Wanted,
    machines_of,
    obstacles,
    owner_of,
    told,
    wanted,
)
from labops.domain.inductions.states import Cause, SessionState
from labops.domain.series.values import Pattern, Planned, wall_of
from labops.domain.sites.models import Site
from labops.kernel import audit, ledger, ledger_whole, local_time, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Changed, Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One session of several, and what stands against it; fine without problems."""

    planned: Planned
    problems: tuple[Problem, ...]


def plan(site_id: int, command: PlanSession, *, actor: Actor, now: datetime) -> str:
    """Plan a session and return its uid.

    Raises `Forbidden`, `NotFound`, `Invalid`, and `Refused` for everything in its way.
    """
    actor.require(Permission.INDUCTION_EDIT, site_id)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        return _plan(session, site_id, command, actor=actor, now=now)


def preview(
    session: Session, site_id: int, command: PlanSessions, *, actor: Actor, now: datetime
) -> tuple[Foreseen, ...]:
    """Return each session of the wish with what stands against it now; raises as `plan`."""
    actor.require(Permission.INDUCTION_EDIT, site_id)
    return tuple(
        Foreseen(one, tuple(obstacles(session, wanted(session, site_id, each, now=now))))
        for one, each in _each(session, site_id, command)
    )


def plan_several(
    site_id: int, command: PlanSessions, numbers: Collection[int], *, actor: Actor, now: datetime
) -> list[str]:
    """Plan the sessions with these numbers, all or none; return their uids.

    Raises as `plan`, and `Changed` when something came in the way of one since it was previewed.
    """
    actor.require(Permission.INDUCTION_EDIT, site_id)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        chosen = [
            each for one, each in _each(session, site_id, command) if one.number in set(numbers)
        ]
        if not chosen:
            raise Invalid.field("count", "field.required")
        try:
            return [_plan(session, site_id, each, actor=actor, now=now) for each in chosen]
        except Refused as refused:
            raise Changed from refused


def change(uid: str, command: PlanSession, *, actor: Actor, now: datetime) -> None:
    """Change a session that has not begun; whoever is in it is told when it matters.

    More places let those move up who wait. Raises as `plan`, `NotFound`, `Changed` when somebody
    changed it meanwhile, and `Refused` with `induction.too-few-places` for fewer places than are
    taken.
    """
    with ledger.refusing_overlaps(), unit_of_work() as session:
        induction = _of_actor(session, uid, actor)
        seen = induction.revision
        before = machines_of(session, induction)
        wish = wanted(session, induction.site_id, command, now=now)
        ledger.lock(
            session,
            people=[wish.teacher_id],
            bookables=[machine.id for machine in (*before, *wish.machines)],
        )
        line.lock(session, induction)
        if induction.revision != seen or command.expected_revision not in {None, seen}:
            raise Changed
        _require_coming(induction, now)
        if line.taken_count(session, induction) > command.places:
            raise Refused([Problem("induction.too-few-places")])
        problems = obstacles(session, wish, besides=induction)
        if problems:
            raise Refused(problems)
        was, moved = told(induction, before), _matters(induction, wish)
        _write(induction, command, wish)
        _claim(session, induction, wish, moving=True)
        line.touch(induction, now)
        induction.revision += 1
        if induction.decide_at > now:
            induction.decided_at = None
        line.move_up(session, induction, actor=actor, now=now)
        event = InductionChanged(session_uid=uid, revision=induction.revision)
        if moved:
            outbox.record(session, event, now=now)
        after = told(induction, wish.machines)
        _audit(session, induction, "changed", actor, now, before=was, after=after)


def cancel(uid: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Cancel a session that has not begun, with a reason; its time is free. Twice is once.

    Raises `NotFound`, `Invalid` without a reason, and `Refused` once it has begun.
    """
    text = one_line(reason)[:LONGEST_REASON]
    if not text:
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        induction = _of_actor(session, uid, actor)
        ledger.lock(session, bookables=[one.id for one in machines_of(session, induction)])
        line.lock(session, induction)
        if induction.state == SessionState.CANCELLED:
            return
        _require_coming(induction, now)
        call_off(session, induction, Cause.STAFF, text, actor=actor, now=now)


def call_off(
    session: Session,
    induction: InductionSession,
    cause: Cause,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Cancel a locked session: time and money are given back, everybody in it will be told."""
    was = told(induction, machines_of(session, induction))
    ledger.release(session, owner_of(induction))
    fees.give_back(session, induction, line.sign_ups(session, induction), now=now)
    induction.state = SessionState.CANCELLED
    induction.cancelled_for = cause
    induction.reason = reason
    induction.revision += 1
    line.touch(induction, now)
    event = InductionCancelled(session_uid=induction.uid, revision=induction.revision)
    outbox.record(session, event, now=now)
    _audit(session, induction, "cancelled", actor, now, before=was, reason=reason or cause)


def _plan(
    session: Session, site_id: int, command: PlanSession, *, actor: Actor, now: datetime
) -> str:
    wish = wanted(session, site_id, command, now=now)
    ledger.lock(session, people=[wish.teacher_id], bookables=[one.id for one in wish.machines])
    problems = obstacles(session, wish)
    if problems:
        raise Refused(problems)
    induction = InductionSession(
        uid=new_uid(), site_id=site_id, created_at=now, revised_at=now, revision=0, sequence=0
    )
    _write(induction, command, wish)
    session.add(induction)
    session.flush()  # machines and claims need its id
    _claim(session, induction, wish)
    outbox.record(session, InductionPlanned(session_uid=induction.uid, revision=0), now=now)
    _audit(session, induction, "planned", actor, now, after=told(induction, wish.machines))
    return induction.uid


def _each(
    session: Session, site_id: int, command: PlanSessions
) -> list[tuple[Planned, PlanSession]]:
    """Return the sessions of a wish that repeats, each at the same local hour."""
    zone = session.scalar(select(Site.zone).where(Site.id == site_id))
    if zone is None:
        raise NotFound
    first = command.first
    starts = wall_of(first.span.starts_at, local_time.zone(zone))
    pattern = Pattern(
        starts=starts, length=first.span.length, weeks=command.repeat.weeks, zone=zone
    )
    count = command.repeat.count_from(starts.date())
    planned = [pattern.planned(number) for number in range(1, count + 1)]
    return [(one, replace(first, span=one.slot)) for one in planned]


def _matters(induction: InductionSession, wish: Wanted) -> bool:
    return (induction.span, induction.space_id, induction.teacher_id) != (
        wish.span,
        wish.space_id,
        wish.teacher_id,
    )


def _write(induction: InductionSession, command: PlanSession, wish: Wanted) -> None:
    induction.space_id = wish.space_id
    induction.machine_type_id = wish.type_id
    induction.level = command.level
    induction.teacher_id = wish.teacher_id
    induction.starts_at = wish.span.starts_at
    induction.ends_at = wish.span.ends_at
    induction.places = command.places
    induction.fewest = command.fewest
    induction.decide_at = wish.decide_at
    induction.needs_type_id = wish.needs_type_id
    induction.needs_quiz_id = wish.needs_quiz_id
    induction.youngest = command.youngest
    induction.audience = command.audience
    induction.price = command.price
    induction.free_plan = one_line(command.free_plan)[:60]
    induction.note = without_controls(command.note).strip()[:LONGEST_NOTE]


def _claim(
    session: Session, induction: InductionSession, wish: Wanted, *, moving: bool = False
) -> None:
    if moving:
        ledger.release(session, owner_of(induction))
        session.execute(delete(InductionMachine).where(InductionMachine.session_id == induction.id))
    if wish.machines:
        ledger_whole.grant_whole(session, owner_of(induction), wish.claims)
    session.add_all(
        InductionMachine(session_id=induction.id, bookable_id=machine.id)
        for machine in wish.machines
    )


def _of_actor(session: Session, uid: str, actor: Actor) -> InductionSession:
    induction = line.find(session, uid)
    if induction is None:
        raise NotFound
    actor.require(Permission.INDUCTION_EDIT, induction.site_id)
    return induction


def _require_coming(induction: InductionSession, now: datetime) -> None:
    if induction.state == SessionState.CANCELLED:
        raise Refused([Problem("induction.cancelled")])
    if induction.starts_at <= now:
        raise Refused([Problem("induction.begun")])


def _audit(
    session: Session,
    induction: InductionSession,
    verb: str,
    actor: Actor,
    now: datetime,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    subject = f"induction:{induction.uid}"
    audit.record(
        session,
        actor,
        f"induction.{verb}",
        subject,
        now=now,
        before=before,
        after=after,
        reason=reason,
    )
