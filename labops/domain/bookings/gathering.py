"""Gather the facts for the booking rules: a handful of reads, whatever the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.facts import (
    BookingFacts,
    CertifiedDays,
    HeldBooking,
    MachineFacts,
    PersonFacts,
)
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.memberships.models import MembershipState
from labops.domain.sites.queries import weekly_hours
from labops.kernel import ledger, local_time
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMachine:
    """A machine with what its claim and its rules need."""

    id: int
    slug: str
    name: str
    state: str
    capacity: int
    setup_minutes: int
    cleanup_minutes: int
    space_id: int | None
    certification_needed: bool
    type_id: int
    category: str
    site_id: int
    zone: str
    revision: int

    def claim(self, slot: Interval) -> ledger.Claim:
        """Return the claim on the ledger: the slot with its buffers."""
        return ledger.Claim(self.id, self.capacity, self.claimed(slot))

    def claimed(self, slot: Interval) -> Interval:
        """Return the slot with set-up time before and clean-up time after it."""
        return slot.widened(
            before=timedelta(minutes=self.setup_minutes),
            after=timedelta(minutes=self.cleanup_minutes),
        )


def wanted_machines(session: Session, slugs: Sequence[str]) -> list[WantedMachine]:
    """Return the machines in the order asked for.

    Raises `NotFound` for an unknown one and `Invalid` for none, doubles, or two sites at once.
    """
    if not slugs:
        raise Invalid.field("machines", "field.required")
    if len(set(slugs)) != len(slugs):
        raise Invalid.field("machines", "field.doubled")
    rows = {
        row.slug: row for row in session.execute(statements.WANTED_BY_SLUG, {"slugs": list(slugs)})
    }
    return _checked([_wanted(rows[slug]) for slug in slugs if slug in rows], len(slugs))


def machines_of_booking(session: Session, booking_id: int) -> list[WantedMachine]:
    """Return the machines of a booking, by id."""
    rows = session.execute(statements.WANTED_BY_BOOKING, {"booking_id": booking_id})
    return [_wanted(row) for row in rows]


def _wanted(row: Row[*tuple[Any, ...]]) -> WantedMachine:
    return WantedMachine(**row._mapping)


def _checked(machines: list[WantedMachine], asked: int) -> list[WantedMachine]:
    if len(machines) != asked:
        raise NotFound
    if len({machine.site_id for machine in machines}) > 1:
        raise Invalid.field("machines", "field.several-sites")
    return machines


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants which machines when; `previous` is the booking being moved."""

    person_id: int
    machines: Sequence[WantedMachine]
    slot: Interval
    now: datetime
    previous: Booking | None = None
    walk_in: bool = False

    @property
    def owner(self) -> ledger.Owner | None:
        """Return who holds the time already, when a booking is moved."""
        if self.previous is None:
            return None
        return ledger.Owner(ledger.OwnerKind.BOOKING, self.previous.id)


def gather_facts(session: Session, wish: Wish) -> BookingFacts:
    """Read everything the rules need."""
    first = wish.machines[0]
    zone = local_time.zone(first.zone)
    certified = _certified_days(session, wish)
    space_ids = [machine.space_id for machine in wish.machines if machine.space_id]
    return BookingFacts(
        slot=wish.slot,
        now=wish.now,
        zone=zone,
        site_id=first.site_id,
        machines=tuple(
            MachineFacts(
                id=machine.id,
                slug=machine.slug,
                category=machine.category,
                state=machine.state,
                rules=rules_in_force(
                    session,
                    machine.site_id,
                    machine.revision,
                    category=machine.category,
                    machine=machine.slug,
                ),
                free=ledger.has_free_unit(session, machine.claim(wish.slot), besides=wish.owner),
                certification_needed=machine.certification_needed,
                certified=certified.get(machine.type_id, ()),
            )
            for machine in wish.machines
        ),
        person=_person_facts(session, wish, zone),
        opening=weekly_hours(session, first.site_id, first.revision).open_during(wish.slot, zone),
        closures=tuple(
            Interval(closure.starts_at, closure.ends_at)
            for closure in closures.during(session, first.site_id, wish.slot, space_ids=space_ids)
        ),
        held=_held_bookings(session, wish, zone),
        previous=wish.previous.slot if wish.previous else None,
        walk_in=wish.walk_in,
    )


def refreshed(session: Session, facts: BookingFacts, wish: Wish) -> BookingFacts:
    """Read again, under the locks, what another person's click may have changed meanwhile."""
    ids = [machine.id for machine in wish.machines]
    states = {row[0]: row[1] for row in session.execute(statements.STATES, {"ids": ids})}
    return replace(
        facts,
        # Whether a machine is free is left to the ledger, which looks again as it grants.
        machines=tuple(
            replace(machine, state=states[machine.id], free=True) for machine in facts.machines
        ),
        held=_held_bookings(session, wish, facts.zone),
    )


def _person_facts(session: Session, wish: Wish, zone: ZoneInfo) -> PersonFacts:
    site_id = wish.machines[0].site_id
    day = wish.slot.starts_at.astimezone(zone).date()
    row = session.execute(
        statements.STANDING, {"person_id": wish.person_id, "site_id": site_id}
    ).one()
    suspended_until, state, starts_on, ends_on, role_id = row
    is_member = role_id is not None or (
        state == MembershipState.ACTIVE and starts_on <= day and (ends_on is None or day <= ends_on)
    )
    return PersonFacts(is_member=is_member, suspended_until=suspended_until)


def _certified_days(session: Session, wish: Wish) -> dict[int, tuple[CertifiedDays, ...]]:
    types = {machine.type_id for machine in wish.machines if machine.certification_needed}
    if not types:
        return {}
    rows = session.execute(
        statements.CERTIFIED, {"person_id": wish.person_id, "types": sorted(types)}
    )
    certified: dict[int, tuple[CertifiedDays, ...]] = {}
    for type_id, starts_on, ends_on in rows:
        days = CertifiedDays(starts_on=starts_on, ends_on=ends_on)
        certified[type_id] = (*certified.get(type_id, ()), days)
    return certified


def _held_bookings(session: Session, wish: Wish, zone: ZoneInfo) -> tuple[HeldBooking, ...]:
    """Return the person's bookings that a limit may count: open ones and those of these weeks."""
    days = local_time.days_touched(wish.slot, zone)
    since = min(wish.now, local_time.local_week(days[0], zone).starts_at)
    rows = session.execute(statements.HELD, {"person_id": wish.person_id, "since": since})
    held: dict[int, HeldBooking] = {}
    for booking_id, starts_at, ends_at, state, site_id, machine_id, category in rows:
        if wish.previous is not None and booking_id == wish.previous.id:
            continue
        machine = (machine_id, category)
        if booking_id in held:
            booking = held[booking_id]
            held[booking_id] = replace(booking, machines=(*booking.machines, machine))
            continue
        is_open = state in OPEN_STATES and ends_at > wish.now
        held[booking_id] = HeldBooking(
            slot=Interval(starts_at, ends_at),
            site_id=site_id,
            machines=(machine,),
            is_open=is_open,
            uses_now_or_later=state in OPEN_STATES,
        )
    return tuple(held.values())
