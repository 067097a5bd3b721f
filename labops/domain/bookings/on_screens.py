"""Whom a screen on the wall may name: only who agreed to it, and by the first name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.people.models import Person
from labops.domain.privacy.models import Consent
from labops.domain.privacy.purposes import Purpose


def first_names(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """Return by booking the first name of its person, where her latest word was yes."""
    latest = (
        select(func.max(Consent.id))
        .where(Consent.person_id == Person.id, Consent.purpose == Purpose.NAME_ON_SCREENS.value)
        .correlate(Person)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Booking.uid, Person.name)
        .join(Person, Person.id == Booking.person_id)
        .join(Consent, Consent.id == latest)
        .where(Booking.uid.in_(list(uids)), Consent.given.is_(True))
    )
    return {row.uid: row.name.split()[0] for row in rows if row.name.split()}
