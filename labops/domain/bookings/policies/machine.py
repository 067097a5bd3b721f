"""Rules about the machine: in service, free, and what must be said when booking it."""

from __future__ import annotations

from collections.abc import Iterator

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.binding import Verdict, verdict


def is_in_service(_facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse a machine that is broken, in maintenance or retired."""
    code = "machine.retired" if machine.state == "retired" else "machine.out-of-service"
    yield verdict(
        machine.state == "in_service",
        code,
        {"machine": machine.slug},
        overridable=False,
        fix=f"others:{machine.slug}",
    )


def is_free(_facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse time that is taken; touching is not overlapping."""
    yield verdict(
        machine.free,
        "booking.overlap",
        {"machine": machine.slug},
        overridable=False,
        fix=f"times:{machine.slug}",
    )


def holds_few_enough_people(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse when bookings together bring more people into the space than it holds."""
    if machine.space is None:
        return
    others = [(span, many) for span, many in machine.space.others if span.overlaps(facts.slot)]
    moments = [facts.slot.starts_at, *(span.starts_at for span, _many in others)]
    inside = max(
        sum(many for span, many in others if span.starts_at <= moment < span.ends_at)
        for moment in moments
        if facts.slot.starts_at <= moment < facts.slot.ends_at
    )
    yield verdict(
        inside + facts.people <= machine.space.capacity,
        "site.full",
        {"machine": machine.slug, "capacity": machine.space.capacity, "used": inside},
        fix=f"times:{machine.slug}",
    )


def is_told_what_it_needs(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Ask for what must be said, and refuse values that the machine excludes."""
    if facts.fields is None:
        return
    for rule in machine.rules.fields:
        said = facts.fields.get(rule.name, "").strip()
        params = {"machine": machine.slug, "field": rule.name}
        if not said:
            fix = f"field:{rule.name}"
            yield verdict(not rule.required, "field.required", params, overridable=False, fix=fix)
            continue
        among = not rule.values or _found(said, rule.values)
        fine = among and not _found(said, rule.excluded)
        params = {**params, "value": said}
        yield verdict(fine, "field.not-offered", params, fix=f"field:{rule.name}")


def _found(said: str, values: tuple[str, ...]) -> bool:
    return said.casefold() in {value.casefold() for value in values}
