"""The statement of a month: what somebody owed, what was entered, what she owes and has left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from labops.domain.bookings.models import Booking
from labops.domain.machines.models import MachineType
from labops.domain.plans import entries
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import LedgerAccount, LedgerEntry, Posting
from labops.domain.plans.policies import month_days
from labops.domain.plans.states import EURO, AccountKind, EntryKind
from labops.domain.spaces.models import Bookable
from labops.kernel import local_time, money


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry: what it adds to what is owed (euro) and to the hours left (minutes a type).

    Of a reversal `reversed_kind` says what it takes back; `taken_back` is true of an entry that
    was. `detail` is how it was worked out.
    """

    uid: str
    at: datetime
    kind: EntryKind
    reversed_kind: EntryKind | None
    taken_back: bool
    amount: Decimal
    minutes: Mapping[str, int]
    detail: Mapping[str, Any]
    reason: str
    booking_uid: str
    starts_at: datetime | None
    ends_at: datetime | None
    machines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursLine:
    """Included minutes on machines of a type: how many in the month, used and left."""

    category: str
    names: Mapping[str, str]
    granted: int
    used: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A month of somebody's account at a site; opening + lines = closing."""

    month: str
    opening: Decimal
    closing: Decimal
    lines: tuple[StatementLine, ...]
    hours: tuple[HoursLine, ...]
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def statement(
    session: Session, site_id: int, owner: Owner, month: str, zone: ZoneInfo
) -> Statement:
    """Return the statement of a local calendar month (`2026-11`); raises `ValueError`."""
    first, last = month_days(month)
    begins = local_time.local_day(first, zone).starts_at
    ends = local_time.local_day(last, zone).ends_at
    opening = _balance_before(session, site_id, owner, begins)
    lines = _lines(session, site_id, owner, begins, ends)
    return Statement(
        month=month,
        opening=opening,
        closing=opening + sum((line.amount for line in lines), Decimal(0)),
        lines=tuple(lines),
        hours=_hours(session, site_id, owner, month),
        types=_types(session),
    )


def months_of(session: Session, site_id: int, owner: Owner, today: date, zone: ZoneInfo) -> str:
    """Return the first month with an entry for the owner, the present one when there is none."""
    earliest = session.scalar(
        select(func.min(LedgerEntry.at))
        .join(Posting, Posting.entry_uid == LedgerEntry.uid)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(*_owned(site_id, owner))
    )
    return f"{earliest.astimezone(zone) if earliest else today:%Y-%m}"


def _owned(site_id: int, owner: Owner) -> tuple[Any, ...]:
    mine = (
        LedgerAccount.person_id == owner.person_id
        if owner.firm_id is None
        else LedgerAccount.firm_id == owner.firm_id
    )
    return (mine, LedgerAccount.site_id == site_id)


def _balance_before(session: Session, site_id: int, owner: Owner, moment: datetime) -> Decimal:
    held = session.scalar(
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .join(LedgerEntry, LedgerEntry.uid == Posting.entry_uid)
        .where(LedgerAccount.name == entries.balance(site_id, owner).name, LedgerEntry.at < moment)
    )
    return money.euro(int(held or 0))


def _lines(
    session: Session, site_id: int, owner: Owner, begins: datetime, ends: datetime
) -> list[StatementLine]:
    back, original = aliased(LedgerEntry), aliased(LedgerEntry)
    rows = session.execute(
        select(
            LedgerEntry,
            LedgerAccount.unit,
            Posting.amount,
            original.kind.label("reversed_kind"),
            original.detail.label("reversed_detail"),
            back.uid.label("back"),
            Booking.uid.label("booking_uid"),
            Booking.starts_at,
            Booking.ends_at,
        )
        .select_from(Posting)
        .join(LedgerEntry, LedgerEntry.uid == Posting.entry_uid)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .outerjoin(original, original.uid == LedgerEntry.reverses_uid)
        .outerjoin(back, back.reverses_uid == LedgerEntry.uid)
        .outerjoin(Booking, Booking.id == LedgerEntry.booking_id)
        .where(*_owned(site_id, owner), LedgerEntry.at >= begins, LedgerEntry.at < ends)
        .order_by(LedgerEntry.at, Posting.id)
    ).all()
    names = _machine_names(session, rows)
    found: dict[str, StatementLine] = {}
    minutes: dict[str, dict[str, int]] = {}
    cents: dict[str, int] = {}
    for row in rows:
        entry = row[0]
        if row.unit == EURO:
            cents[entry.uid] = cents.get(entry.uid, 0) + row.amount
        else:
            of_entry = minutes.setdefault(entry.uid, {})
            category = row.unit.partition(":")[2]
            of_entry[category] = of_entry.get(category, 0) + row.amount
        if entry.uid not in found:
            found[entry.uid] = _line(row, names)
    return [
        _with_amounts(line, cents.get(uid, 0), minutes.get(uid, {})) for uid, line in found.items()
    ]


def _line(row: Any, names: Mapping[str, str]) -> StatementLine:
    entry = row[0]
    detail = entry.detail or row.reversed_detail or {}
    slugs = dict.fromkeys(one["machine"] for one in detail.get("lines", []))
    return StatementLine(
        uid=entry.uid,
        at=entry.at,
        kind=EntryKind(entry.kind),
        reversed_kind=EntryKind(row.reversed_kind) if row.reversed_kind else None,
        taken_back=row.back is not None,
        amount=Decimal(0),
        minutes={},
        detail=detail,
        reason=entry.reason,
        booking_uid=row.booking_uid or "",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        machines=tuple(names.get(slug, slug) for slug in slugs),
    )


def _with_amounts(line: StatementLine, cents: int, minutes: Mapping[str, int]) -> StatementLine:
    return replace(line, amount=money.euro(cents), minutes=minutes)


def _machine_names(session: Session, rows: Any) -> dict[str, str]:
    slugs = {
        one["machine"]
        for row in rows
        for one in (row[0].detail or row.reversed_detail or {}).get("lines", [])
    }
    if not slugs:
        return {}
    query = select(Bookable.slug, Bookable.name).where(Bookable.slug.in_(slugs))
    return {row[0]: row[1] for row in session.execute(query)}


def _hours(session: Session, site_id: int, owner: Owner, month: str) -> tuple[HoursLine, ...]:
    """Return the hours of the month, whenever they were granted or used."""
    kinds = _types(session)
    found = []
    accounts = session.scalars(
        select(LedgerAccount)
        .where(
            *_owned(site_id, owner),
            LedgerAccount.kind == AccountKind.HOURS.value,
            LedgerAccount.month == month,
        )
        .order_by(LedgerAccount.unit)
    )
    for account in accounts.all():
        category = account.unit.partition(":")[2]
        left, granted = entries.seen_hours(session, entries.hours(site_id, owner, category, month))
        if granted or left:
            found.append(
                HoursLine(
                    category=category,
                    names=kinds.get(category, {"it": category, "en": category}),
                    granted=granted,
                    used=granted - left,
                    left=left,
                )
            )
    return tuple(found)


def _types(session: Session) -> dict[str, Mapping[str, str]]:
    rows = session.execute(select(MachineType.slug, MachineType.name_it, MachineType.name_en))
    return {slug: {"it": name_it, "en": name_en} for slug, name_it, name_en in rows}
