"""Use cases of time passing: too few people, sessions that are over, reminders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from labops.domain.inductions import line
from labops.domain.inductions.commands import LONGEST_SESSION
from labops.domain.inductions.events import InductionReminderDue
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.planning import machines_of
from labops.domain.inductions.policies import is_too_few
from labops.domain.inductions.services import call_off
from labops.domain.inductions.states import Cause, SessionState, SignUpState
from labops.domain.notifications.kinds import KINDS, LetterKind
from labops.domain.notifications.models import LetterChoice
from labops.domain.notifications.policies import LONGEST_LEAD, is_reminder_due
from labops.domain.people.models import Account
from labops.kernel import ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM

AT_ONCE = 200


def cancel_too_few(*, now: datetime, dry_run: bool = False) -> int:
    """Decide about the sessions whose time to decide has come; return how many are called off.

    One that has begun meanwhile takes place: somebody may be there.
    """
    due = select(InductionSession.uid).where(
        InductionSession.state == SessionState.PLANNED,
        InductionSession.decide_at <= now,
        InductionSession.decided_at.is_(None),
        InductionSession.starts_at > now,
    )
    uids = list(reading().scalars(due.order_by(InductionSession.decide_at).limit(AT_ONCE)))
    return sum(_decide(uid, now=now, dry_run=dry_run) for uid in uids)


def close_held(*, now: datetime, dry_run: bool = False) -> int:
    """Note that sessions whose end has passed were held; return how many."""
    over = select(InductionSession.uid).where(
        InductionSession.state == SessionState.PLANNED, InductionSession.ends_at <= now
    )
    uids = list(reading().scalars(over.order_by(InductionSession.ends_at).limit(AT_ONCE)))
    if dry_run:
        return len(uids)
    for uid in uids:
        with unit_of_work() as session:
            induction = line.find(session, uid)
            if induction is None:
                continue
            line.lock(session, induction)
            if induction.state == SessionState.PLANNED and induction.ends_at <= now:
                induction.state = SessionState.HELD
                line.touch(induction, now)
    return len(uids)


def record_reminders(*, now: datetime, dry_run: bool = False) -> int:
    """Record a reminder for everybody who is due one; return how many."""
    events = _reminders(reading(), now=now)
    if dry_run or not events:
        return len(events)
    with unit_of_work() as session:
        return sum(outbox.record_once(session, event, now=now) for event in events)


def _decide(uid: str, *, now: datetime, dry_run: bool) -> bool:
    """Return whether the session is called off."""
    if dry_run:
        found = line.find(reading(), uid)
        return found is not None and is_too_few(line.taken_count(reading(), found), found.fewest)
    with unit_of_work() as session:
        induction = line.find(session, uid)
        if induction is None:
            return False
        ledger.lock(session, bookables=[one.id for one in machines_of(session, induction)])
        line.lock(session, induction)
        undecided = induction.state == SessionState.PLANNED and induction.decided_at is None
        if not undecided or not induction.decide_at <= now < induction.starts_at:
            return False
        induction.decided_at = now
        if not is_too_few(line.taken_count(session, induction), induction.fewest):
            return False
        call_off(session, induction, Cause.TOO_FEW, "", actor=SYSTEM, now=now)
        return True


def _reminders(session: Session, *, now: datetime) -> list[InductionReminderDue]:
    revision = cast(InductionSession.revision + InductionSignUp.revision, String(12))
    key = (
        literal(f"{InductionReminderDue.kind}:")
        + InductionSession.uid
        + literal(":")
        + cast(InductionSignUp.person_id, String(12))
        + literal(":")
        + revision
    )
    rows = session.execute(
        select(
            InductionSession.uid,
            InductionSession.starts_at,
            (InductionSession.revision + InductionSignUp.revision).label("revision"),
            InductionSignUp.person_id,
            InductionSignUp.changed_at,
            LetterChoice.choice,
        )
        .join(InductionSignUp, InductionSignUp.session_id == InductionSession.id)
        .join(Account, Account.person_id == InductionSignUp.person_id)
        .outerjoin(
            LetterChoice,
            (LetterChoice.person_id == InductionSignUp.person_id)
            & (LetterChoice.kind == LetterKind.REMINDER),
        )
        .where(
            InductionSession.state == SessionState.PLANNED,
            InductionSignUp.state == SignUpState.SIGNED_UP,
            InductionSession.starts_at > now,
            InductionSession.starts_at <= now + LONGEST_LEAD,
            # What the two before say again, in words that the index on the end understands.
            InductionSession.ends_at > now,
            InductionSession.ends_at <= now + LONGEST_LEAD + LONGEST_SESSION,
            ~select(OutboxMessage.id).where(OutboxMessage.dedupe_key == key).exists(),
        )
        .order_by(InductionSession.starts_at, InductionSignUp.id)
    )
    usual = KINDS[LetterKind.REMINDER].choices[0]
    return [
        InductionReminderDue(session_uid=row.uid, person_id=row.person_id, revision=row.revision)
        for row in rows
        if is_reminder_due(
            row.choice or usual, starts_at=row.starts_at, revised_at=row.changed_at, now=now
        )
    ]
