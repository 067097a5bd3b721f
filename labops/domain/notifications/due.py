"""Use cases of time passing: who is to be reminded, whose week begins. Found by query, each run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.bookings.queries import LONGEST_BOOKING
from labops.domain.bookings.states import BookingState
from labops.domain.memberships.models import Membership
from labops.domain.notifications.events import (
    REMINDER_DUE,
    DigestDue,
    ReminderDue,
    StaffDigestDue,
)
from labops.domain.notifications.kinds import KINDS, ON, LetterKind
from labops.domain.notifications.models import LetterChoice
from labops.domain.notifications.policies import LONGEST_LEAD, digest_week, is_reminder_due
from labops.domain.people.models import Account, RoleGrant
from labops.domain.sites.models import Site
from labops.kernel import local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import DomainEvent, OutboxMessage

_DIGESTS = {LetterKind.DIGEST: DigestDue, LetterKind.STAFF_DIGEST: StaffDigestDue}


def record_reminders(*, now: datetime, dry_run: bool = False) -> int:
    """Record a reminder for every booking that is due one; return how many.

    Each revision of a booking is reminded of once, whatever the clock or the choices do.
    """
    return _record(_reminders(reading(), now=now), now=now, dry_run=dry_run)


def record_digests(*, now: datetime, dry_run: bool = False) -> int:
    """Record a digest for whoever wants one and had none this week; return how many."""
    return _record(_digests(reading(), now=now), now=now, dry_run=dry_run)


def _record(events: Sequence[DomainEvent], *, now: datetime, dry_run: bool) -> int:
    if dry_run or not events:
        return len(events)
    with unit_of_work() as session:
        return sum(outbox.record_once(session, event, now=now) for event in events)


def _reminders(session: Session, *, now: datetime) -> list[ReminderDue]:
    revision = cast(Booking.sequence, String(12))
    key = literal(f"{REMINDER_DUE}:") + Booking.uid + literal(":") + revision
    rows = session.execute(
        select(
            Booking.uid,
            Booking.sequence,
            Booking.starts_at,
            Booking.revised_at,
            LetterChoice.choice,
        )
        .join(Account, Account.person_id == Booking.person_id)
        .outerjoin(
            LetterChoice,
            (LetterChoice.person_id == Booking.person_id)
            & (LetterChoice.kind == LetterKind.REMINDER),
        )
        .where(
            Booking.state == BookingState.CONFIRMED,
            Booking.starts_at > now,
            Booking.starts_at <= now + LONGEST_LEAD,
            # What the first two say again, in words that the index on the end understands.
            Booking.ends_at > now,
            Booking.ends_at <= now + LONGEST_LEAD + LONGEST_BOOKING,
            ~select(OutboxMessage.id).where(OutboxMessage.dedupe_key == key).exists(),
        )
        .order_by(Booking.starts_at, Booking.id)
    )
    usual = KINDS[LetterKind.REMINDER].choices[0]
    return [
        ReminderDue(booking_uid=row.uid, revision=row.sequence)
        for row in rows
        if is_reminder_due(
            row.choice or usual, starts_at=row.starts_at, revised_at=row.revised_at, now=now
        )
    ]


def _digests(session: Session, *, now: datetime) -> list[DomainEvent]:
    rows = session.execute(
        select(LetterChoice.person_id, LetterChoice.kind, LetterChoice.chosen_at)
        .join(Account, Account.person_id == LetterChoice.person_id)
        .where(LetterChoice.kind.in_([*_DIGESTS]), LetterChoice.choice == ON)
        .order_by(LetterChoice.person_id)
    ).all()
    zones = _home_zones(session, {row.person_id for row in rows})
    found: list[DomainEvent] = []
    for row in rows:
        week = digest_week(now, local_time.zone(zones.get(row.person_id, "UTC")))
        # Who asks for it in the middle of a week waits for the next one.
        if week is not None and row.chosen_at <= week[1].starts_at:
            event = _DIGESTS[LetterKind(row.kind)]
            monday, until = week[0].isoformat(), week[1].ends_at.isoformat()
            found.append(event(person_id=row.person_id, monday=monday, until=until))
    told = _told_already(session, [event.dedupe_key for event in found])
    return [event for event in found if event.dedupe_key not in told]


def _told_already(session: Session, keys: Sequence[str]) -> set[str]:
    query = select(OutboxMessage.dedupe_key).where(OutboxMessage.dedupe_key.in_(keys))
    return set(session.scalars(query))


def _home_zones(session: Session, person_ids: Iterable[int]) -> dict[int, str]:
    """Return the zone of each person's first site, by membership or role; else of the first."""
    sites = session.execute(select(Site.id, Site.zone).order_by(Site.id))
    zones = {row.id: row.zone for row in sites}
    wanted = sorted(person_ids)
    homes: dict[int, str] = dict.fromkeys(wanted, next(iter(zones.values()), "UTC"))
    for table in (RoleGrant, Membership):
        rows = session.execute(
            select(table.person_id, table.site_id)
            .where(table.person_id.in_(wanted), table.site_id.is_not(None))
            .order_by(table.site_id.desc())
        )
        homes |= {row.person_id: zones[row.site_id] for row in rows}
    return homes
