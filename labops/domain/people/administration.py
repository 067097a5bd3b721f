"""Use cases of those who run the place: accounts made by hand, roles, tokens, suspensions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people import queries
from labops.domain.people.addresses import normalised
from labops.domain.people.models import ApiToken, Person, RoleGrant
from labops.domain.people.policies import EARLIEST_BIRTH
from labops.domain.people.services import SignUp, add_account
from labops.kernel import audit, passwords
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from labops.kernel.ids import digest, new_secret
from labops.kernel.permissions import SITE_ROLES, Actor, Permission, Role, Scope

TOKEN_USE_NOTED_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRole:
    """A role for a person, at a site or over all."""

    person_uid: str
    role: Role
    site_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePerson:
    """An account made by hand, with roles and, if wanted, a membership at one site."""

    account: SignUp
    roles: tuple[Role, ...] = ()
    member: bool = False
    site_id: int | None = None


def create_person(command: CreatePerson, *, actor: Actor, now: datetime) -> str:
    """Make an account by hand, its address taken as proved; return the person's uid.

    Raises `Forbidden` without the right to give roles everywhere, `Invalid` for a known
    address or unusable fields.
    """
    actor.require(Permission.ROLE_GRANT, None)
    with unit_of_work() as session:
        uid = add_person(session, command.account, actor=actor, now=now)
        for role in command.roles:
            place = command.site_id if role in SITE_ROLES else None
            add_role(
                session,
                GiveRole(person_uid=uid, role=role, site_id=place),
                actor=actor,
                now=now,
            )
        if command.member and command.site_id is not None:
            person = _person(session, uid)
            session.add(
                Membership(
                    person_id=person.id,
                    site_id=command.site_id,
                    state=MembershipState.ACTIVE,
                    starts_on=now.date() - timedelta(days=1),
                    ends_on=None,
                    created_at=now,
                )
            )
        return uid


def add_person(session: Session, command: SignUp, *, actor: Actor, now: datetime) -> str:
    """Add the account inside the caller's transaction; raises `Invalid`."""
    email = normalised(command.email)
    if queries.account_by_any_email(session, email) is not None:
        raise Invalid.field("email", "account.known", email=email)
    account = add_account(session, command, email=email, name=command.name.strip(), now=now)
    if command.password:
        if len(command.password) < passwords.SHORTEST:
            raise Invalid.field("password", "password.too-short", shortest=passwords.SHORTEST)
        account.password_hash = passwords.hash_password(command.password)
    person = session.get_one(Person, account.person_id)
    audit.record(session, actor, "person.created", f"person:{person.uid}", now=now)
    return person.uid


def give_role(command: GiveRole, *, actor: Actor, now: datetime) -> None:
    """Give a person a role. A manager gives roles at her own site, an admin anywhere.

    Raises `NotFound` for an unknown person and `Invalid` when the role needs a site or has none.
    """
    actor.require(Permission.ROLE_GRANT, command.site_id)
    if (command.role in SITE_ROLES) != (command.site_id is not None):
        raise Invalid.field("site", "role.wrong-place", role=str(command.role))
    with unit_of_work() as session:
        add_role(session, command, actor=actor, now=now)


def add_role(session: Session, command: GiveRole, *, actor: Actor, now: datetime) -> None:
    """Add the role inside the caller's transaction, once."""
    person = session.scalar(select(Person).where(Person.uid == command.person_uid))
    if person is None:
        raise NotFound
    known = session.scalar(select(RoleGrant.id).where(*_same(person.id, command)))
    if known is not None:
        return
    session.execute(
        insert(RoleGrant).values(
            person_id=person.id,
            site_id=command.site_id,
            role=command.role,
            granted_at=now,
            granted_by_id=actor.person_id,
        )
    )
    _audit_role(session, "role.given", command, actor=actor, now=now)


def take_role(command: GiveRole, *, actor: Actor, now: datetime) -> None:
    """Take a role away; nobody takes away her own, lest nobody be left to give it back."""
    actor.require(Permission.ROLE_GRANT, command.site_id)
    with unit_of_work() as session:
        person = session.scalar(select(Person).where(Person.uid == command.person_uid))
        if person is None:
            raise NotFound
        if actor.owns(person.id):
            raise Forbidden
        session.execute(delete(RoleGrant).where(*_same(person.id, command)))
        _audit_role(session, "role.taken", command, actor=actor, now=now)


def create_token(
    person_id: int, scope: Scope, *, actor: Actor, now: datetime, days: int | None, label: str = ""
) -> str:
    """Make an API token for a person and return it, this once; the database keeps its digest.

    Raises `Forbidden` unless it is the actor's own or the actor is an admin.
    """
    if not actor.owns(person_id):
        actor.require(Permission.ROLE_GRANT, None)
    secret = f"labops_{new_secret()}"
    with unit_of_work() as session:
        person = session.get_one(Person, person_id)
        session.add(
            ApiToken(
                person_id=person_id,
                secret_digest=digest(secret),
                scope=scope,
                label=label[:80],
                created_at=now,
                expires_at=now + timedelta(days=days) if days is not None else None,
            )
        )
        audit.record(
            session,
            actor,
            "token.created",
            f"person:{person.uid}",
            now=now,
            after={"scope": str(scope), "label": label[:80]},
        )
    return secret


def revoke_token(token_id: int, *, actor: Actor, now: datetime) -> None:
    """Make a token of the actor's useless at once; raises `NotFound` for anybody else's."""
    with unit_of_work() as session:
        token = session.get(ApiToken, token_id)
        if token is None or not actor.owns(token.person_id):
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = now
            audit.record(session, actor, "token.revoked", f"token:{token_id}", now=now)


def note_token_used(token_id: int, *, now: datetime) -> None:
    """Note that a token was used, unless that was noted within the last hour."""
    with unit_of_work() as session:
        session.execute(
            update(ApiToken)
            .where(
                ApiToken.id == token_id,
                or_(
                    ApiToken.last_used_at.is_(None),
                    ApiToken.last_used_at <= now - TOKEN_USE_NOTED_EVERY,
                ),
            )
            .values(last_used_at=now)
        )


def suspend(
    person_uid: str, *, until: datetime, reason: str, site_id: int, actor: Actor, now: datetime
) -> None:
    """Stop a person from booking and checking in until an instant, with a reason she can read.

    Raises `Invalid` without a reason or for an instant that has passed.
    """
    actor.require(Permission.ACCOUNT_SUSPEND, site_id)
    if not reason.strip():
        raise Invalid.field("reason", "field.required")
    if until <= now:
        raise Invalid.field("until", "field.in-the-past")
    with unit_of_work() as session:
        person = _person(session, person_uid)
        person.suspended_until = until
        person.suspension_reason = reason.strip()[:300]
        audit.record(
            session,
            actor,
            "person.suspended",
            f"person:{person_uid}",
            now=now,
            after={"until": until.isoformat()},
            reason=reason,
        )


def note_birth_date(
    person_uid: str, born_on: date | None, *, site_id: int, actor: Actor, now: datetime
) -> None:
    """Write down when a person was born, which house rules on age ask about; `None` forgets it.

    Raises `Forbidden`, `NotFound`, and `Invalid` for a day to come or of another age.
    """
    actor.require(Permission.MEMBERSHIP_GRANT, site_id)
    if born_on is not None and not EARLIEST_BIRTH <= born_on <= now.date():
        raise Invalid.field(
            "born_on", "field.out-of-range", lowest=EARLIEST_BIRTH, highest=now.date()
        )
    with unit_of_work() as session:
        person = _person(session, person_uid)
        person.born_on = born_on
        # That it was changed is written down; the day itself is nobody's business in a log.
        audit.record(session, actor, "person.birth-date-noted", f"person:{person_uid}", now=now)


def lift_suspension(person_uid: str, *, site_id: int, actor: Actor, now: datetime) -> None:
    """Let a suspended person book again."""
    actor.require(Permission.ACCOUNT_SUSPEND, site_id)
    with unit_of_work() as session:
        person = _person(session, person_uid)
        person.suspended_until = None
        audit.record(session, actor, "person.suspension-lifted", f"person:{person_uid}", now=now)


def _person(session: Session, uid: str) -> Person:
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None:
        raise NotFound
    return person


def _same(person_id: int, command: GiveRole) -> tuple[ColumnElement[bool], ...]:
    place = (
        RoleGrant.site_id.is_(None)
        if command.site_id is None
        else RoleGrant.site_id == command.site_id
    )
    return (RoleGrant.person_id == person_id, RoleGrant.role == str(command.role), place)


def _audit_role(
    session: Session, action: str, command: GiveRole, *, actor: Actor, now: datetime
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"person:{command.person_uid}",
        now=now,
        after={"role": str(command.role), "site_id": command.site_id},
    )
