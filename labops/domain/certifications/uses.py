"""What real use does to certifications: it moves the end by disuse on, and may renew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.certifications.events import CertificationGranted
from labops.domain.certifications.granting import Grant, grant_certification
from labops.domain.certifications.models import (
    Certification,
    CertificationRule,
    CertificationSuspension,
)
from labops.domain.certifications.policies import (
    RENEWAL_WINDOW,
    Suspended,
    earlier,
    lapse_of,
    months_later,
)
from labops.domain.certifications.states import EarnedBy, Renewal
from labops.domain.machines.models import Machine
from labops.domain.sites.models import Site
from labops.kernel import local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM

# Bookings are looked at again for as long, besides the time since the last run: one that began
# before then may be checked in to late.
LOOK_BACK = timedelta(days=3)
AT_ONCE = 100
"""Uses that are noted in one transaction: bookings wait for each of these."""
_Candidates = Select[int, date, date | None, date | None, datetime, str]


@dataclass(frozen=True, slots=True)
class _Use:
    certification_id: int
    at: datetime
    on: date


def note_uses(*, since: datetime | None, now: datetime, dry_run: bool = False) -> int:
    """Note the use of machines by whoever is certified for them; return how many were news.

    `since` is when this was last done; without it every booking is looked at. A use on a day on
    which the certification no longer counted moves nothing: what has ended is not revived.
    """
    noted = 0
    # What a use has renewed may itself have been used since then: looked at until nothing is new.
    while news := _news(reading(), since, now):
        if dry_run:
            return len(news)
        reading().rollback()  # the next look sees what was noted
        for first in range(0, len(news), AT_ONCE):
            with unit_of_work() as session:
                for use in news[first : first + AT_ONCE]:
                    _note(session, use, now)
        noted += len(news)
    return noted


def _news(session: Session, since: datetime | None, now: datetime) -> list[_Use]:
    used_at = func.coalesce(Booking.checked_in_at, Booking.starts_at, type_=Booking.starts_at.type)
    rows = session.execute(_candidates(since, now).order_by(used_at, Certification.id))
    found = [(row, row.used_at.astimezone(local_time.zone(row.zone)).date()) for row in rows]
    return [
        _Use(row.id, row.used_at, day)
        for row, day in found
        if row.starts_on <= day and _still_counts(row.ends_on, row.lapses_on, day)
    ]


def _candidates(since: datetime | None, now: datetime) -> _Candidates:
    used_at = func.coalesce(Booking.checked_in_at, Booking.starts_at, type_=Booking.starts_at.type)
    query = (
        select(
            Certification.id,
            Certification.starts_on,
            Certification.ends_on,
            Certification.lapses_on,
            used_at.label("used_at"),
            Site.zone,
        )
        .select_from(Booking)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .join(Machine, Machine.id == BookingBookable.bookable_id)
        .join(
            Certification,
            (Certification.person_id == Booking.person_id)
            & (Certification.machine_type_id == Machine.machine_type_id),
        )
        .join(Site, Site.id == Booking.site_id)
        .where(
            Booking.state.in_([BookingState.CHECKED_IN, BookingState.FINISHED]),
            used_at <= now,
            Certification.revoked_at.is_(None),
            or_(Certification.last_used_at.is_(None), Certification.last_used_at < used_at),
        )
    )
    return query if since is None else query.where(Booking.ends_at > since - LOOK_BACK)


def _still_counts(ends_on: date | None, lapses_on: date | None, day: date) -> bool:
    last_on = earlier(ends_on, lapses_on)
    return last_on is None or day <= last_on


def _note(session: Session, use: _Use, now: datetime) -> None:
    """Move what the use moves, unless a later one did before."""
    one = session.get_one(Certification, use.certification_id, with_for_update=True)
    if one.last_used_at is not None and one.last_used_at >= use.at:
        return
    one.last_used_at, one.last_used_on = use.at, use.on
    one.lapses_on = lapse_of(one.unused_days, one.starts_on, use.on)
    session.flush()
    _renew(session, one, use, now)


def _renew(session: Session, one: Certification, use: _Use, now: datetime) -> None:
    """Renew a certification that is used shortly before its end, where use is a way."""
    rule, day = session.get(CertificationRule, one.machine_type_id), use.on
    if rule is None or rule.valid_months is None or Renewal.USE not in rule.renewal:
        return
    if one.ends_on is None or day < one.ends_on - RENEWAL_WINDOW or use.at <= one.granted_at:
        return  # what was granted after the use is not renewed by it
    until = months_later(day, rule.valid_months)
    if until <= one.ends_on or _outlived(session, one) or _suspended(session, one, day):
        return
    grant = Grant(
        person_id=one.person_id,
        machine_type_id=one.machine_type_id,
        level=one.level,
        starts_on=day,
        earned_by=EarnedBy.USE,
    )
    made = grant_certification(session, grant, actor=SYSTEM, now=now)
    renewed = session.get_one(Certification, made)
    renewed.granted_at = renewed.last_used_at = use.at  # however late this is noted
    renewed.last_used_on = day
    outbox.record_once(session, CertificationGranted(certification_id=made), now=now)


def _outlived(session: Session, one: Certification) -> bool:
    """Say whether another grant of the same right lasts longer."""
    query = select(Certification.id).where(
        Certification.person_id == one.person_id,
        Certification.machine_type_id == one.machine_type_id,
        Certification.level >= one.level,
        Certification.revoked_at.is_(None),
        or_(Certification.ends_on.is_(None), Certification.ends_on > one.ends_on),
    )
    return session.scalar(query.limit(1)) is not None


def _suspended(session: Session, one: Certification, day: date) -> bool:
    table = CertificationSuspension
    rows = session.execute(
        select(table.starts_on, table.ends_on, table.resumed_on).where(
            table.person_id == one.person_id, table.machine_type_id == one.machine_type_id
        )
    )
    return any(Suspended(**row._mapping).covers(day) for row in rows)
