"""How a machine stands: its faults, its next service, its figures; read in one place.

Faults are those reported and not solved, and what staff put it out of service for besides; the next
service is the planned maintenance that comes first, or else the round that is due first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from labops.domain.incidents import queries as incidents
from labops.domain.incidents.queries import IncidentView
from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import history
from labops.domain.maintenance import queries as maintenance
from labops.domain.maintenance.figures import Dependability
from labops.domain.maintenance.history import PlanView
from labops.domain.maintenance.queries import MaintenanceView
from labops.kernel.db import reading
from labops.kernel.interval import Interval

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is wrong with a machine now, when it is next worked on, and how it did of late.

    `out_of_service` is staff's sentence, empty where a reported fault says it already.
    """

    faults: tuple[IncidentView, ...]
    out_of_service: str
    next_service: MaintenanceView | None
    next_round: PlanView | None
    of_late: Dependability


def standing_of(machine: MachineView, *, now: datetime) -> Standing:
    """Return the machine's faults, its next service and the figures of the last ninety days."""
    session = reading()
    faults = tuple(incidents.open_for_machine(session, machine.id))
    stopped = machine.state == MachineState.OUT_OF_SERVICE
    said = machine.state_reason if stopped else ""
    planned = maintenance.of_machine(session, machine.id, now=now)
    return Standing(
        faults=faults,
        out_of_service="" if any(one.text in said for one in faults) else said,
        next_service=planned[0] if planned else None,
        next_round=maintenance.next_service(session, machine.id, now=now),
        of_late=history.dependability_of(
            session, machine.id, Interval(now - LOOK_BACK, now), now=now
        ),
    )
