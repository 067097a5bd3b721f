"""How many included minutes somebody may use: what her plan and the house rules give her.

The hours of a month are an account of that month: what is left at its end is gone with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.plans import entries
from labops.domain.plans.entries import Entry, Owner
from labops.domain.plans.models import Plan, PlanHours, Subscription
from labops.domain.plans.policies import month_days, month_of
from labops.domain.plans.states import EntryKind, SubscriptionState
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

_sub = table_of(Subscription).c
_hours = table_of(PlanHours).c
_type = table_of(MachineType).c
# What of a category the active subscriptions of an owner include, and on which days.
_INCLUDED = Prepared(
    select(_hours.minutes, _sub.starts_on, _sub.ends_on, _sub.renews, _sub.period_ends_on)
    .select_from(table_of(Subscription))
    .join(table_of(Plan), table_of(Plan).c.id == _sub.plan_id)
    .join(table_of(PlanHours), _hours.plan_id == _sub.plan_id)
    .join(table_of(MachineType), _type.id == _hours.machine_type_id)
    .where(
        or_(
            _sub.person_id == bindparam("person_id"),
            _sub.firm_id == bindparam("firm_id"),
        ),
        _sub.site_id == bindparam("id_of_site"),
        _sub.state == SubscriptionState.ACTIVE.value,
        _type.slug == bindparam("category"),
    )
)


@dataclass(frozen=True, slots=True)
class Allowance:
    """Included minutes of one category and month: how many in all, and whether on that day."""

    target: int
    that_day: bool


def allowance(
    session: Session,
    site_id: int,
    owner: Owner,
    category: str,
    day: date,
    *,
    today: date,
    by_rules: int = 0,
) -> Allowance:
    """Return what may be used of a category on a day; `by_rules` minutes a month come anyway.

    What plan and house rules include is the same time said twice: the greater counts.
    """
    rows = _INCLUDED.rows(
        session,
        {
            # Nobody has the id 0: what is not given matches nothing.
            "person_id": owner.person_id if owner.firm_id is None else 0,
            "firm_id": owner.firm_id or 0,
            "id_of_site": site_id,
            "category": category,
        },
    )
    spans = [
        (row.minutes, row.starts_on, row.ends_on or (None if row.renews else row.period_ends_on))
        for row in rows
    ]
    first, last = month_days(month_of(day))
    first = min(max(first, today), last)
    of_month = [one[0] for one in spans if one[1] <= last and (one[2] is None or one[2] >= first)]
    covered = any(one[1] <= day and (one[2] is None or day <= one[2]) for one in spans)
    return Allowance(max([by_rules, *of_month]), covered or by_rules > 0)


def available(
    session: Session,
    site_id: int,
    owner: Owner,
    category: str,
    month: str,
    allowed: Allowance,
    *,
    now: datetime,
) -> int:
    """Return the included minutes that are left, granting what is due; others wait for it."""
    account = entries.hours(site_id, owner, category, month)
    held, granted = entries.locked_hours(session, account)
    return held + _level(session, site_id, account, category, (held, granted), allowed, now=now)


def foreseen(
    session: Session, site_id: int, owner: Owner, category: str, month: str, allowed: Allowance
) -> int:
    """Return what `available` would, without a lock and without granting anything."""
    held, granted = entries.seen_hours(session, entries.hours(site_id, owner, category, month))
    return held + due(held, granted, allowed.target)


def due(held: int, granted: int, target: int) -> int:
    """Return how many minutes are to be granted, so that all of the month come to the target.

    Fewer than zero are taken back after a change to a smaller plan; never what was used.
    """
    return max(target - granted, -max(held, 0))


def level_out(
    session: Session,
    site_id: int,
    owner: Owner,
    categories: Sequence[str],
    *,
    today: date,
    now: datetime,
) -> int:
    """Bring this month's included minutes to what the owner's plan says; return how many changed.

    Doing it again changes nothing: that is what the monthly job does.
    """
    changed = 0
    for category in sorted(set(categories)):
        allowed = allowance(session, site_id, owner, category, today, today=today)
        account = entries.hours(site_id, owner, category, month_of(today))
        held = entries.locked_hours(session, account)
        changed += bool(_level(session, site_id, account, category, held, allowed, now=now))
    return changed


def _level(
    session: Session,
    site_id: int,
    account: entries.Account,
    category: str,
    held: tuple[int, int],
    allowed: Allowance,
    *,
    now: datetime,
) -> int:
    minutes = due(*held, allowed.target)
    entries.enter(
        session,
        Entry(
            site_id=site_id,
            kind=EntryKind.GRANT,
            amounts={account: minutes, entries.granted(site_id, category): -minutes},
            detail={"category": category, "month": account.month},
        ),
        now=now,
    )
    return minutes
