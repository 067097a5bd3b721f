"""Faults, harm and work that comes round, for tests of letters."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from labops.domain.incidents import harming, services
from labops.domain.incidents.harming import ReportHarm
from labops.domain.incidents.models import HarmRecord, Incident
from labops.domain.incidents.services import ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.maintenance import upkeep
from labops.domain.maintenance.models import MaintenancePlan
from labops.domain.maintenance.upkeep import MakePlan
from labops.kernel.db import unit_of_work
from tests.support.world import NOW, World

SAME = "1" * 32
"""The uid in every snapshot."""


def reported(world: World, *, solved: bool = False) -> dict[str, object]:
    """Let Alice report a fault of the printer, and staff solve it."""
    fault = ReportFault(
        machine="printer", severity=Severity.CAREFUL, text="The bed is uneven", nonce="n"
    )
    uid = services.report(fault, actor=world.actor("alice"), now=NOW)
    if solved:
        services.solve(uid, "Levelled", back=True, actor=world.actor("bob"), now=NOW)
    with unit_of_work() as session:
        session.execute(update(Incident).values(uid=SAME))
    return {"incident_uid": SAME}


def harmed(world: World) -> dict[str, object]:
    """Let Alice write down that somebody came to harm."""
    harm = ReportHarm(text="A cut", happened_at=NOW - timedelta(hours=1), nonce="n")
    harming.report(world.sites["mhuma"], harm, actor=world.actor("alice"), now=NOW)
    with unit_of_work() as session:
        session.execute(update(HarmRecord).values(uid=SAME))
    return {"harm_uid": SAME}


def due(world: World) -> dict[str, object]:
    """Let the printer's yearly round be overdue."""
    plan = MakePlan(machine="printer", title="Grease the axes", minutes=30, every_months=12)
    then = NOW - timedelta(days=400)
    upkeep.make_plan(plan, actor=world.actor("bob"), now=then)
    with unit_of_work() as session:
        session.execute(update(MaintenancePlan).values(uid=SAME))
    return {"plan_uid": SAME, "standing": "overdue", "done_at": then.isoformat()}
