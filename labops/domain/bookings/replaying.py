"""Reads the past of a site for the simulation: a few statements, however many bookings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.bookings.facts import CertifiedDays
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.past import (
    Granted,
    Outcome,
    Past,
    PastBooking,
    PastMachine,
    PastPerson,
    Progress,
    RulesOf,
    ToppedUp,
)
from labops.domain.bookings.policies.windows import held_since
from labops.domain.bookings.simulation import simulate
from labops.domain.bookings.states import BookingState
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.policies import Suspended, earlier, spans
from labops.domain.house_rules.files import Levels, RuleFile
from labops.domain.house_rules.queries import site_rules
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines.models import Machine, MachineType
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person
from labops.domain.restrictions.models import TopUp
from labops.domain.sites.holidays import holidays_during
from labops.domain.sites.queries import SiteView, weekly_hours
from labops.domain.spaces.models import Bookable
from labops.kernel.interval import Interval
from labops.kernel.orm import table_of

WEEKS = range(1, 53)
USUAL_WEEKS = 8

_booking = table_of(Booking).c
_of_booking = table_of(BookingBookable).c
_machine = table_of(Machine).c
_type = table_of(MachineType).c
_bookable = table_of(Bookable).c


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What shall be replayed: the bookings made at a site in the last weeks, by other rules.

    `changed` holds the levels that would say something else; with `whole`, all that there are.
    """

    site: SiteView
    changed: Levels
    weeks: int = USUAL_WEEKS
    whole: bool = False


def replay(
    session: Session, wanted: Replay, *, now: datetime, progress: Progress = iter
) -> Outcome:
    """Say which bookings of the last weeks the changed rules would have refused.

    Raises `Invalid` when the rules of a machine contradict one another.
    """
    return simulate(read_past(session, wanted, now=now), progress)


def read_past(session: Session, wanted: Replay, *, now: datetime) -> Past:
    """Read everything that the simulation needs; raises `Invalid`."""
    site, since = wanted.site, now - timedelta(weeks=wanted.weeks)
    today = site_rules(session, site.id).levels
    machines = _machines(session, site.id)
    people = _people(session, site.id, since)
    before, all_before = _rules(today, machines.values(), people.values())
    changed = wanted.changed if wanted.whole else {**today, **wanted.changed}
    after, all_after = _rules(changed, machines.values(), people.values())
    earliest = _earliest([*all_before, *all_after], since, site.tz)
    bookings = _bookings(session, site.id, since, earliest)
    decided = tuple(
        one
        for one in bookings
        if one.site_id == site.id and one.booked_at >= since and one.state != BookingState.REJECTED
    )
    chosen = {one.uid for one in decided}
    return Past(
        site_id=site.id,
        zone=site.tz,
        decided=decided,
        others=tuple(one for one in bookings if one.uid not in chosen),
        people=people,
        machines=machines,
        opening=weekly_hours(session, site.id, site.revision).open_during,
        before=before,
        after=after,
        holidays=holidays_during(
            session,
            site.id,
            site.revision,
            Interval(since - timedelta(days=366), now + timedelta(days=366)),
            site.tz,
        ),
    )


def _rules(
    levels: Levels, machines: Iterable[PastMachine], people: Iterable[PastPerson]
) -> tuple[RulesOf, list[HouseRules]]:
    """Return the rules of each machine for the plans that people have, laid over once."""
    file = RuleFile(levels)
    plans = {""} | {person.plan for person in people}
    found = {
        (machine.id, plan): file.of(category=machine.category, machine=machine.slug, plan=plan)
        for machine in machines
        for plan in plans
    }
    return (lambda machine, plan: found[machine.id, plan]), list(found.values())


def _earliest(rules: Sequence[HouseRules], since: datetime, zone: ZoneInfo) -> datetime:
    """Return from when on a booking can matter to one that was made since then."""
    first = Interval(since - timedelta(days=1), since)
    return min(since, held_since(rules, first, zone))


def _machines(session: Session, site_id: int) -> dict[int, PastMachine]:
    rows = session.execute(
        select(_machine.id, _bookable.slug, _type.slug, _machine.certification_needed)
        .select_from(table_of(Machine))
        .join(table_of(Bookable), _bookable.id == _machine.id)
        .join(table_of(MachineType), _type.id == _machine.machine_type_id)
        .where(_bookable.site_id == site_id)
    )
    return {
        machine_id: PastMachine(
            id=machine_id, slug=slug, category=category, certification_needed=needed
        )
        for machine_id, slug, category, needed in rows
    }


def _whose(site_id: int, since: datetime) -> Select[Any]:
    """Return the statement that names whoever made a booking at the site since then."""
    return select(_booking.person_id).where(
        _booking.site_id == site_id, _booking.ends_at > since, _booking.created_at >= since
    )


def _people(session: Session, site_id: int, since: datetime) -> dict[int, PastPerson]:
    whose = _whose(site_id, since)
    rows = session.execute(
        select(Person.id, Person.born_on, Membership.plan, Membership.groups)
        .outerjoin(
            Membership, (Membership.person_id == Person.id) & (Membership.site_id == site_id)
        )
        .where(Person.id.in_(whose))
    )
    people = {
        person_id: PastPerson(plan=plan or "", groups=frozenset(groups or ()), born_on=born_on)
        for person_id, born_on, plan, groups in rows
    }
    _add_certified(session, whose, people)
    _add_top_ups(session, whose, site_id, people)
    return people


def _add_certified(session: Session, whose: Select[Any], people: dict[int, PastPerson]) -> None:
    rows = session.execute(
        select(
            Certification.person_id,
            MachineType.slug,
            Certification.starts_on,
            Certification.ends_on,
            Certification.lapses_on,
            Certification.level,
            Certification.granted_at,
            Certification.revoked_at,
        )
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(Certification.person_id.in_(whose))
        .order_by(Certification.starts_on)
    )
    found: dict[int, list[Granted]] = defaultdict(list)
    gaps = _suspensions(session, whose)
    for row in rows:
        last_on = earlier(row.ends_on, row.lapses_on)
        for first, last in spans(row.starts_on, last_on, gaps[row.person_id, row.slug]):
            days = CertifiedDays(starts_on=first, ends_on=last, level=row.level)
            granted = Granted(row.slug, days, row.granted_at, row.revoked_at)
            found[row.person_id].append(granted)
    for person_id, certified in found.items():
        people[person_id] = replace(people[person_id], certified=tuple(certified))


def _suspensions(
    session: Session, whose: Select[Any]
) -> defaultdict[tuple[int, str], list[Suspended]]:
    table = CertificationSuspension
    rows = session.execute(
        select(table.person_id, MachineType.slug, table.starts_on, table.ends_on, table.resumed_on)
        .join(MachineType, MachineType.id == table.machine_type_id)
        .where(table.person_id.in_(whose))
    )
    gaps: defaultdict[tuple[int, str], list[Suspended]] = defaultdict(list)
    for person_id, slug, starts_on, ends_on, resumed_on in rows:
        gap = Suspended(starts_on=starts_on, ends_on=ends_on, resumed_on=resumed_on)
        gaps[person_id, slug].append(gap)
    return gaps


def _add_top_ups(
    session: Session, whose: Select[Any], site_id: int, people: dict[int, PastPerson]
) -> None:
    rows = session.execute(
        select(
            TopUp.person_id, TopUp.quota, TopUp.minutes, TopUp.count, TopUp.starts_on, TopUp.ends_on
        ).where(TopUp.site_id == site_id, TopUp.person_id.in_(whose))
    )
    found: dict[int, list[ToppedUp]] = defaultdict(list)
    for person_id, quota, minutes, count, starts_on, ends_on in rows:
        days = CertifiedDays(starts_on=starts_on, ends_on=ends_on)
        amount = count or timedelta(minutes=minutes)
        found[person_id].append(ToppedUp(quota, amount, days))
    for person_id, top_ups in found.items():
        people[person_id] = replace(people[person_id], top_ups=tuple(top_ups))


def _bookings(
    session: Session, site_id: int, since: datetime, earliest: datetime
) -> list[PastBooking]:
    """Return everything that these people have booked anywhere, a row for each machine at first."""
    rows = session.execute(
        select(
            _booking.uid, _booking.person_id, _booking.site_id, _booking.starts_at,
            _booking.ends_at, _booking.created_at, _booking.state, _booking.check_in_by,
            _booking.checked_in_at, _booking.finished_at, _booking.cancelled_at,
            _booking.decided_at, _booking.cancelled_late, _booking.walk_in,
            _booking.people_count, _booking.fields,
            _machine.id.label("machine_id"), _type.slug.label("category"), _bookable.slug,
        )
        .select_from(table_of(Booking))
        .join(table_of(BookingBookable), _of_booking.booking_id == _booking.id)
        .join(table_of(Machine), _machine.id == _of_booking.bookable_id)
        .join(table_of(Bookable), _bookable.id == _machine.id)
        .join(table_of(MachineType), _type.id == _machine.machine_type_id)
        .where(_booking.ends_at > earliest, _booking.person_id.in_(_whose(site_id, since)))
        .order_by(_machine.id)
    )  # fmt: skip
    found: dict[str, PastBooking] = {}
    for row in rows:
        one = found.get(row.uid)
        if one is None:
            found[row.uid] = _booking_of(row)
        else:
            machines = (*one.machines, (row.machine_id, row.category))
            found[row.uid] = replace(one, machines=machines, slugs=(*one.slugs, row.slug))
    return list(found.values())


def _booking_of(row: Any) -> PastBooking:
    return PastBooking(
        uid=row.uid,
        person_id=row.person_id,
        site_id=row.site_id,
        slot=Interval(row.starts_at, row.ends_at),
        booked_at=row.created_at,
        state=row.state,
        machines=((row.machine_id, row.category),),
        slugs=(row.slug,),
        check_in_by=row.check_in_by,
        checked_in_at=row.checked_in_at,
        finished_at=row.finished_at,
        cancelled_at=row.cancelled_at,
        decided_at=row.decided_at,
        cancelled_late=row.cancelled_late,
        walk_in=row.walk_in,
        people=row.people_count,
        fields=row.fields or None,
    )
