"""The one way through every door: by wall, screen, pass, typed code or name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.domain.stations import models as stations
from labops.domain.stations.models import Station
from labops.domain.visits import coming, identifying, recalling, staying
from labops.domain.visits.commands import Guests, Scan
from labops.domain.visits.identifying import Identified
from labops.domain.visits.models import Visit
from labops.domain.visits.outcomes import Found, Outcome, kept
from labops.domain.visits.policies import result_of
from labops.domain.visits.states import WELCOME, Act, Result, Way
from labops.kernel import ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line


def scan(command: Scan, *, actor: Actor, now: datetime) -> Outcome:
    """Let somebody in or out, or say why not; the same nonce of a device gets the same answer.

    What came of it is written down in any case, a refusal too. Raises `NotFound` for an unknown
    person, station or booking, and `Forbidden` for letting others in without the right to it.
    """
    _require(command, actor)
    session = reading()
    if earlier := recalling.outcome(session, command.device, command.nonce):
        return earlier
    at = min(command.at or now, now)
    site = sites.by_id(session, command.site_id)
    who = identifying.identify(session, command, actor, at=at)
    try:
        with ledger.refusing_overlaps(), unit_of_work() as session:
            if who.person_id is not None:
                ledger.lock(session, people=[who.person_id])
            if earlier := recalling.outcome(session, command.device, command.nonce):
                return earlier
            found = _found(session, command, site, who, actor=actor, at=at, now=now)
            _write(session, command, who, found, actor=actor, at=at, now=now)
            return recalling.fresh(session, command.device, command.nonce)
    except IntegrityError:
        # Nobody known by the same nonce at the same time: the other one was written first.
        earlier = recalling.outcome(reading(), command.device, command.nonce)
        if earlier is None:
            raise
        return earlier


def receive_guests(command: Guests, *, actor: Actor, now: datetime) -> Outcome:
    """Let guests in for whom somebody answers who is in; raises as `scan`, and `Invalid`."""
    actor.require_write()
    name = one_line(command.name)[:120]
    if not name:
        raise Invalid.field("name", "field.required")
    asked = Scan(
        site_id=command.site_id,
        device=command.device,
        nonce=command.nonce,
        way=Way.GUEST,
        station_id=command.station_id,
        text=command.host_text,
        person_uid=command.host_uid,
        at=command.at,
    )
    _require(asked, actor)
    session = reading()
    if earlier := recalling.outcome(session, command.device, command.nonce):
        return earlier
    at = min(command.at or now, now)
    host = identifying.identify(session, asked, actor, at=at)
    with unit_of_work() as session:
        if host.person_id is not None:
            ledger.lock(session, people=[host.person_id])
        if earlier := recalling.outcome(session, command.device, command.nonce):
            return earlier
        found = coming.guests(session, command, name, host, actor=actor, at=at, now=now)
        # A pass may be shown for several guests, so it is not used up.
        _write(session, asked, host, found, actor=actor, at=at, now=now, proof=False)
        return recalling.fresh(session, command.device, command.nonce)


def send_out(visit_uid: str, *, device: str, nonce: str, actor: Actor, now: datetime) -> Outcome:
    """Note that whoever is on the visit left, guests too; twice is once.

    Raises `NotFound` for a visit elsewhere or of others without the right to record.
    """
    actor.require_write()
    session = reading()
    visit = session.scalar(select(Visit).where(Visit.uid == visit_uid))
    if visit is None:
        raise NotFound
    own = actor.person_id is not None and actor.person_id in {visit.person_id, visit.host_id}
    if not own and not actor.may(Permission.VISIT_RECORD, visit.site_id):
        raise NotFound
    asked = Scan(site_id=visit.site_id, device=device, nonce=nonce, act=Act.CHECK_OUT, way=Way.NAME)
    person_id = visit.person_id or visit.host_id
    with unit_of_work() as session:
        if person_id is not None:
            ledger.lock(session, people=[person_id])
        if earlier := recalling.outcome(session, device, nonce):
            return earlier
        staying.lock(session, visit.site_id)
        visit = session.scalars(select(Visit).where(Visit.uid == visit_uid)).one()
        result = Result.NOT_IN
        if visit.ends_at is None:
            staying.end(session, [visit], actor=actor, at=now, now=now)
            result = Result.CHECKED_OUT
        found = Found(result=result, visit_id=visit.id)
        who = Identified(visit.person_id)
        _write(session, asked, who, found, actor=actor, at=now, now=now)
        return recalling.fresh(session, device, nonce)


def _require(command: Scan, actor: Actor) -> None:
    actor.require_write()
    if command.about_oneself:
        actor.require_person()
        if command.override_reason or command.at is not None:
            raise Forbidden
        return
    actor.require(Permission.VISIT_RECORD, command.site_id)
    if command.override_reason:
        actor.require(Permission.VISIT_OVERRIDE, command.site_id)


def _found(
    session: Session,
    command: Scan,
    site: SiteView,
    who: Identified,
    *,
    actor: Actor,
    at: datetime,
    now: datetime,
) -> Found:
    """Decide, and change what is to be changed."""
    station = _station(session, command)
    proof, problem = identifying.station_problem(session, command, station, actor, at=at)
    problem = problem or who.problem
    proof = proof or who.proof
    if problem is None and proof and who.person_id is not None:
        first_at = identifying.used_before(session, command, proof, at=at)
        if first_at is not None:
            problem = Problem("pass.used", {"first_at": first_at})
            return _refused([problem], first_at=first_at)
    if problem is not None or who.person_id is None:
        return _refused([problem or Problem("pass.unknown")])
    visitor = coming.Visitor(
        person_id=who.person_id, site=site, station=station, actor=actor, at=at, now=now
    )
    try:
        if command.act is Act.CHECK_IN:
            found = coming.check_in(session, command, visitor)
        elif command.act is Act.FINISH:
            found = coming.finish(session, command, visitor)
        else:
            found = coming.check_out(session, visitor)
    except Refused as refused:
        return _refused(refused.problems)
    if found.result in WELCOME and proof:
        found.detail["proof"] = proof
    return found


def _refused(problems: tuple[Problem, ...] | list[Problem], **detail: object) -> Found:
    return Found(result=result_of(problems), problems=problems, detail=dict(detail))


def _station(session: Session, command: Scan) -> Station | None:
    if command.station_id is None:
        return None
    station = session.get(Station, command.station_id)
    if station is None or station.site_id != command.site_id:
        raise NotFound
    return station


def _write(
    session: Session,
    command: Scan,
    who: Identified,
    found: Found,
    *,
    actor: Actor,
    at: datetime,
    now: datetime,
    proof: bool = True,
) -> None:
    """Write the scan. A changing code counts as used only when it did something, and once."""
    used = str(found.detail.pop("proof", "")) or None
    if used and (not proof or _is_written(session, command, used)):
        used = None
    session.execute(
        insert(stations.Scan).values(
            site_id=command.site_id,
            station_id=command.station_id,
            person_id=who.person_id,
            device=command.device,
            nonce=command.nonce,
            act=command.act,
            way=command.way,
            result=found.result,
            detail=kept(found),
            proof=used,
            booking_id=found.booking_id,
            visit_id=found.visit_id,
            scanned_by_id=None if command.about_oneself else actor.person_id,
            at=at,
            recorded_at=now if command.at is not None else None,
        )
    )


def _is_written(session: Session, command: Scan, proof: str) -> bool:
    one = stations.Scan
    query = select(one.id).where(one.site_id == command.site_id, one.proof == proof)
    return session.scalar(query) is not None
