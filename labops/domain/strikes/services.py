"""Use cases of strikes: a member contests one, staff answer and may forgive it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.plans import charging
from labops.domain.sites.models import Site
from labops.domain.strikes import counting, queries
from labops.domain.strikes.events import StrikeAnswered, StrikeContested
from labops.domain.strikes.models import Strike
from labops.domain.strikes.taken import taken_by_others
from labops.kernel import audit, ledger, local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import SYSTEM, Actor, Permission

LONGEST_TEXT = 500


def contest(uid: str, *, text: str, actor: Actor, now: datetime) -> None:
    """Say that one's strike is wrong, once.

    Raises `NotFound` for somebody else's, `Invalid` without a text, `Refused` with
    `strike.decided` when it was contested, answered or forgiven before.
    """
    actor.require_write()
    text = _text(text)
    with unit_of_work() as session:
        strike = _strike(session, uid)
        if not actor.owns(strike.person_id):
            raise NotFound
        if strike.contested_at is not None or strike.answered_at is not None:
            raise Refused([Problem("strike.decided")])
        strike.contested_at = now
        strike.contest_text = text
        outbox.record(session, StrikeContested(strike_uid=uid), now=now)
        audit.record(session, actor, "strike.contested", f"strike:{uid}", now=now, reason=text)


def answer(uid: str, *, forgive: bool, text: str, actor: Actor, now: datetime) -> None:
    """Forgive a strike, or let it stand, with a reason; a suspension follows what then stands.

    Raises `NotFound` unless the actor may forgive at that site, `Invalid` without a reason,
    `Refused` with `strike.decided` when somebody had answered.
    """
    actor.require_write()
    text = _text(text)
    with unit_of_work() as session:
        strike = _strike(session, uid)
        if not actor.may(Permission.STRIKE_FORGIVE, strike.site_id) or actor.owns(strike.person_id):
            raise NotFound
        if strike.answered_at is not None:
            raise Refused([Problem("strike.decided")])
        _answer(session, strike, forgive=forgive, text=text, actor=actor, now=now)


def forgive_taken(*, now: datetime, dry_run: bool = False) -> int:
    """Forgive what was given up late but taken by others meanwhile, where the rules say so."""
    due = taken_by_others(reading(), now=now)
    return len(due) if dry_run else sum(_forgive_taken(one, now=now) for one in due)


def _forgive_taken(booking_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        booking = session.get_one(Booking, booking_id, populate_existing=True)
        ledger.lock(session, people=[booking.person_id])
        session.refresh(booking)
        if not booking.cancelled_late:
            return False
        booking.cancelled_late = False
        charging.refund(session, booking, None, now=now)
        audit.record(
            session,
            SYSTEM,
            "booking.forgiven",
            f"booking:{booking.uid}",
            now=now,
            reason="taken by others",
        )
        strike = session.scalar(select(Strike).where(Strike.booking_id == booking_id))
        if strike is not None and strike.answered_at is None:
            _answer(session, strike, forgive=True, text="", actor=SYSTEM, now=now)
        return True


def _answer(
    session: Session, strike: Strike, *, forgive: bool, text: str, actor: Actor, now: datetime
) -> None:
    strike.answered_at = now
    strike.answer_text = text
    strike.answered_by_id = actor.person_id
    if forgive:
        strike.forgiven_at = now
    session.flush()  # what stands is counted anew below
    site = session.get_one(Site, strike.site_id)
    rule = queries.rule_for(session, site, strike.booking_id)
    zone = local_time.zone(site.zone)
    counting.settle(session, strike.person_id, strike.site_id, rule, zone)
    outbox.record(session, StrikeAnswered(strike_uid=strike.uid), now=now)
    audit.record(
        session,
        actor,
        "strike.forgiven" if forgive else "strike.upheld",
        f"strike:{strike.uid}",
        now=now,
        reason=text,
    )


def _strike(session: Session, uid: str) -> Strike:
    strike = session.scalar(
        select(Strike)
        .where(Strike.uid == uid)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if strike is None:
        raise NotFound
    ledger.lock(session, people=[strike.person_id])
    return strike


def _text(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid.field("text", "field.required")
    return text[:LONGEST_TEXT]
