"""Merging two accounts of one human: a preview of what moves, and the act itself.

At the end the row of the person who goes is deleted, which the database refuses while anything
refers to it: so nothing can be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from labops.domain.certifications.models import SkillCard
from labops.domain.people.merged_members import (
    at_one_site,
    drop_open_attempts,
    end_second_visit,
    merge_memberships,
    merge_profiles,
)
from labops.domain.people.merged_rows import MERGED, Moves, give_way, references
from labops.domain.people.models import (
    Account,
    ApiToken,
    FormerAccount,
    Person,
    RoleGrant,
    SignIn,
)
from labops.domain.plans.models import LedgerAccount
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Problem, Refused
from labops.kernel.idempotency import IdempotencyKey
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two: who, and how many rows of each kind refer to her."""

    id: int
    uid: str
    name: str
    email: str
    born_on: date | None
    created_at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChoice:
    """Both are members of one site: until when the one that stays and the one that goes run."""

    site_id: int
    kept_until: date | None
    dropped_until: date | None
    kept_is_of_stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePreview:
    """What merging `goes` into `stays` would do."""

    stays: Side
    goes: Side
    memberships: tuple[MembershipChoice, ...]
    problems: tuple[Problem, ...]


def preview(stays_uid: str, goes_uid: str, *, actor: Actor) -> MergePreview:
    """Say what would move and what stands against it; raises `NotFound` or `Forbidden`."""
    _require(actor)
    session = reading()
    stays, goes = _person(session, stays_uid), _person(session, goes_uid)
    return MergePreview(
        stays=_side(session, stays),
        goes=_side(session, goes),
        memberships=tuple(
            MembershipChoice(
                site_id=mine.site_id,
                kept_until=(mine if mine_stays else other).ends_on,
                dropped_until=(other if mine_stays else mine).ends_on,
                kept_is_of_stays=mine_stays,
            )
            for mine, other, mine_stays in at_one_site(session, stays.id, goes.id)
        ),
        problems=tuple(_problems(session, stays, goes, actor)),
    )


def merge(stays_uid: str, goes_uid: str, *, typed_name: str, actor: Actor, now: datetime) -> None:
    """Move everything of the person who goes to the one who stays, in one transaction.

    `typed_name` must be the name of the one who goes, so that nobody merges by a slip. Raises
    `Forbidden`, `NotFound`, `Invalid` for another name, `Refused` when it must not be.
    """
    _require(actor)
    with unit_of_work() as session:
        people = {
            person.uid: person
            for person in session.scalars(
                select(Person)
                .where(Person.uid.in_([stays_uid, goes_uid]))
                .order_by(Person.id)
                .with_for_update()
            )
        }
        if len({stays_uid, goes_uid} & set(people)) != len({stays_uid, goes_uid}):
            raise NotFound
        stays, goes = people[stays_uid], people[goes_uid]
        if problems := _problems(session, stays, goes, actor):
            raise Refused(problems)
        if typed_name.split() != goes.name.split():
            raise Invalid.field("typed_name", "merge.other-name")
        moved = _move_everything(session, stays, goes, actor=actor, now=now)
        audit.record(
            session,
            actor,
            "person.merged",
            f"person:{stays_uid}",
            now=now,
            before={"uid": goes_uid},
            after={"moved": moved},
        )
        session.delete(goes)


def _require(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.PERSON_MERGE):
        raise Forbidden


def _person(session: Session, uid: str) -> Person:
    person = session.scalar(select(Person).where(Person.uid == uid))
    if person is None:
        raise NotFound
    return person


def _problems(session: Session, stays: Person, goes: Person, actor: Actor) -> list[Problem]:
    """Return why the two must not be merged: rights must not be won or lost by it."""
    if stays.id == goes.id:
        return [Problem("merge.same-person")]
    found = []
    if actor.owns(stays.id) or actor.owns(goes.id):
        found.append(Problem("merge.own-account"))
    roles = session.scalars(
        select(RoleGrant.site_id).where(RoleGrant.person_id.in_([stays.id, goes.id]))
    )
    if any(not actor.may(Permission.ROLE_GRANT, site_id) for site_id in roles):
        found.append(Problem("merge.roles"))
    books = select(LedgerAccount.id).where(LedgerAccount.person_id == goes.id).limit(1)
    if session.scalar(books) is not None:
        found.append(Problem("merge.books"))
    return found


def _side(session: Session, person: Person) -> Side:
    email = session.scalar(select(Account.email).where(Account.person_id == person.id))
    counts = {
        name: session.scalar(
            select(func.count()).select_from(column.table).where(column == person.id)
        )
        or 0
        for name, column in references().items()
    }
    return Side(
        id=person.id,
        uid=person.uid,
        name=person.name,
        email=email or "",
        born_on=person.born_on,
        created_at=person.created_at,
        counts={name: count for name, count in counts.items() if count},
    )


def _move_everything(
    session: Session, stays: Person, goes: Person, *, actor: Actor, now: datetime
) -> dict[str, int]:
    """Move or drop every row that refers to the person who goes; return how many moved, by table.

    Raises `KeyError` for a column that `MERGED` does not know.
    """
    _revoke_tokens(session, goes, now)
    merge_memberships(session, stays, goes)
    merge_profiles(session, stays, goes, now)
    drop_open_attempts(session, goes)
    end_second_visit(session, stays, goes, now)
    _keep_address(session, stays, goes, actor=actor, now=now)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.person_id == goes.id))
    session.flush()
    moved: dict[str, int] = {}
    for name, column in references().items():
        fate = MERGED[name]
        if isinstance(fate, Moves) and fate.one_by:
            give_way(session, column, fate, stays.id, goes.id)
        result = session.execute(
            update(column.table).where(column == goes.id).values({column.name: stays.id})
        )
        assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker
        if result.rowcount:
            moved[name] = result.rowcount
    # Calendars and pages that remember her bookings see that they are others now.
    stays.bookings_revision = max(stays.bookings_revision, goes.bookings_revision) + 1
    stays.born_on = stays.born_on or goes.born_on
    if goes.suspended_until and (
        stays.suspended_until is None or stays.suspended_until < goes.suspended_until
    ):
        stays.suspended_until = goes.suspended_until
        stays.suspension_reason = goes.suspension_reason
    return moved


def _revoke_tokens(session: Session, goes: Person, now: datetime) -> None:
    for table in (ApiToken, SkillCard):
        session.execute(
            update(table)
            .where(table.person_id == goes.id, table.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def _keep_address(
    session: Session, stays: Person, goes: Person, *, actor: Actor, now: datetime
) -> None:
    """Drop the account of whoever goes, its sign-ins too; where she had the only one, it stays."""
    account = session.scalar(select(Account).where(Account.person_id == goes.id))
    has_one = session.scalar(select(Account.id).where(Account.person_id == stays.id))
    alias = account is not None and has_one is not None
    session.add(
        FormerAccount(
            uid=goes.uid,
            name=goes.name,
            email=account.email if account is not None and alias else None,
            person_id=stays.id,
            merged_at=now,
            merged_by_id=actor.person_id,
        )
    )
    if account is None:
        return
    session.execute(delete(SignIn).where(SignIn.account_id == account.id))
    if alias:
        session.delete(account)
    else:
        account.person_id = stays.id
        account.credentials_revision += 1
    session.flush()
