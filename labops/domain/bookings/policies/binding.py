"""What every rule shares: its verdicts, and when a limit holds for a booking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts
from labops.domain.house_rules.limits import (
    ALWAYS,
    Beyond,
    Exempt,
    Limit,
    LimitRule,
    Notice,
    QuotaScope,
    When,
)
from labops.domain.house_rules.shape import HouseRules
from labops.kernel import local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval, without

MINUTE = timedelta(minutes=1)


class Verdict(NamedTuple):
    """What one rule says: passed or not, and if not, whether staff are asked instead.

    Most verdicts pass and nobody asks for more, so the problem is made only when it is wanted.
    """

    passed: bool
    code: str
    params: Mapping[str, Any]
    overridable: bool = True
    fix: str = ""
    approval: bool = False

    @property
    def problem(self) -> Problem:
        """Return what stands against the booking; without a step when nothing does."""
        return Problem(self.code, self.params, self.overridable, "" if self.passed else self.fix)


Check = Callable[[BookingFacts], Iterator[Verdict]]
MachineCheck = Callable[[BookingFacts, MachineFacts], Iterator[Verdict]]


def verdict(
    passed: bool,  # noqa: FBT001 - reads as a sentence at every call
    code: str,
    params: Mapping[str, Any],
    *,
    overridable: bool = True,
    fix: str = "",
    when: When = ALWAYS,
) -> Verdict:
    """Make a verdict; beyond some limits staff are asked instead of the booking refused."""
    approval = not passed and when.beyond is Beyond.APPROVAL
    return Verdict(passed, code, params, overridable, fix, approval)


def of_each_machine(check: MachineCheck) -> Check:
    """Return a check of the whole wish that looks at each of its machines."""

    def check_all(facts: BookingFacts) -> Iterator[Verdict]:
        for machine in facts.machines:
            yield from check(facts, machine)

    check_all.__name__ = check.__name__
    return check_all


def bound(rules: HouseRules, rule: LimitRule) -> Iterator[Limit]:
    """Yield the limits of that kind besides the plain one."""
    for limit in rules.limits:
        if limit.rule is rule:
            yield limit


def holding(
    facts: BookingFacts, machine: MachineFacts, rule: LimitRule
) -> Iterator[tuple[Limit, tuple[Interval, ...]]]:
    """Yield the bound limits that hold for the wish, each with the parts that it counts."""
    for limit in machine.rules.limits:
        if limit.rule is rule and (parts := counted(facts, machine, limit.when)):
            yield limit, parts


def counted(facts: BookingFacts, machine: MachineFacts, when: When) -> tuple[Interval, ...]:
    """Return the parts of the wish that a limit counts; none when it does not hold."""
    if when is ALWAYS:
        return (facts.slot,)
    if (
        (when.plans and facts.person.plan not in when.plans)
        or not _names(when, machine.slug, machine.category)
        or spared(when.exempt, facts, facts.slot, facts.now, walk_in=facts.walk_in)
    ):
        return ()
    return parts_of(when, facts, facts.slot)


def counted_of_held(facts: BookingFacts, held: HeldBooking, when: When) -> tuple[Interval, ...]:
    """Return the parts of a held booking that a limit counts, whichever machines it has."""
    if when is ALWAYS:
        return (held.slot,)
    if spared(when.exempt, facts, held.slot, held.booked_at, walk_in=held.walk_in):
        return ()
    return parts_of(when, facts, held.slot)


def parts_of(when: When, facts: BookingFacts, slot: Interval) -> tuple[Interval, ...]:
    """Return the parts of a slot inside the hours to which a limit is bound."""
    parts: tuple[Interval, ...] = (slot,)
    if when.during is not None:
        parts = when.during.inside(slot, facts.zone, facts.holidays)
    if when.outside is not None:
        parts = without(parts, when.outside.during(slot, facts.zone, facts.holidays))
    return (slot,) if when.whole and parts else parts


def spared(
    exempt: Exempt | None,
    facts: BookingFacts,
    slot: Interval,
    booked_at: datetime | None,
    *,
    walk_in: bool,
) -> bool:
    """Say whether a limit spares a booking because of how late it was made, or by whom."""
    if exempt is None:
        return False
    if walk_in and exempt.walk_in:
        return True
    if booked_at is None:
        return False
    if exempt.within is not None and slot.starts_at - booked_at < exempt.within:
        return True
    starts, booked = (at.astimezone(facts.zone) for at in (slot.starts_at, booked_at))
    if starts.date() == booked.date():
        after = exempt.same_date_after
        return exempt.same_date or (
            after is not None
            and booked_at >= local_time.at_minute(booked.date(), after, facts.zone)
        )
    first = exempt.week_starts
    return exempt.same_week and week_of(starts.date(), first) == week_of(booked.date(), first)


def machines_counted(
    facts: BookingFacts, machine: MachineFacts, held: HeldBooking, scope: QuotaScope, when: When
) -> int:
    """Return how many machines of a held booking a limit on this machine adds up."""
    if scope is not QuotaScope.EVERYWHERE and held.site_id != facts.site_id:
        return 0
    if when is ALWAYS:
        # The usual limit names no machines, and every decision comes through here often.
        if scope is QuotaScope.MACHINE:
            return sum([one[0] == machine.id for one in held.machines])
        if scope is not QuotaScope.CATEGORY:
            return len(held.machines)
    slugs = held.slugs or ("",) * len(held.machines)
    return sum(
        1
        for (machine_id, category), slug in zip(held.machines, slugs, strict=True)
        if _in_scope(machine, machine_id, category, scope) and _names(when, slug, category)
    )


def machines_alike(
    facts: BookingFacts, machine: MachineFacts, scope: QuotaScope, when: When
) -> int:
    """Return how many machines of the wish use up one limit that holds for this one together."""
    if len(facts.machines) == 1:
        return 1
    return sum(
        1
        for other in facts.machines
        if _in_scope(machine, other.id, other.category, scope)
        and (when is ALWAYS or _names(when, other.slug, other.category))
    )


def stays_in_scope(facts: BookingFacts, machine: MachineFacts, scope: QuotaScope) -> bool:
    """Say whether a booking being moved counted in the same sum before."""
    if facts.previous is None:
        return False
    before = facts.previous_machines
    return not before or any(
        _in_scope(machine, machine_id, category, scope) for machine_id, category in before
    )


def earliest_start(notice: Notice, facts: BookingFacts, rules: HouseRules) -> datetime:
    """Return the first start that keeps the notice from now on."""
    today = facts.today
    late = notice.until is not None and facts.now > local_time.at_minute(
        today, notice.until, facts.zone
    )
    earliest = facts.now + notice.length
    if notice.days or (late and not notice.working_days):
        day = today + timedelta(days=notice.days + late)
        earliest = max(earliest, local_time.at_minute(day, 0, facts.zone))
    if notice.working_days:
        day = today
        for _ in range(notice.working_days + late):
            day = next_working_day(day, facts, rules)
        earliest = max(earliest, local_time.at_minute(day, 0, facts.zone))
    return earliest


def is_working_day(day: date, facts: BookingFacts, rules: HouseRules) -> bool:
    """Say whether people work on the day."""
    return day.weekday() in rules.working_days and day not in facts.holidays


def next_working_day(day: date, facts: BookingFacts, rules: HouseRules, step: int = 1) -> date:
    """Return the next working day after the day, or before it with a step of -1."""
    following = day + timedelta(days=step)
    # A calendar in which a year has no working day does not go on for ever either.
    for _ in range(366):
        if is_working_day(following, facts, rules):
            break
        following += timedelta(days=step)
    return following


def week_of(day: date, starts: int = 0) -> date:
    """Return the first day of the week that holds the day."""
    return day - timedelta(days=(day.weekday() - starts) % 7)


def time_inside(parts: tuple[Interval, ...]) -> timedelta:
    """Return how much time the parts have together."""
    return sum((part.length for part in parts), timedelta(0))


def _in_scope(machine: MachineFacts, machine_id: int, category: str, scope: QuotaScope) -> bool:
    if scope is QuotaScope.MACHINE:
        return machine_id == machine.id
    return scope is not QuotaScope.CATEGORY or category == machine.category


def _names(when: When, slug: str, category: str) -> bool:
    """Say whether a limit is about that machine: when it names neither, it is about all."""
    if not when.machines and not when.categories:
        return True
    return slug in when.machines or category in when.categories
