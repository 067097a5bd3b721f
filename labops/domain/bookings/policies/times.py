"""Rules about the moment: not in the past, not too soon, not too far, while it is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.binding import (
    MINUTE,
    Verdict,
    earliest_start,
    holding,
    verdict,
)
from labops.domain.house_rules.limits import ALWAYS, LimitRule, Notice, Unit, When
from labops.domain.house_rules.parts import Audience
from labops.domain.house_rules.shape import NO_HORIZON, HouseRules
from labops.kernel import local_time
from labops.kernel.interval import Interval, without

DAY = timedelta(days=1)


def starts_in_future(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse what has begun; walk-ins take the running cell of the grid."""
    late = facts.now - facts.slot.starts_at
    if facts.keeps_its_start:
        in_time = facts.slot.ends_at > facts.now
    elif facts.walk_in:
        # Whoever stands at the machine books the cell of the grid that is running.
        in_time = late < min(machine.rules.grid for machine in facts.machines)
    else:
        in_time = late <= timedelta(0)
    fix = f"times:{facts.machines[0].slug}"
    yield verdict(in_time, "booking.past", {}, overridable=False, fix=fix)


def is_not_too_soon(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is booked later than the notice allows."""
    if facts.keeps_its_start or facts.walk_in:
        return
    yield from _keeps_notice(facts, machine, machine.rules.booking_notice)
    for limit, _parts in holding(facts, machine, LimitRule.NOTICE):
        yield from _keeps_notice(facts, machine, limit.notice, limit.when)


def _keeps_notice(
    facts: BookingFacts, machine: MachineFacts, notice: Notice, when: When = ALWAYS
) -> Iterator[Verdict]:
    if not notice:
        return
    earliest = earliest_start(notice, facts, machine.rules)
    params: dict[str, object] = {"machine": machine.slug, "earliest": earliest}
    if notice.length and earliest == facts.now + notice.length:
        params["notice"] = notice.length
    yield verdict(
        facts.slot.starts_at >= earliest,
        "booking.too-soon",
        params,
        fix=f"move-after:{earliest.isoformat()}",
        when=when,
    )


def is_not_too_far(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is further ahead than the horizon, or not released yet."""
    if facts.keeps_its_start:
        return
    rules = machine.rules
    if rules.releases:
        yield _is_released(facts, machine)
    elif rules.horizon is not None:
        yield _within(facts, machine, rules.horizon)
    elif rules.horizon_days < NO_HORIZON:
        yield _by_date(facts, machine)
    for limit, _parts in holding(facts, machine, LimitRule.HORIZON):
        if limit.unit is Unit.MINUTES:
            yield _within(facts, machine, limit.length, limit.when)
        else:
            yield _ahead(facts, machine, limit.count, facts.today, limit.when)


def _by_date(facts: BookingFacts, machine: MachineFacts) -> Verdict:
    rules = machine.rules
    today, opens = facts.today, rules.horizon_opens
    if opens and facts.now < local_time.at_minute(today, opens, facts.zone):
        today -= DAY
    made = _ahead(facts, machine, rules.horizon_days, today)
    wider = rules.horizon_days_with_approval
    if made.passed or wider is None:
        return made
    return made._replace(approval=facts.day <= today + timedelta(days=wider))


def _ahead(
    facts: BookingFacts, machine: MachineFacts, days: int, today: date, when: When = ALWAYS
) -> Verdict:
    last_day, fix = today + timedelta(days=days), ""
    if not (fits := facts.day <= last_day):
        opens = local_time.at_minute(
            facts.day - timedelta(days=days), machine.rules.horizon_opens, facts.zone
        )
        fix = f"wait-until:{opens.isoformat()}"
    return verdict(
        fits,
        "booking.too-far",
        {"machine": machine.slug, "days": days, "last_day": last_day},
        fix=fix,
        when=when,
    )


def _within(
    facts: BookingFacts, machine: MachineFacts, horizon: timedelta, when: When = ALWAYS
) -> Verdict:
    last = facts.now + horizon
    return verdict(
        facts.slot.starts_at <= last,
        "booking.too-far",
        {
            "machine": machine.slug,
            "days": horizon.days,
            "last_day": last.astimezone(facts.zone).date(),
            "horizon": horizon,
        },
        fix=f"wait-until:{(facts.slot.starts_at - horizon).isoformat()}",
        when=when,
    )


def _is_released(facts: BookingFacts, machine: MachineFacts) -> Verdict:
    opens = opened_at(machine.rules, facts)
    params: dict[str, object] = {"machine": machine.slug}
    if opens is not None:
        params["opens_at"] = opens
    fix = f"wait-until:{opens.isoformat()}" if opens else f"times:{machine.slug}"
    return verdict(opens is not None and opens <= facts.now, "booking.too-far", params, fix=fix)


def opened_at(rules: HouseRules, facts: BookingFacts) -> datetime | None:
    """Return the first release that opens the day of the wish; `None` when none ever does."""
    found = []
    for release in rules.releases:
        if release.month is None:
            span = range(release.first_day, release.first_day + release.days)
            days = [facts.day - timedelta(days=ahead) for ahead in span]
        else:
            first = months_before(facts.day, release.month)
            days = [first + timedelta(days=n) for n in range(31)]
            days = [day for day in days if day.month == first.month]
        found += [
            local_time.at_minute(day, release.at, facts.zone)
            for day in days
            if release.weekday in {None, day.weekday()} and release.month_day in {None, day.day}
        ]
    return min(found, default=None)


def months_before(day: date, months: int) -> date:
    """Return the first day of the month so many months before that of the day."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def is_inside_opening_hours(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is outside the hours of the site or of the machine, or starts too late."""
    wanted = attended_part(facts, machine)
    spans = [facts.opening]
    if machine.rules.open_hours is not None:
        around = facts.slot.widened(before=MINUTE, after=machine.rules.latest_start + DAY)
        spans.append(machine.rules.open_hours.during(around, facts.zone, facts.holidays))
    holders = [next((s for s in open_ if s.contains(wanted)), None) for open_ in spans]
    params: dict[str, object] = {"machine": machine.slug}
    inside = all(holder is not None for holder in holders)
    fix = f"times:{machine.slug}"
    yield verdict(inside, "booking.outside-hours", params, fix=fix)
    latest = machine.rules.latest_start
    if inside and latest:
        closes = min(holder.ends_at for holder in holders if holder is not None)
        in_time = facts.slot.starts_at <= closes - latest
        params |= {"hours": "closing", "latest": latest}
        yield verdict(in_time, "booking.outside-hours", params, fix=fix)


def is_staffed(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what is outside staffed hours where staff must be present."""
    if machine.rules.staffed_only:
        yield verdict(
            inside_staffed_hours(facts, machine, attended_part(facts, machine)),
            "booking.outside-hours",
            {"machine": machine.slug, "hours": "staffed"},
            fix=f"times:{machine.slug}",
        )


def inside_staffed_hours(facts: BookingFacts, machine: MachineFacts, span: Interval) -> bool:
    """Say whether staff are present during all of the span."""
    hours = machine.rules.staffed_hours
    if hours is None:
        return False
    return any(one.contains(span) for one in hours.during(span, facts.zone, facts.holidays))


def is_open_to_person(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse hours that are reserved for other people."""
    mine: list[Interval] = []
    others: list[Interval] = []
    for audience in machine.rules.audiences:
        spans = audience.during.inside(facts.slot, facts.zone, facts.holidays)
        (mine if _belongs(facts, audience) else others).extend(spans)
    if mine or others:
        yield verdict(
            not without(others, mine),
            "booking.outside-hours",
            {"machine": machine.slug, "hours": "reserved"},
            fix=f"times:{machine.slug}",
        )


def _belongs(facts: BookingFacts, audience: Audience) -> bool:
    person = facts.person
    if audience.plans and person.plan not in audience.plans:
        return False
    if audience.groups and not person.groups & set(audience.groups):
        return False
    if audience.youngest is not None and (person.age is None or person.age < audience.youngest):
        return False
    return audience.oldest is None or (person.age is not None and person.age <= audience.oldest)


def is_not_closed(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse what touches a closure."""
    wanted = attended_part(facts, machine)
    days = closed_spans(machine.rules, facts.zone)
    hit = next((span for span in (*facts.closures, *days) if span.overlaps(wanted)), None)
    params = {} if hit is None else {"starts_at": hit.starts_at, "ends_at": hit.ends_at}
    fix = "" if hit is None else f"move-after:{hit.ends_at.isoformat()}"
    yield verdict(hit is None, "booking.closed", params, fix=fix)


def closed_spans(rules: HouseRules, zone: ZoneInfo) -> tuple[Interval, ...]:
    """Return the days on which the house rules let nobody in, whole."""
    return tuple(
        Interval(
            local_time.at_minute(closed.first, 0, zone),
            local_time.at_minute(closed.last + DAY, 0, zone),
        )
        for closed in rules.closed_days
    )


def attended_part(facts: BookingFacts, machine: MachineFacts) -> Interval:
    """Return the part of the slot during which somebody must be able to be there."""
    if not machine.rules.unattended:
        return facts.slot
    start = facts.slot.starts_at
    return Interval(start, min(start + machine.rules.grid, facts.slot.ends_at))
