"""What the door needs to know of a person: standing, signatures, and who may answer for a minor."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.person_facts import certified_days, has_signed, standing
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.people.ages import OF_AGE, is_minor
from labops.domain.people.models import Person, RoleGrant
from labops.domain.sites.queries import SiteView
from labops.domain.visits.models import Visit
from labops.domain.visits.policies import DoorFacts
from labops.kernel.interval import Interval

_MOMENT = timedelta(minutes=1)


def door_facts(
    session: Session, person_id: int, site: SiteView, *, at: datetime, room: int | None
) -> DoorFacts:
    """Read everything that decides whether the person may come in at the instant."""
    day = at.astimezone(site.tz).date()
    _revision, person = standing(session, person_id, site.id, Interval(at, at + _MOMENT), site.tz)
    rules = rules_in_force(session, site.id, site.revision, category="", machine="")
    minor = too_young(person.age, rules.youngest)
    asked = rules.waiver_needed or (person.age is not None and person.age < OF_AGE)
    return DoorFacts(
        now=at,
        is_member=person.is_member,
        suspended_until=person.suspended_until,
        signed=has_signed(session, person_id, site.id, day, person.age) if asked else None,
        minor=minor,
        supervised=minor and supervised(session, site.id, day),
        room=room,
    )


def too_young(age: int | None, youngest: int | None) -> bool:
    """Say whether somebody may be in only while an adult is who answers for her."""
    return age is not None and age < (OF_AGE if youngest is None else youngest)


def supervised(session: Session, site_id: int, day: date, category: str = "") -> bool:
    """Say whether an adult is in who may answer for minors.

    That is staff or a teacher, or whoever is certified: for the machine type when one is named.
    """
    role = or_(RoleGrant.site_id == site_id, RoleGrant.site_id.is_(None))
    rows = session.execute(
        select(Person.id, Person.born_on, RoleGrant.id.label("role"))
        .join(Visit, Visit.person_id == Person.id)
        .outerjoin(RoleGrant, (RoleGrant.person_id == Person.id) & role)
        .where(Visit.site_id == site_id, Visit.ends_at.is_(None))
    ).all()
    adults = {row.id: row.role is not None for row in rows if not is_minor(row.born_on, day)}
    if any(adults.values()):
        return True
    return any(_is_certified(session, person_id, day, category) for person_id in adults)


def _is_certified(session: Session, person_id: int, day: date, category: str) -> bool:
    certified = certified_days(session, person_id)
    kinds = [category] if category else list(certified)
    return any(one.covers(day) for kind in kinds for one in certified.get(kind, ()))
