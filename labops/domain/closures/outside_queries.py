"""Reads of outside calendars and of what they propose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.closures.models import Closure, OutsideCalendar, ProposedClosure
from labops.domain.closures.policies import Known
from labops.domain.closures.values import CalendarKind, Change, Occurrence
from labops.domain.sites.models import Site
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission

CHECK_EVERY = timedelta(hours=1)
# An unchanged calendar is read again after this: its series reach further as days go by.
READ_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarView:
    """An outside calendar: how the last visits went, and how much waits for staff.

    `waiting_count` are proposals to decide; `held_count` are entries that vanished too many at a
    time to be believed.
    """

    id: int
    uid: str
    site_id: int
    space_id: int | None
    kind: str
    name: str
    address: str
    year: int | None
    checked_at: datetime | None
    read_at: datetime | None
    failing_since: datetime | None
    error_code: str
    error_params: Mapping[str, Any]
    left_out_count: int
    revision: int
    waiting_count: int
    held_count: int
    ignored_count: int

    @property
    def host(self) -> str:
        """Return whose address it is: the rest of it may be a secret."""
        return urlsplit(self.address).hostname or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """What is proposed; `before` is the closure that stands (start, end, reason), if any."""

    key: str
    change: Change
    starts_at: datetime
    ends_at: datetime
    reason: str
    before: tuple[datetime, datetime, str] | None


@dataclass(frozen=True, slots=True)
class ToFetch:
    """What is needed to visit an outside calendar; validators only while they may be used."""

    kind: str
    name: str
    address: str
    zone: str
    etag: str
    last_modified: str


def _waiting() -> ColumnElement[bool]:
    row = ProposedClosure
    taken_back = and_(row.closure_id.is_(None), row.accepted_mark != "")
    differs = or_(row.missing.is_(True), row.accepted_mark != row.mark)
    return and_(row.ignored.is_(False), row.held.is_(False), ~taken_back, differs)


def of_site(session: Session, site_id: int) -> list[CalendarView]:
    """Return the site's outside calendars by name."""
    return _views(session, OutsideCalendar.site_id == site_id)


def one(session: Session, site_id: int, uid: str) -> CalendarView:
    """Return one of the site's outside calendars; raises `NotFound`."""
    found = _views(session, OutsideCalendar.site_id == site_id, OutsideCalendar.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def proposals(
    session: Session, calendar_id: int, *, limit: int, offset: int = 0
) -> list[ProposalView]:
    """Return a page of what waits for a decision, earliest first."""
    rows = session.execute(
        select(ProposedClosure, Closure.starts_at, Closure.ends_at, Closure.reason)
        .outerjoin(Closure, Closure.id == ProposedClosure.closure_id)
        .where(ProposedClosure.calendar_id == calendar_id, _waiting())
        .order_by(ProposedClosure.starts_at, ProposedClosure.id)
        .limit(limit)
        .offset(offset)
    )
    return [_proposal(row[0], row[1], row[2], row[3]) for row in rows]


def held(session: Session, calendar_id: int) -> list[tuple[datetime, datetime, str]]:
    """Return what vanished but is not believed yet: start, end and reason."""
    row = ProposedClosure
    found = session.execute(
        select(row.starts_at, row.ends_at, row.reason)
        .where(row.calendar_id == calendar_id, row.held.is_(True))
        .order_by(row.starts_at)
    )
    return [(one[0], one[1], one[2]) for one in found]


def waiting_counts(session: Session, site_id: int) -> tuple[int, int]:
    """Return how many proposals wait at a site, and how many entries are held back."""
    found = of_site(session, site_id)
    return sum(one.waiting_count for one in found), sum(one.held_count for one in found)


def due(session: Session, *, now: datetime) -> list[str]:
    """Return the uids of calendars with an address that were not asked for an hour."""
    row = OutsideCalendar
    return list(
        session.scalars(
            select(row.uid)
            .where(
                row.kind == CalendarKind.ADDRESS.value,
                or_(row.checked_at.is_(None), row.checked_at <= now - CHECK_EVERY * 0.9),
            )
            .order_by(row.checked_at.nulls_first(), row.id)
        )
    )


def to_fetch(session: Session, uid: str, actor: Actor, *, now: datetime) -> ToFetch:
    """Return what a visit needs; raises `NotFound` unless the actor edits closures there."""
    found = session.execute(
        select(OutsideCalendar, Site.zone)
        .join(Site, Site.id == OutsideCalendar.site_id)
        .where(OutsideCalendar.uid == uid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or not actor.may(Permission.CLOSURE_EDIT, found[0].site_id):
        raise NotFound
    calendar, zone = found
    fresh = calendar.read_at is not None and calendar.read_at > now - READ_EVERY
    return ToFetch(
        calendar.kind,
        calendar.name,
        calendar.address,
        zone,
        calendar.etag if fresh else "",
        calendar.last_modified if fresh else "",
    )


def zone_of(session: Session, site_id: int) -> str:
    """Return the name of the site's zone; raises `NotFound`."""
    zone = session.scalar(select(Site.zone).where(Site.id == site_id))
    if zone is None:
        raise NotFound
    return zone


def locked(session: Session, uid: str, actor: Actor) -> OutsideCalendar:
    """Return a calendar so that visits and decisions come one after the other.

    Raises `NotFound` unless the actor edits closures at its site.
    """
    calendar = session.scalar(
        select(OutsideCalendar)
        .where(OutsideCalendar.uid == uid)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if calendar is None or not actor.may(Permission.CLOSURE_EDIT, calendar.site_id):
        raise NotFound
    return calendar


def rows_of(session: Session, calendar_id: int) -> dict[str, ProposedClosure]:
    """Return everything known of a calendar's entries by key, earliest first."""
    rows = session.scalars(
        select(ProposedClosure)
        .where(ProposedClosure.calendar_id == calendar_id)
        .order_by(ProposedClosure.starts_at, ProposedClosure.id)
        .execution_options(populate_existing=True)
    )
    return {row.key: row for row in rows}


def known(row: ProposedClosure) -> Known:
    """Return what a row says, as the rules of a visit take it."""
    taken_back = row.closure_id is None and row.accepted_mark != ""
    return Known(
        occurrence=Occurrence(row.key, row.starts_at, row.ends_at, row.reason),
        accepted="" if row.closure_id is None else row.accepted_mark,
        ignored=row.ignored or taken_back,
        missing=row.missing,
        held=row.held,
    )


def _views(session: Session, *conditions: ColumnElement[bool]) -> list[CalendarView]:
    row = OutsideCalendar

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    columns = [
        getattr(row, name)
        for name in CalendarView.__dataclass_fields__
        if name not in {"waiting_count", "held_count", "ignored_count"}
    ]
    rows = session.execute(
        select(
            *columns,
            count(_waiting()).label("waiting_count"),
            count(ProposedClosure.held.is_(True)).label("held_count"),
            count(ProposedClosure.ignored.is_(True)).label("ignored_count"),
        )
        .outerjoin(ProposedClosure, ProposedClosure.calendar_id == row.id)
        .where(*conditions)
        .group_by(row.id)
        .order_by(row.name, row.id)
    )
    return [CalendarView(**row._mapping) for row in rows]


def _proposal(
    row: ProposedClosure, starts_at: datetime | None, ends_at: datetime | None, reason: str | None
) -> ProposalView:
    change = known(row).change
    assert change is not None  # noqa: S101 - the query asked for those
    before = None
    if starts_at is not None and ends_at is not None:
        before = (starts_at, ends_at, reason or "")
    return ProposalView(
        key=row.key,
        change=change,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        before=before,
    )
