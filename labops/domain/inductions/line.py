"""A session's sign-ups under its lock: counting places, and moving up who waits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.inductions import fees
from labops.domain.inductions.events import InductionMovedUp
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.policies import InLine, moving_up
from labops.domain.inductions.states import PLACED, SessionState, SignUpState
from labops.kernel import audit, ledger, outbox
from labops.kernel.permissions import Actor


def find(session: Session, uid: str) -> InductionSession | None:
    """Return a session as it stands, not locked."""
    return session.scalar(
        select(InductionSession)
        .where(InductionSession.uid == uid)
        .execution_options(populate_existing=True)
    )


def lock(session: Session, induction: InductionSession) -> None:
    """Make everybody else who changes this session or signs up wait, and see it as it is now.

    People and machines are locked before it, never after, so that nobody waits in a circle. On
    SQLite the write transaction already is the lock.
    """
    if ledger.guard_is_on():
        session.refresh(induction, with_for_update=True)


def sign_ups(session: Session, induction: InductionSession) -> list[InductionSignUp]:
    """Return everybody who ever signed up, in order of arrival."""
    query = select(InductionSignUp).where(InductionSignUp.session_id == induction.id)
    query = query.order_by(InductionSignUp.turn, InductionSignUp.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def taken_count(session: Session, induction: InductionSession) -> int:
    """Return how many places are taken."""
    query = select(func.count()).where(
        InductionSignUp.session_id == induction.id, InductionSignUp.state.in_(sorted(PLACED))
    )
    return session.scalar(query) or 0


def next_turn(session: Session, induction: InductionSession) -> int:
    """Return the turn of whoever arrives now."""
    query = select(func.max(InductionSignUp.turn)).where(InductionSignUp.session_id == induction.id)
    return (session.scalar(query) or 0) + 1


def move_up(
    session: Session, induction: InductionSession, *, actor: Actor, now: datetime
) -> list[int]:
    """Give free places to those who wait, first come first, at the price; return who got one."""
    if induction.state != SessionState.PLANNED or induction.starts_at <= now:
        return []
    session.flush()
    found = sign_ups(session, induction)
    line = [InLine(one.id, one.turn, SignUpState(one.state)) for one in found]
    lucky = moving_up(line, induction.places)
    fees.charge(session, induction, [one for one in found if one.id in lucky], now=now)
    for one in found:
        if one.id in lucky:
            put(one, SignUpState.SIGNED_UP, now)
            event = InductionMovedUp(
                session_uid=induction.uid, person_id=one.person_id, revision=one.revision
            )
            outbox.record(session, event, now=now)
            note(session, induction, one, "moved-up", actor, now)
    if lucky:
        touch(induction, now)
    return [one.person_id for one in found if one.id in lucky]


def put(sign_up: InductionSignUp, state: SignUpState, now: datetime) -> None:
    """Let the sign-up stand so from now on."""
    sign_up.state = state
    sign_up.changed_at = now
    sign_up.revision += 1


def touch(induction: InductionSession, now: datetime) -> None:
    """Let calendars see that something about the session changed."""
    induction.sequence += 1
    induction.revised_at = now


def note(
    session: Session,
    induction: InductionSession,
    sign_up: InductionSignUp,
    verb: str,
    actor: Actor,
    now: datetime,
    *,
    before: str = "",
    reason: str = "",
) -> None:
    """Write down what became of a sign-up."""
    audit.record(
        session,
        actor,
        f"induction.{verb}",
        f"induction:{induction.uid}",
        now=now,
        before={"person_id": sign_up.person_id, "state": before} if before else None,
        after={"person_id": sign_up.person_id, "state": sign_up.state, "late": sign_up.late},
        reason=reason,
    )
