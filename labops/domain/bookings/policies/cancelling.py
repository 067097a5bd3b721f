"""Cancelling and moving: free until so long before the start; and what being late leads to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.binding import (
    Verdict,
    bound,
    earliest_start,
    parts_of,
    spared,
    verdict,
)
from labops.domain.house_rules.limits import LimitRule, Notice
from labops.domain.house_rules.parts import Charge, LateCancel, Strikes
from labops.domain.house_rules.shape import HouseRules
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval


def cancel_problems(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return every reason against cancelling the booking whose slot the facts hold.

    Where the rules let people cancel late and count it or charge for it, there is none before
    the booking is over: `cancels_late` says what to count.
    """
    refused = [m for m in facts.machines if not _may_cancel(facts, m)]
    if not refused:
        return ()
    notice = max(machine.rules.cancel_notice for machine in facts.machines)
    return (Problem("booking.cancel-too-late", {"notice": notice}, overridable=True),)


def cancels_late(facts: BookingFacts) -> bool:
    """Say whether cancelling the booking whose slot the facts hold comes later than is free."""
    return facts.slot.starts_at <= facts.now or any(
        not _keeps(notice, facts, machine)
        for machine in facts.machines
        for notice in _notices(facts, machine)
    )


def moves_late(facts: BookingFacts) -> bool:
    """Say whether moving the booking frees its time later than is free of consequences."""
    if facts.previous is None or facts.keeps_its_start:
        return False
    before = replace(facts, slot=facts.previous)
    return any(
        not _keeps(notice, before, machine)
        for machine in facts.machines
        for notice in _move_notices(before, machine)
    )


def may_still_be_moved(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse to free a booking's time later than the notice, where that is refused."""
    if facts.previous is None or facts.keeps_its_start:
        return
    before = replace(facts, slot=facts.previous)
    for notice in _move_notices(before, machine):
        if notice:
            late = not _keeps(notice, before, machine)
            yield verdict(
                not late or machine.rules.late_cancel is not LateCancel.REFUSE,
                "booking.cancel-too-late",
                {"machine": machine.slug, "notice": notice.length},
                fix="staff",
            )


def share_charged(rules: HouseRules, slot: Interval, now: datetime) -> Charge | None:
    """Return the charge for cancelling now: the one for the shortest time left, if any."""
    left = slot.starts_at - now
    fitting = [charge for charge in rules.late_charges if left < charge.within]
    return min(fitting, key=lambda charge: charge.within, default=None)


def suspended_until(
    strikes: Strikes, moments: Iterable[datetime], zone: ZoneInfo
) -> datetime | None:
    """Return until when missed bookings suspend a person; `None` when they never did.

    `moments` are when each was missed. Days are local: a miss counts on its own day and on the
    following ones, `in_days` in all, and then no more.
    """
    days = sorted(moment.astimezone(zone) for moment in moments)
    until = None
    for number, last in enumerate(days):
        oldest = last.date() - timedelta(days=strikes.in_days - 1)
        counted = sum(1 for day in days[: number + 1] if day.date() >= oldest)
        if counted >= strikes.missed:
            # Wall-clock arithmetic in the site's zone: the same time of day, so many days later.
            until = last + timedelta(days=strikes.suspended_days)
    return until


def _may_cancel(facts: BookingFacts, machine: MachineFacts) -> bool:
    if machine.rules.late_cancel is not LateCancel.REFUSE:
        return facts.now < facts.slot.ends_at
    return facts.now < facts.slot.starts_at and all(
        _keeps(notice, facts, machine) for notice in _notices(facts, machine)
    )


def _notices(facts: BookingFacts, machine: MachineFacts) -> Iterator[Notice]:
    """Yield the notices that hold for cancelling the booking whose slot the facts hold."""
    yield machine.rules.cancelling_notice
    for limit in bound(machine.rules, LimitRule.CANCEL_NOTICE):
        when = limit.when
        about = not (when.machines or when.categories) or (
            machine.slug in when.machines or machine.category in when.categories
        )
        if (
            about
            and (not when.plans or facts.person.plan in when.plans)
            and parts_of(when, facts, facts.slot)
            and not spared(
                when.exempt, facts, facts.slot, facts.previous_booked_at, walk_in=facts.walk_in
            )
        ):
            yield limit.notice


def _move_notices(facts: BookingFacts, machine: MachineFacts) -> Iterator[Notice]:
    if machine.rules.move_notice is None:
        yield from _notices(facts, machine)
    else:
        yield Notice(length=machine.rules.move_notice)


def _keeps(notice: Notice, facts: BookingFacts, machine: MachineFacts) -> bool:
    return facts.slot.starts_at >= earliest_start(notice, facts, machine.rules)
