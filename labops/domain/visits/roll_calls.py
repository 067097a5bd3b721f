"""Roll calls: who was in when everybody had to leave, and who was found; ticks are never undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.sites import queries as sites
from labops.domain.visits import queries, staying
from labops.domain.visits.models import RollCall, RollCallTick, Visit
from labops.domain.visits.queries import Inside
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Line:
    """One visit in a roll call, and how many of its people were found until now."""

    one: Inside
    found_count: int

    @property
    def missing_count(self) -> int:
        """Return how many are still to be found."""
        return max(self.one.people_count - self.found_count, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RollCallView:
    """A roll call that runs, with everybody in it."""

    uid: str
    started_at: datetime
    lines: tuple[Line, ...]

    @property
    def missing_count(self) -> int:
        """Return how many people are still to be found."""
        return sum(line.missing_count for line in self.lines)


def start(site_id: int, *, actor: Actor, now: datetime) -> str:
    """Begin a roll call, or return the one that runs: two who begin at once begin one."""
    actor.require(Permission.VISIT_SEE, site_id)
    person_id = actor.require_person()
    with unit_of_work() as session:
        staying.lock(session, site_id)
        going_on = session.scalar(
            select(RollCall.uid)
            .where(RollCall.site_id == site_id, RollCall.ended_at.is_(None))
            .order_by(RollCall.id)
            .limit(1)
        )
        if going_on is not None:
            return going_on
        call = RollCall(uid=new_uid(), site_id=site_id, started_at=now, started_by_id=person_id)
        session.add(call)
        session.flush()
        audit.record(session, actor, "roll-call.started", f"roll-call:{call.uid}", now=now)
        return call.uid


def tick(
    uid: str, visit_uid: str, *, found_count: int, nonce: str, actor: Actor, now: datetime
) -> None:
    """Write down that so many more of a visit were found; the same nonce is the same tick.

    Raises `NotFound`, `Refused` once the roll call has ended, `Invalid` for a number below one.
    """
    with unit_of_work() as session:
        call = _of_actor(session, uid, actor)
        if call.ended_at is not None:
            raise Refused([Problem("roll-call.ended")])
        visit_id = session.scalar(
            select(Visit.id).where(Visit.uid == visit_uid, Visit.site_id == call.site_id)
        )
        if visit_id is None:
            raise NotFound
        if not 1 <= found_count <= queries.MOST_COUNTED:
            raise Invalid.field(
                "found_count", "field.out-of-range", lowest=1, highest=queries.MOST_COUNTED
            )
        known = select(RollCallTick.id).where(
            RollCallTick.roll_call_id == call.id, RollCallTick.nonce == nonce
        )
        if session.scalar(known) is not None:
            return
        session.add(
            RollCallTick(
                roll_call_id=call.id,
                visit_id=visit_id,
                found_count=found_count,
                at=now,
                by_id=actor.require_person(),
                nonce=nonce[:64],
            )
        )


def end(uid: str, *, actor: Actor, now: datetime) -> None:
    """End the roll call; what was ticked stays written. Twice is once."""
    with unit_of_work() as session:
        call = _of_actor(session, uid, actor)
        if call.ended_at is None:
            call.ended_at = now
            audit.record(session, actor, "roll-call.ended", f"roll-call:{uid}", now=now)


def running(session: Session, site_id: int, *, now: datetime) -> RollCallView | None:
    """Return the roll call that runs at the site, if one does."""
    call = session.scalar(
        select(RollCall)
        .where(RollCall.site_id == site_id, RollCall.ended_at.is_(None))
        .order_by(RollCall.id)
        .limit(1)
    )
    if call is None:
        return None
    site = sites.by_id(session, site_id)
    rows = session.execute(
        select(RollCallTick.visit_id, func.sum(RollCallTick.found_count).label("found"))
        .where(RollCallTick.roll_call_id == call.id)
        .group_by(RollCallTick.visit_id)
    )
    found = {row.visit_id: int(row.found) for row in rows}
    everybody = queries.of_roll_call(session, site, started_at=call.started_at, until=now)
    lines = tuple(Line(one, found.get(one.id, 0)) for one in everybody)
    return RollCallView(uid=call.uid, started_at=call.started_at, lines=lines)


def _of_actor(session: Session, uid: str, actor: Actor) -> RollCall:
    call = session.scalar(select(RollCall).where(RollCall.uid == uid))
    if call is None or not actor.may(Permission.VISIT_SEE, call.site_id):
        raise NotFound
    actor.require_write()
    return call
