"""How a machine stands: its faults and its next service, read in one place for every page.

Faults are what staff put it out of service for; the next service is the planned maintenance that
comes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import queries as maintenance
from labops.domain.maintenance.queries import MaintenanceView
from labops.kernel.db import reading


@dataclass(frozen=True, slots=True)
class Standing:
    """What is wrong with a machine now, in sentences, and when it is next worked on."""

    faults: tuple[str, ...]
    next_service: MaintenanceView | None


def standing_of(machine: MachineView, *, now: datetime) -> Standing:
    """Return the machine's faults and its next service."""
    broken = machine.state == MachineState.OUT_OF_SERVICE and machine.state_reason
    faults = (machine.state_reason,) if broken else ()
    planned = maintenance.of_machine(reading(), machine.id, now=now)
    return Standing(faults, planned[0] if planned else None)
