"""What a code on a machine does: the right booking begins, or one is made, or why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries as bookings
from labops.domain.bookings import use, walking_in
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.machines.models import Machine, MachineType
from labops.domain.people.ages import age_on
from labops.domain.people.models import Person
from labops.domain.sites.queries import SiteView
from labops.domain.spaces.models import Bookable
from labops.domain.stations.models import Station
from labops.domain.visits import knowing
from labops.domain.visits.states import Result
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.permissions import Actor

_LOOKED_AHEAD = timedelta(days=1)
_STATES = (BookingState.CONFIRMED, BookingState.CHECKED_IN, BookingState.MISSED)


@dataclass(frozen=True, slots=True)
class Used:
    """What came of it: a booking in use, and the space it is in."""

    result: Result
    booking_id: int
    space_id: int | None


def check_in(
    session: Session,
    booking_uid: str,
    station: Station | None,
    *,
    site: SiteView,
    person_id: int,
    actor: Actor,
    now: datetime,
) -> Used:
    """Begin the use of a booking: the one that is named, or the one that is due at the machine.

    Without one the machine is booked from now on. Raises `NotFound` for a booking that is not of
    this person and place, and `Refused` before anything was changed.
    """
    machine_id = station.machine_id if station else None
    found = _bookings(session, person_id, site.id, now)
    here = [one for one, machines in found if machine_id is None or machine_id in machines]
    if machine_id is not None:
        _refuse_unsupervised(session, machine_id, site, person_id, now)
    if booking_uid:
        uid = bookings.booking_to_change(session, booking_uid, actor).uid
        chosen = next((one for one, _machines in found if one.uid == uid), None)
        if chosen is not None and chosen not in here:
            raise NotFound
    else:
        chosen = _due(here, now)
        uid = chosen.uid if chosen else ""
    if not uid:
        _refuse_elsewhere(session, [one for one, _machines in found if one not in here], now)
        if machine_id is None:
            raise NotFound
        slug = session.get_one(Machine, machine_id).slug
        with session.begin_nested():  # no booking stays when its use may not begin
            uid = walking_in.walk_in(session, slug, actor=actor, now=now)
            use.begin(session, uid, actor=actor, now=now)
        result = Result.WALK_IN
    else:
        began = use.begin(session, uid, actor=actor, now=now)
        result = Result.ALREADY_IN if began.already else Result.CHECKED_IN
    booking = session.scalars(select(Booking).where(Booking.uid == uid)).one()
    return Used(result, booking.id, _space_of(session, booking.id, machine_id))


def finish(session: Session, booking_uid: str, *, actor: Actor, now: datetime) -> int:
    """End the use of the booking and return its id; raises `NotFound` and `Refused`."""
    booking = bookings.booking_to_change(session, booking_uid, actor)
    use.end(session, booking_uid, actor=actor, now=now)
    return booking.id


def _bookings(
    session: Session, person_id: int, site_id: int, now: datetime
) -> list[tuple[Booking, frozenset[int]]]:
    """Return the person's bookings of the day at the site, by start, with their machines."""
    rows = session.execute(
        select(Booking, BookingBookable.bookable_id)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .where(
            Booking.person_id == person_id,
            Booking.site_id == site_id,
            Booking.ends_at > now,
            Booking.starts_at < now + _LOOKED_AHEAD,
            Booking.state.in_([state.value for state in _STATES]),
        )
        .order_by(Booking.starts_at, Booking.id)
    ).all()
    machines: dict[int, set[int]] = {}
    for booking, machine_id in rows:
        machines.setdefault(booking.id, set()).add(machine_id)
    unique = {booking.id: booking for booking, _machine in rows}
    return [(booking, frozenset(machines[key])) for key, booking in unique.items()]


def _due(here: Sequence[Booking], now: datetime) -> Booking | None:
    """Return the booking that a scan at its machine means.

    The one in use, else the next that is still held, else the one whose time was released while
    it runs: it says so.
    """
    for state in (BookingState.CHECKED_IN, BookingState.CONFIRMED, BookingState.MISSED):
        for booking in here:
            released = state == BookingState.MISSED and booking.starts_at > now
            if booking.state == state and not released:
                return booking
    return None


def _refuse_elsewhere(session: Session, others: Sequence[Booking], now: datetime) -> None:
    """Say where the person's booking of this moment is, if it is at another machine."""
    for booking in others:
        if booking.state == BookingState.MISSED or booking.starts_at - now > timedelta(minutes=15):
            continue
        row = session.execute(
            select(Machine.slug, Machine.space_id)
            .join(BookingBookable, BookingBookable.bookable_id == Machine.id)
            .where(BookingBookable.booking_id == booking.id)
            .order_by(Machine.id)
        ).first()
        if row is None:
            continue
        space = session.get(Bookable, row.space_id) if row.space_id else None
        params = {
            "machine": row.slug,
            "space": space.name if space else "",
            "booking": booking.uid,
            "starts_at": booking.starts_at,
        }
        raise Refused([Problem("booking.elsewhere", params)])


def _refuse_unsupervised(
    session: Session, machine_id: int, site: SiteView, person_id: int, now: datetime
) -> None:
    """Refuse a minor at a machine that needs a certification while no trained adult is in."""
    born_on = session.scalar(select(Person.born_on).where(Person.id == person_id))
    if born_on is None:
        return
    row = session.execute(
        select(Machine.slug, Machine.certification_needed, MachineType.slug.label("category"))
        .join(MachineType, MachineType.id == Machine.machine_type_id)
        .where(Machine.id == machine_id)
    ).one()
    rules = rules_in_force(session, site.id, site.revision, category=row.category, machine=row.slug)
    if not (row.certification_needed or rules.certification_needed):
        return
    day = now.astimezone(site.tz).date()
    if knowing.too_young(age_on(day, born_on), rules.youngest) and not knowing.supervised(
        session, site.id, day, row.category
    ):
        raise Refused([Problem("visit.supervision-required")], zone=site.zone)


def _space_of(session: Session, booking_id: int, machine_id: int | None) -> int | None:
    query = (
        select(Machine.space_id)
        .join(BookingBookable, BookingBookable.bookable_id == Machine.id)
        .where(BookingBookable.booking_id == booking_id)
        .order_by(Machine.id)
    )
    if machine_id is not None:
        query = query.where(Machine.id == machine_id)
    found: int | None = session.scalars(query).first()
    return found
