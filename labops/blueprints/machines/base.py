"""What the pages of machines share."""

from __future__ import annotations

from flask import Blueprint, g

from labops.blueprints import formats
from labops.blueprints.access import current_actor
from labops.blueprints.sites.base import key
from labops.domain.machines import queries
from labops.domain.machines.processes import PROCESSES, process_name
from labops.domain.machines.queries import MachineView
from labops.kernel import local_time
from labops.kernel.db import reading
from labops.kernel.permissions import Permission

bp = Blueprint("machines", __name__)


def found_machine(slug: str) -> MachineView:
    """Return the machine; from here on refusals speak of its site's times. Raises `NotFound`."""
    machine = queries.by_slug(reading(), key(slug))
    g.zone = local_time.zone(machine.zone)
    return machine


def staffed_machine(slug: str) -> MachineView:
    """Return the machine when the actor works at its site; raises `Forbidden` if not."""
    machine = found_machine(slug)
    current_actor().require(Permission.MACHINE_EDIT, machine.site_id)
    return machine


def named_processes(among: list[str] | None = None) -> list[tuple[str, str]]:
    """Return processes with their names, by name: all of them, or only these."""
    named = [(key, process_name(key, formats.language())) for key in among or PROCESSES]
    return sorted(named, key=lambda pair: pair[1])
