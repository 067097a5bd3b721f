"""Rules about the person: member, not suspended, certified, old enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from labops.domain.bookings.facts import BookingFacts, CertifiedDays, MachineFacts
from labops.domain.bookings.policies.binding import Verdict, verdict
from labops.domain.bookings.policies.times import inside_staffed_hours
from labops.kernel import local_time


def is_member(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse whoever has no running membership on the day."""
    yield verdict(facts.person.is_member, "person.not-member", {}, fix="membership")


def is_not_suspended(facts: BookingFacts) -> Iterator[Verdict]:
    """Refuse whoever is suspended now."""
    until = facts.person.suspended_until
    suspended = until is not None and until > facts.now
    params = {"until": until} if suspended else {}
    yield verdict(not suspended, "person.suspended", params, overridable=False, fix="profile")


def is_not_restricted(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse machines that a person was limited from, and all to whoever was shut out."""
    for restriction in facts.person.restrictions:
        over = restriction.until is not None and facts.day >= restriction.until
        named = restriction.machines or restriction.categories
        spared = named and (
            machine.slug in restriction.machines or machine.category in restriction.categories
        )
        params: dict[str, object] = {"machine": machine.slug, "reason": restriction.reason}
        if restriction.until is not None:
            params["until"] = restriction.until
        fine = bool(over or spared)
        yield verdict(fine, "person.suspended", params, overridable=False, fix="profile")


def is_certified(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse whoever lacks a needed certification, or whose is not valid on the day."""
    needed: dict[str, Sequence[CertifiedDays]] = {}
    known = facts.person.certified or {}
    level = machine.rules.certification_level
    if machine.certification_needed or machine.rules.certification_needed or level > 1:
        mine = (*machine.certified, *known.get(machine.category, ()))
        needed[machine.category] = [days for days in mine if days.level >= level]
    for category in machine.rules.certifications_needed:
        if category in needed:
            continue
        own = machine.certified if category == machine.category else ()
        needed[category] = (*own, *known.get(category, ()))
    if not needed:
        return
    days = local_time.days_touched(facts.slot, facts.zone)
    for category, certified in needed.items():
        yield _is_valid(days, certified, machine, category)


def _is_valid(
    days: Sequence[date],
    certified: Sequence[CertifiedDays],
    machine: MachineFacts,
    category: str,
) -> Verdict:
    # Not one and the same for both days: a renewal goes on where the one before ended.
    valid = all(any(one.covers(day) for one in certified) for day in days)
    had_one = any(one.starts_on <= days[0] for one in certified)
    level = machine.rules.certification_level if category == machine.category else 1
    params: dict[str, object] = {"machine": machine.slug, "category": category}
    if level > 1:
        params["level"] = level
    return verdict(
        valid,
        "person.certification-expired" if had_one else "person.certification-missing",
        params,
        fix=f"certification:{category}",
    )


def has_signed(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse whoever has not signed the waiver, or for whom no guardian has."""
    below = machine.rules.guardian_consent_below
    age = facts.person.age
    minor = below is not None and (age is None or age < below)
    if machine.rules.waiver_needed or minor:
        params = {"machine": machine.slug, "guardian": minor}
        if minor and age is None:
            params["age"] = "unknown"
        yield verdict(facts.person.waiver, "person.waiver-missing", params, fix="waiver")


def is_old_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse whoever is too young to work alone, unless staff are there and that suffices."""
    rules, age = machine.rules, facts.person.age
    if rules.youngest is None:
        return
    alone = age is not None and age >= rules.youngest
    supervised = (
        rules.youngest_supervised is not None
        and age is not None
        and age >= rules.youngest_supervised
    )
    together = supervised and (
        facts.person.supervised or inside_staffed_hours(facts, machine, facts.slot)
    )
    params: dict[str, object] = {"machine": machine.slug, "youngest": rules.youngest}
    fix = f"times:{machine.slug}" if supervised else "staff"
    yield verdict(alone or together, "person.too-young", params, fix=fix)


def is_young_enough(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Refuse whoever is older than those whom the machine is for."""
    oldest, age = machine.rules.oldest, facts.person.age
    if oldest is not None:
        params = {"machine": machine.slug, "oldest": oldest}
        yield verdict(age is not None and age <= oldest, "person.too-old", params, fix="staff")
