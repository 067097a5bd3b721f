"""What bookings cost: entered in the booking's own transaction, under its locks.

Where no price stands in the rules in force nothing is asked of the database. What a booking costs
is worked out when it is made or moved, and kept with the entry: giving it up, finishing early and
handing it over go by that, whatever the rules say meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.cancelling import share_charged
from labops.domain.house_rules.parts import LateCancel
from labops.domain.house_rules.queries import levels_in_force
from labops.domain.plans import allowances, entries
from labops.domain.plans.entries import Account, Entry, Owner
from labops.domain.plans.policies import (
    Cost,
    Line,
    allotted,
    minutes_used,
    month_of,
    priced,
    shared,
    shortened,
)
from labops.domain.plans.states import EntryKind
from labops.kernel.db import remembered
from labops.kernel.interval import Interval

_Kept = Callable[[Sequence[Line]], Sequence[Line]]


class Charged(Protocol):
    """What is asked of a booking."""

    id: int
    site_id: int
    rules_revision: int

    @property
    def slot(self) -> Interval:
        """Return the booked span."""
        ...


def charge(session: Session, booking_id: int, facts: BookingFacts, owner: Owner) -> None:
    """Let a booking that was just made use included time, and charge the rest."""
    if not _has_price(facts):
        return
    cost = Cost(allotted(_lines(facts), _available(session, facts, owner)))
    month = month_of(_day_of(facts))
    kind = EntryKind.BOOKING
    _enter(session, booking_id, facts.site_id, owner, cost, kind, now=facts.now, month=month)


def recharge(
    session: Session, booking: Charged, facts: BookingFacts, owner: Owner, revision: int
) -> None:
    """Charge a booking anew that moved or became somebody else's; what it cost is given back."""
    refund(session, booking, revision, now=facts.now)
    charge(session, booking.id, facts, owner)


def refund(session: Session, booking: Charged, revision: int | None, *, now: datetime) -> None:
    """Give back what a booking cost; the site's revision tells whether it may have cost anything.

    Without a revision it is looked up.
    """
    if _may_be_charged(session, booking, revision):
        _give_back(session, booking, now=now)


def settle_cancelled(
    session: Session, booking: Charged, facts: BookingFacts, revision: int, *, late: bool
) -> None:
    """Give back what a cancelled booking cost, or keep the share that being late costs.

    Where a late cancellation counts as missed, all is kept, as for a missed one.
    """
    if not late:
        refund(session, booking, revision, now=facts.now)
        return
    if not _may_be_charged(session, booking, revision):
        return
    rules = {machine.slug: machine.rules for machine in facts.machines}

    def kept(lines: Sequence[Line]) -> list[Line]:
        found: list[Line] = []
        for slug in dict.fromkeys(line.machine for line in lines):
            of_machine = [line for line in lines if line.machine == slug]
            if slug in rules and rules[slug].late_cancel is LateCancel.CHARGE:
                share = share_charged(rules[slug], booking.slot, facts.now)
                found += shared(of_machine, share)
            else:
                found += of_machine
        return found

    _settle(session, booking, kept, EntryKind.LATE, now=facts.now)


def settle_finished(
    session: Session, booking: Charged, revision: int, *, until: datetime, now: datetime
) -> None:
    """Give back what was not used of a booking that ended early."""
    if until < booking.slot.ends_at and _may_be_charged(session, booking, revision):
        used = minutes_used(booking.slot, until)
        _settle(session, booking, lambda lines: shortened(lines, used), EntryKind.BOOKING, now=now)


def foresee(session: Session, facts: BookingFacts, owner: Owner) -> Cost | None:
    """Return what a booking would cost now; `None` where nothing costs anything."""
    if not _has_price(facts):
        return None
    return Cost(allotted(_lines(facts), _available(session, facts, owner, foreseen=True)))


def _has_price(facts: BookingFacts) -> bool:
    return any(machine.rules.prices for machine in facts.machines)


def _may_be_charged(session: Session, booking: Charged, revision: int | None) -> bool:
    """Say whether a booking may have an entry; costs nothing while no rule has a price.

    A booking made under other rules than today's may have had one.
    """
    if revision is None or booking.rules_revision != revision:
        return True
    site_id = booking.site_id
    return remembered(
        session,
        ("any price", site_id, revision),
        lambda: any(
            data.get("prices")
            for data in levels_in_force(session, site_id, revision).levels.values()
        ),
    )


def _lines(facts: BookingFacts) -> tuple[Line, ...]:
    return tuple(line for machine in facts.machines for line in _lines_of(facts, machine))


def _lines_of(facts: BookingFacts, machine: MachineFacts) -> tuple[Line, ...]:
    return priced(
        machine.rules.prices,
        facts.slot,
        machine=machine.slug,
        category=machine.category,
        plan=facts.person.plan,
        zone=facts.zone,
        holidays=facts.holidays,
    )


def _available(
    session: Session, facts: BookingFacts, owner: Owner, *, foreseen: bool = False
) -> dict[str, int]:
    """Return the included minutes by category, in the month in which the booking begins."""
    day = _day_of(facts)
    today: date = facts.now.astimezone(facts.zone).date()
    found: dict[str, int] = {}
    by_rules = _included_by_rules(facts)
    # In one order, so that bookings of several machines never wait for each other in a circle.
    for category in sorted({line.category for line in _lines(facts) if line.per_hour}):
        site_id = facts.site_id
        allowed = allowances.allowance(
            session, site_id, owner, category, day, today=today, by_rules=by_rules.get(category, 0)
        )
        if not allowed.that_day:
            continue
        args = (session, site_id, owner, category, month_of(day), allowed)
        left = (
            allowances.foreseen(*args) if foreseen else allowances.available(*args, now=facts.now)
        )
        found[category] = max(0, left)
    return found


def _included_by_rules(facts: BookingFacts) -> dict[str, int]:
    """Return the minutes of each month that prices call free, by category."""
    found: dict[str, int] = {}
    for machine in facts.machines:
        for price in machine.rules.prices:
            if not price.plans or facts.person.plan in price.plans:
                minutes = int(price.included.total_seconds() // 60)
                found[machine.category] = max(found.get(machine.category, 0), minutes)
    return found


def _day_of(facts: BookingFacts) -> date:
    """Return the local day on which the booking begins."""
    return facts.slot.starts_at.astimezone(facts.zone).date()


def _give_back(session: Session, booking: Charged, *, now: datetime) -> None:
    """Reverse what stands for the booking, if anything does."""
    standing = entries.standing_for(session, booking.id)
    if standing is not None:
        uid, _detail = standing
        entries.reverse(session, uid, site_id=booking.site_id, booking_id=booking.id, now=now)


def _settle(
    session: Session, booking: Charged, kept: _Kept, kind: EntryKind, *, now: datetime
) -> None:
    """Replace what stands for the booking by what is kept of it."""
    standing = entries.standing_for(session, booking.id)
    if standing is None:
        return
    uid, detail = standing
    lines = tuple(Line.of(one) for one in detail["lines"])
    left = tuple(kept(lines))
    if left == lines:
        return
    owner = Owner(detail["person_id"], detail["firm_id"])
    entries.reverse(session, uid, site_id=booking.site_id, booking_id=booking.id, now=now)
    month = detail["month"]
    _enter(session, booking.id, booking.site_id, owner, Cost(left), kind, now=now, month=month)


def _enter(
    session: Session,
    booking_id: int,
    site_id: int,
    owner: Owner,
    cost: Cost,
    kind: EntryKind,
    *,
    now: datetime,
    month: str,
) -> None:
    amounts: dict[Account, int] = {
        entries.balance(site_id, owner): cost.cents,
        entries.income(site_id): -cost.cents,
    }
    for category, minutes in cost.included.items():
        amounts[entries.hours(site_id, owner, category, month)] = -minutes
        amounts[entries.used(site_id, category)] = minutes
    entries.enter(
        session,
        Entry(
            site_id=site_id,
            kind=kind,
            amounts=amounts,
            booking_id=booking_id,
            detail={
                "lines": [line.kept() for line in cost.lines],
                "month": month,
                "person_id": owner.person_id,
                "firm_id": owner.firm_id,
            },
        ),
        now=now,
    )
