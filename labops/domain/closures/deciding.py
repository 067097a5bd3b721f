"""Use cases of proposed closures: staff accept or ignore them, one by one or all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.closures.models import Closure, OutsideCalendar, ProposedClosure
from labops.domain.closures.outside_queries import known, locked, rows_of
from labops.domain.closures.values import Change
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Changed
from labops.kernel.permissions import Actor


def decide(
    uid: str,
    *,
    accept: bool,
    revision: int,
    keys: Collection[str] | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Accept or ignore proposals of a calendar (`None`: all that wait); return how many.

    Accepting a new one closes the site, a changed one moves its closure, a vanished one takes its
    closure back; bookings stay as they are. Raises `Changed` when the calendar is not as it was at
    `revision` any more, `NotFound` unless the actor edits closures at its site.
    """
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        if calendar.revision != revision:
            raise Changed
        count = 0
        for row in rows_of(session, calendar.id).values():
            change = known(row).change
            if change is None or (keys is not None and row.key not in keys):
                continue
            if accept:
                _accept(session, calendar, row, change, actor, now)
            else:
                row.ignored = True
            count += 1
        if count:
            calendar.revision += 1
            act = "accepted" if accept else "ignored"
            _record(session, calendar, act, count, actor, now)
        return count


def reconsider(uid: str, *, actor: Actor, now: datetime) -> None:
    """Propose again what staff ignored."""
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        count = 0
        for row in rows_of(session, calendar.id).values():
            if known(row).ignored:
                row.ignored = False
                if row.closure_id is None:
                    row.accepted_mark = ""
                count += 1
        if count:
            calendar.revision += 1
            _record(session, calendar, "proposed-again", count, actor, now)


def _accept(
    session: Session,
    calendar: OutsideCalendar,
    row: ProposedClosure,
    change: Change,
    actor: Actor,
    now: datetime,
) -> None:
    if change is Change.VANISHED:
        closure = _standing(session, row)
        _record_closure(session, closure, "removed", actor, now)
        session.delete(row)
        session.flush()  # the row points to the closure
        session.delete(closure)
        return
    if change is Change.NEW:
        closure = Closure(site_id=calendar.site_id, space_id=calendar.space_id)
        session.add(closure)
    else:
        closure = _standing(session, row)
    closure.starts_at, closure.ends_at, closure.reason = row.starts_at, row.ends_at, row.reason
    session.flush()  # a new one needs its id
    row.closure_id, row.accepted_mark = closure.id, row.mark
    act = "added" if change is Change.NEW else "changed"
    _record_closure(session, closure, act, actor, now)


def _standing(session: Session, row: ProposedClosure) -> Closure:
    closure = session.get(Closure, row.closure_id)
    if closure is None:  # taken back at this very moment
        raise Changed
    return closure


def _record(
    session: Session, calendar: OutsideCalendar, act: str, count: int, actor: Actor, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        f"outside-calendar.{act}",
        f"outside-calendar:{calendar.uid}",
        now=now,
        after={"count": count},
    )


def _record_closure(
    session: Session, closure: Closure, act: str, actor: Actor, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        f"closure.{act}",
        f"closure:{closure.id}",
        now=now,
        after={
            "starts_at": closure.starts_at.isoformat(),
            "ends_at": closure.ends_at.isoformat(),
            "reason": closure.reason,
        },
    )
