"""The house in which a life of bookings takes place: never shut, and with the model's rules."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, select, update

from labops.domain.bookings.models import Booking, BookingBookable, HandOver
from labops.domain.calendars import services as calendars
from labops.domain.calendars.models import FeedFragment
from labops.domain.certifications.services import Certify, add_certification
from labops.domain.closures.models import Closure
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.house_rules.values import Level
from labops.domain.machines.services import DescribeMachine, install
from labops.domain.memberships.services import add_membership
from labops.domain.people.models import Person
from labops.domain.series.models import Series
from labops.domain.sites.services import Span, replace_hours
from labops.domain.spaces.models import Bookable
from labops.domain.waiting import offering
from labops.domain.waiting.models import Offer, OfferBookable, WaitingWish, WaitingWishBookable
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support import model, model_of_waiting
from tests.support.world import NOW, World

PEOPLE = ("alice", "charlie", "nina")
RULES: dict[str, Any] = {
    "grid_minutes": 30,
    "shortest_minutes": 30,
    "longest_minutes": 240,
    "horizon_days": model.HORIZON_DAYS,
    "one_at_a_time": model.MOST_AT_ONCE,
    "open_bookings": model.MOST_OPEN,
    "cancel_notice_minutes": 60,
    "approval_above_minutes": 120,
    "approval_held_minutes": 360,
    "early_check_in_minutes": 15,
    "grace_minutes": 15,
    "offer_held_minutes": model_of_waiting.HELD.seconds // 60,
    "quotas": [
        {"minutes": model.DAILY.seconds // 60, "window": "day", "scope": "site"},
        {"minutes": model.WEEKLY.seconds // 60, "window": "week", "scope": "site"},
        {"bookings": model.BOOKINGS_A_WEEK, "window": "week", "scope": "machine"},
    ],
}
# In an order in which none is still pointed at.
TABLES = (
    *(FeedFragment, OfferBookable, Offer, WaitingWishBookable, WaitingWish, HandOver),
    *(Allocation, BookingBookable, Booking, Closure, OutboxMessage, AuditEntry),
)


def prepare(world: World) -> dict[str, str]:
    """Let three members use everything at any hour; return the paths of their calendars."""
    site = world.sites["mhuma"]
    second = DescribeMachine(name="Second", machine_type="printer-fdm", slug="second")
    install(site, second, actor=SYSTEM, now=NOW)
    with unit_of_work() as session:
        always = [Span(weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)]
        replace_hours(session, site, always, actor=SYSTEM, now=NOW)
        add_version(session, SaveRules(site_id=site, data=RULES), actor=SYSTEM, now=NOW)
        laser = SaveRules(site_id=site, data={}, level=Level.CATEGORY, key="laser")
        add_version(session, laser, actor=SYSTEM, now=NOW)
        nina = session.get_one(Person, world.people["nina"])
        add_membership(
            session, nina, site, starts_on=date(2026, 1, 1), ends_on=None, actor=SYSTEM, now=NOW
        )
        for name in PEOPLE:
            granted = Certify(
                person_uid=world.uids[name],
                machine_type="laser",
                starts_on=NOW.date().replace(year=2025),
            )
            add_certification(session, granted, actor=SYSTEM, now=NOW)
        slug = session.scalars(select(Bookable.id).where(Bookable.slug == "second")).one()
    world.machines["second"] = slug
    return {
        name: f"/feeds/{calendars.open_feed(actor=world.actor(name), now=NOW)}.ics"
        for name in PEOPLE
    }


def clear() -> None:
    """Forget everything that an earlier life did."""
    with unit_of_work() as session:
        for table in TABLES:
            session.execute(delete(table))
        session.execute(update(Series).values(continues_id=None))
        session.execute(delete(Series))
        # No use case deletes bookings, so nobody else counts this change.
        session.execute(update(Person).values(bookings_revision=Person.bookings_revision + 1))
    offering._looks.clear()  # nor does any use case forget what was written down
    reading().rollback()
