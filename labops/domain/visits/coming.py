"""What a scan does once it is known whose it is: in, out, at a door or at a machine.

These run inside their caller's transaction, under the person's lock. The lock of the site is taken
last, after those of any booking.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.sites.queries import SiteView
from labops.domain.stations.models import Station
from labops.domain.visits import at_machine, knowing, staying
from labops.domain.visits.commands import Guests, Scan
from labops.domain.visits.identifying import Identified
from labops.domain.visits.models import Visit
from labops.domain.visits.outcomes import Found
from labops.domain.visits.policies import door_problems, result_of
from labops.domain.visits.states import Result
from labops.kernel.errors import Forbidden, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is where, when it happened and when it is written down."""

    person_id: int
    site: SiteView
    station: Station | None
    actor: Actor
    at: datetime
    now: datetime

    @property
    def late(self) -> bool:
        """Say whether it happened a while ago, without a connection: a fact, not a question."""
        return self.at < self.now


def check_in(session: Session, command: Scan, visitor: Visitor) -> Found:
    """Let the person in; at a machine, or for a booking, its use begins as well.

    Raises `Refused` before anything was changed.
    """
    station = visitor.station
    if (station is not None and station.machine_id is not None) or command.booking:
        return _use(session, command, visitor)
    staying.lock(session, visitor.site.id)
    space_id = station.space_id if station else None
    visit = staying.open_visit(session, visitor.person_id)
    here = visit if visit is not None and visit.site_id == visitor.site.id else None
    if here is not None and (space_id is None or here.space_id == space_id):
        # What a queue tells late may have been earlier than the rest.
        here.starts_at = min(here.starts_at, visitor.at)
        return Found(result=Result.ALREADY_IN, visit_id=here.id, detail={"since": here.starts_at})
    if visitor.late and staying.left_later(session, visitor.person_id, visitor.site.id, visitor.at):
        return Found(result=Result.ALREADY_IN)
    room = staying.room(session, visitor.site.id, space_id, moving=here)
    facts = knowing.door_facts(session, visitor.person_id, visitor.site, at=visitor.at, room=room)
    problems = door_problems(facts)
    waved = visitor.late or bool(
        command.override_reason and all(one.overridable for one in problems)
    )
    if problems and not waved:
        raise Refused(problems, zone=visitor.site.zone)
    if here is not None:
        here.space_id = space_id
        here.over_capacity = here.over_capacity or _is_over(room, 1)
    else:
        here = _begin(session, visitor, space_id, over=_is_over(room, 1))
    detail: dict[str, object] = {"since": here.starts_at}
    if problems:
        detail["conflict"] = [problem.code for problem in problems]
        detail["reason"] = command.override_reason
    return Found(result=Result.CHECKED_IN, visit_id=here.id, detail=detail)


def check_out(session: Session, visitor: Visitor) -> Found:
    """End the person's visit at the site; nothing happens when there is none."""
    staying.lock(session, visitor.site.id)
    visit = staying.open_visit(session, visitor.person_id)
    if visit is None or visit.site_id != visitor.site.id or visit.starts_at > visitor.at:
        return Found(result=Result.NOT_IN)
    since = visit.starts_at
    staying.end(session, [visit], actor=visitor.actor, at=visitor.at, now=visitor.now)
    guests = session.scalar(
        select(func.coalesce(func.sum(Visit.people_count), 0)).where(
            Visit.host_id == visitor.person_id, Visit.ends_at.is_(None)
        )
    )
    return Found(
        result=Result.CHECKED_OUT,
        visit_id=visit.id,
        detail={"since": since, "guests_left": int(guests or 0)},
    )


def finish(session: Session, command: Scan, visitor: Visitor) -> Found:
    """End the use of a booking; whoever leaves the machine is still in. Raises `Refused`."""
    booking_id = at_machine.finish(session, command.booking, actor=visitor.actor, now=visitor.now)
    return Found(result=Result.FINISHED, booking_id=booking_id)


def guests(
    session: Session,
    command: Guests,
    name: str,
    host: Identified,
    *,
    actor: Actor,
    at: datetime,
    now: datetime,
) -> Found:
    """Let guests in whose host is in; a refusal names why."""
    staying.lock(session, command.site_id)
    problems: list[Problem] = [host.problem] if host.problem else []
    visit = staying.open_visit(session, host.person_id) if host.person_id else None
    inside = visit is not None and visit.site_id == command.site_id
    if host.person_id and not inside and not actor.may(Permission.VISIT_OVERRIDE, command.site_id):
        problems.append(Problem("visit.host-not-in"))
    room = staying.room(session, command.site_id, None, moving=None)
    over = _is_over(room, command.people_count)
    if over and at >= now and not command.over_capacity:
        problems.append(Problem("site.full", {"room": max(room or 0, 0)}, overridable=True))
    if command.over_capacity and not actor.may(Permission.VISIT_OVERRIDE, command.site_id):
        raise Forbidden
    if problems or host.person_id is None:
        return Found(result=result_of(problems), problems=problems)
    group = Visit(
        uid=new_uid(),
        site_id=command.site_id,
        host_id=host.person_id,
        guest_name=name,
        names=[each[:120] for each in command.names],
        people_count=max(command.people_count, len(command.names)),
        minors=command.minors,
        starts_at=at,
        over_capacity=over,
    )
    staying.begin(session, group, actor=actor, now=now)
    return Found(result=Result.CHECKED_IN, visit_id=group.id, detail={"since": at})


def _use(session: Session, command: Scan, visitor: Visitor) -> Found:
    """Begin the use of the machine; whoever stands there is in, however full it is."""
    used = at_machine.check_in(
        session,
        command.booking,
        visitor.station,
        site=visitor.site,
        person_id=visitor.person_id,
        actor=visitor.actor,
        now=visitor.now,
    )
    staying.lock(session, visitor.site.id)
    visit = staying.open_visit(session, visitor.person_id)
    if visit is None or visit.site_id != visitor.site.id:
        room = staying.room(session, visitor.site.id, used.space_id, moving=None)
        visit = _begin(session, visitor, used.space_id, over=_is_over(room, 1))
    elif used.space_id is not None:
        visit.space_id = used.space_id
    return Found(
        result=used.result,
        visit_id=visit.id,
        booking_id=used.booking_id,
        detail={"since": visit.starts_at},
    )


def _begin(session: Session, visitor: Visitor, space_id: int | None, *, over: bool) -> Visit:
    visit = Visit(
        uid=new_uid(),
        site_id=visitor.site.id,
        space_id=space_id,
        person_id=visitor.person_id,
        starts_at=visitor.at,
        over_capacity=over,
    )
    return staying.begin(session, visit, actor=visitor.actor, now=visitor.now)


def _is_over(room: int | None, count: int) -> bool:
    return room is not None and room < count
