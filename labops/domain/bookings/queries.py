"""Reads of bookings: one booking, a person's, and what a calendar shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import listing
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import OPEN_STATES, BookingState
from labops.domain.people.models import Person
from labops.kernel import ledger
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

# A search for what is coming looks no further ahead.
LONGEST_BOOKING = ledger.LONGEST_CLAIM
# More than this in one window of one site is not a page that anybody reads.
MOST_OF_SITE = 10_000
MOST_TO_DECIDE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingView:
    """A booking as one actor may see it: `person_name` and `note` are `None` when hidden."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    state: str
    machines: tuple[str, ...]
    machine_names: tuple[str, ...]
    site: str
    site_name: str
    zone: str
    mine: bool
    person_name: str | None
    note: str | None
    sequence: int
    created_at: datetime
    revised_at: datetime
    check_in_by: datetime
    checked_in_at: datetime | None
    finished_at: datetime | None
    override_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a page says of one booking besides: lists do without, as they are read so often."""

    people_count: int
    fields: Mapping[str, str]
    cancelled_late: bool
    decide_by: datetime | None
    decided_at: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which bookings to list. `after` is the (start, id) of the last one already seen."""

    window: Interval | None = None
    machine: str | None = None
    site: str | None = None
    person_id: int | None = None
    after: tuple[datetime, int] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSearch:
    """Which of a person's bookings to list, and which page of them; `None` leaves a filter out.

    `coming` are those that are not over and were not given up, earliest first; the others come
    latest first.
    """

    person_id: int
    now: datetime
    coming: bool | None = None
    state: str | None = None
    site: str | None = None
    machine: str | None = None
    offset: int = 0
    limit: int = 50


_DETAILS = tuple(field.name for field in fields(Details))


def booking_to_change(session: Session, uid: str, actor: Actor) -> Booking:
    """Return a booking the actor may change: her own, or staff's at its site.

    Raises `NotFound` for any other, so that nobody learns which bookings there are.
    """
    booking = session.scalar(
        select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    )
    if booking is None or not (
        actor.owns(booking.person_id) or actor.may(Permission.BOOKING_EDIT_OTHERS, booking.site_id)
    ):
        raise NotFound
    return booking


def one(session: Session, uid: str, actor: Actor) -> BookingView:
    """Return one booking; raises `NotFound` unless it is the actor's or staff may see it."""
    found = one_values(session, uid, actor)
    del found["people"], found["fields"], found["firm"]
    return BookingView(**found)


def one_values(session: Session, uid: str, actor: Actor) -> dict[str, Any]:
    """Return the same as `one`, as fields by name, with `people` and what was said in `fields`."""
    found = listing.read_one(session, uid, actor)
    if found is None or not (found["mine"] or found["person_name"] is not None):
        raise NotFound
    del found["id"]
    return found


def listed(
    session: Session, search: Search, actor: Actor
) -> tuple[list[BookingView], tuple[datetime, int] | None]:
    """Return bookings by start, and where the next page begins (`None` when it is the last).

    A person's own bookings come in every state; other people's only while they hold time.
    Raises `ValueError` for others' bookings without a window.
    """
    found, following = listed_values(session, search, actor)
    return _views(found), following


def listed_values(
    session: Session, search: Search, actor: Actor
) -> tuple[list[dict[str, Any]], tuple[datetime, int] | None]:
    """Return the same as `listed`, as the fields of each view by name: half the cost."""
    names, values = _conditions(search)
    found = listing.read_page(session, names, values, actor, limit=search.limit + 1)
    following = None
    if len(found) > search.limit:
        del found[search.limit :]
        following = (found[-1]["starts_at"], found[-1]["id"])
    for booking in found:
        del booking["id"]
    return found, following


def own(session: Session, search: OwnSearch, actor: Actor) -> tuple[list[BookingView], int]:
    """Return a page of a person's bookings and how many there are in all."""
    names = ["of person"]
    if search.coming is not None:
        names.append("coming" if search.coming else "over")
    if search.state is not None:
        names.append("in state")
    if search.site is not None:
        names.append("of site")
    if search.machine is not None:
        names.append("of machine")
    values = {
        "person_id": search.person_id,
        "now": search.now,
        "state": search.state,
        "site": search.site,
        "machine": search.machine,
    }
    found = listing.read_page(
        session,
        names,
        values,
        actor,
        limit=search.limit,
        offset=search.offset,
        latest_first=not search.coming,
    )
    return _views(found), listing.count(session, names, values)


def of_site(session: Session, site_id: int, window: Interval, actor: Actor) -> list[BookingView]:
    """Return every booking of the site that reaches into the window, in any state, by start.

    Raises `Forbidden` or `NotSignedIn` unless the actor may see names there.
    """
    actor.require(Permission.BOOKING_SEE_NAMES, site_id)
    values = {"site_id": site_id, **listing.window_values(window)}
    return _views(
        listing.read_page(session, ("of site id", "in window"), values, actor, limit=MOST_OF_SITE)
    )


def details_of(session: Session, uids: Sequence[str]) -> dict[str, Details]:
    """Return what else there is to say of bookings that the actor was found to see, by uid."""
    rows = session.execute(
        select(
            Booking.uid,
            Booking.people_count,
            Booking.fields,
            Booking.cancelled_late,
            Booking.decide_by,
            Booking.decided_at,
            Booking.decision_reason,
        ).where(Booking.uid.in_(list(uids)))
    )
    return {row.uid: Details(**{key: row._mapping[key] for key in _DETAILS}) for row in rows}


def to_decide(session: Session, actor: Actor) -> list[BookingView]:
    """Return the requested bookings of the sites where the actor decides, earliest first."""
    sites = actor.sites_where(Permission.BOOKING_APPROVE)
    requested = {"state": BookingState.REQUESTED.value}
    pages = (
        [(("in state",), requested)]
        if sites is None
        else [(("in state", "of site id"), {**requested, "site_id": one}) for one in sorted(sites)]
    )
    found = [
        booking
        for names, values in pages
        for booking in _views(
            listing.read_page(session, names, values, actor, limit=MOST_TO_DECIDE)
        )
    ]
    return sorted(found, key=lambda booking: (booking.starts_at, booking.uid))


def names_of(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """Return the names of the people whose bookings these are, by the booking's uid."""
    rows = session.execute(
        select(Booking.uid, Person.name)
        .join(Person, Person.id == Booking.person_id)
        .where(Booking.uid.in_(list(uids)))
    )
    return {row[0]: row[1] for row in rows}


def open_of_person(session: Session, person_id: int, *, now: datetime) -> list[Booking]:
    """Return the person's bookings that are not over."""
    return list(
        session.scalars(
            select(Booking)
            .where(
                Booking.person_id == person_id,
                Booking.ends_at > now,
                Booking.state.in_(sorted(OPEN_STATES)),
            )
            .order_by(Booking.starts_at)
        )
    )


def _conditions(search: Search) -> tuple[list[str], dict[str, Any]]:
    names = ["of site"] if search.site is not None else []
    values: dict[str, Any] = {"site": search.site, "machine": search.machine}
    if search.window is not None:
        names.append("in window")
        values |= listing.window_values(search.window)
    if search.person_id is not None:
        names.append("of person")
        values["person_id"] = search.person_id
        if search.machine is not None:
            names.append("of machine")
    else:
        if search.window is None:
            raise ValueError("Other people's bookings are listed within a window.")
        names.append("holding time")
        if search.machine is not None:
            names.append("held on machine")
    if search.after is not None:
        names.append("after")
        values["after_at"], values["after_id"] = search.after
    return names, values


def _views(found: list[dict[str, Any]]) -> list[BookingView]:
    for booking in found:
        booking.pop("id", None)
    return [BookingView(**booking) for booking in found]
