"""Rules as spans of time: where a calendar shows free time, and where a search may look.

They say the same as the rules one slot at a time, but only what holds for everybody and for every
length; a slot inside is still asked about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.policies.binding import MINUTE, earliest_start
from labops.domain.bookings.policies.times import DAY, closed_spans, opened_at
from labops.domain.house_rules.shape import NO_HORIZON, HouseRules
from labops.kernel import local_time
from labops.kernel.interval import Interval, common, merged, without


def open_spans(
    opening: tuple[Interval, ...], closures: tuple[Interval, ...]
) -> tuple[Interval, ...]:
    """Return when one can be there: opening hours minus closures."""
    return without(opening, closures)


def usable_spans(facts: BookingFacts, rules: HouseRules) -> tuple[Interval, ...]:
    """Return when one may be at a machine: open, not closed, and staffed where that is asked.

    The facts' slot is the window that is looked at; spans that reach over its ends stay whole.
    """
    window = facts.slot.widened(before=DAY, after=DAY)
    spans = without(facts.opening, (*facts.closures, *closed_spans(rules, facts.zone)))
    if rules.open_hours is not None:
        spans = common(spans, rules.open_hours.during(window, facts.zone, facts.holidays))
    if rules.staffed_only and rules.staffed_hours is not None:
        spans = common(spans, rules.staffed_hours.during(window, facts.zone, facts.holidays))
    return spans


def start_spans(facts: BookingFacts, rules: HouseRules) -> tuple[Interval, ...]:
    """Return when a booking may start, by notice and horizon, inside the facts' slot.

    What only staff may agree to is left out.
    """
    window = facts.slot
    first = max(window.starts_at, earliest_start(rules.booking_notice, facts, rules))
    if first >= window.ends_at:
        return ()
    left = Interval(first, window.ends_at)
    if rules.releases:
        return merged(_released(facts, rules, left))
    last = last_start(facts, rules)
    if last is None or last >= left.ends_at:
        return (left,)
    return (Interval(left.starts_at, last),) if left.starts_at < last else ()


def last_start(facts: BookingFacts, rules: HouseRules) -> datetime | None:
    """Return the instant before which a booking must start; `None` without a horizon.

    By the minute the last start itself is allowed, so the instant lies just after it.
    """
    if rules.horizon is not None:
        return facts.now + rules.horizon + timedelta(microseconds=1)
    if rules.horizon_days >= NO_HORIZON:
        return None
    today = facts.today
    if facts.now < local_time.at_minute(today, rules.horizon_opens, facts.zone):
        today -= DAY
    return local_time.local_day(today + timedelta(days=rules.horizon_days), facts.zone).ends_at


def session_spans(facts: BookingFacts, rules: HouseRules) -> tuple[Interval, ...]:
    """Return every time of the named sessions in the facts' slot, by start."""
    window = facts.slot.widened(before=MINUTE, after=MINUTE)
    found = {
        span
        for session in rules.sessions
        for span in session.during(window, facts.zone)
        if facts.slot.contains(span)
    }
    return tuple(sorted(found))


def _released(facts: BookingFacts, rules: HouseRules, window: Interval) -> Iterator[Interval]:
    for day in local_time.days_touched(window, facts.zone):
        whole = local_time.local_day(day, facts.zone)
        opens = opened_at(rules, replace(facts, slot=whole))
        if opens is not None and opens <= facts.now:
            yield from common([whole], [window])
