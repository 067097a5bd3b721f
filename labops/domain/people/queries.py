"""Reads of people: who acts, who somebody is, who is on the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.people.models import Account, ApiToken, Person, RoleGrant, SignIn
from labops.kernel.errors import NotFound
from labops.kernel.ids import digest
from labops.kernel.permissions import ROLE_PERMISSIONS, Actor, Permission, Role, Scope

IDLE_LIMIT = timedelta(days=14)
ABSOLUTE_LIMIT = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPerson:
    """Who is signed in, and by which row."""

    person_id: int
    uid: str
    name: str
    language: str
    email: str
    account_id: int
    sign_in_id: int
    last_seen_at: datetime
    actor: Actor


_WHO = (
    Person.id.label("person_id"),
    Person.uid,
    Person.name,
    Person.language,
    Person.suspended_until,
    RoleGrant.role,
    RoleGrant.site_id.label("role_site_id"),
)

# Every call of a program asks this: built once, because building it anew costs more than its run.
_OF_TOKEN = (
    select(*_WHO, ApiToken.scope, ApiToken.id.label("token_id"))
    .join(Person, Person.id == ApiToken.person_id)
    .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
    .where(
        ApiToken.secret_digest == bindparam("secret_digest"),
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
    )
)


def of_sign_in(session: Session, secret: str, *, now: datetime) -> CurrentPerson | None:
    """Return who holds the sign-in cookie, or `None` when it is unknown, ended or too old."""
    rows = session.execute(
        select(
            *_WHO,
            Account.id.label("account_id"),
            Account.email,
            SignIn.id.label("sign_in_id"),
            SignIn.last_seen_at,
        )
        .join(Account, Account.id == SignIn.account_id)
        .join(Person, Person.id == Account.person_id)
        .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
        .where(
            SignIn.secret_digest == digest(secret),
            SignIn.ended_at.is_(None),
            SignIn.last_seen_at > now - IDLE_LIMIT,
            SignIn.created_at > now - ABSOLUTE_LIMIT,
        )
    ).all()
    if not rows:
        return None
    first = rows[0]
    return CurrentPerson(
        person_id=first.person_id,
        uid=first.uid,
        name=first.name,
        language=first.language,
        email=first.email,
        account_id=first.account_id,
        sign_in_id=first.sign_in_id,
        last_seen_at=first.last_seen_at,
        actor=_actor(rows, Scope.STAFF, now),
    )


def of_token(session: Session, secret: str, *, now: datetime) -> tuple[Actor, int] | None:
    """Return who holds the API token and the token's id, or `None` when it is not valid."""
    rows = session.execute(_OF_TOKEN, {"secret_digest": digest(secret), "now": now}).all()
    if not rows:
        return None
    return _actor(rows, Scope(rows[0].scope), now), rows[0].token_id


def actor_of(session: Session, person_id: int, *, now: datetime) -> Actor:
    """Return the actor that a person is, with all her rights."""
    rows = session.execute(
        select(*_WHO)
        .outerjoin(RoleGrant, RoleGrant.person_id == Person.id)
        .where(Person.id == person_id)
    ).all()
    if not rows:
        raise NotFound
    return _actor(rows, Scope.STAFF, now)


def _actor(rows: Sequence[Row[*tuple[Any, ...]]], scope: Scope, now: datetime) -> Actor:
    everywhere: frozenset[Permission] = frozenset()
    at_sites: dict[int, frozenset[Permission]] = {}
    for row in rows:
        if row.role is None:
            continue
        granted = ROLE_PERMISSIONS[Role(row.role)]
        if row.role_site_id is None:
            everywhere |= granted
        else:
            at_sites[row.role_site_id] = at_sites.get(row.role_site_id, frozenset()) | granted
    until = rows[0].suspended_until
    return Actor(
        person_id=rows[0].person_id,
        label=f"person:{rows[0].uid}",
        everywhere=everywhere,
        at_sites=at_sites,
        scope=scope,
        suspended=until is not None and until > now,
    )


def account_by_email(session: Session, email: str) -> Account | None:
    """Return the account of a normalised address."""
    return session.scalar(select(Account).where(Account.email == email))


def account_of(session: Session, person_id: int) -> Account | None:
    """Return the person's account."""
    return session.scalar(select(Account).where(Account.person_id == person_id))


def sign_ins(session: Session, account_id: int) -> list[SignIn]:
    """Return the account's sign-ins that still run, latest first."""
    return list(
        session.scalars(
            select(SignIn)
            .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
            .order_by(SignIn.last_seen_at.desc())
        )
    )


def tokens(session: Session, person_id: int) -> list[ApiToken]:
    """Return the person's API tokens that were not revoked."""
    return list(
        session.scalars(
            select(ApiToken)
            .where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.created_at.desc())
        )
    )


def roles(session: Session, person_id: int) -> list[RoleGrant]:
    """Return the person's roles."""
    return list(
        session.scalars(
            select(RoleGrant).where(RoleGrant.person_id == person_id).order_by(RoleGrant.role)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """A line of the people page."""

    uid: str
    name: str
    email: str
    suspended_until: datetime | None


def search(session: Session, actor: Actor, *, words: str = "", limit: int = 50) -> list[PersonRow]:
    """Return people whose name or address holds the words, for staff of any site."""
    query = (
        select(Person.uid, Person.name, Account.email, Person.suspended_until)
        .outerjoin(Account, Account.person_id == Person.id)
        .order_by(Person.name, Person.id)
        .limit(limit)
    )
    actor.require_person()
    if not actor.may_somewhere(Permission.PERSON_SEE):
        raise NotFound
    for word in words.split():
        pattern = f"%{word.replace('%', '').replace('_', '')}%"
        query = query.where(or_(Person.name.ilike(pattern), Account.email.ilike(pattern)))
    return [
        PersonRow(uid=row[0], name=row[1], email=row[2] or "", suspended_until=row[3])
        for row in session.execute(query)
    ]


def seen_by(session: Session, uid: str, actor: Actor) -> Person:
    """Return a person the actor may see: herself, or anybody for staff of some site.

    Raises `NotFound` otherwise. People are one base for all sites, so staff of one site may
    look up a member of the other; what they may change is decided site by site.
    """
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None or not (actor.owns(person.id) or actor.may_somewhere(Permission.PERSON_SEE)):
        raise NotFound
    return person


def ids_of_uids(session: Session, uids: Iterable[str]) -> dict[str, int]:
    """Return person ids by uid."""
    rows = session.execute(select(Person.uid, Person.id).where(Person.uid.in_(list(uids))))
    return {row[0]: row[1] for row in rows}


def names_of_accounts(session: Session, account_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of the people whose accounts these are, by the account's id."""
    rows = session.execute(
        select(Account.id, Person.name)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id.in_(list(account_ids)))
    )
    return {row[0]: row[1] for row in rows}


def memberships(session: Session, person_id: int) -> list[Membership]:
    """Return the person's memberships."""
    return list(session.scalars(select(Membership).where(Membership.person_id == person_id)))
