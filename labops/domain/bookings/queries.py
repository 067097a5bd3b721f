"""Reads of bookings: one booking, a person's, and what a calendar shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.machines.models import Machine
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import ledger
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

LONGEST_BOOKING = ledger.LONGEST_CLAIM


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


_COLUMNS = (
    Booking.id,
    Booking.uid,
    Booking.starts_at,
    Booking.ends_at,
    Booking.state,
    Booking.person_id,
    Booking.site_id,
    Booking.note,
    Booking.sequence,
    Booking.created_at,
    Booking.revised_at,
    Booking.check_in_by,
    Booking.checked_in_at,
    Booking.finished_at,
    Booking.override_reason,
    Site.slug.label("site"),
    Site.name.label("site_name"),
    Site.zone,
    Person.name.label("person_name"),
)
_JOINED = (
    select(*_COLUMNS)
    .join(Site, Site.id == Booking.site_id)
    .join(Person, Person.id == Booking.person_id)
)
_ONE = _JOINED.where(Booking.uid == bindparam("uid"))
_MACHINES = (
    select(BookingBookable.booking_id, Bookable.slug, Bookable.name)
    .join(Bookable, Bookable.id == BookingBookable.bookable_id)
    .where(BookingBookable.booking_id.in_(bindparam("booking_ids", expanding=True)))
    .order_by(Bookable.id)
)


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
    views = _seen(session, session.execute(_ONE, {"uid": uid}).all(), actor)
    if not views or not (views[0].mine or views[0].person_name is not None):
        raise NotFound
    return views[0]


def listed(
    session: Session, search: Search, actor: Actor
) -> tuple[list[BookingView], tuple[datetime, int] | None]:
    """Return bookings by start, and where the next page begins (`None` when it is the last).

    A person's own bookings come in every state; other people's only while they hold time.
    """
    query = _joined().order_by(Booking.starts_at, Booking.id)
    if search.window is not None:
        query = query.where(
            Booking.ends_at > search.window.starts_at,
            Booking.ends_at <= search.window.ends_at + LONGEST_BOOKING,
            Booking.starts_at < search.window.ends_at,
        )
    if search.person_id is not None:
        query = query.where(Booking.person_id == search.person_id)
    else:
        query = query.where(Booking.id.in_(_holding_time(search)))
    if search.person_id is not None and search.machine is not None:
        query = query.where(Booking.id.in_(_of_machine(search.machine)))
    if search.site is not None:
        query = query.where(Site.slug == search.site)
    if search.after is not None:
        starts_at, last_id = search.after
        query = query.where(
            (Booking.starts_at > starts_at)
            | ((Booking.starts_at == starts_at) & (Booking.id > last_id))
        )
    rows = session.execute(query.limit(search.limit + 1)).all()
    following = None
    if len(rows) > search.limit:
        rows = rows[: search.limit]
        following = (rows[-1].starts_at, rows[-1].id)
    return _seen(session, rows, actor), following


def own(session: Session, search: OwnSearch, actor: Actor) -> tuple[list[BookingView], int]:
    """Return a page of a person's bookings and how many there are in all."""
    query = _joined().where(Booking.person_id == search.person_id)
    still_on = (Booking.ends_at > search.now) & Booking.state.in_(sorted(OPEN_STATES))
    if search.coming is not None:
        query = query.where(still_on if search.coming else ~still_on)
    if search.state is not None:
        query = query.where(Booking.state == search.state)
    if search.site is not None:
        query = query.where(Site.slug == search.site)
    if search.machine is not None:
        query = query.where(Booking.id.in_(_of_machine(search.machine)))
    count = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    order = (
        (Booking.starts_at, Booking.id)
        if search.coming
        else (Booking.starts_at.desc(), Booking.id.desc())
    )
    page = query.order_by(*order).offset(search.offset).limit(search.limit)
    return _views(session, page, actor), count


def of_site(session: Session, site_id: int, window: Interval, actor: Actor) -> list[BookingView]:
    """Return every booking of the site that reaches into the window, in any state, by start.

    Raises `Forbidden` or `NotSignedIn` unless the actor may see names there.
    """
    actor.require(Permission.BOOKING_SEE_NAMES, site_id)
    query = _joined().where(
        Booking.site_id == site_id,
        Booking.starts_at > window.starts_at - LONGEST_BOOKING,
        Booking.starts_at < window.ends_at,
        Booking.ends_at > window.starts_at,
    )
    return _views(session, query.order_by(Booking.starts_at, Booking.id), actor)


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


def _joined() -> Select[*tuple[Any, ...]]:
    return _JOINED


def _holding_time(search: Search) -> Select[int]:
    held = select(ledger.Allocation.owner_id).where(
        ledger.Allocation.owner_kind == ledger.OwnerKind.BOOKING
    )
    if search.window is not None:
        held = held.where(*ledger.reaching_into(search.window))
    if search.machine is not None or search.site is not None:
        held = held.join(Machine, Machine.id == ledger.Allocation.bookable_id)
    if search.machine is not None:
        held = held.where(Machine.slug == search.machine)
    if search.site is not None:
        held = held.join(Site, Site.id == Machine.site_id).where(Site.slug == search.site)
    return held


def _of_machine(slug: str) -> Select[int]:
    return (
        select(BookingBookable.booking_id)
        .join(Machine, Machine.id == BookingBookable.bookable_id)
        .where(Machine.slug == slug)
    )


def _views(session: Session, query: Select[*tuple[Any, ...]], actor: Actor) -> list[BookingView]:
    return _seen(session, session.execute(query).all(), actor)


def _seen(
    session: Session, rows: Sequence[Row[*tuple[Any, ...]]], actor: Actor
) -> list[BookingView]:
    machines = _machines(session, [row.id for row in rows])
    seeing = actor.sites_where(Permission.BOOKING_SEE_NAMES)
    views = []
    for row in rows:
        values = dict(row._mapping)
        mine = actor.owns(values.pop("person_id"))
        site_id = values.pop("site_id")
        found = machines.get(values.pop("id"), [])
        if not mine and seeing is not None and site_id not in seeing:
            values["person_name"] = values["note"] = values["override_reason"] = None
        views.append(
            BookingView(
                **values,
                mine=mine,
                machines=tuple(slug for slug, _ in found),
                machine_names=tuple(name for _, name in found),
            )
        )
    return views


def _machines(session: Session, booking_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    if not booking_ids:
        return {}
    rows = session.execute(_MACHINES, {"booking_ids": list(booking_ids)})
    found: dict[int, list[tuple[str, str]]] = {}
    for booking_id, slug, name in rows:
        found.setdefault(booking_id, []).append((slug, name))
    return found
