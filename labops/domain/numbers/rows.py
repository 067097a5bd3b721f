"""The rows that numbers are made of, each site's in four queries whatever the period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.closures import queries as closures
from labops.domain.closures.queries import ClosureView
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.numbers.policies import Booked
from labops.domain.people.models import Person
from labops.domain.sites.queries import SiteView, weekly_hours
from labops.domain.spaces.models import Space
from labops.domain.visits.models import Visit
from labops.kernel.interval import Interval, without

# Nobody begins a use longer before its booking.
EARLY = timedelta(days=1)
_COLUMNS = (
    "uid",
    "person_id",
    "site_id",
    "machine_id",
    "starts_at",
    "ends_at",
    "state",
    "walk_in",
    "check_in_by",
    "checked_in_at",
    "finished_at",
    "person",
    "person_uid",
)


@dataclass(frozen=True, slots=True)
class Opening:
    """When a site is open, and what shuts it or one of its spaces."""

    opening: tuple[Interval, ...]
    closures: list[ClosureView]

    def of_space(self, space_id: int | None) -> tuple[Interval, ...]:
        """Return when one can be in the space."""
        shut = [c for c in self.closures if c.space_id is None or c.space_id == space_id]
        return without(self.opening, (Interval(c.starts_at, c.ends_at) for c in shut))


def opening_of(session: Session, site: SiteView, span: Interval) -> Opening:
    """Return when the site and its spaces are open during the span."""
    opening = weekly_hours(session, site.id, site.revision).open_during(span, site.tz)
    spaces = session.scalars(select(Space.id).where(Space.site_id == site.id)).all()
    return Opening(opening, closures.during(session, site.id, span, space_ids=spaces))


def booked_in(
    session: Session, site: SiteView, span: Interval, machine_id: int | None
) -> list[Booked]:
    """Return every booking of the site that reaches into the span, or was used early in it."""
    query = (
        select(
            Booking.uid,
            Booking.person_id,
            Booking.site_id,
            BookingBookable.bookable_id,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Booking.walk_in,
            Booking.check_in_by,
            Booking.checked_in_at,
            Booking.finished_at,
            Person.name,
            Person.uid,
        )
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .join(Person, Person.id == Booking.person_id)
        .where(
            Booking.site_id == site.id,
            Booking.ends_at > span.starts_at,
            Booking.starts_at < span.ends_at + EARLY,
            or_(Booking.starts_at < span.ends_at, Booking.checked_in_at < span.ends_at),
            Booking.state.not_in([BookingState.CANCELLED, BookingState.REJECTED]),
        )
    )
    if machine_id is not None:
        query = query.where(BookingBookable.bookable_id == machine_id)
    return [Booked(**dict(zip(_COLUMNS, row, strict=True))) for row in session.execute(query)]


def visitors_in(session: Session, site: SiteView, span: Interval) -> set[int]:
    """Return who was in at the site during the span, guests aside."""
    return set(
        session.scalars(
            select(Visit.person_id)
            .where(
                Visit.site_id == site.id,
                Visit.person_id.is_not(None),
                Visit.starts_at < span.ends_at,
                or_(Visit.ends_at.is_(None), Visit.ends_at > span.starts_at),
            )
            .distinct()
        )
    )


def members_in(session: Session, site: SiteView, first: date, last: date) -> set[int]:
    """Return whose membership at the site ran on a day of the period, or runs in it."""
    return set(
        session.scalars(
            select(Membership.person_id).where(
                Membership.site_id == site.id,
                Membership.state != MembershipState.APPLICANT,
                Membership.starts_on <= last,
                or_(Membership.ends_on.is_(None), Membership.ends_on >= first),
            )
        )
    )
