"""Use cases of outside calendars: following one, taking in what it says, deciding on proposals.

A calendar from outside never closes anything by itself, and nothing here touches a booking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.closures.models import OutsideCalendar, ProposedClosure
from labops.domain.closures.outside_queries import known, locked, rows_of
from labops.domain.closures.policies import Known, Visit, after_visit, believed
from labops.domain.closures.values import CalendarKind, Occurrence
from labops.domain.sites import holidays
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Space
from labops.kernel import audit, local_time
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission

MOST_CALENDARS = 20
YEARS_AHEAD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A calendar to follow: for a whole site, or for one space of it."""

    name: str
    kind: CalendarKind
    address: str = ""
    space_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a visit found, and the validators for asking next time whether it changed."""

    occurrences: Sequence[Occurrence]
    left_out_count: int = 0
    etag: str = ""
    last_modified: str = ""


def follow(site_id: int, command: Follow, *, actor: Actor, now: datetime) -> str:
    """Follow a calendar and return its uid; it says nothing until it was read.

    Raises `Invalid` without a name or with too many calendars, `NotFound` for a space of another
    site.
    """
    actor.require(Permission.CLOSURE_EDIT, site_id)
    if not command.name.strip():
        raise Invalid.field("name", "field.required")
    with unit_of_work() as session:
        if command.space_id is not None:
            space = session.get(Space, command.space_id)
            if space is None or space.site_id != site_id:
                raise NotFound
        count = session.scalar(
            select(func.count()).where(
                OutsideCalendar.site_id == site_id, OutsideCalendar.year.is_(None)
            )
        )
        if (count or 0) >= MOST_CALENDARS:
            raise Invalid.field("name", "calendar.too-many", most=MOST_CALENDARS)
        calendar = OutsideCalendar(
            uid=new_uid(),
            site_id=site_id,
            space_id=command.space_id,
            kind=command.kind.value,
            name=command.name.strip()[:120],
            address=command.address,
            added_at=now,
        )
        session.add(calendar)
        _record(session, calendar, "followed", actor, now)
        return calendar.uid


def unfollow(uid: str, *, actor: Actor, now: datetime) -> None:
    """Forget a calendar and its proposals; closures that were accepted stay."""
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        session.execute(delete(ProposedClosure).where(ProposedClosure.calendar_id == calendar.id))
        session.delete(calendar)
        _record(session, calendar, "dropped", actor, now)


def take_in(uid: str, reading: Reading, *, actor: Actor, now: datetime) -> None:
    """Make proposals of what a visit found; the same visit twice changes nothing more.

    Raises `NotFound` when the calendar is not followed any more, or not by the actor's sites.
    """
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        if calendar.read_at is not None and calendar.read_at > now:
            return  # somebody read it later than we did
        _mark_well(calendar, now)
        calendar.read_at = now
        calendar.etag, calendar.last_modified = reading.etag, reading.last_modified
        calendar.left_out_count = reading.left_out_count
        rows = rows_of(session, calendar.id)
        visit = after_visit(map(known, rows.values()), reading.occurrences, now=now)
        _write(session, calendar, rows, visit, actor, now)


def note_unchanged(uid: str, *, actor: Actor, now: datetime) -> None:
    """Write down that a visit found the calendar as it was."""
    with unit_of_work() as session:
        _mark_well(locked(session, uid, actor), now)


def note_failure(
    uid: str, code: str, params: Mapping[str, Any], *, actor: Actor, now: datetime
) -> None:
    """Keep why a visit failed; what is known of the calendar stays as it was."""
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        calendar.checked_at = now
        calendar.failing_since = calendar.failing_since or now
        calendar.error_code, calendar.error_params = code, dict(params)


def believe(uid: str, *, actor: Actor, now: datetime) -> None:
    """Take it as true that the entries held back have vanished: now they are proposals."""
    with unit_of_work() as session:
        calendar = locked(session, uid, actor)
        rows = rows_of(session, calendar.id)
        visit = believed(map(known, rows.values()))
        _write(session, calendar, rows, visit, actor, now)


def propose_holidays(site_id: int, year: int, *, actor: Actor, now: datetime) -> str:
    """Propose the site's public holidays of a year; return the uid of their calendar.

    Raises `Invalid` for a year that is over or far away, or when no holidays are known.
    """
    actor.require(Permission.CLOSURE_EDIT, site_id)
    with unit_of_work() as session:
        site = session.get(Site, site_id)
        if site is None:
            raise NotFound
        zone = local_time.zone(site.zone)
        this_year = now.astimezone(zone).year
        if not this_year <= year <= this_year + YEARS_AHEAD:
            raise Invalid.field(
                "year", "field.out-of-range", lowest=this_year, highest=this_year + YEARS_AHEAD
            )
        settings = holidays.settings_of(session, site_id, site.revision)
        named = holidays.named(settings, year)
        if not named:
            raise Invalid.field("year", "holidays.none")
        calendar = _of_year(session, site_id, year, now)
        days = [
            Occurrence(day.isoformat(), span.starts_at, span.ends_at, name[:200] or str(year))
            for day, name in named.items()
            for span in [local_time.local_day(day, zone)]
        ]
        calendar.checked_at = calendar.read_at = now
        rows = rows_of(session, calendar.id)
        visit = after_visit(map(known, rows.values()), days, now=now)
        _write(session, calendar, rows, visit, actor, now)
        return calendar.uid


def _of_year(session: Session, site_id: int, year: int, now: datetime) -> OutsideCalendar:
    calendar = session.scalar(
        select(OutsideCalendar)
        .where(OutsideCalendar.site_id == site_id, OutsideCalendar.year == year)
        .with_for_update()
    )
    if calendar is None:
        calendar = OutsideCalendar(
            uid=new_uid(),
            site_id=site_id,
            kind=CalendarKind.HOLIDAYS.value,
            name=str(year),
            year=year,
            added_at=now,
        )
        session.add(calendar)
        session.flush()  # its proposals need its id
    return calendar


def _mark_well(calendar: OutsideCalendar, now: datetime) -> None:
    calendar.checked_at = now
    calendar.failing_since = None
    calendar.error_code, calendar.error_params = "", {}


def _write(
    session: Session,
    calendar: OutsideCalendar,
    rows: Mapping[str, ProposedClosure],
    visit: Visit,
    actor: Actor,
    now: datetime,
) -> None:
    changed = [one for key, one in visit.known.items() if key in rows and known(rows[key]) != one]
    added = [one for key, one in visit.known.items() if key not in rows]
    for one in changed:
        _put(rows[one.occurrence.key], one)
    for one in added:
        row = ProposedClosure(calendar_id=calendar.id, key=one.occurrence.key)
        _put(row, one)
        session.add(row)
    for key in visit.forgotten:
        session.delete(rows[key])
    if changed or added or visit.forgotten:
        calendar.revision += 1
        counts = {
            "added": len(added),
            "changed": len(changed),
            "forgotten": len(visit.forgotten),
            "held": sum(one.held for one in visit.known.values()),
        }
        _record(session, calendar, "read", actor, now, counts)


def _put(row: ProposedClosure, one: Known) -> None:
    row.starts_at, row.ends_at = one.occurrence.starts_at, one.occurrence.ends_at
    row.reason, row.mark = one.occurrence.reason, one.occurrence.mark
    row.accepted_mark = one.accepted
    row.ignored, row.missing, row.held = one.ignored, one.missing, one.held


def _record(
    session: Session,
    calendar: OutsideCalendar,
    act: str,
    actor: Actor,
    now: datetime,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write it down, without the address: whoever has it may read the calendar."""
    audit.record(
        session,
        actor,
        f"outside-calendar.{act}",
        f"outside-calendar:{calendar.uid}",
        now=now,
        after={"name": calendar.name, "site_id": calendar.site_id, **(after or {})},
    )
