"""Whether a machine can be used."""

from __future__ import annotations

from enum import StrEnum


class MachineState(StrEnum):
    """Whether a machine can be used."""

    IN_SERVICE = "in_service"
    OUT_OF_SERVICE = "out_of_service"
    RETIRED = "retired"
