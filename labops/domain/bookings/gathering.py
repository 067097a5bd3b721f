"""Gather the facts for the booking rules: a handful of reads, whatever the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.facts import (
    BookingFacts,
    HeldBooking,
    MachineFacts,
    PersonFacts,
    SpaceFacts,
)
from labops.domain.bookings.person_facts import (
    certified_days,
    has_signed,
    held_bookings,
    standing,
    under_firm,
)
from labops.domain.bookings.wanted import WantedMachine, Wish
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import asks_for_holidays, rules_in_force
from labops.domain.machines.queries import MachineView
from labops.domain.sites.holidays import holidays_during
from labops.domain.sites.queries import weekly_hours
from labops.kernel import ledger, local_time
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and the revision of the person's bookings from before they were read.

    While that revision stands, so does what the facts say of her other bookings.
    """

    facts: BookingFacts
    revision: int


def gather_facts(session: Session, wish: Wish) -> BookingFacts:
    """Read everything the rules need."""
    return gather(session, wish).facts


def gather(session: Session, wish: Wish) -> Gathered:
    """Read everything the rules need, the person's revision before her bookings."""
    first = wish.first
    zone = local_time.zone(first.zone)
    day = wish.slot.starts_at.astimezone(zone).date()
    revision, person = standing(session, wish.person_id, first.site_id, wish.slot, zone)
    if wish.firm_id is not None:
        person = under_firm(session, person, wish.firm_id, first.site_id)
    machines = tuple(
        _machine_facts(
            session,
            machine,
            revision=machine.revision,
            category=machine.category,
            plan=person.plan,
            free=ledger.has_free_unit(session, machine.claim(wish.slot), besides=wish.owner),
            space=_space_facts(session, machine, wish),
        )
        for machine in wish.machines
    )
    if any(_asks_for_certifications(machine) for machine in machines):
        person = replace(person, certified=certified_days(session, wish.person_id))
    if any(_asks_for_signatures(machine) for machine in machines):
        person = _with_signatures(session, person, wish.person_id, first.site_id, machines, day)
    space_ids = [machine.space_id for machine in wish.machines if machine.space_id]
    facts = BookingFacts(
        slot=wish.slot,
        now=wish.now,
        zone=zone,
        site_id=first.site_id,
        machines=machines,
        person=person,
        opening=weekly_hours(session, first.site_id, first.revision).open_during(wish.slot, zone),
        closures=tuple(
            Interval(closure.starts_at, closure.ends_at)
            for closure in closures.during(session, first.site_id, wish.slot, space_ids=space_ids)
        ),
        held=_held(session, wish, machines, zone),
        previous=wish.previous.slot if wish.previous else None,
        previous_booked_at=wish.previous.created_at if wish.previous else None,
        previous_machines=wish.previous_machines,
        walk_in=wish.walk_in,
        holidays=kept_holidays(session, wish.machines, person.plan, wish.slot, wish.now, zone),
        people=wish.people,
        fields=wish.fields,
    )
    return Gathered(facts, revision)


def gather_for_search(
    session: Session,
    person_id: int | None,
    machines: Sequence[MachineView],
    window: Interval,
    *,
    now: datetime,
) -> dict[int, BookingFacts]:
    """Return by machine id what the rules need for any slot that starts in the window.

    The reads are as many for one machine as for all of a site. Whether a machine is free is left
    to the caller, and without a person so is everything about her.
    """
    around = window.widened(before=timedelta(0), after=timedelta(days=1))
    found: dict[int, BookingFacts] = {}
    held: tuple[HeldBooking, ...]
    certified = certified_days(session, person_id) if person_id is not None else None
    for site_id in sorted({machine.site_id for machine in machines}):
        of_site = [machine for machine in machines if machine.site_id == site_id]
        first = of_site[0]
        zone = local_time.zone(first.zone)
        person, held = PersonFacts(is_member=True), ()
        if person_id is not None:
            _revision, person = standing(session, person_id, site_id, window, zone)
            person = replace(person, certified=certified)
        all_facts = {
            machine.id: _machine_facts(
                session,
                machine,
                revision=machine.site_revision,
                category=machine.type_slug,
                plan=person.plan,
                free=True,
            )
            for machine in of_site
        }
        if person_id is not None:
            found_facts = tuple(all_facts.values())
            if any(_asks_for_signatures(one) for one in found_facts):
                day = window.starts_at.astimezone(zone).date()
                person = _with_signatures(session, person, person_id, site_id, found_facts, day)
            rules = [one.rules for one in found_facts]
            held = held_bookings(session, person_id, window, now, zone, rules)
        spaces = [machine.space_id for machine in of_site if machine.space_id]
        shut = closures.during(session, site_id, around, space_ids=spaces)
        opening = weekly_hours(session, site_id, first.site_revision).open_during(around, zone)
        for machine in of_site:
            found[machine.id] = BookingFacts(
                slot=window,
                now=now,
                zone=zone,
                site_id=site_id,
                machines=(all_facts[machine.id],),
                person=person,
                opening=opening,
                closures=tuple(
                    Interval(closure.starts_at, closure.ends_at)
                    for closure in shut
                    if closure.space_id in {None, machine.space_id}
                ),
                held=held,
                holidays=kept_holidays(session, [machine], person.plan, window, now, zone),
            )
    return found


def kept_holidays(
    session: Session,
    machines: Sequence[WantedMachine | MachineView],
    plan: str,
    slot: Interval,
    now: datetime,
    zone: ZoneInfo,
) -> frozenset[date]:
    """Return the public holidays that a rule on any of the machines may ask about."""
    first = machines[0]
    revision = first.revision if isinstance(first, WantedMachine) else first.site_revision
    if not any(
        asks_for_holidays(
            session,
            machine.site_id,
            revision,
            category=machine.category if isinstance(machine, WantedMachine) else machine.type_slug,
            machine=machine.slug,
            plan=plan,
        )
        for machine in machines
    ):
        return frozenset()
    # Windows of limits and runs of working days reach at most a year to either side.
    year = timedelta(days=366)
    around = Interval(min(slot.starts_at, now) - year, slot.ends_at + year)
    return holidays_during(session, first.site_id, revision, around, zone)


def _machine_facts(
    session: Session,
    machine: WantedMachine | MachineView,
    *,
    revision: int,
    category: str,
    plan: str,
    free: bool,
    space: SpaceFacts | None = None,
) -> MachineFacts:
    return MachineFacts(
        id=machine.id,
        slug=machine.slug,
        category=category,
        state=machine.state,
        rules=rules_in_force(
            session, machine.site_id, revision, category=category, machine=machine.slug, plan=plan
        ),
        free=free,
        certification_needed=machine.certification_needed,
        space=space,
    )


def _space_facts(session: Session, machine: WantedMachine, wish: Wish) -> SpaceFacts | None:
    """Return who else brings how many people into the machine's space meanwhile."""
    if machine.space_id is None or machine.people_capacity is None:
        return None
    rows = statements.PEOPLE_IN_SPACE.rows(
        session,
        {
            "space_id": machine.space_id,
            "since": wish.slot.starts_at,
            "until": wish.slot.ends_at,
            "ends_until": wish.slot.ends_at + ledger.LONGEST_CLAIM,
            "besides": _booking_of(wish.owner),
        },
    )
    others = ((Interval(starts_at, ends_at), people) for _id, starts_at, ends_at, people in rows)
    return SpaceFacts(capacity=machine.people_capacity, others=tuple(others))


def _booking_of(owner: ledger.Owner | None) -> int:
    """Return the booking whose people come already; 0 for none."""
    return owner.id if owner is not None and owner.kind is ledger.OwnerKind.BOOKING else 0


def _asks_for_certifications(machine: MachineFacts) -> bool:
    rules = machine.rules
    return bool(
        machine.certification_needed
        or rules.certification_needed
        or rules.certification_level > 1
        or rules.certifications_needed
    )


def _asks_for_signatures(machine: MachineFacts) -> bool:
    return machine.rules.waiver_needed or machine.rules.guardian_consent_below is not None


def _with_signatures(
    session: Session,
    person: PersonFacts,
    person_id: int,
    site_id: int,
    machines: Sequence[MachineFacts],
    day: date,
) -> PersonFacts:
    """Say of the person whether the site's waivers are signed for the day."""
    signed = has_signed(session, person_id, site_id, day, person.age)
    if person.age is None and any(
        machine.rules.guardian_consent_below is not None for machine in machines
    ):
        signed = False  # she may be a minor
    return replace(person, waiver=signed)


def _held(
    session: Session, wish: Wish, machines: Sequence[MachineFacts], zone: ZoneInfo
) -> tuple[HeldBooking, ...]:
    """Return the person's bookings besides the one that is being moved."""
    besides = wish.previous.id if wish.previous is not None else None
    rules = [machine.rules for machine in machines]
    return held_bookings(
        session,
        wish.person_id,
        wish.slot,
        wish.now,
        zone,
        rules,
        besides=besides,
        firm_id=wish.firm_id,
    )


def with_held_bookings(session: Session, facts: BookingFacts, wish: Wish) -> BookingFacts:
    """Read the person's other bookings again, under the locks."""
    return replace(facts, held=_held(session, wish, facts.machines, facts.zone))


def with_machine_states(session: Session, facts: BookingFacts) -> BookingFacts:
    """Read again, under the locks, whether the machines are in service.

    Whether they are free is left to the ledger, which looks again as it grants.
    """
    states = {
        machine.id: statements.STATE.scalar(session, {"id_of_machine": machine.id})
        for machine in facts.machines
    }
    if all(machine.free and machine.state == states[machine.id] for machine in facts.machines):
        return facts
    machines = tuple(
        replace(machine, state=states[machine.id], free=True) for machine in facts.machines
    )
    return replace(facts, machines=machines)


def with_spaces(session: Session, facts: BookingFacts, wish: Wish) -> BookingFacts:
    """Read again, under the locks, who else comes into the spaces where people are counted."""
    if not wish.counted_spaces:
        return facts
    return replace(
        facts,
        machines=tuple(
            replace(machine, space=_space_facts(session, wanted, wish))
            for machine, wanted in zip(facts.machines, wish.machines, strict=True)
        ),
    )
