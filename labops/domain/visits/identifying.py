"""Whose pass it is: from what was read or typed to a person, with what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.people.models import Person
from labops.domain.stations import models as stations
from labops.domain.stations.models import Station
from labops.domain.visits import codes
from labops.domain.visits.codes import Standing
from labops.domain.visits.commands import Scan
from labops.kernel import instance
from labops.kernel.errors import NotFound, Problem
from labops.kernel.permissions import Actor

# A camera may read the same picture again before it is taken away.
DOUBLE_READ = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Identified:
    """Who it is about, by which changing code, and what is wrong with that."""

    person_id: int | None
    proof: str = ""
    problem: Problem | None = None


def identify(session: Session, command: Scan, actor: Actor, *, at: datetime) -> Identified:
    """Return who the scan is about at the instant; raises `NotFound` for an unknown person."""
    if command.about_oneself:
        return Identified(actor.require_person())
    if command.person_uid:
        found = session.scalar(select(Person.id).where(Person.uid == command.person_uid))
        if found is None:
            raise NotFound
        return Identified(found)
    return of_text(session, command.text, at=at)


def of_text(session: Session, text: str, *, at: datetime) -> Identified:
    """Return whose pass a text is: as a camera reads it, or as it is typed."""
    key = instance.pass_key(session)
    read = codes.read_pass(text)
    if read is not None:
        person_id = session.scalar(select(Person.id).where(Person.uid == read.person_uid))
        standing = codes.pass_standing(key, read, at=at)
        return _identified(person_id, standing, read.step, at)
    typed = codes.read_typed(text)
    if typed is not None and typed.number < 2**31:
        uid = session.scalar(select(Person.uid).where(Person.id == typed.number))
        if uid is not None:
            standing, step = codes.typed_pass(key, typed, uid, at=at)
            return _identified(typed.number, standing, step, at)
    return Identified(None, problem=Problem("pass.unknown"))


def used_before(session: Session, command: Scan, proof: str, *, at: datetime) -> datetime | None:
    """Return when the same changing code was used here before, unless it was read twice at once."""
    scan = stations.Scan
    row = session.execute(
        select(scan.at, scan.device, scan.act).where(
            scan.site_id == command.site_id, scan.proof == proof
        )
    ).one_or_none()
    if row is None:
        return None
    same = (row.device, row.act) == (command.device, command.act)
    if same and abs(at - row.at) <= DOUBLE_READ:
        return None
    first: datetime = row.at
    return first


def station_problem(
    session: Session, command: Scan, station: Station | None, actor: Actor, *, at: datetime
) -> tuple[str, Problem | None]:
    """Return the code on the screen that proves presence, and what the station says against it."""
    if station is None:
        return "", None
    if station.retired_at is not None:
        return "", Problem("station.retired", {"since": station.retired_at})
    if not command.about_oneself or command.at is not None:
        return "", None
    key = instance.pass_key(session)
    if command.screen:
        standing, step = codes.screen_standing(key, station.id, command.screen, at=at)
        if standing is Standing.GOOD:
            return f"screen:{station.id}:{step}:{actor.person_id}", None
        if station.needs_screen:
            return "", Problem("pass.expired", {"screen": True})
    return "", Problem("station.screen-needed") if station.needs_screen else None


def _identified(person_id: int | None, standing: Standing, step: int, at: datetime) -> Identified:
    if person_id is None or standing is Standing.WRONG:
        return Identified(None, problem=Problem("pass.unknown"))
    if standing is Standing.EXPIRED:
        shown = codes.begins_at(step, codes.PASS_STEP)
        # A step far in the future is no pass that was ever shown.
        problem = Problem("pass.expired", {"shown_at": min(shown, at), "screen": False})
        return Identified(person_id, problem=problem)
    return Identified(person_id, proof=f"pass:{step}:{person_id}")
