"""Quotas: at most so much in each window; and runs: at most so many days in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts
from labops.domain.bookings.policies.binding import (
    MINUTE,
    Verdict,
    counted,
    counted_of_held,
    holding,
    is_working_day,
    machines_alike,
    machines_counted,
    next_working_day,
    verdict,
)
from labops.domain.bookings.policies.windows import reach, windows
from labops.domain.bookings.states import BookingState
from labops.domain.house_rules.limits import Limit, LimitRule, Party, Quota, Unit
from labops.domain.house_rules.timetables import Session
from labops.kernel import local_time
from labops.kernel.interval import Interval

Parts = tuple[Interval, ...]
NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class _Use:
    """What counts in one window: so much before, so much with the wish."""

    window: Interval
    before: int | timedelta
    after: int | timedelta


def is_within_quotas(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what would use more than a quota gives in any window that it touches."""
    for quota in machine.rules.quotas:
        parts = counted(facts, machine, quota.when)
        if not parts or not _has_party(facts, quota):
            continue
        limit = _allowance(facts, quota)
        fullest: _Use | None = None
        for use in _uses(facts, machine, quota, parts):
            if fullest is None or _above(use.after, fullest.after):
                fullest = use
            if _above(use.after, limit):
                fullest = use
                break
        if fullest is not None:
            yield _told(facts, machine, quota, limit, fullest)


def _told(
    facts: BookingFacts,
    machine: MachineFacts,
    quota: Quota,
    limit: int | timedelta,
    use: _Use,
) -> Verdict:
    params: dict[str, object] = {
        "machine": machine.slug,
        "quota": str(quota.scope),
        "window": str(quota.window),
        "unit": str(quota.unit),
        "limit": limit,
        "used": use.before,
    }
    if quota.name:
        params["name"] = quota.name
    if quota.rolling_days:
        params["days"] = quota.rolling_days
    fits = not _above(use.after, limit)
    fix = "" if fits else _fix(facts, limit, use)
    return verdict(fits, "booking.quota", params, fix=fix, when=quota.when)


def _fix(facts: BookingFacts, limit: int | timedelta, use: _Use) -> str:
    """Return the nearer step: what is left of the window, or else the next one."""
    if isinstance(limit, timedelta) and isinstance(use.before, timedelta):
        left = limit - use.before
        if left > NONE and use.window.contains(facts.slot):
            return f"shorten:{left // MINUTE}"
    return f"move-after:{use.window.ends_at.isoformat()}"


def _uses(facts: BookingFacts, machine: MachineFacts, quota: Quota, parts: Parts) -> Iterator[_Use]:
    around = reach(quota, facts, parts)
    first, last = around.starts_at, around.ends_at
    held = [
        (many, spans)
        for one in facts.held
        # Spelled out: every decision asks this of each booking for each quota.
        if one.slot.starts_at < last
        and one.slot.ends_at > first
        and _counts(one, facts, quota)
        and (many := machines_counted(facts, machine, one, quota.scope, quota.when))
        and (spans := counted_of_held(facts, one, quota.when))
    ]
    alike = machines_alike(facts, machine, quota.scope, quota.when)
    for window in windows(quota, facts, parts, [spans for _many, spans in held]):
        if not (wanted := _shared(parts, window)):
            continue
        if quota.unit is Unit.MINUTES:
            used = sum((_shared(spans, window) * many for many, spans in held), NONE)
            yield _Use(window, used, used + wanted * alike)
        elif quota.unit is Unit.BOOKINGS:
            number = sum(1 for _many, spans in held if _shared(spans, window))
            yield _Use(window, number, number + 1)
        else:
            sessions = machine.rules.sessions if quota.unit is Unit.SESSIONS else None
            before: set[object] = set()
            for _many, spans in held:
                before |= _touched(_within(spans, window), facts, sessions)
            mine = _touched(_within(parts, window), facts, sessions)
            yield _Use(window, len(before), len(before | mine))


def _shared(parts: Parts, window: Interval) -> timedelta:
    if len(parts) == 1:
        one = parts[0]
        return one.length if window.contains(one) else one.shared(window)
    return sum((part.shared(window) for part in parts), NONE)


def _touched(
    parts: Parts, facts: BookingFacts, sessions: tuple[Session, ...] | None
) -> set[object]:
    """Return the local days, or the named sessions, that the parts touch."""
    if sessions is None:
        return {day for part in parts for day in local_time.days_touched(part, facts.zone)}
    return {
        (session.name, time.starts_at)
        for part in parts
        for session in sessions
        for time in session.during(part, facts.zone)
    }


def _within(parts: Parts, window: Interval) -> Parts:
    return tuple(
        part
        if window.contains(part)
        else Interval(max(part.starts_at, window.starts_at), min(part.ends_at, window.ends_at))
        for part in parts
        if part.overlaps(window)
    )


def _counts(held: HeldBooking, facts: BookingFacts, quota: Quota) -> bool:
    """Say whether a held booking uses the quota up: whose it is, and what became of it."""
    if quota.sums is Party.PERSON:
        ours = held.mine
    elif quota.sums is Party.FIRM:
        ours = held.firm == facts.person.firm
    else:
        ours = held.project == facts.person.project
    if not ours or held.state == BookingState.REJECTED:
        return False
    if held.state == BookingState.MISSED:
        return quota.missed_counts
    if held.state == BookingState.CANCELLED:
        return held.cancelled_late and quota.late_cancelled_counts
    return True


def _has_party(facts: BookingFacts, quota: Quota) -> bool:
    """Say whether the quota's sum is about anybody here: no firm, no quota of a firm."""
    if quota.sums is Party.PERSON:
        return True
    return bool(facts.person.firm if quota.sums is Party.FIRM else facts.person.project)


def _allowance(facts: BookingFacts, quota: Quota) -> int | timedelta:
    limit: int | timedelta = quota.limit if quota.unit is Unit.MINUTES else quota.count
    added = (facts.person.top_ups or {}).get(quota.name) if quota.name else None
    if isinstance(limit, timedelta):
        return limit + added if isinstance(added, timedelta) else limit
    return limit + added if isinstance(added, int) else limit


def _above(one: int | timedelta, other: int | timedelta) -> bool:
    # Both are of one kind: counts, or lengths of time.
    return one > other  # type: ignore[operator]


def is_no_long_run(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse more days in a row with a booking than a run may have."""
    for limit, parts in holding(facts, machine, LimitRule.RUN):
        held = {
            day
            for one in facts.held
            if one.mine
            and one.happens
            and machines_counted(facts, machine, one, limit.scope, limit.when)
            for part in counted_of_held(facts, one, limit.when)
            for day in local_time.days_touched(part, facts.zone)
        }
        new = {day for part in parts for day in local_time.days_touched(part, facts.zone)}
        before, after = (
            _longest_run(days, new, facts, machine, limit) for days in (held, held | new)
        )
        yield verdict(
            after <= limit.count,
            "booking.quota",
            {
                "machine": machine.slug,
                "quota": "run",
                "window": str(limit.unit),
                "unit": "days",
                "limit": limit.count,
                "used": before,
            },
            fix=f"times:{machine.slug}",
            when=limit.when,
        )


def _longest_run(
    days: set[date], around: set[date], facts: BookingFacts, machine: MachineFacts, limit: Limit
) -> int:
    """Return how many of the days follow one another without a gap, on or beside `around`."""
    working = limit.unit is Unit.WORKING_DAYS

    def beside(day: date, step: int) -> date:
        if working:
            return next_working_day(day, facts, machine.rules, step)
        return day + timedelta(days=step)

    longest = 0
    for start in around:
        if working and not is_working_day(start, facts, machine.rules):
            continue
        length = int(start in days)
        for step in (1, -1):
            day = beside(start, step)
            while day in days:
                length += 1
                day = beside(day, step)
        longest = max(longest, length)
    return longest
