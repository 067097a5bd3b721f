"""Reads of strikes: a person's own, and what staff have to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.wanted import machines_of_booking
from labops.domain.house_rules.parts import Strikes
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.domain.strikes.counting import strictest
from labops.domain.strikes.models import Strike
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission

MOST_LISTED = 200
StrikeRows = Select[Strike, Booking, Person, Site, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeView:
    """A strike with the booking it is for, as its person and staff see it."""

    uid: str
    kind: str
    at: datetime
    booking_uid: str
    starts_at: datetime
    ends_at: datetime
    machine_names: tuple[str, ...]
    person_uid: str
    person_name: str
    site_id: int
    site: str
    site_name: str
    zone: str
    suspended_until: datetime | None
    contested_at: datetime | None
    contest_text: str
    answered_at: datetime | None
    answer_text: str
    forgiven_at: datetime | None

    @property
    def waits(self) -> bool:
        """Say whether its person contested it and nobody answered yet."""
        return self.contested_at is not None and self.answered_at is None


def own(session: Session, actor: Actor) -> list[StrikeView]:
    """Return the actor's strikes, latest first."""
    return _views(session, _query().where(Strike.person_id == actor.require_person()))


def of_person(session: Session, person_uid: str, actor: Actor) -> list[StrikeView]:
    """Return a person's strikes at the sites where the actor may forgive, latest first."""
    return _views(session, _of_staff(_query().where(Person.uid == person_uid), actor))


def to_answer(session: Session, actor: Actor) -> list[StrikeView]:
    """Return contested strikes that wait for an answer where the actor may forgive."""
    waiting = Strike.contested_at.is_not(None), Strike.answered_at.is_(None)
    return _views(session, _of_staff(_query().where(*waiting), actor))


def one(session: Session, uid: str, actor: Actor) -> StrikeView:
    """Return a strike of the actor's or of her site; raises `NotFound` for any other."""
    found = _views(session, _query().where(Strike.uid == uid))
    mine = found and actor.person_id is not None and _owner(session, uid) == actor.person_id
    if not found or not (mine or actor.may(Permission.STRIKE_FORGIVE, found[0].site_id)):
        raise NotFound
    return found[0]


def told(session: Session, uid: str) -> StrikeView | None:
    """Return a strike for a mail to its person."""
    found = _views(session, _query().where(Strike.uid == uid))
    return found[0] if found else None


def of_booking(session: Session, booking_uid: str) -> StrikeView | None:
    """Return the strike that a booking led to, if any."""
    found = _views(session, _query().where(Booking.uid == booking_uid))
    return found[0] if found else None


def rule_for(session: Session, site: Site, booking_id: int) -> Strikes | None:
    """Return the site's rule on strikes as it holds for the machines of a booking."""
    return strictest(
        rules_in_force(
            session, site.id, site.revision, category=machine.category, machine=machine.slug
        )
        for machine in machines_of_booking(session, booking_id)
    )


def _owner(session: Session, uid: str) -> int | None:
    return session.scalar(select(Strike.person_id).where(Strike.uid == uid))


def _query() -> StrikeRows:
    return (
        select(Strike, Booking, Person, Site, Membership.suspended_until)
        .join(Booking, Booking.id == Strike.booking_id)
        .join(Person, Person.id == Strike.person_id)
        .join(Site, Site.id == Strike.site_id)
        .outerjoin(
            Membership,
            (Membership.person_id == Strike.person_id) & (Membership.site_id == Strike.site_id),
        )
        .order_by(Strike.at.desc(), Strike.id.desc())
        .limit(MOST_LISTED)
        .execution_options(populate_existing=True)
    )


def _of_staff(query: StrikeRows, actor: Actor) -> StrikeRows:
    sites = actor.sites_where(Permission.STRIKE_FORGIVE)
    return query if sites is None else query.where(Strike.site_id.in_(sorted(sites)))


def _views(session: Session, query: StrikeRows) -> list[StrikeView]:
    rows = session.execute(query).all()
    names = _names(session, [booking.id for _strike, booking, *_others in rows])
    return [
        StrikeView(
            uid=strike.uid,
            kind=strike.kind,
            at=strike.at,
            booking_uid=booking.uid,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            machine_names=tuple(names.get(booking.id, ())),
            person_uid=person.uid,
            person_name=person.name,
            site_id=site.id,
            site=site.slug,
            site_name=site.name,
            zone=site.zone,
            suspended_until=suspended_until,
            contested_at=strike.contested_at,
            contest_text=strike.contest_text,
            answered_at=strike.answered_at,
            answer_text=strike.answer_text,
            forgiven_at=strike.forgiven_at,
        )
        for strike, booking, person, site, suspended_until in rows
    ]


def _names(session: Session, booking_ids: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(BookingBookable.booking_id, Bookable.name)
        .join(Bookable, Bookable.id == BookingBookable.bookable_id)
        .where(BookingBookable.booking_id.in_(booking_ids))
        .order_by(Bookable.id)
    )
    found: dict[int, list[str]] = {}
    for booking_id, name in rows:
        found.setdefault(booking_id, []).append(name)
    return found
