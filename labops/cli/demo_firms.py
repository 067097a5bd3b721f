"""The firm of the demonstration: a joinery with three people, on a plan for firms."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.firms import people as colleagues
from labops.domain.firms import queries, services
from labops.domain.firms.commands import DescribeFirm
from labops.domain.firms.states import FirmFlag, FirmRole, FirmSize
from labops.domain.people import queries as people
from labops.domain.plans import services as plans
from labops.domain.plans import subscribing
from labops.domain.plans.services import DescribePlan
from labops.domain.plans.states import Period
from labops.domain.plans.subscribing import Subscribe
from labops.domain.sites.queries import SiteView, by_slug
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM, Actor

FERRI = DescribeFirm(
    legal_name="Falegnameria Ferri",
    email="ferri@example.org",
    vat_number="99999991005",
    ateco_code="31.09",
    street="via Meda 12",
    postcode="20141",
    town="Milano",
    municipio=5,
    size=FirmSize.MICRO,
    flags=(FirmFlag.CRAFT,),
)
SPEAKER, OTHERS = "rosa@example.org", ("paolo@example.org", "tomas@example.org")
# Who wants which machine, how many days from now.
WANTED = (("paolo@example.org", "mhuma-laser-1", 2), ("rosa@example.org", "mhuma-laser-1", 4))


def fill(*, now: datetime) -> None:
    """Found the firm, let two join, take a plan, and book for it."""
    speaker = _actor(SPEAKER, now)
    if queries.hats_of(reading(), speaker.require_person()):  # an interrupted run did
        return
    uid = services.found(FERRI, actor=speaker, now=now)
    services.prove(uid, FERRI.email, now=now)
    site = by_slug(reading(), "mhuma")
    plans.describe_plan(
        DescribePlan(
            site_id=site.id,
            slug="firms",
            name_it="Imprese",
            name_en="Firms",
            price=Decimal(90),
            period=Period.MONTH,
            hours={"laser": 1200, "cnc": 600},
            firm_people=5,
        ),
        actor=SYSTEM,
        now=now,
    )
    command = Subscribe(firm_uid=uid, site_id=site.id, plan="firms")
    subscribing.subscribe(command, actor=speaker, now=now)
    for email in OTHERS:
        colleagues.invite(uid, email, FirmRole.MEMBER, actor=speaker, now=now)
        (invitation,) = queries.open_invitations(reading(), _id_of(uid, speaker))
        colleagues.accept(invitation.uid, actor=_actor(email, now), now=now)
        reading().rollback()
    for email, machine, days in WANTED:
        _book(uid, email, machine, site, now + timedelta(days=days), now)


def _book(
    firm: str, email: str, machine: str, site: SiteView, day: datetime, now: datetime
) -> None:
    """Book the first hour of the day that is to be had."""
    for hour in range(10, 18):
        start = day.astimezone(site.tz).replace(hour=hour, minute=0, second=0, microsecond=0)
        slot = Interval(start, start + timedelta(hours=1))
        try:
            command = Book(machines=(machine,), slot=slot, firm_uid=firm)
            bookings.book(command, actor=_actor(email, now), now=now)
        except Refused:
            continue
        return


def _id_of(uid: str, actor: Actor) -> int:
    return queries.seen(reading(), uid, actor).id


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    if account is None:
        raise LookupError(email)
    return people.actor_of(reading(), account.person_id, now=now)
