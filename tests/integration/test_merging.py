"""Two accounts become one: every row that refers to a person moves, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    String,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.people import queries, services
from labops.domain.people.administration import GiveRole, add_person, give_role
from labops.domain.people.merged_rows import MERGED, Moves, references
from labops.domain.people.merging import merge, preview
from labops.domain.people.models import Account, ApiToken, FormerAccount, Person
from labops.domain.people.services import Device, SignUp
from labops.domain.plans.models import LedgerAccount
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Refused
from labops.kernel.orm import Base
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM, Role
from tests.support.world import NOW, PASSWORD, World

_NUMBERS = count(1)
# What a table's own checks ask for, where any value of the right type would not do.
PARTICULAR: dict[str, dict[str, Any]] = {
    "incident": {"severity": "note", "solved_at": NOW, "solved_by_id": 1},
    "induction_session": {
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=2),
        "places": 4,
        "fewest": 1,
    },
    "waiting_wish": {"earliest_at": NOW, "latest_at": NOW + timedelta(hours=2), "minutes": 30},
    "booking": {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1), "state": "finished"},
    "membership": {"state": "active", "groups": []},
    "role_grant": {"role": "officer", "site_id": None},
    "letter_choice": {"kind": "booking"},
    "quiz": {"site_id": 1},
    "quiz_attempt": {"submitted_at": NOW},
}


def value_for(column: Any) -> Any:
    """Return a value of the column's type, another each time where text is concerned."""
    number = next(_NUMBERS)
    kind = column.type
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return number if column.primary_key else 1
    if isinstance(kind, JSON):
        return {}
    if isinstance(kind, Date):
        return date(2026, 1, 1)
    if isinstance(kind, DateTime) or "DateTime" in type(kind).__name__:
        return datetime(2026, 11, 1, tzinfo=UTC)
    if isinstance(kind, String):
        return f"x{number}"[: kind.length or None]
    if isinstance(kind, Numeric):
        return Decimal(1)
    raise NotImplementedError(repr(column))


# Whoever has one of these never goes.
BOOKS = {"ledger_account", "payment", "subscription"}


def row_in(session: Session, table: Table, **given: Any) -> dict[str, Any]:
    """Add a row with whatever the table asks for and return its values."""
    values: dict[str, Any] = PARTICULAR.get(table.name, {}) | given
    for column in table.columns:
        if column.name in values or column.nullable or column.server_default is not None:
            continue
        if column.foreign_keys:
            other = next(iter(column.foreign_keys)).column
            values[column.name] = any_row(session, other, new=bool(column.unique))
        elif not (column.primary_key and column.autoincrement is not False and column.name == "id"):
            values[column.name] = value_for(column)
    session.execute(insert(table), [values])
    return values


def any_row(session: Session, column: Any, *, new: bool) -> Any:
    """Return the key of some row of a table, made if there is none, or if it must be new."""
    found = session.scalar(select(column).order_by(column).limit(1))
    if found is None or new:
        row_in(session, column.table)
        found = session.scalar(select(column).order_by(column.desc()).limit(1))
    return found


@pytest.fixture
def two(world: World) -> Iterator[tuple[str, str]]:
    """Return the uids of two accounts of one human: the one that stays, the one that goes."""
    with unit_of_work() as session:
        uids = [
            add_person(
                session,
                SignUp(name=name, email=email, password=PASSWORD, confirmed=True),
                actor=SYSTEM,
                now=NOW,
            )
            for name, email in (("Ada Neri", "ada@example.org"), ("ADA NERI", "old@example.org"))
        ]
    yield uids[0], uids[1]


def id_of(uid: str) -> int:
    return reading().scalars(select(Person.id).where(Person.uid == uid)).one()


def test_every_row_moves_and_nothing_refers_to_who_went(world: World, two: tuple[str, str]) -> None:
    stays, goes = id_of(two[0]), id_of(two[1])
    with unit_of_work() as session:
        for name, column in references().items():
            table = column.table
            if name in {"account.person_id", "profile.person_id"} or table.name in BOOKS:
                continue
            row = row_in(session, table, **{column.name: goes})
            fate = MERGED[name]
            if isinstance(fate, Moves) and fate.one_by:
                # She who stays has one of the same key: the other's gives way.
                same = {key: row[key] for key in fate.one_by}
                row_in(session, table, **same, **{column.name: stays})
    found = preview(two[0], two[1], actor=world.actor("eva"))
    assert found.problems == ()
    assert set(found.goes.counts) >= {
        name
        for name, column in references().items()
        if name != "profile.person_id" and column.table.name not in BOOKS
    }
    merge(two[0], two[1], typed_name="Ada Neri".upper(), actor=world.actor("eva"), now=NOW)
    session = reading()
    for name, column in references().items():
        left = session.scalar(select(func.count()).where(column == goes))
        assert left == 0, name
        fate = MERGED[name]
        if isinstance(fate, Moves) and column.table.name not in BOOKS:
            there = session.scalar(select(func.count()).where(column == stays))
            one = fate.one_by and not fate.both_stay
            assert (there == 1) if one else (there or 0) >= 1, name
    assert session.get(Person, goes) is None
    assert session.scalar(select(ApiToken.revoked_at).where(ApiToken.person_id == stays))
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.merged")).one()
    assert entry.subject == f"person:{two[0]}"
    assert entry.before == {"uid": two[1]}


def test_books_of_money_are_never_rewritten(world: World, two: tuple[str, str]) -> None:
    with unit_of_work() as session:
        books = {"name": "x", "site_id": world.sites["mhuma"], "kind": "balance", "unit": "euro"}
        owner = {"person_id": id_of(two[1]), "month": ""}
        session.execute(insert(LedgerAccount), [books | owner])
    found = preview(two[0], two[1], actor=world.actor("eva"))
    assert [problem.code for problem in found.problems] == ["merge.books"]
    with pytest.raises(Refused):
        merge(two[0], two[1], typed_name="ADA NERI", actor=world.actor("eva"), now=NOW)


def test_the_other_address_signs_nobody_in_but_is_known(world: World, two: tuple[str, str]) -> None:
    account = queries.account_by_email(reading(), "old@example.org")
    assert account is not None
    secret = services.sign_in("old@example.org", PASSWORD, device=Device(), now=NOW)
    assert secret is not None
    assert queries.of_sign_in(reading(), secret, now=NOW)
    merge(two[0], two[1], typed_name="ADA NERI", actor=world.actor("eva"), now=NOW)
    assert queries.of_sign_in(reading(), secret, now=NOW) is None
    assert services.sign_in("old@example.org", PASSWORD, device=Device(), now=NOW) is None
    assert services.sign_in("ada@example.org", PASSWORD, device=Device(), now=NOW)
    kept = queries.account_by_email(reading(), "ada@example.org")
    assert kept is not None
    # Nobody makes a second account with it, and a new password goes to the address that stays.
    services.sign_up(SignUp(name="A", email="old@example.org", password=PASSWORD), now=NOW)
    services.ask_password_reset("old@example.org", now=NOW)
    told = reading().execute(select(OutboxMessage.kind, OutboxMessage.payload)).all()
    to_kept = {row.kind for row in told if row.payload.get("account_id") == kept.id}
    assert {"SignUpRepeated", "PasswordResetAsked"} <= to_kept
    with pytest.raises(Invalid), unit_of_work() as session:
        again = SignUp(name="A", email="old@example.org", password=None)
        add_person(session, again, actor=SYSTEM, now=NOW)
    assert queries.uid_today(reading(), two[1]) == two[0]
    assert reading().scalars(select(FormerAccount.email)).one() == "old@example.org"


@pytest.mark.parametrize(
    ("mine", "other", "kept"),
    [
        (("active", date(2027, 1, 1)), ("active", None), None),
        (("active", None), ("active", date(2027, 1, 1)), None),
        (("active", date(2027, 6, 1)), ("active", date(2027, 1, 1)), date(2027, 6, 1)),
        (("ended", None), ("active", date(2026, 12, 31)), date(2026, 12, 31)),
    ],
)
def test_of_two_memberships_at_one_site_the_longer_stays(
    world: World,
    two: tuple[str, str],
    mine: tuple[str, date | None],
    other: tuple[str, date | None],
    kept: date | None,
) -> None:
    site = world.sites["mhuma"]
    with unit_of_work() as session:
        for uid, (state, ends_on), group in ((two[0], mine, "a"), (two[1], other, "b")):
            session.add(
                Membership(
                    person_id=id_of(uid),
                    site_id=site,
                    state=state,
                    starts_on=date(2026, 1, 2 if group == "a" else 1),
                    ends_on=ends_on,
                    created_at=NOW,
                    plan="",
                    groups=[group],
                )
            )
    (choice,) = preview(two[0], two[1], actor=world.actor("eva")).memberships
    assert choice.kept_until == kept
    merge(two[0], two[1], typed_name="ADA NERI", actor=world.actor("eva"), now=NOW)
    (row,) = queries.memberships(reading(), id_of(two[0]))
    assert (row.state, row.ends_on) == ("active", kept)
    assert (row.starts_on, row.groups) == (date(2026, 1, 1), ["a", "b"])


def test_who_may_not_give_a_role_does_not_win_it_by_merging(
    world: World, two: tuple[str, str]
) -> None:
    site = world.sites["mhuma"]
    give_role(
        GiveRole(person_uid=world.uids["charlie"], role=Role.MANAGER, site_id=site),
        actor=SYSTEM,
        now=NOW,
    )
    manager = world.actor("charlie")
    for goes, name in (("eva", "Eva"), ("dora", "Dora")):
        with pytest.raises(Refused, match=r"merge.roles"):
            merge(two[0], world.uids[goes], typed_name=name, actor=manager, now=NOW)
    with pytest.raises(Refused, match=r"merge.own-account"):
        merge(world.uids["charlie"], two[1], typed_name="ADA NERI", actor=manager, now=NOW)
    with pytest.raises(Refused, match=r"merge.same-person"):
        merge(two[1], two[1], typed_name="ADA NERI", actor=manager, now=NOW)
    with pytest.raises(Invalid):
        merge(two[0], two[1], typed_name="Somebody", actor=manager, now=NOW)
    with pytest.raises(NotFound):
        merge(two[0], "nobody", typed_name="", actor=manager, now=NOW)
    with pytest.raises(Forbidden):
        merge(two[0], two[1], typed_name="ADA NERI", actor=world.actor("bob"), now=NOW)
    merge(two[0], two[1], typed_name="ada neri".upper(), actor=manager, now=NOW)
    assert reading().scalars(select(Account.email).where(Account.person_id == id_of(two[0]))).all()
    assert Base.metadata.tables
