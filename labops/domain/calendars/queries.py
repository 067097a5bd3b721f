"""Reads of feeds: the one that is asked for, and those of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.calendars.models import Feed
from labops.domain.calendars.policies import Standing, answers, shows_names
from labops.domain.calendars.scopes import FeedKind
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Account, Person, RoleGrant
from labops.domain.sites.models import Site
from labops.domain.sites.queries import all_sites
from labops.domain.spaces.models import Bookable
from labops.kernel import local_time
from labops.kernel.db import remembered
from labops.kernel.ids import digest
from labops.kernel.orm import table_of
from labops.kernel.permissions import ROLE_PERMISSIONS, SITE_ROLES, Actor, Permission, Role
from labops.kernel.prepared import Prepared

_feed = table_of(Feed).c
_person = table_of(Person).c
_account = table_of(Account).c
_site = table_of(Site).c
_bookable = table_of(Bookable).c
_membership = table_of(Membership).c
_role = table_of(RoleGrant).c
_induction = table_of(InductionSession)
_sign_up = table_of(InductionSignUp)
_any_site = table_of(Site).alias("any_site")
_any_bookable = table_of(Bookable).alias("any_bookable")

_WORK_THERE = SITE_ROLES | {Role.ADMIN}
_SEE_NAMES = frozenset(
    role for role, granted in ROLE_PERMISSIONS.items() if Permission.BOOKING_SEE_NAMES in granted
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFeed:
    """A feed as it is asked for, with what decides whether its body changed.

    `names` says whether it tells them now. `place` is the machine's or the site's name. The three
    revisions only grow: with each change of the person's bookings, of the inductions that she ever
    signed up for, and of anything's name.
    """

    id: int
    uid: str
    kind: FeedKind
    person_id: int
    person_name: str
    language: str
    bookable_id: int | None
    site_id: int | None
    place: str
    site_name: str
    names: bool
    show_cancelled: bool
    bookings_revision: int
    inductions_revision: int
    words_revision: str
    polled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedView:
    """A feed as its owner sees it; `answering` is `False` when she may not follow it now."""

    uid: str
    kind: FeedKind
    place: str
    site_name: str
    names: bool
    label: str
    created_at: datetime
    polled_at: datetime | None
    polled_by: str
    answering: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The names that stand in feeds, and a digest of them all."""

    stamp: str
    bookables: Mapping[int, str] = field(default_factory=dict)
    sites: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # name, address


def _roles(roles: frozenset[Role]) -> Any:
    """Return how many of these roles the feed's owner has at its site or over all sites."""
    return (
        select(func.count())
        .where(
            _role.person_id == _feed.person_id,
            or_(*(_role.role == role.value for role in sorted(roles))),
            or_(_role.site_id.is_(None), _role.site_id == _site.id),
        )
        .correlate(table_of(Feed), table_of(Site))
        .scalar_subquery()
    )


def _inductions_revision() -> Any:
    """Return what grows with every change of a session that the feed's owner ever signed up for."""
    return (
        select(func.sum(_induction.c.sequence + 1))
        .join(_sign_up, _sign_up.c.session_id == _induction.c.id)
        .where(_sign_up.c.person_id == _feed.person_id, _feed.scope == FeedKind.ME.value)
        .correlate(table_of(Feed))
        .scalar_subquery()
    )


_FEED = (
    select(
        _feed.id,
        _feed.uid,
        _feed.scope,
        _feed.label,
        _feed.person_id,
        _person.name.label("person_name"),
        _person.language,
        _person.suspended_until,
        _person.bookings_revision,
        _account.email_confirmed_at,
        _feed.bookable_id,
        _site.id.label("site_id"),
        _bookable.name.label("bookable_name"),
        _site.name.label("site_name"),
        _site.zone,
        _feed.names,
        _feed.show_cancelled,
        _feed.created_at,
        _feed.polled_at,
        _feed.polled_by,
        _membership.state,
        _membership.starts_on,
        _membership.ends_on,
        _roles(_WORK_THERE).label("work_there"),
        _roles(_SEE_NAMES).label("see_names"),
        select(func.sum(_any_site.c.revision)).scalar_subquery().label("sites_revision"),
        select(func.max(_any_bookable.c.id)).scalar_subquery().label("last_bookable"),
        _inductions_revision().label("inductions_revision"),
    )
    .select_from(table_of(Feed))
    .join(table_of(Person), _person.id == _feed.person_id)
    .outerjoin(table_of(Account), _account.person_id == _feed.person_id)
    .outerjoin(table_of(Bookable), _bookable.id == _feed.bookable_id)
    .outerjoin(table_of(Site), _site.id == func.coalesce(_bookable.site_id, _feed.site_id))
    .outerjoin(
        table_of(Membership),
        and_(_membership.person_id == _feed.person_id, _membership.site_id == _site.id),
    )
    .where(_feed.revoked_at.is_(None))
)
# Calendars ask for this all day long.
_LIVE = Prepared(_FEED.where(_feed.secret_digest == bindparam("secret_digest")))
_OF_PERSON = Prepared(
    _FEED.where(_feed.person_id == bindparam("person_id")).order_by(_feed.created_at, _feed.id)
)


def live_feed(session: Session, secret: str, *, now: datetime) -> LiveFeed | None:
    """Return the feed of a secret in one statement.

    `None` when it is unknown or revoked, or when its owner may not follow it now.
    """
    row = _LIVE.row(session, {"secret_digest": digest(secret)})
    if row is None or not _answers(row, now):
        return None
    kind = FeedKind(row.scope)
    return LiveFeed(
        id=row.id,
        uid=row.uid,
        kind=kind,
        person_id=row.person_id,
        person_name=row.person_name,
        language=row.language,
        bookable_id=row.bookable_id,
        site_id=row.site_id,
        place=row.bookable_name or row.site_name or "",
        site_name=row.site_name or "",
        names=shows_names(kind, _standing(row, now), wanted=row.names),
        show_cancelled=row.show_cancelled,
        bookings_revision=row.bookings_revision,
        inductions_revision=row.inductions_revision or 0,
        words_revision=f"{row.sites_revision}.{row.last_bookable}",
        polled_at=row.polled_at,
    )


def of_person(session: Session, person_id: int, *, now: datetime) -> list[FeedView]:
    """Return the person's feeds that were not revoked, oldest first."""
    return [
        FeedView(
            uid=row.uid,
            kind=FeedKind(row.scope),
            place=row.bookable_name or row.site_name or "",
            site_name=row.site_name or "",
            names=shows_names(FeedKind(row.scope), _standing(row, now), wanted=row.names),
            label=row.label,
            created_at=row.created_at,
            polled_at=row.polled_at,
            polled_by=row.polled_by,
            answering=_answers(row, now),
        )
        for row in _OF_PERSON.rows(session, {"person_id": person_id})
    ]


def by_uid(session: Session, uid: str) -> Feed | None:
    """Return a feed by its public identifier."""
    return session.scalar(select(Feed).where(Feed.uid == uid))


def by_secret(session: Session, secret: str) -> Feed | None:
    """Return a feed by its secret."""
    return session.scalar(select(Feed).where(Feed.secret_digest == digest(secret)))


def sites_to_follow(session: Session, actor: Actor, *, now: datetime) -> list[Site]:
    """Return the sites whose calendars the actor may follow now, by name."""
    person_id = actor.require_person()
    running = {
        membership.site_id: membership
        for membership in session.scalars(
            select(Membership).where(
                Membership.person_id == person_id, Membership.state == MembershipState.ACTIVE
            )
        )
    }
    found = []
    for site in all_sites(session):
        membership = running.get(site.id)
        standing = Standing(
            may_sign_in=True,
            member_from=membership.starts_on if membership else None,
            member_until=membership.ends_on if membership else None,
            works_there=bool(actor.everywhere) or site.id in actor.at_sites,
            suspended=actor.suspended,
        )
        if answers(FeedKind.SITE, standing, now.astimezone(local_time.zone(site.zone)).date()):
            found.append(site)
    return found


def words(session: Session, revision: str) -> Words:
    """Return the names of all bookables and sites, read once a process and `words_revision`."""

    def read() -> Words:
        bookables = session.execute(select(Bookable.id, Bookable.name).order_by(Bookable.id)).all()
        sites = session.execute(select(Site.id, Site.name, Site.address).order_by(Site.id)).all()
        told = repr(([tuple(row) for row in bookables], [tuple(row) for row in sites]))
        return Words(
            digest(told)[:32],
            {row.id: row.name for row in bookables},
            {row.id: (row.name, row.address) for row in sites},
        )

    return remembered(session, ("words of feeds", revision), read)


def _answers(row: Any, now: datetime) -> bool:
    today = now.astimezone(local_time.zone(row.zone)).date() if row.zone else now.date()
    return answers(FeedKind(row.scope), _standing(row, now), today)


def _standing(row: Any, now: datetime) -> Standing:
    running = row.state == MembershipState.ACTIVE
    return Standing(
        may_sign_in=row.email_confirmed_at is not None,
        member_from=row.starts_on if running else None,
        member_until=row.ends_on if running else None,
        works_there=bool(row.work_there),
        sees_names=bool(row.see_names),
        suspended=row.suspended_until is not None and row.suspended_until > now,
    )
