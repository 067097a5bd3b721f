"""Writing into the books: accounts, balanced entries, reversals; inside the caller's transaction.

Nothing is ever changed or deleted there: what was wrong is reversed by an entry of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, exists, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from labops.domain.plans.models import LedgerAccount, LedgerEntry, Posting
from labops.domain.plans.states import EURO, AccountKind, EntryKind, Method, minutes_of
from labops.kernel import ledger
from labops.kernel.db import is_sqlite
from labops.kernel.ids import new_uid
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account it is: a person's, or a firm's for which she acts. Exactly one is set."""

    person_id: int | None = None
    firm_id: int | None = None

    @property
    def word(self) -> str:
        """Return the owner as part of an account's name."""
        return f"p{self.person_id}" if self.firm_id is None else f"f{self.firm_id}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is named, whether it exists yet or not."""

    site_id: int
    kind: AccountKind
    unit: str = EURO
    owner: Owner | None = None
    month: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        """Return the one word for it."""
        owner = self.owner.word if self.owner else "site"
        parts = (str(self.site_id), owner, self.kind.value, self.unit, self.month, self.part)
        return "/".join(part for part in parts if part)

    def values(self) -> dict[str, Any]:
        """Return the row that holds it."""
        return {
            "name": self.name,
            "site_id": self.site_id,
            "kind": self.kind.value,
            "unit": self.unit,
            "person_id": self.owner.person_id if self.owner else None,
            "firm_id": self.owner.firm_id if self.owner else None,
            "month": self.month,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What to enter: what each account gains, in cents or minutes, and why.

    An entry whose `key` is there already is not entered again.
    """

    site_id: int
    kind: EntryKind
    amounts: Mapping[Account, int]
    booking_id: int | None = None
    subscription_id: int | None = None
    key: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def balance(site_id: int, owner: Owner) -> Account:
    """Return what the owner owes the site in cents; below zero it is the site that owes."""
    return Account(site_id, AccountKind.BALANCE, owner=owner)


def hours(site_id: int, owner: Owner, category: str, month: str) -> Account:
    """Return the included minutes on machines of a type that the owner has left in a month."""
    return Account(site_id, AccountKind.HOURS, minutes_of(category), owner, month)


def income(site_id: int) -> Account:
    """Return what the site has earned (below zero, as books have it)."""
    return Account(site_id, AccountKind.INCOME)


def received(site_id: int, method: Method) -> Account:
    """Return what came in one way: the till, the bank, PagoPA."""
    return Account(site_id, AccountKind.RECEIVED, part=method.value)


def granted(site_id: int, category: str) -> Account:
    """Return the minutes that the site gave away (below zero)."""
    return Account(site_id, AccountKind.GRANTED, minutes_of(category))


def used(site_id: int, category: str) -> Account:
    """Return the included minutes that were used."""
    return Account(site_id, AccountKind.USED, minutes_of(category))


_account = table_of(LedgerAccount).c
_entry = table_of(LedgerEntry).c
_posting = table_of(Posting).c
_ID_OF = Prepared(select(_account.id).where(_account.name == bindparam("wanted")))
_LOCKED_ID_OF = Prepared(
    select(_account.id).where(_account.name == bindparam("wanted")).with_for_update()
)
_ADD_POSTING = Prepared(insert(table_of(Posting)))
_ADD_ENTRY = Prepared(insert(table_of(LedgerEntry)))
_KNOWN_KEY = Prepared(select(_entry.uid).where(_entry.key == bindparam("wanted")))
_OF_ENTRY = Prepared(
    select(_posting.account_id, _posting.unit, _posting.amount).where(
        _posting.entry_uid == bindparam("uid_of_entry")
    )
)
# What an account holds, and how much of that was granted to it.
_HELD = Prepared(
    select(
        func.coalesce(func.sum(_posting.amount), 0).label("held"),
        func.coalesce(
            func.sum(case((_entry.kind == EntryKind.GRANT.value, _posting.amount), else_=0)), 0
        ).label("granted"),
    )
    .select_from(table_of(Posting))
    .join(table_of(LedgerEntry), _entry.uid == _posting.entry_uid)
    .where(_posting.account_id == bindparam("id_of_account"))
)
_reversal = aliased(table_of(LedgerEntry), name="reversal")
_STANDING = Prepared(
    select(_entry.uid, _entry.detail)
    .where(
        _entry.booking_id == bindparam("id_of_booking"),
        or_(_entry.kind == EntryKind.BOOKING.value, _entry.kind == EntryKind.LATE.value),
        ~exists().where(_reversal.c.reverses_uid == _entry.uid),
    )
    .limit(1)
)


class Unbalanced(ValueError):
    """An entry whose amounts do not sum to zero: a mistake of ours, never entered."""


def enter(session: Session, entry: Entry, *, now: datetime) -> str | None:
    """Enter it and return its uid; `None` when there is nothing to enter, or it was before.

    Raises `Unbalanced`.
    """
    amounts = {account: amount for account, amount in entry.amounts.items() if amount}
    _check((account.unit, amount) for account, amount in amounts.items())
    if not amounts or (entry.key and _KNOWN_KEY.row(session, {"wanted": entry.key})):
        return None
    rows = [(_id_of(session, account), account.unit, amount) for account, amount in amounts.items()]
    return _write(session, entry, rows, now=now, reverses=None)


def reverse(
    session: Session, uid: str, *, site_id: int, now: datetime, reason: str = "",
    booking_id: int | None = None,
) -> str:  # fmt: skip
    """Enter the opposite of an entry that was not reversed before; return the uid of that."""
    rows = [
        (account_id, unit, -amount)
        for account_id, unit, amount in _OF_ENTRY.rows(session, {"uid_of_entry": uid})
    ]
    entry = Entry(
        site_id=site_id,
        kind=EntryKind.REVERSAL,
        amounts={},
        booking_id=booking_id,
        reason=reason,
    )
    return _write(session, entry, rows, now=now, reverses=uid)


def open_accounts(session: Session, accounts: Iterable[Account]) -> None:
    """Make accounts that several entries of one transaction will need, in an order all keep to."""
    for account in sorted(set(accounts), key=lambda one: one.name):
        _id_of(session, account)


def stands(session: Session, uid: str) -> bool:
    """Say whether an entry was not taken back; whoever else wants to take it back waits."""
    session.execute(select(LedgerEntry.uid).where(LedgerEntry.uid == uid).with_for_update())
    reversed_by = select(LedgerEntry.uid).where(LedgerEntry.reverses_uid == uid)
    return session.scalar(reversed_by) is None


def standing_for(session: Session, booking_id: int) -> tuple[str, Mapping[str, Any]] | None:
    """Return the entry that stands for a booking, and how it was worked out."""
    row = _STANDING.row(session, {"id_of_booking": booking_id})
    return None if row is None else (row.uid, row.detail)


def locked_hours(session: Session, account: Account) -> tuple[int, int]:
    """Return the minutes an account holds, and how many were granted, and let others wait for it.

    Two bookings that want the last included hour come here one after the other.
    """
    statement = _LOCKED_ID_OF if ledger.guard_is_on() else _ID_OF
    account_id = statement.scalar(session, {"wanted": account.name})
    if account_id is None:
        _id_of(session, account)
        account_id = statement.scalar(session, {"wanted": account.name})
    row = _HELD.row(session, {"id_of_account": account_id})
    return int(row.held), int(row.granted)


def seen_hours(session: Session, account: Account) -> tuple[int, int]:
    """Return the same by a plain read that locks and makes nothing."""
    account_id = _ID_OF.scalar(session, {"wanted": account.name})
    if account_id is None:
        return 0, 0
    row = _HELD.row(session, {"id_of_account": account_id})
    return int(row.held), int(row.granted)


def _id_of(session: Session, account: Account) -> int:
    """Return the account's id; the first to need it makes it."""
    found: int | None = _ID_OF.scalar(session, {"wanted": account.name})
    if found is None:
        insert_of = sqlite.insert if is_sqlite(session) else postgresql.insert
        query = insert_of(LedgerAccount).values(**account.values())
        session.execute(query.on_conflict_do_nothing(index_elements=["name"]))
        found = _ID_OF.scalar(session, {"wanted": account.name})
    assert found is not None  # noqa: S101 - for the type checker
    return found


def _write(
    session: Session,
    entry: Entry,
    rows: Iterable[tuple[int, str, int]],
    *,
    now: datetime,
    reverses: str | None,
) -> str:
    """Write the postings, then the entry that the database checks them by."""
    uid = new_uid()
    for account_id, unit, amount in rows:
        _ADD_POSTING.write(
            session,
            {"entry_uid": uid, "account_id": account_id, "unit": unit, "amount": amount},
        )
    _ADD_ENTRY.write(
        session,
        {
            "uid": uid,
            "site_id": entry.site_id,
            "kind": entry.kind.value,
            "at": now,
            "booking_id": entry.booking_id,
            "subscription_id": entry.subscription_id,
            "reverses_uid": reverses,
            "key": entry.key,
            "detail": dict(entry.detail),
            "reason": entry.reason[:300],
        },
    )
    return uid


def _check(amounts: Iterable[tuple[str, int]]) -> None:
    sums: Counter[str] = Counter()
    for unit, amount in amounts:
        sums[unit] += amount
    if any(sums.values()):
        raise Unbalanced(dict(sums))
