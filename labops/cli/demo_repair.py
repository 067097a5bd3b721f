"""What is wrong with machines in the demonstration: a fault, a round that is due, scarce parts."""

from __future__ import annotations

from datetime import datetime, timedelta

from labops.domain.incidents import services
from labops.domain.incidents.services import ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.maintenance import parts, upkeep
from labops.domain.maintenance.parts import DescribePart
from labops.domain.maintenance.upkeep import MakePlan
from labops.domain.people import queries as people
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

REPORTER = "paolo@example.org"


def fill(*, now: datetime) -> None:
    """Let a printer be unwell, a laser's lens be due, and a part run short."""
    account = people.account_by_email(reading(), REPORTER)
    if account is None:
        raise LookupError(REPORTER)
    reporter = people.actor_of(reading(), account.person_id, now=now)
    fault = ReportFault(
        machine="mhuma-prusa-1",
        severity=Severity.CAREFUL,
        text="Il primo strato si stacca / The first layer comes off",
        nonce="demonstration",  # an interrupted run reports once
    )
    services.report(fault, actor=reporter, now=now - timedelta(hours=3))
    site_id = by_slug(reading(), "mhuma").id
    if parts.of_site(reading(), site_id):
        return
    lens = MakePlan(
        machine="mhuma-laser-1",
        title="Pulizia di lente e specchi",
        minutes=45,
        every_months=1,
        steps=("Lente", "Specchi", "Prova di taglio"),
    )
    upkeep.make_plan(lens, actor=SYSTEM, now=now - timedelta(days=33))
    for name, stock, minimum in (("Lente da 2 pollici", 1, 2), ("Ugello da 0,4 mm", 12, 5)):
        part = DescribePart(name=name, stock=stock, minimum=minimum)
        parts.add_part(site_id, part, actor=SYSTEM, now=now)
