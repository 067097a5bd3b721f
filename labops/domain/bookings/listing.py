"""How bookings are read to be shown: one statement a page, with one row a machine of a booking.

A page is found first, by conditions that are named here, and then joined to what is shown of each
booking. Each combination is built once, on tables: a week of all machines has hundreds of rows,
and what is spent on each of them is what the week costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import HOLDING_STATES, OPEN_STATES
from labops.domain.firms.models import Firm
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import ledger
from labops.kernel.interval import Interval
from labops.kernel.orm import table_of
from labops.kernel.permissions import Actor, Permission
from labops.kernel.prepared import Prepared

_booking = table_of(Booking).c
_of_booking = table_of(BookingBookable).c
_bookable = table_of(Bookable).c
_person = table_of(Person).c
_site = table_of(Site).c
_firm = table_of(Firm).c
_held = table_of(ledger.Allocation).c

_machine = select(_bookable.id).where(_bookable.slug == bindparam("machine")).scalar_subquery()
_still_on = and_(
    _booking.ends_at > bindparam("now"),
    or_(*(_booking.state == state.value for state in sorted(OPEN_STATES))),
)
# What a page may be narrowed by, and the values each of them needs.
CONDITIONS = {
    # uid
    "uid": _booking.uid == bindparam("uid"),
    # person_id
    "of person": _booking.person_id == bindparam("person_id"),
    # since, until, ends_until: whatever reaches into the span, by the index on the end.
    "in window": and_(
        _booking.ends_at > bindparam("since"),
        _booking.ends_at <= bindparam("ends_until"),
        _booking.starts_at < bindparam("until"),
    ),
    # since: whoever finished early keeps nobody out afterwards.
    "holding time": and_(
        or_(*(_booking.state == state.value for state in sorted(HOLDING_STATES))),
        or_(_booking.finished_at.is_(None), _booking.finished_at > bindparam("since")),
    ),
    # machine, since, until
    "held on machine": _booking.id.in_(
        select(_held.owner_id).where(
            _held.bookable_id == _machine,
            _held.owner_kind == ledger.OwnerKind.BOOKING.value,
            _held.ends_at > bindparam("since"),
            _held.starts_at < bindparam("until"),
        )
    ),
    # machine
    "of machine": _booking.id.in_(
        select(_of_booking.booking_id).where(_of_booking.bookable_id == _machine)
    ),
    # site: slug
    "of site": _booking.site_id
    == select(_site.id).where(_site.slug == bindparam("site")).scalar_subquery(),
    # site_id
    "of site id": _booking.site_id == bindparam("site_id"),
    # state
    "in state": _booking.state == bindparam("state"),
    # now
    "coming": _still_on,
    "over": ~_still_on,
    # after_at, after_id: the last one of the page before
    "after": or_(
        _booking.starts_at > bindparam("after_at"),
        and_(_booking.starts_at == bindparam("after_at"), _booking.id > bindparam("after_id")),
    ),
}
# In the order in which `_values` takes them apart.
_SHOWN = (
    _bookable.id.label("bookable_id"),
    _booking.id.label("booking_id"),
    _booking.person_id,
    _booking.site_id,
    _bookable.slug,
    _bookable.name,
    _person.name,
    _site.slug,
    _site.name,
    _site.zone,
    _booking.uid,
    _booking.starts_at,
    _booking.ends_at,
    _booking.state,
    _booking.note,
    _booking.sequence,
    _booking.created_at,
    _booking.revised_at,
    _booking.check_in_by,
    _booking.checked_in_at,
    _booking.finished_at,
    _booking.override_reason,
)
_ONE = Prepared(
    select(*_SHOWN, _booking.people_count.label("people"), _booking.fields, _firm.uid.label("firm"))
    .select_from(table_of(Booking))
    .outerjoin(table_of(Firm), _firm.id == _booking.firm_id)
    .join(table_of(BookingBookable), _of_booking.booking_id == _booking.id)
    .join(table_of(Bookable), _bookable.id == _of_booking.bookable_id)
    .join(table_of(Person), _person.id == _booking.person_id)
    .join(table_of(Site), _site.id == _booking.site_id)
    .where(_booking.uid == bindparam("uid"))
    .order_by(_bookable.id)
)


def window_values(window: Interval) -> dict[str, datetime]:
    """Return the values that conditions on a window need."""
    return {
        "since": window.starts_at,
        "until": window.ends_at,
        "ends_until": window.ends_at + ledger.LONGEST_CLAIM,
    }


def read_page(
    session: Session,
    names: Sequence[str],
    values: Mapping[str, Any],
    actor: Actor,
    *,
    limit: int,
    offset: int = 0,
    latest_first: bool = False,
) -> list[dict[str, Any]]:
    """Return the fields of a `BookingView` for each booking of the page, and its `id`.

    `names` are keys of `CONDITIONS`, `values` what these need.
    """
    page = _page(tuple(names), latest_first)
    rows = page.rows(session, {**values, "most": limit, "skipped": offset})
    # The page is found in order but need not stay so when joined; sorting here what is nearly
    # sorted costs a fifth of what sorting whole rows costs the database.
    rows.sort(key=attrgetter("bookable_id"))
    rows.sort(key=attrgetter("starts_at", "booking_id"), reverse=latest_first)
    return _values(rows, actor)


def read_one(session: Session, uid: str, actor: Actor) -> dict[str, Any] | None:
    """Return the same of one booking, with `people`, what was said as `fields`, and its `firm`."""
    rows = _ONE.rows(session, {"uid": uid})
    if not rows:
        return None
    (found,) = _values([row[: len(_SHOWN)] for row in rows], actor)
    first = rows[0]
    return found | {"people": first.people, "fields": first.fields, "firm": first.firm}


def count(session: Session, names: Sequence[str], values: Mapping[str, Any]) -> int:
    """Return how many bookings meet the conditions."""
    return session.scalar(_count(tuple(names)), dict(values)) or 0


@lru_cache(maxsize=256)
def _page(names: tuple[str, ...], latest_first: bool) -> Prepared:  # noqa: FBT001 - it is a key
    page = (
        select(_booking.id)
        .where(*(CONDITIONS[name] for name in names))
        .order_by(*_order(latest_first=latest_first))
        .limit(bindparam("most"))
        .offset(bindparam("skipped"))
        .subquery("page")
    )
    return Prepared(
        select(*_SHOWN)
        .select_from(page)
        .join(table_of(Booking), _booking.id == page.c.id)
        .join(table_of(BookingBookable), _of_booking.booking_id == page.c.id)
        .join(table_of(Bookable), _bookable.id == _of_booking.bookable_id)
        .join(table_of(Person), _person.id == _booking.person_id)
        .join(table_of(Site), _site.id == _booking.site_id)
    )


@lru_cache(maxsize=256)
def _count(names: tuple[str, ...]) -> Select[int]:
    query = select(func.count()).select_from(table_of(Booking))
    return query.where(*(CONDITIONS[name] for name in names))


def _order(*, latest_first: bool) -> tuple[Any, ...]:
    if latest_first:
        return _booking.starts_at.desc(), _booking.id.desc()
    return _booking.starts_at, _booking.id


def _values(rows: Sequence[Any], actor: Actor) -> list[dict[str, Any]]:
    """Put the rows of each booking together and hide what the actor may not see."""
    seeing = actor.sites_where(Permission.BOOKING_SEE_NAMES)
    myself = actor.person_id
    found: list[dict[str, Any]] = []
    last = None
    for row in rows:
        (
            _bookable_id, booking_id, person_id, site_id, machine, machine_name, person_name,
            site, site_name, zone, uid, starts_at, ends_at, state, note, sequence,
            created_at, revised_at, check_in_by, checked_in_at, finished_at, override_reason,
        ) = row  # fmt: skip
        if booking_id == last:
            found[-1]["machines"] += (machine,)
            found[-1]["machine_names"] += (machine_name,)
            continue
        last = booking_id
        mine = person_id == myself
        shown = mine or seeing is None or site_id in seeing
        found.append(
            {
                "id": booking_id,
                "uid": uid,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "state": state,
                "machines": (machine,),
                "machine_names": (machine_name,),
                "site": site,
                "site_name": site_name,
                "zone": zone,
                "mine": mine,
                "person_name": person_name if shown else None,
                "note": note if shown else None,
                "sequence": sequence,
                "created_at": created_at,
                "revised_at": revised_at,
                "check_in_by": check_in_by,
                "checked_in_at": checked_in_at,
                "finished_at": finished_at,
                "override_reason": override_reason if shown else None,
            }
        )
    return found
