"""What the rules need to know of a person: her standing, her certifications, her bookings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.facts import CertifiedDays, HeldBooking, PersonFacts
from labops.domain.bookings.policies.windows import held_since
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.house_rules.values import HouseRules
from labops.domain.memberships.models import MembershipState
from labops.kernel.interval import Interval


def standing(
    session: Session, person_id: int, site_id: int, slot: Interval, zone: ZoneInfo
) -> tuple[int, PersonFacts]:
    """Return the revision of the person's bookings, and how she stands at the site that day."""
    day = slot.starts_at.astimezone(zone).date()
    revision, suspended_until, state, starts_on, ends_on, role_id = statements.STANDING.row(
        session, {"person_id": person_id, "site_id": site_id}
    )
    is_member = role_id is not None or (
        state == MembershipState.ACTIVE and starts_on <= day and (ends_on is None or day <= ends_on)
    )
    return revision, PersonFacts(is_member=is_member, suspended_until=suspended_until)


def certified_days(session: Session, person_id: int) -> dict[str, tuple[CertifiedDays, ...]]:
    """Return the person's certifications that were not revoked, by machine type."""
    certified: dict[str, tuple[CertifiedDays, ...]] = {}
    for category, starts_on, ends_on in statements.CERTIFIED.rows(
        session, {"person_id": person_id}
    ):
        days = CertifiedDays(starts_on=starts_on, ends_on=ends_on)
        certified[category] = (*certified.get(category, ()), days)
    return certified


def held_bookings(
    session: Session,
    person_id: int,
    slot: Interval,
    now: datetime,
    zone: ZoneInfo,
    rules: Iterable[HouseRules],
    *,
    besides: int | None = None,
) -> tuple[HeldBooking, ...]:
    """Return the person's bookings that a limit of these rules may count, by start."""
    since = min(now, held_since(rules, slot, zone))
    rows = statements.HELD.rows(session, {"person_id": person_id, "since": since})
    held: dict[int, HeldBooking] = {}
    for booking_id, starts_at, ends_at, state, site_id, booked_at, machine, category, slug in rows:
        if booking_id == besides:
            continue
        if booking_id in held:
            booking = held[booking_id]
            held[booking_id] = replace(
                booking,
                machines=(*booking.machines, (machine, category)),
                slugs=(*booking.slugs, slug),
            )
            continue
        held[booking_id] = HeldBooking(
            slot=Interval(starts_at, ends_at),
            site_id=site_id,
            machines=((machine, category),),
            slugs=(slug,),
            is_open=state in OPEN_STATES and ends_at > now,
            uses_now_or_later=state in OPEN_STATES,
            state=state,
            booked_at=booked_at,
        )
    return tuple(held.values())
