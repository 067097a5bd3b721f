"""Use cases of accounts: signing up, proving an address, passwords, signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.domain.people import queries
from labops.domain.people.addresses import normalised
from labops.domain.people.events import (
    PasswordChanged,
    PasswordResetAsked,
    SignedUp,
    SignUpRepeated,
)
from labops.domain.people.models import Account, Person, SignIn
from labops.kernel import audit, outbox, passwords
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import digest, new_secret, new_uid
from labops.kernel.permissions import NOBODY, Actor
from labops.kernel.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """A new account."""

    name: str
    email: str
    password: str | None
    language: str = "it"
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a browser says of itself, for the list of sign-ins."""

    name: str = ""
    address: str = ""


def sign_up(command: SignUp, *, now: datetime) -> None:
    """Make an account that waits for its address to be confirmed.

    Says nothing about whether the address was known: its owner gets a mail in either case.
    Raises `Invalid` for an unusable name, address or password.
    """
    email, name = _checked(command)
    password_hash = passwords.hash_password(command.password or "")
    try:
        with unit_of_work() as session:
            known = queries.account_by_any_email(session, email)
            if known is not None:
                event = SignUpRepeated(account_id=known.id, at=now.isoformat())
                outbox.record(session, event, now=now)
                return
            account = add_account(session, command, email=email, name=name, now=now)
            account.password_hash = password_hash
            session.flush()
            event_up = SignedUp(account_id=account.id, at=now.isoformat())
            outbox.record(session, event_up, now=now)
            audit.record(session, NOBODY, "account.signed-up", f"account:{account.id}", now=now)
    except IntegrityError:
        # Two forms with one new address at the same moment: the other one made the account.
        sign_up(command, now=now)


def add_account(
    session: Session, command: SignUp, *, email: str, name: str, now: datetime
) -> Account:
    """Add a person and her account inside the caller's transaction."""
    person = Person(uid=new_uid(), name=name, language=command.language, created_at=now)
    session.add(person)
    session.flush()  # the account needs the person's id
    account = Account(
        person_id=person.id,
        email=email,
        created_at=now,
        email_confirmed_at=now if command.confirmed else None,
        credentials_revision=0,
    )
    session.add(account)
    return account


def confirm_email(account_id: int, revision: int, *, now: datetime) -> None:
    """Note that the address was proved by its link; raises `NotFound` for a link gone stale."""
    with unit_of_work() as session:
        account = session.get(Account, account_id)
        if account is None or account.credentials_revision != revision:
            raise NotFound
        if account.email_confirmed_at is None:
            account.email_confirmed_at = now
            audit.record(
                session, NOBODY, "account.email-confirmed", f"account:{account_id}", now=now
            )


def sign_in(email: str, password: str, *, device: Device, now: datetime) -> str | None:
    """Return the secret for the cookie, or `None` when address or password are wrong.

    An address that was not confirmed gets its link again and no sign-in; from outside that
    looks like a wrong password only until the right one is given, when the page may say so.
    Raises `Invalid` with `account.not-confirmed` in that case.
    """
    try:
        address = normalised(email)
    except Invalid:
        passwords.is_right(password, None)
        return None
    account = queries.account_by_email(reading(), address)
    if not passwords.is_right(password, account.password_hash if account else None):
        return None
    if account is None:
        return None
    if account.email_confirmed_at is None:
        ask_confirmation_again(account.id, now=now)
        raise Invalid.field("email", "account.not-confirmed")
    return open_sign_in(account.id, device=device, now=now)


def open_sign_in(account_id: int, *, device: Device, now: datetime) -> str:
    """Open a sign-in for an account that has just proved itself; return the cookie's secret."""
    secret = new_secret()
    with unit_of_work() as session:
        session.add(
            SignIn(
                account_id=account_id,
                secret_digest=digest(secret),
                created_at=now,
                last_seen_at=now,
                device=one_line(device.name)[:200],
                address=device.address[:45],
            )
        )
        audit.record(session, NOBODY, "account.signed-in", f"account:{account_id}", now=now)
    return secret


def sign_in_by_link(account_id: int, revision: int, *, device: Device, now: datetime) -> str:
    """Sign in by a one-time link, which this makes worthless; return the cookie's secret.

    Raises `NotFound` for a link that was used or overtaken.
    """
    with unit_of_work() as session:
        account = session.get(Account, account_id, with_for_update=True)
        if account is None or account.credentials_revision != revision:
            raise NotFound
        account.credentials_revision += 1
        account.email_confirmed_at = account.email_confirmed_at or now
    return open_sign_in(account_id, device=device, now=now)


def ask_confirmation_again(account_id: int, *, now: datetime) -> None:
    """Send the confirmation link once more."""
    with unit_of_work() as session:
        outbox.record(session, SignedUp(account_id=account_id, at=now.isoformat()), now=now)


def note_seen(sign_in_id: int, *, now: datetime) -> None:
    """Note that the sign-in was used; the caller does this at most every few minutes."""
    with unit_of_work() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))


def end_sign_in(sign_in_id: int, *, actor: Actor, now: datetime) -> None:
    """End one of the actor's own sign-ins; raises `NotFound` for anybody else's."""
    with unit_of_work() as session:
        row = session.get(SignIn, sign_in_id)
        account = queries.account_of(session, actor.require_person())
        if row is None or account is None or row.account_id != account.id:
            raise NotFound
        if row.ended_at is None:
            row.ended_at = now
            audit.record(session, actor, "account.signed-out", f"account:{account.id}", now=now)


def ask_password_reset(email: str, *, now: datetime) -> None:
    """Send a link for a new password if the address has an account; say nothing either way."""
    try:
        address = normalised(email)
    except Invalid:
        return
    with unit_of_work() as session:
        account = queries.account_by_any_email(session, address)
        if account is not None:
            event = PasswordResetAsked(account_id=account.id, at=now.isoformat())
            outbox.record(session, event, now=now)


def reset_password(account_id: int, revision: int, password: str, *, now: datetime) -> None:
    """Set a new password by a link; ends every sign-in and every older link.

    Raises `NotFound` for a link gone stale and `Invalid` for an unusable password.
    """
    _check_password(password)
    password_hash = passwords.hash_password(password)
    with unit_of_work() as session:
        account = session.get(Account, account_id)
        if account is None or account.credentials_revision != revision:
            raise NotFound
        account.password_hash = password_hash
        account.credentials_revision += 1
        # Whoever could open the link owns the mailbox.
        account.email_confirmed_at = account.email_confirmed_at or now
        session.execute(
            update(SignIn)
            .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
            .values(ended_at=now)
        )
        event = PasswordChanged(account_id=account_id, at=now.isoformat())
        outbox.record(session, event, now=now)
        audit.record(session, NOBODY, "account.password-changed", f"account:{account_id}", now=now)


def set_language(language: str, *, actor: Actor, now: datetime) -> None:
    """Keep the language in which the person reads pages and mails: `it` or `en`."""
    if language not in {"it", "en"}:
        raise Invalid.field("language", "field.not-offered")
    with unit_of_work() as session:
        person = session.get_one(Person, actor.require_person())
        before = person.language
        person.language = language
        audit.record(
            session,
            actor,
            "person.language-set",
            f"person:{person.uid}",
            now=now,
            before={"language": before},
            after={"language": language},
        )


def _checked(command: SignUp) -> tuple[str, str]:
    name = _checked_name(command.name)
    email = normalised(command.email)
    _check_password(command.password or "")
    return email, name


def _checked_name(name: str) -> str:
    cleaned = one_line(name)
    if not cleaned:
        raise Invalid.field("name", "field.required")
    return cleaned[:120]


def _check_password(password: str) -> None:
    if len(password) < passwords.SHORTEST:
        raise Invalid.field("password", "password.too-short", shortest=passwords.SHORTEST)
    if len(password) > passwords.LONGEST:
        raise Invalid.field("password", "password.too-long", longest=passwords.LONGEST)
