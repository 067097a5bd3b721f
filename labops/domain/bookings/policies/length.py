"""Rules about the shape of a booking: on the grid, long enough, short enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.binding import (
    MINUTE,
    Verdict,
    holding,
    time_inside,
    verdict,
)
from labops.domain.house_rules.limits import ALWAYS, LimitRule, When
from labops.domain.house_rules.parts import Overnight
from labops.domain.house_rules.shape import LONGEST_POSSIBLE, NO_GRID
from labops.kernel import local_time
from labops.kernel.interval import Interval, merged


def is_on_the_grid(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse starts and lengths that are no multiples of the grid, or whole sessions."""
    rules = machine.rules
    if rules.sessions:
        yield _keeps_to_sessions(facts, machine)
        return
    if rules.lengths:
        lengths = ", ".join(str(length // MINUTE) for length in rules.lengths)
        yield verdict(
            facts.slot.length in rules.lengths,
            "booking.off-grid",
            {"machine": machine.slug, "lengths": lengths},
            fix=f"lengths:{lengths}",
        )
    if rules.grid == NO_GRID:
        return
    off = since_midnight(facts) % rules.grid
    fits = not off and (bool(rules.lengths) or not facts.slot.length % rules.grid)
    yield verdict(
        fits,
        "booking.off-grid",
        {"machine": machine.slug, "grid": rules.grid},
        fix="" if fits else _onto_the_grid(facts, machine, off),
    )


def _onto_the_grid(facts: BookingFacts, machine: MachineFacts, off: timedelta) -> str:
    """Return the step to the nearest start on the grid, or else to the nearest length."""
    if off:
        return f"move-to:{(facts.slot.starts_at - off).isoformat()}"
    grid = machine.rules.grid
    below = facts.slot.length - facts.slot.length % grid
    if below >= max(machine.rules.shortest, grid):
        return f"shorten:{below // MINUTE}"
    return f"lengthen:{(below + grid) // MINUTE}"


def since_midnight(facts: BookingFacts) -> timedelta:
    """Return the wall-clock time of day at which the wish starts."""
    local = facts.slot.starts_at.astimezone(facts.zone)
    return timedelta(
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )


def is_long_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is shorter than the shortest."""
    shape = own_shape(facts, machine)
    shortest = machine.rules.shortest if shape is None else shape.shortest
    yield _not_below(facts.slot.length, shortest, machine)
    for limit, parts in holding(facts, machine, LimitRule.SHORTEST):
        yield _not_below(time_inside(parts), limit.length, machine, limit.when)


def _not_below(
    length: timedelta, shortest: timedelta, machine: MachineFacts, when: When = ALWAYS
) -> Verdict:
    return verdict(
        length >= shortest,
        "booking.too-short",
        {"machine": machine.slug, "shortest": shortest},
        fix=f"lengthen:{shortest // MINUTE}",
        when=when,
    )


def is_short_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is longer than the longest; overnight bookings may have their own."""
    shape = own_shape(facts, machine)
    longest = machine.rules.longest
    if shape is not None:
        longest = shape.longest or LONGEST_POSSIBLE
    # Beyond what any house rules may say, claims would not be found again: no override.
    possible = facts.slot.length <= LONGEST_POSSIBLE
    longest = longest if possible else LONGEST_POSSIBLE
    yield verdict(
        facts.slot.length <= longest,
        "booking.too-long",
        {"machine": machine.slug, "longest": longest},
        overridable=possible,
        fix=f"shorten:{longest // MINUTE}",
    )
    for limit, parts in holding(facts, machine, LimitRule.LONGEST):
        yield verdict(
            time_inside(parts) <= limit.length,
            "booking.too-long",
            {"machine": machine.slug, "longest": limit.length},
            fix=f"shorten:{limit.length // MINUTE}",
            when=limit.when,
        )


def keeps_overnight_shape(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse to run over midnight other than in the shape that overnight bookings have.

    What is longer than an ordinary booking is refused for its length already.
    """
    shape = machine.rules.overnight
    if shape is None or facts.slot.length > machine.rules.longest:
        return
    days = local_time.days_touched(facts.slot, facts.zone)
    fits = len(days) == 1 or own_shape(facts, machine) is not None
    yield verdict(
        fits,
        "booking.outside-hours",
        {"machine": machine.slug, "hours": "overnight"},
        fix=f"times:{machine.slug}",
    )


def own_shape(facts: BookingFacts, machine: MachineFacts) -> Overnight | None:
    """Return the rules for overnight bookings when the wish is one."""
    shape = machine.rules.overnight
    if shape is None:
        return None
    first, *rest = local_time.days_touched(facts.slot, facts.zone)
    if len(rest) != 1:
        return None
    earliest = local_time.at_minute(first, shape.starts_from, facts.zone)
    latest = local_time.at_minute(rest[0], shape.ends_by, facts.zone)
    fits = earliest <= facts.slot.starts_at and facts.slot.ends_at <= latest
    return shape if fits else None


def _keeps_to_sessions(facts: BookingFacts, machine: MachineFacts) -> Verdict:
    slot = facts.slot
    around = slot.widened(before=MINUTE, after=MINUTE)
    times: list[Interval] = [
        span for session in machine.rules.sessions for span in session.during(around, facts.zone)
    ]
    fits = (
        any(span.starts_at == slot.starts_at for span in times)
        and any(span.ends_at == slot.ends_at for span in times)
        and any(span.contains(slot) for span in merged(times))
    )
    names = ", ".join(session.name for session in machine.rules.sessions)
    params = {"machine": machine.slug, "sessions": names}
    return verdict(fits, "booking.off-grid", params, fix=f"times:{machine.slug}")
