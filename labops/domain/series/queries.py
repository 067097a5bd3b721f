"""Reads of series: one with its occurrences, and which series bookings belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.people.models import Person
from labops.domain.series.models import Series
from labops.domain.series.values import Pattern
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission

# What an act on a series may still touch, before it begins.
COMING_STATES = frozenset({BookingState.REQUESTED, BookingState.CONFIRMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceView:
    """One booking of a series.

    `shifted` says that it starts later by the clock, as its hour does not exist that night;
    `changed` that it was moved by itself; `coming` that it can still be changed with others.
    """

    number: int
    uid: str
    starts_at: datetime
    ends_at: datetime
    state: str
    machine_names: tuple[str, ...]
    shifted: bool
    changed: bool
    coming: bool
    cancelled_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """A series with its occurrences by number, and the series before and after it."""

    uid: str
    site_id: int
    site: str
    site_name: str
    site_address: str
    site_city: str
    site_email: str
    zone: str
    person_id: int
    person_name: str
    mine: bool
    pattern: Pattern
    revision: int
    occurrences: tuple[OccurrenceView, ...]
    continues: str | None
    continued_by: tuple[str, ...]

    @property
    def coming(self) -> tuple[OccurrenceView, ...]:
        """Return the occurrences that an act on the series may touch."""
        return tuple(one for one in self.occurrences if one.coming)

    @property
    def machine_names(self) -> tuple[str, ...]:
        """Return the names of the machines of all occurrences, each once."""
        return tuple(dict.fromkeys(name for one in self.occurrences for name in one.machine_names))


@dataclass(frozen=True, slots=True)
class SeriesLink:
    """The series of a booking, and which of its occurrences the booking is."""

    uid: str
    number: int


def to_change(session: Session, uid: str, actor: Actor) -> Series:
    """Return a series the actor may change: her own, or staff's at its site.

    Raises `NotFound` for any other.
    """
    series = session.scalar(
        select(Series).where(Series.uid == uid).execution_options(populate_existing=True)
    )
    if series is None or not (
        actor.owns(series.person_id) or actor.may(Permission.BOOKING_EDIT_OTHERS, series.site_id)
    ):
        raise NotFound
    return series


def bookings_of(session: Session, series: Series) -> list[Booking]:
    """Return the bookings of the series that are still its person's, by number."""
    return list(
        session.scalars(
            select(Booking)
            .where(Booking.series_id == series.id, Booking.person_id == series.person_id)
            .order_by(Booking.occurrence, Booking.id)
            .execution_options(populate_existing=True)
        )
    )


def is_coming(booking: Booking, *, now: datetime) -> bool:
    """Say whether an act on the series may touch the booking."""
    return booking.state in COMING_STATES and booking.starts_at > now


def one(session: Session, uid: str, actor: Actor, *, now: datetime) -> SeriesView:
    """Return a series; raises `NotFound` unless it is the actor's or staff may see it."""
    found = view(session, uid, now=now, actor=actor)
    seen = found is not None and (
        found.mine or actor.may(Permission.BOOKING_SEE_NAMES, found.site_id)
    )
    if found is None or not seen:
        raise NotFound
    return found


def view(
    session: Session, uid: str, *, now: datetime, actor: Actor | None = None
) -> SeriesView | None:
    """Return a series as it stands, whoever asks; `None` when there is none."""
    before = aliased(Series)
    row = session.execute(
        select(Series, Site, Person, before.uid)
        .join(Site, Site.id == Series.site_id)
        .join(Person, Person.id == Series.person_id)
        .outerjoin(before, before.id == Series.continues_id)
        .where(Series.uid == uid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    series, site, person, continues = row
    after = select(Series.uid).where(Series.continues_id == series.id).order_by(Series.id)
    return SeriesView(
        uid=series.uid,
        site_id=site.id,
        site=site.slug,
        site_name=site.name,
        site_address=site.address,
        site_city=site.city,
        site_email=site.email,
        zone=series.zone,
        person_id=person.id,
        person_name=person.name,
        mine=actor is not None and actor.owns(series.person_id),
        pattern=series.pattern,
        revision=series.revision,
        occurrences=_occurrences(session, series, now),
        continues=continues,
        continued_by=tuple(session.scalars(after)),
    )


def links_of(session: Session, uids: Sequence[str]) -> dict[str, SeriesLink]:
    """Return the series of those of the bookings that belong to one, by the booking's uid."""
    rows = session.execute(
        select(Booking.uid, Series.uid, Booking.occurrence)
        .join(Series, Series.id == Booking.series_id)
        .where(Booking.uid.in_(list(uids)), Booking.person_id == Series.person_id)
    )
    return {row[0]: SeriesLink(row[1], row[2] or 0) for row in rows}


def names_of(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """Return the names of the people whose series these are, by the series' uid."""
    rows = session.execute(
        select(Series.uid, Person.name)
        .join(Person, Person.id == Series.person_id)
        .where(Series.uid.in_(list(uids)))
    )
    return {row[0]: row[1] for row in rows}


def _occurrences(session: Session, series: Series, now: datetime) -> tuple[OccurrenceView, ...]:
    bookings = bookings_of(session, series)
    names: dict[int, list[str]] = {booking.id: [] for booking in bookings}
    rows = session.execute(
        select(BookingBookable.booking_id, Bookable.name)
        .join(Bookable, Bookable.id == BookingBookable.bookable_id)
        .join(Booking, Booking.id == BookingBookable.booking_id)
        .where(Booking.series_id == series.id)
        .order_by(Bookable.id)
    )
    for booking_id, name in rows:
        if booking_id in names:
            names[booking_id].append(name)
    return tuple(
        _occurrence(series, booking, tuple(names[booking.id]), now) for booking in bookings
    )


def _occurrence(
    series: Series, booking: Booking, names: tuple[str, ...], now: datetime
) -> OccurrenceView:
    number = booking.occurrence or 0
    planned = series.pattern.planned(number)
    in_place = booking.starts_at == booking.planned_at
    return OccurrenceView(
        number=number,
        uid=booking.uid,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        state=booking.state,
        machine_names=names,
        shifted=in_place and planned.shifted,
        changed=not in_place or booking.slot.length != series.pattern.length,
        coming=is_coming(booking, now=now),
        cancelled_late=booking.cancelled_late,
    )
