"""Reads of circulars: who would get one, how one reads, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.circulars.events import CIRCULAR_SENT
from labops.domain.circulars.models import Circular, CircularReceiver
from labops.domain.notifications.kinds import OFF, LetterKind
from labops.domain.notifications.models import LetterChoice
from labops.domain.people.models import Account, Person
from labops.domain.people.selecting import Choice, chosen
from labops.domain.privacy.models import Consent
from labops.domain.privacy.purposes import Purpose
from labops.domain.sites.models import Site
from labops.kernel.errors import NotFound
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import Actor, Permission

SAMPLE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who would get a circular: how many, some of them by name, and how many are left out.

    `without_address` have no account, or one whose address was never proved; `unwilling` have
    not agreed to such letters, or not any more.
    """

    count: int
    sample: tuple[str, ...]
    without_address: int
    unwilling: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularText:
    """A circular's words for a letter to one person; `is_new` says she never had a password."""

    site_name: str
    site_email: str
    about_service: bool
    subjects: Mapping[str, str]
    bodies: Mapping[str, str]
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularView:
    """A circular as its page shows it, with what became of its letters."""

    uid: str
    site_id: int
    site_name: str
    zone: str
    about_service: bool
    subject_it: str
    body_it: str
    subject_en: str
    body_en: str
    choice: Mapping[str, Any]
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    receiver_count: int
    queued_count: int
    waiting_count: int
    given_up_count: int

    @property
    def delivered_count(self) -> int:
        """Return how many letters left: those queued that neither wait nor were given up."""
        return self.queued_count - self.waiting_count - self.given_up_count


def receivers(
    session: Session, choice: Choice, *, about_service: bool, now: datetime
) -> Select[Any]:
    """Return a select of the ids of the people whom a circular goes to."""
    query = (
        select(Person.id)
        .join(Account, Account.person_id == Person.id)
        .where(Person.id.in_(chosen(session, choice, now=now)), _reachable())
    )
    return query if about_service else query.where(_agreed(), ~_unwilling())


def audience(session: Session, choice: Choice, *, about_service: bool, now: datetime) -> Audience:
    """Say whom a circular would go to; the caller has checked that the actor may know."""
    everybody = chosen(session, choice, now=now)
    wanted = receivers(session, choice, about_service=about_service, now=now)
    total = _count(session, everybody)
    count = _count(session, wanted)
    reachable = _count(session, receivers(session, choice, about_service=True, now=now))
    names = session.scalars(
        select(Person.name).where(Person.id.in_(wanted)).order_by(Person.name).limit(SAMPLE)
    )
    return Audience(
        count=count,
        sample=tuple(names),
        without_address=total - reachable,
        unwilling=reachable - count,
    )


def told(session: Session, uid: str, person_id: int) -> CircularText | None:
    """Return what the letter to a receiver says; `None` when either is gone."""
    row = session.execute(
        select(Circular, Site.name, Site.email, Account.password_hash.is_(None).label("is_new"))
        .join(Site, Site.id == Circular.site_id)
        .join(Account, Account.person_id == person_id)
        .where(Circular.uid == uid)
    ).one_or_none()
    if row is None:
        return None
    circular: Circular = row[0]
    return CircularText(
        site_name=row.name,
        site_email=row.email,
        about_service=circular.about_service,
        subjects={"it": circular.subject_it, "en": circular.subject_en},
        bodies={"it": circular.body_it, "en": circular.body_en},
        is_new=row.is_new,
    )


def listed(session: Session, actor: Actor, *, limit: int = 100) -> list[CircularView]:
    """Return the latest circulars of the sites where the actor may send some."""
    query = _VIEW.order_by(Circular.id.desc()).limit(limit)
    places = actor.sites_where(Permission.CIRCULAR_SEND)
    if places is not None:
        query = query.where(Circular.site_id.in_(sorted(places)))
    return [_view(session, row) for row in session.execute(query)]


def by_uid(session: Session, uid: str, actor: Actor) -> CircularView:
    """Return a circular with what became of it; raises `NotFound`."""
    row = session.execute(_VIEW.where(Circular.uid == uid)).one_or_none()
    if row is None or not actor.may(Permission.CIRCULAR_SEND, row[0].site_id):
        raise NotFound
    return _view(session, row)


_VIEW = (
    select(Circular, Site.name.label("site_name"), Site.zone, Person.name.label("writer"))
    .join(Site, Site.id == Circular.site_id)
    .outerjoin(Person, Person.id == Circular.created_by_id)
)


def _view(session: Session, row: Any) -> CircularView:
    circular: Circular = row[0]
    counts = session.execute(
        select(func.count(), func.count(CircularReceiver.queued_at)).where(
            CircularReceiver.circular_id == circular.id
        )
    ).one()
    # Told ones are dropped from the outbox some day; those that still wait, or never left, stay.
    of_it = (
        OutboxMessage.kind == CIRCULAR_SENT,
        OutboxMessage.delivered_at.is_(None),
        OutboxMessage.dedupe_key.startswith(f"{CIRCULAR_SENT}:{circular.uid}:"),
    )
    pending = session.execute(
        select(func.count(), func.count(OutboxMessage.given_up_at)).where(*of_it)
    ).one()
    names = ("uid", "site_id", "about_service", "subject_it", "body_it", "subject_en", "body_en",
             "choice", "created_at", "finished_at")  # fmt: skip
    return CircularView(
        **{name: getattr(circular, name) for name in names},
        site_name=row.site_name,
        zone=row.zone,
        created_by=row.writer or "",
        receiver_count=counts[0],
        queued_count=counts[1],
        waiting_count=pending[0] - pending[1],
        given_up_count=pending[1],
    )


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def _reachable() -> ColumnElement[bool]:
    """Return whose address is theirs: proved by a link, or brought in by staff with a list."""
    return or_(Account.email_confirmed_at.is_not(None), Account.password_hash.is_(None))


def _agreed() -> ColumnElement[bool]:
    """Return who says yes to news today: her latest answer counts, and silence is a no."""
    latest = (
        select(Consent.given)
        .where(Consent.person_id == Person.id, Consent.purpose == Purpose.NEWS.value)
        .order_by(Consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(latest, False)


def _unwilling() -> ColumnElement[bool]:
    return (
        select(LetterChoice.person_id)
        .where(
            LetterChoice.person_id == Person.id,
            LetterChoice.kind == LetterKind.CIRCULAR,
            LetterChoice.choice == OFF,
        )
        .exists()
    )
