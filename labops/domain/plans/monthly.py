"""The statement of each month that is over: whom to tell of it, and what it says in short.

Found by query at each run: nothing is lost when the scheduler was down for some days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm
from labops.domain.people.models import Person
from labops.domain.plans.entries import Owner
from labops.domain.plans.events import StatementReady
from labops.domain.plans.models import LedgerAccount, LedgerEntry, Posting
from labops.domain.plans.policies import month_days, month_of
from labops.domain.plans.statements import HoursLine, statement
from labops.domain.plans.states import AccountKind
from labops.domain.sites.models import Site
from labops.kernel import local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage

TOLD_UNTIL = 7
"""The last day of a month on which people are still told of the month before."""
TOLD_FROM = 7
"""The hour of the first day before which nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStatement:
    """A month of somebody's account in short; one of `person_uid` and `firm_uid` is set."""

    person_uid: str
    firm_uid: str
    firm_name: str
    site_id: int
    month: str
    opening: Decimal
    closing: Decimal
    hours: tuple[HoursLine, ...]


def record_statements(*, now: datetime, dry_run: bool = False) -> int:
    """Have everybody told once whose account changed last month, or who owes; return how many."""
    session = reading()
    sites = session.execute(select(Site.id, Site.zone).order_by(Site.id)).all()
    facts = [
        fact
        for site_id, zone in sites
        for fact in _due(session, site_id, local_time.zone(zone), now)
    ]
    if facts and not dry_run:
        with unit_of_work() as writing:
            for fact in facts:
                outbox.record_once(writing, fact, now=now)
    return len(facts)


def statement_told(session: Session, account_id: int, month: str) -> ToldStatement | None:
    """Return what a letter says of a month; `None` when the account is not there any more."""
    row = session.execute(
        select(LedgerAccount, Site.zone, Person.uid, Firm.uid, Firm.legal_name)
        .join(Site, Site.id == LedgerAccount.site_id)
        .outerjoin(Person, Person.id == LedgerAccount.person_id)
        .outerjoin(Firm, Firm.id == LedgerAccount.firm_id)
        .where(LedgerAccount.id == account_id)
    ).one_or_none()
    if row is None:
        return None
    account, zone, person_uid, firm_uid, firm_name = row
    owner = Owner(account.person_id, account.firm_id)
    found = statement(session, account.site_id, owner, month, local_time.zone(zone))
    return ToldStatement(
        person_uid=person_uid or "",
        firm_uid=firm_uid or "",
        firm_name=firm_name or "",
        site_id=account.site_id,
        month=month,
        opening=found.opening,
        closing=found.closing,
        hours=found.hours,
    )


def _due(session: Session, site_id: int, zone: ZoneInfo, now: datetime) -> list[StatementReady]:
    """Return the facts of the month before that were not recorded yet."""
    local = now.astimezone(zone)
    if local.day > TOLD_UNTIL or (local.day == 1 and local.hour < TOLD_FROM):
        return []
    month = month_of(local.date().replace(day=1) - timedelta(days=1))
    key = (
        literal(f"{StatementReady.kind}:")
        + cast(LedgerAccount.id, String(12))
        + literal(f":{month}")
    )
    told = exists().where(OutboxMessage.dedupe_key == key)
    ids = session.scalars(
        select(LedgerAccount.id)
        .where(
            LedgerAccount.site_id == site_id,
            LedgerAccount.kind == AccountKind.BALANCE.value,
            _worth_telling(month, zone),
            ~told,
        )
        .order_by(LedgerAccount.id)
    )
    return [StatementReady(account_id=one, month=month) for one in ids]


def _worth_telling(month: str, zone: ZoneInfo) -> ColumnElement[bool]:
    """Say whether something was entered in the local month, or is owed at its end."""
    first, last = month_days(month)
    begins = local_time.local_day(first, zone).starts_at
    ends = local_time.local_day(last, zone).ends_at
    entered = _entries().where(LedgerEntry.at >= begins, LedgerEntry.at < ends)
    owed = _entries(func.coalesce(func.sum(Posting.amount), 0)).where(LedgerEntry.at < ends)
    return or_(entered.exists(), owed.scalar_subquery() > 0)


def _entries(*columns: Any) -> Any:
    """Return the statement over the entries of the account at hand."""
    return (
        select(*(columns or (Posting.id,)))
        .join(LedgerEntry, LedgerEntry.uid == Posting.entry_uid)
        .where(Posting.account_id == LedgerAccount.id)
        .correlate(LedgerAccount)
    )
