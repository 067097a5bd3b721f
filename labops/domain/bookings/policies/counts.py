"""Rules about a person's other bookings: apart, not too many at once, not too many open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts
from labops.domain.bookings.policies.binding import (
    Verdict,
    counted_of_held,
    holding,
    machines_alike,
    machines_counted,
    stays_in_scope,
    time_inside,
    verdict,
)
from labops.domain.house_rules.limits import ALWAYS, Limit, LimitRule, QuotaScope, Unit, When
from labops.kernel.interval import Interval


def lies_apart(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what lies too close to another of the person's bookings on the machine."""
    if machine.rules.gap:
        yield _apart(facts, machine, machine.rules.gap, QuotaScope.MACHINE, ALWAYS)
    for limit, _parts in holding(facts, machine, LimitRule.GAP):
        yield _apart(facts, machine, limit.length, limit.scope, limit.when)


def _apart(
    facts: BookingFacts, machine: MachineFacts, gap: timedelta, scope: QuotaScope, when: When
) -> Verdict:
    around = facts.slot.widened(before=gap, after=gap)
    near = [
        held
        for held in facts.held
        if held.mine
        and held.happens
        and held.slot.overlaps(around)
        and machines_counted(facts, machine, held, scope, when)
        and counted_of_held(facts, held, when)
    ]
    after = max((held.slot.ends_at for held in near), default=facts.slot.ends_at) + gap
    return verdict(
        not near,
        "booking.gap",
        {"machine": machine.slug, "gap": gap},
        fix=f"move-after:{after.isoformat()}",
        when=when,
    )


def few_at_the_same_time(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse more machines at one moment than a person may have."""
    plain = [m for m in facts.machines if m.rules.one_at_a_time is not None]
    if plain:
        strictest = min(plain, key=lambda machine: machine.rules.one_at_a_time or 0)
        limit = strictest.rules.one_at_a_time or 0
        most = _most_at_once(facts, strictest, QuotaScope.SITE, ALWAYS, (facts.slot,))
        yield _at_once(most, limit, ALWAYS)
    seen: set[Limit] = set()
    for machine in facts.machines:
        for bound, parts in holding(facts, machine, LimitRule.ONE_AT_A_TIME):
            wide = bound.scope in {QuotaScope.SITE, QuotaScope.EVERYWHERE}
            if wide and bound in seen:
                continue
            seen.add(bound)
            most = _most_at_once(facts, machine, bound.scope, bound.when, parts)
            yield _at_once(most, bound.count, bound.when)


def _at_once(most: int, limit: int, when: When) -> Verdict:
    return verdict(
        most <= limit, "booking.one-at-a-time", {"limit": limit}, fix="bookings", when=when
    )


def _most_at_once(
    facts: BookingFacts,
    machine: MachineFacts,
    scope: QuotaScope,
    when: When,
    parts: tuple[Interval, ...],
) -> int:
    """Return the most machines the person would hold at any moment of the parts."""
    own = machines_alike(facts, machine, scope, when)
    others = [
        (held.slot, machines_counted(facts, machine, held, scope, when))
        for held in facts.held
        if held.mine
        and held.uses_now_or_later
        and held.slot.overlaps(facts.slot)
        and counted_of_held(facts, held, when)
    ]
    if not others:
        return own
    return own + max(
        _held_at(others, moment)
        for part in parts
        for moment in (part.starts_at, *(slot.starts_at for slot, _many in others))
        if part.starts_at <= moment < part.ends_at
    )


def _held_at(others: list[tuple[Interval, int]], moment: datetime) -> int:
    return sum(many for slot, many in others if slot.starts_at <= moment < slot.ends_at)


def few_are_open(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse more bookings that have not ended than a person may have."""
    limits = [m.rules.open_bookings for m in facts.machines if m.rules.open_bookings is not None]
    if limits and facts.previous is None:
        count = sum(
            1 for held in facts.held if held.mine and held.is_open and held.site_id == facts.site_id
        )
        yield _few_open(count, 1, min(limits), ALWAYS)
    for machine in facts.machines:
        for limit, parts in holding(facts, machine, LimitRule.OPEN_BOOKINGS):
            yield from _few_open_of(facts, machine, limit, parts)


def next_only_once_begun(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse the next booking while the current one has not begun."""
    if facts.previous is not None or not any(m.rules.next_once_begun for m in facts.machines):
        return
    waiting = [
        held
        for held in facts.held
        if held.mine
        and held.is_open
        and held.site_id == facts.site_id
        and held.slot.starts_at > facts.now
    ]
    params: dict[str, object] = {"limit": 1, "used": len(waiting), "begun": False}
    yield verdict(not waiting, "booking.too-many-open", params, fix="bookings")


def _few_open_of(
    facts: BookingFacts, machine: MachineFacts, limit: Limit, parts: tuple[Interval, ...]
) -> Iterator[Verdict]:
    open_ = [
        (held, counted_of_held(facts, held, limit.when))
        for held in facts.held
        if _is_open(facts, held, limit)
        and machines_counted(facts, machine, held, limit.scope, limit.when)
    ]
    open_ = [(held, spans) for held, spans in open_ if spans]
    stays = stays_in_scope(facts, machine, limit.scope)
    if limit.unit is Unit.BOOKINGS:
        if not stays:
            yield _few_open(len(open_), 1, limit.count, limit.when)
        return
    used = sum((time_inside(spans) for _held, spans in open_), timedelta(0))
    wanted = time_inside(parts)
    if stays and facts.previous is not None and wanted <= facts.previous.length:
        return
    yield _few_open(used, wanted, limit.length, limit.when)


def _is_open(facts: BookingFacts, held: HeldBooking, limit: Limit) -> bool:
    begun = held.slot.starts_at <= facts.now
    return held.mine and held.is_open and (limit.begun or not begun)


def _few_open(
    used: int | timedelta, wanted: int | timedelta, limit: int | timedelta, when: When
) -> Verdict:
    # Both are of one kind: counts, or lengths of time.
    fits = used + wanted <= limit  # type: ignore[operator]
    return verdict(
        fits,
        "booking.too-many-open",
        {"limit": limit, "used": used},
        fix="bookings",
        when=when,
    )
