"""Reads of firms, of who works in them, and of what was booked under their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm, FirmInvitation, FirmPerson
from labops.domain.firms.placing import place_of
from labops.domain.firms.states import FirmFlag, FirmRole
from labops.domain.people.models import Account, Person
from labops.domain.plans.models import Plan, Subscription
from labops.domain.plans.states import SubscriptionState
from labops.kernel.errors import Forbidden, NotFound
from labops.kernel.permissions import Actor, Permission

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmView:
    """A firm, and what the reader is to it (`None` for staff and officers)."""

    id: int
    uid: str
    legal_name: str
    vat_number: str
    tax_code: str
    ateco_code: str
    street: str
    postcode: str
    town: str
    municipio: int | None
    size: str
    flags: tuple[FirmFlag, ...]
    email: str
    proven: bool
    role: FirmRole | None

    @property
    def speaks(self) -> bool:
        """Say whether the reader speaks for the firm."""
        return self.role is FirmRole.REPRESENTATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Who works in a firm, since when."""

    uid: str
    name: str
    email: str
    role: FirmRole
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationView:
    """An open invitation, as the firm and the letter see it."""

    uid: str
    email: str
    role: FirmRole
    invited_at: datetime
    firm_uid: str
    firm_name: str
    invited_by: str
    language: str


@dataclass(frozen=True, slots=True)
class Hat:
    """A firm under whose name somebody may act."""

    id: int
    uid: str
    name: str


def seen(session: Session, uid: str, actor: Actor) -> FirmView:
    """Return a firm; raises `NotFound` unless the actor works in it or may see all."""
    firm = session.scalar(select(Firm).where(Firm.uid == uid))
    if firm is None:
        raise NotFound
    place = place_of(session, firm.id, actor.person_id) if actor.person_id is not None else None
    if place is None and not actor.may_somewhere(Permission.FIRM_SEE):
        raise NotFound
    return _view(firm, FirmRole(place.role) if place else None)


def hats_of(session: Session, person_id: int) -> list[Hat]:
    """Return the firms in which the person works, by name."""
    rows = session.execute(
        select(Firm.id, Firm.uid, Firm.legal_name)
        .join(FirmPerson, FirmPerson.firm_id == Firm.id)
        .where(FirmPerson.person_id == person_id, FirmPerson.until.is_(None))
        .order_by(Firm.legal_name, Firm.id)
    )
    return [Hat(*row) for row in rows]


def hat_of(session: Session, uid: str, person_id: int) -> Hat:
    """Return the firm under whose name the person may act; raises `NotFound`."""
    found = next((hat for hat in hats_of(session, person_id) if hat.uid == uid), None)
    if found is None:
        raise NotFound
    return found


def colleagues(session: Session, firm_id: int) -> list[Colleague]:
    """Return who works in the firm, whoever speaks for it first."""
    rows = session.execute(
        select(
            Person.uid,
            Person.name,
            func.coalesce(Account.email, "").label("email"),
            FirmPerson.role,
            FirmPerson.since,
        )
        .join(FirmPerson, FirmPerson.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(FirmPerson.firm_id == firm_id, FirmPerson.until.is_(None))
        .order_by(FirmPerson.role.desc(), Person.name, Person.id)
    )
    return [
        Colleague(
            uid=row.uid,
            name=row.name,
            email=row.email,
            role=FirmRole(row.role),
            since=row.since,
        )
        for row in rows
    ]


def open_invitations(session: Session, firm_id: int) -> list[InvitationView]:
    """Return the firm's open invitations, oldest first."""
    rows = _invitations(session, FirmInvitation.firm_id == firm_id)
    return sorted(rows, key=lambda one: (one.invited_at, one.email))


def invitation(session: Session, uid: str) -> InvitationView:
    """Return an open invitation; raises `NotFound` when it is over."""
    found = _invitations(session, FirmInvitation.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def most_people(session: Session, firm_id: int) -> int | None:
    """Return how many people the smallest of the firm's running plans is for; `None`: no limit."""
    return session.scalar(
        select(func.min(Plan.firm_people))
        .join(Subscription, Subscription.plan_id == Plan.id)
        .where(
            Subscription.firm_id == firm_id,
            Subscription.state != SubscriptionState.ENDED.value,
        )
    )


def firms(session: Session, actor: Actor, words: str = "") -> list[FirmView]:
    """Return all firms by name, or those whose name or number holds the words.

    Raises `Forbidden` for who may not see firms.
    """
    if not actor.may_somewhere(Permission.FIRM_SEE):
        raise Forbidden
    query = select(Firm).order_by(Firm.legal_name, Firm.id).limit(MOST_LISTED)
    if words:
        like = f"%{_escaped(words.lower())}%"
        query = query.where(
            or_(
                func.lower(Firm.legal_name).like(like, escape="\\"),
                Firm.vat_number.like(like, escape="\\"),
                func.lower(Firm.tax_code).like(like, escape="\\"),
            )
        )
    return [_view(firm, None) for firm in session.scalars(query)]


def counts(session: Session, firm_ids: Sequence[int]) -> Mapping[int, int]:
    """Return how many people each of the firms has."""
    rows = session.execute(
        select(FirmPerson.firm_id, func.count(FirmPerson.id))
        .where(FirmPerson.firm_id.in_(firm_ids), FirmPerson.until.is_(None))
        .group_by(FirmPerson.firm_id)
    )
    return {row[0]: row[1] for row in rows}


def told(session: Session, uid: str) -> FirmView | None:
    """Return a firm as letters tell of it, `None` when there is none."""
    firm = session.scalar(select(Firm).where(Firm.uid == uid))
    return _view(firm, None) if firm is not None else None


def representatives(session: Session, uid: str) -> list[str]:
    """Return the uids of the people who speak for the firm."""
    return list(
        session.scalars(
            select(Person.uid)
            .join(FirmPerson, FirmPerson.person_id == Person.id)
            .join(Firm, Firm.id == FirmPerson.firm_id)
            .where(
                Firm.uid == uid,
                FirmPerson.until.is_(None),
                FirmPerson.role == FirmRole.REPRESENTATIVE.value,
            )
            .order_by(Person.id)
        )
    )


def _invitations(session: Session, condition: object) -> list[InvitationView]:
    rows = session.execute(
        select(
            FirmInvitation.uid,
            FirmInvitation.email,
            FirmInvitation.role,
            FirmInvitation.invited_at,
            Firm.uid.label("firm_uid"),
            Firm.legal_name,
            Person.name,
            Person.language,
        )
        .join(Firm, Firm.id == FirmInvitation.firm_id)
        .join(Person, Person.id == FirmInvitation.invited_by_id)
        .where(condition, FirmInvitation.ended_at.is_(None))  # type: ignore[arg-type]
    )
    return [
        InvitationView(
            uid=row.uid,
            email=row.email,
            role=FirmRole(row.role),
            invited_at=row.invited_at,
            firm_uid=row.firm_uid,
            firm_name=row.legal_name,
            invited_by=row.name,
            language=row.language,
        )
        for row in rows
    ]


def _view(firm: Firm, role: FirmRole | None) -> FirmView:
    return FirmView(
        id=firm.id,
        uid=firm.uid,
        legal_name=firm.legal_name,
        vat_number=firm.vat_number or "",
        tax_code=firm.tax_code or "",
        ateco_code=firm.ateco_code,
        street=firm.street,
        postcode=firm.postcode,
        town=firm.town,
        municipio=firm.municipio,
        size=firm.size,
        flags=tuple(FirmFlag(one) for one in firm.flags),
        email=firm.email,
        proven=firm.email_proven_at is not None,
        role=role,
    )


def _escaped(words: str) -> str:
    for sign in "\\%_":
        words = words.replace(sign, f"\\{sign}")
    return words
