"""The house rules applied to facts. Pure: no database, no clock, no web.

Each rule looks at the whole wish or at one machine of it and yields the reasons against. The
calendar, the `check` call, the write path and moves all ask `booking_problems`, so a green
slot on screen is green for the same reasons when it is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts
from labops.domain.house_rules.values import LONGEST_POSSIBLE, Quota, QuotaScope, Window
from labops.kernel import local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval, without

Rule = Callable[[BookingFacts], Iterator[Problem]]
MachineRule = Callable[[BookingFacts, MachineFacts], Iterator[Problem]]


def _of_each_machine(rule: MachineRule) -> Rule:
    def rule_of_all(facts: BookingFacts) -> Iterator[Problem]:
        for machine in facts.machines:
            yield from rule(facts, machine)

    rule_of_all.__name__ = rule.__name__
    return rule_of_all


def _machine_is_in_service(_facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    if machine.state == "retired":
        yield Problem("machine.retired", {"machine": machine.slug})
    elif machine.state != "in_service":
        yield Problem("machine.out-of-service", {"machine": machine.slug})


def _machine_is_free(_facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    if not machine.free:
        yield Problem("booking.overlap", {"machine": machine.slug}, fix=f"times:{machine.slug}")


def _starts_in_future(facts: BookingFacts) -> Iterator[Problem]:
    late = facts.now - facts.slot.starts_at
    if facts.keeps_its_start:
        if facts.slot.ends_at <= facts.now:
            yield Problem("booking.past")
    elif facts.walk_in:
        # Whoever stands at the machine books the cell of the grid that is running.
        if late >= min(machine.rules.grid for machine in facts.machines):
            yield Problem("booking.past")
    elif late > timedelta(0):
        yield Problem("booking.past")


def _is_long_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    if facts.slot.length < machine.rules.shortest:
        yield Problem(
            "booking.too-short",
            {"machine": machine.slug, "shortest": machine.rules.shortest},
            overridable=True,
        )


def _is_short_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    longest = machine.rules.longest
    if facts.slot.length > longest:
        # Beyond what any house rules may say, claims would not be found again: no override.
        possible = facts.slot.length <= LONGEST_POSSIBLE
        yield Problem(
            "booking.too-long",
            {"machine": machine.slug, "longest": longest if possible else LONGEST_POSSIBLE},
            overridable=possible,
        )


def _is_on_the_grid(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    grid = machine.rules.grid
    local = facts.slot.starts_at.astimezone(facts.zone)
    past_midnight = timedelta(
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    if past_midnight % grid or facts.slot.length % grid:
        yield Problem("booking.off-grid", {"machine": machine.slug, "grid": grid}, overridable=True)


def _is_not_too_soon(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    notice = machine.rules.notice
    if facts.keeps_its_start or facts.walk_in or not notice:
        return
    if facts.slot.starts_at - facts.now < notice:
        yield Problem(
            "booking.too-soon", {"machine": machine.slug, "notice": notice}, overridable=True
        )


def _is_not_too_far(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    today = facts.now.astimezone(facts.zone).date()
    last_day = today + timedelta(days=machine.rules.horizon_days)
    if facts.day > last_day and not facts.keeps_its_start:
        yield Problem(
            "booking.too-far",
            {"machine": machine.slug, "days": machine.rules.horizon_days, "last_day": last_day},
            overridable=True,
        )


def _is_inside_opening_hours(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    wanted = _attended_part(facts, machine)
    if not any(span.contains(wanted) for span in facts.opening):
        yield Problem("booking.outside-hours", {"machine": machine.slug}, overridable=True)


def _is_not_closed(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    wanted = _attended_part(facts, machine)
    for closure in facts.closures:
        if closure.overlaps(wanted):
            yield Problem(
                "booking.closed",
                {"starts_at": closure.starts_at, "ends_at": closure.ends_at},
                overridable=True,
            )
            return


def _attended_part(facts: BookingFacts, machine: MachineFacts) -> Interval:
    """Return the part of the slot during which somebody must be able to be there."""
    if not machine.rules.unattended:
        return facts.slot
    start = facts.slot.starts_at
    return Interval(start, min(start + machine.rules.grid, facts.slot.ends_at))


def _person_is_member(facts: BookingFacts) -> Iterator[Problem]:
    if not facts.person.is_member:
        yield Problem("person.not-member", {}, overridable=True, fix="membership")


def _person_is_not_suspended(facts: BookingFacts) -> Iterator[Problem]:
    until = facts.person.suspended_until
    if until is not None and until > facts.now:
        yield Problem("person.suspended", {"until": until})


def _person_is_certified(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    if not machine.certification_needed:
        return
    last_instant = facts.slot.ends_at - timedelta(microseconds=1)
    last_day = last_instant.astimezone(facts.zone).date()
    if any(days.covers(facts.day) and days.covers(last_day) for days in machine.certified):
        return
    had_one = any(days.starts_on <= facts.day for days in machine.certified)
    yield Problem(
        "person.certification-expired" if had_one else "person.certification-missing",
        {"machine": machine.slug, "category": machine.category},
        overridable=True,
        fix=f"certification:{machine.category}",
    )


def _few_at_the_same_time(facts: BookingFacts) -> Iterator[Problem]:
    limits = [m.rules.one_at_a_time for m in facts.machines if m.rules.one_at_a_time is not None]
    if not limits:
        return
    limit = min(limits)
    if _most_at_once(facts) > limit:
        yield Problem("booking.one-at-a-time", {"limit": limit}, overridable=True)


def _most_at_once(facts: BookingFacts) -> int:
    """Return the most machines the person would hold at any moment of the slot."""
    others = [
        held
        for held in facts.held
        if held.uses_now_or_later
        and held.site_id == facts.site_id
        and held.slot.overlaps(facts.slot)
    ]
    moments = [facts.slot.starts_at, *(held.slot.starts_at for held in others)]
    return max(
        len(facts.machines)
        + sum(
            len(held.machines)
            for held in others
            if held.slot.starts_at <= moment < held.slot.ends_at
        )
        for moment in moments
        if facts.slot.starts_at <= moment < facts.slot.ends_at
    )


def _few_are_open(facts: BookingFacts) -> Iterator[Problem]:
    if facts.previous is not None:
        return
    limits = [m.rules.open_bookings for m in facts.machines if m.rules.open_bookings is not None]
    if not limits:
        return
    count = sum(1 for held in facts.held if held.is_open and held.site_id == facts.site_id)
    if count + 1 > min(limits):
        yield Problem(
            "booking.too-many-open", {"limit": min(limits), "used": count}, overridable=True
        )


def _is_within_quotas(facts: BookingFacts, machine: MachineFacts) -> Iterator[Problem]:
    for quota in machine.rules.quotas:
        for window in _windows(facts, quota):
            used = sum(
                (
                    held.slot.shared(window) * _counted(held, facts, machine, quota)
                    for held in facts.held
                ),
                timedelta(0),
            )
            # All machines of this wish that fall under the same quota use it up together.
            alike = sum(1 for other in facts.machines if _same_scope(other, machine, quota))
            if used + facts.slot.shared(window) * alike > quota.limit:
                yield Problem(
                    "booking.quota",
                    {
                        "machine": machine.slug,
                        "quota": str(quota.scope),
                        "window": str(quota.window),
                        "limit": quota.limit,
                        "used": used,
                    },
                    overridable=True,
                )
                break


def _windows(facts: BookingFacts, quota: Quota) -> list[Interval]:
    days = local_time.days_touched(facts.slot, facts.zone)
    if quota.window is Window.DAY:
        return [local_time.local_day(day, facts.zone) for day in days]
    return sorted({local_time.local_week(day, facts.zone) for day in days})


def _counted(held: HeldBooking, facts: BookingFacts, machine: MachineFacts, quota: Quota) -> int:
    """Return how many machines of a held booking the quota adds up."""
    if quota.scope is QuotaScope.SITE:
        return len(held.machines) if held.site_id == facts.site_id else 0
    if quota.scope is QuotaScope.CATEGORY:
        return sum(1 for _, category in held.machines if category == machine.category)
    return sum(1 for machine_id, _ in held.machines if machine_id == machine.id)


def _same_scope(other: MachineFacts, machine: MachineFacts, quota: Quota) -> bool:
    if quota.scope is QuotaScope.SITE:
        return True
    if quota.scope is QuotaScope.CATEGORY:
        return other.category == machine.category
    return other.id == machine.id


# What nobody can change comes first, what a smaller or later wish would solve comes last.
BOOKING_RULES: tuple[Rule, ...] = (
    _of_each_machine(_machine_is_in_service),
    _starts_in_future,
    _of_each_machine(_machine_is_free),
    _person_is_not_suspended,
    _person_is_member,
    _of_each_machine(_person_is_certified),
    _of_each_machine(_is_not_closed),
    _of_each_machine(_is_inside_opening_hours),
    _of_each_machine(_is_on_the_grid),
    _of_each_machine(_is_long_enough),
    _of_each_machine(_is_short_enough),
    _of_each_machine(_is_not_too_soon),
    _of_each_machine(_is_not_too_far),
    _few_at_the_same_time,
    _few_are_open,
    _of_each_machine(_is_within_quotas),
)


def booking_problems(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return every reason against the booking; an empty tuple means yes."""
    return tuple(problem for rule in BOOKING_RULES for problem in rule(facts))


def cancel_problems(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return every reason against cancelling the booking whose slot the facts hold."""
    notice = max(machine.rules.cancel_notice for machine in facts.machines)
    if facts.slot.starts_at - facts.now < notice or facts.slot.starts_at <= facts.now:
        return (Problem("booking.cancel-too-late", {"notice": notice}, overridable=True),)
    return ()


def open_spans(
    opening: tuple[Interval, ...], closures: tuple[Interval, ...]
) -> tuple[Interval, ...]:
    """Return when one can be there: opening hours minus closures."""
    return without(opening, closures)
