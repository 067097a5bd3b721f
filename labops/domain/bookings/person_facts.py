"""What the rules need to know of a person: her standing, her certifications, her bookings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.facts import (
    CertifiedDays,
    HeldBooking,
    PersonFacts,
    Restriction,
)
from labops.domain.bookings.policies.windows import held_since
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.certifications.policies import Suspended, earlier, spans
from labops.domain.house_rules.limits import Party
from labops.domain.house_rules.values import HouseRules
from labops.domain.memberships.states import MembershipState
from labops.domain.people.ages import OF_AGE, age_on
from labops.domain.waivers.policies import Asked, suffices
from labops.kernel.interval import Interval


def standing(
    session: Session, person_id: int, site_id: int, slot: Interval, zone: ZoneInfo
) -> tuple[int, PersonFacts]:
    """Return the revision of the person's bookings, and how she stands at the site that day."""
    day = slot.starts_at.astimezone(zone).date()
    keys = {"person_id": person_id, "site_id": site_id}
    row = statements.STANDING.row(session, keys)
    is_member = row.role_id is not None or (
        row.state == MembershipState.ACTIVE
        and row.starts_on <= day
        and (row.ends_on is None or day <= row.ends_on)
    )
    until = [at for at in (row.suspended_until, row.struck_until) if at is not None]
    person = PersonFacts(
        is_member=is_member,
        suspended_until=max(until, default=None),
        plan=row.plan or "",
        groups=frozenset(row.groups or ()),
        age=None if row.born_on is None else age_on(day, row.born_on),
    )
    if row.restricted:
        person = replace(person, restrictions=_restrictions(session, keys))
    if row.topped_up:
        person = replace(person, top_ups=_top_ups(session, keys, day))
    return row.bookings_revision, person


def _restrictions(session: Session, keys: Mapping[str, int]) -> tuple[Restriction, ...]:
    return tuple(
        Restriction(
            machines=tuple(machines), categories=tuple(categories), until=until, reason=reason
        )
        for machines, categories, until, reason in statements.RESTRICTIONS.rows(session, keys)
    )


def _top_ups(session: Session, keys: Mapping[str, int], day: date) -> dict[str, timedelta | int]:
    """Return what the person has besides each quota on the day; several add up."""
    found: dict[str, timedelta | int] = {}
    for quota, minutes, many, starts_on, ends_on in statements.TOP_UPS.rows(session, keys):
        if starts_on <= day and (ends_on is None or day <= ends_on):
            if many:
                before = found.get(quota, 0)
                found[quota] = many + (before if isinstance(before, int) else 0)
            else:
                had = found.get(quota, timedelta(0))
                found[quota] = timedelta(minutes=minutes) + (
                    had if isinstance(had, timedelta) else timedelta(0)
                )
    return found


def has_signed(session: Session, person_id: int, site_id: int, day: date, age: int | None) -> bool:
    """Say whether the waivers of the site are signed for the day: for a minor, by a guardian.

    A minor needs a guardian even where there is nothing to sign; of whom nobody knows the age
    nobody knows that either.
    """
    minor = age is not None and age < OF_AGE
    versions: dict[int, list[Asked]] = {}
    signed: dict[int, list[int]] = {}
    keys = {"person_id": person_id, "site_id": site_id}
    for waiver, number, asks_from, signature, guardian in statements.WAIVERS.rows(session, keys):
        versions.setdefault(waiver, []).append(Asked(number, asks_from))
        if signature is not None and (guardian is not None) == minor:
            signed.setdefault(waiver, []).append(number)
    if not all(suffices(found, signed.get(waiver, ()), day) for waiver, found in versions.items()):
        return False
    return not minor or statements.GUARDED.row(session, {"person_id": person_id}) is not None


def certified_days(session: Session, person_id: int) -> dict[str, tuple[CertifiedDays, ...]]:
    """Return the days on which the person's certifications count, by machine type.

    What was revoked counts on none; suspended days are left out.
    """
    grants: dict[int, Any] = {}
    gaps: dict[int, list[Suspended]] = {}
    for row in statements.CERTIFIED.rows(session, {"person_id": person_id}):
        grants[row.id] = row
        if row.suspended_on is not None:
            gap = Suspended(starts_on=row.suspended_on, ends_on=row.suspended_until)
            gaps.setdefault(row.id, []).append(gap)
    certified: dict[str, tuple[CertifiedDays, ...]] = {}
    for key, one in grants.items():
        last_on = earlier(one.ends_on, one.lapses_on)
        days = (
            CertifiedDays(starts_on=first, ends_on=last, level=one.level)
            for first, last in spans(one.starts_on, last_on, gaps.get(key, ()))
        )
        certified[one.slug] = (*certified.get(one.slug, ()), *days)
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
    firm_id: int | None = None,
) -> tuple[HeldBooking, ...]:
    """Return the person's bookings that a limit of these rules may count, by start.

    With a firm, and a quota that sums over firms, those of her colleagues follow.
    """
    rules = list(rules)
    since = min(now, held_since(rules, slot, zone))
    own = statements.HELD.rows(session, {"person_id": person_id, "since": since})
    held = _held_of(own, now, besides=besides)
    if firm_id is not None and any(
        quota.sums is Party.FIRM for one in rules for quota in one.quotas
    ):
        keys = {"firm_id": firm_id, "besides": person_id, "since": since}
        of_others = statements.HELD_BY_COLLEAGUES.rows(session, keys)
        held |= {key: replace(one, mine=False) for key, one in _held_of(of_others, now).items()}
    return tuple(held.values())


def _held_of(
    rows: Iterable[Any], now: datetime, *, besides: int | None = None
) -> dict[int, HeldBooking]:
    """Return bookings by id, from a row for each of their machines."""
    held: dict[int, HeldBooking] = {}
    for row in rows:
        (
            booking_id, starts_at, ends_at, state, site_id,
            booked_at, late, walk_in, machine, category, slug, firm_of,
        ) = row  # fmt: skip
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
            cancelled_late=late,
            walk_in=walk_in,
            firm=_word_of(firm_of),
        )
    return held


def _word_of(firm_id: int | None) -> str:
    """Return a firm as limits compare it; nothing for none."""
    return "" if firm_id is None else str(firm_id)


def under_firm(session: Session, person: PersonFacts, firm_id: int, site_id: int) -> PersonFacts:
    """Return how she stands under a firm's name: on its plan, which makes her as a member."""
    keys = {"firm_id": firm_id, "site_id": site_id}
    plan = statements.PLAN_OF_FIRM.scalar(session, keys)
    return replace(
        person,
        is_member=person.is_member or plan is not None,
        plan=plan or "",
        firm=_word_of(firm_id),
    )
