"""Reads of people: who acts, who somebody is, who is on the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm
from labops.domain.memberships.models import Membership
from labops.domain.people.models import (
    Account,
    ApiToken,
    FormerAccount,
    Person,
    RoleGrant,
    SignIn,
)
from labops.kernel.errors import NotFound
from labops.kernel.ids import digest
from labops.kernel.orm import table_of
from labops.kernel.permissions import ROLE_PERMISSIONS, Actor, Permission, Role, Scope
from labops.kernel.prepared import Prepared

IDLE_LIMIT = timedelta(days=14)
ABSOLUTE_LIMIT = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPerson:
    """Who is signed in, by which row, and under which firm's name she acts ('' for her own)."""

    person_id: int
    uid: str
    name: str
    language: str
    email: str
    account_id: int
    sign_in_id: int
    last_seen_at: datetime
    actor: Actor
    firm_uid: str = ""
    firm_name: str = ""


_person = table_of(Person).c
_role = table_of(RoleGrant).c
_account = table_of(Account).c
_firm = table_of(Firm).c
_sign_in = table_of(SignIn).c
_token = table_of(ApiToken).c
_WHO = (
    _person.id.label("person_id"),
    _person.uid,
    _person.name,
    _person.language,
    _person.suspended_until,
    _role.role,
    _role.site_id.label("role_site_id"),
)
# Every web request asks one of these.
_OF_TOKEN = Prepared(
    select(*_WHO, _token.scope, _token.id.label("token_id"), _token.last_used_at)
    .select_from(table_of(ApiToken))
    .join(table_of(Person), _person.id == _token.person_id)
    .outerjoin(table_of(RoleGrant), _role.person_id == _person.id)
    .where(
        _token.secret_digest == bindparam("secret_digest"),
        _token.revoked_at.is_(None),
        or_(_token.expires_at.is_(None), _token.expires_at > bindparam("now")),
    )
)
_OF_SIGN_IN = Prepared(
    select(
        *_WHO,
        _account.id.label("account_id"),
        _account.email,
        _sign_in.id.label("sign_in_id"),
        _sign_in.last_seen_at,
        _firm.uid.label("firm_uid"),
        _firm.legal_name.label("firm_name"),
    )
    .select_from(table_of(SignIn))
    .outerjoin(table_of(Firm), _firm.id == _sign_in.firm_id)
    .join(table_of(Account), _account.id == _sign_in.account_id)
    .join(table_of(Person), _person.id == _account.person_id)
    .outerjoin(table_of(RoleGrant), _role.person_id == _person.id)
    .where(
        _sign_in.secret_digest == bindparam("secret_digest"),
        _sign_in.ended_at.is_(None),
        _sign_in.last_seen_at > bindparam("seen_after"),
        _sign_in.created_at > bindparam("begun_after"),
    )
)


def of_sign_in(session: Session, secret: str, *, now: datetime) -> CurrentPerson | None:
    """Return who holds the sign-in cookie, or `None` when it is unknown, ended or too old."""
    values = {
        "secret_digest": digest(secret),
        "seen_after": now - IDLE_LIMIT,
        "begun_after": now - ABSOLUTE_LIMIT,
    }
    rows = _OF_SIGN_IN.rows(session, values)
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
        firm_uid=first.firm_uid or "",
        firm_name=first.firm_name or "",
    )


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who came with an API token, which one, and when its use was last noted."""

    actor: Actor
    token_id: int
    last_used_at: datetime | None


def of_token(session: Session, secret: str, *, now: datetime) -> TokenHolder | None:
    """Return who holds the API token, or `None` when it is not valid."""
    rows = _OF_TOKEN.rows(session, {"secret_digest": digest(secret), "now": now})
    if not rows:
        return None
    first = rows[0]
    return TokenHolder(_actor(rows, Scope(first.scope), now), first.token_id, first.last_used_at)


def actor_of(session: Session, person_id: int, *, now: datetime) -> Actor:
    """Return the actor that a person is, with all her rights."""
    rows = session.execute(
        select(*_WHO)
        .select_from(table_of(Person))
        .outerjoin(table_of(RoleGrant), _role.person_id == _person.id)
        .where(_person.id == person_id)
    ).all()
    if not rows:
        raise NotFound
    return _actor(rows, Scope.STAFF, now)


def _actor(rows: Sequence[Any], scope: Scope, now: datetime) -> Actor:
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


def account_by_any_email(session: Session, email: str) -> Account | None:
    """Return the account of an address, also of one that a merged account had."""
    account = account_by_email(session, email)
    if account is not None:
        return account
    return session.scalar(
        select(Account)
        .join(FormerAccount, FormerAccount.person_id == Account.person_id)
        .where(FormerAccount.email == email)
    )


def uid_by_email(session: Session, email: str) -> str | None:
    """Return the uid of whoever has the normalised address."""
    return session.scalar(
        select(Person.uid)
        .join(Account, Account.person_id == Person.id)
        .where(Account.email == email)
    )


def uid_today(session: Session, former_uid: str) -> str | None:
    """Return the uid of the person whom another was merged into; `None` when nobody was."""
    return session.scalar(
        select(Person.uid)
        .join(FormerAccount, FormerAccount.person_id == Person.id)
        .where(FormerAccount.uid == former_uid)
    )


def former_addresses(session: Session, person_id: int) -> list[str]:
    """Return the addresses of accounts that were merged into the person's."""
    return [
        email
        for email in session.scalars(
            select(FormerAccount.email)
            .where(FormerAccount.person_id == person_id, FormerAccount.email.is_not(None))
            .order_by(FormerAccount.id)
        )
        if email
    ]


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


def seen_by(session: Session, uid: str, actor: Actor) -> Person:
    """Return a person the actor may see: herself, or anybody for staff of some site.

    Raises `NotFound` otherwise. People are one base for all sites, so staff of one site may
    look up a member of the other; what they may change is decided site by site.
    """
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None or not (actor.owns(person.id) or actor.may_somewhere(Permission.PERSON_SEE)):
        raise NotFound
    return person


def uid_of(session: Session, person_id: int) -> str:
    """Return the public identifier of a person who exists."""
    return session.scalars(select(Person.uid).where(Person.id == person_id)).one()


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
