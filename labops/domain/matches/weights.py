"""The public weights, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Weights:
    """One version of `weights.toml`."""

    version: int
    band: float
    comfort: Mapping[str, float]
    prior: float
    prior_weight: float
    lacking: Mapping[str, float]
    near: Mapping[str, float]
    hours: Mapping[str, tuple[float, float]]
    engraving_factor: float
    usual_laser_w: float
    other_processes: Mapping[str, tuple[str, ...]]
    other_materials: Mapping[str, tuple[str, ...]]


def weights_from(data: Mapping[str, Any]) -> Weights:
    """Make weights of plain data."""
    hours = dict(data["hours"])
    factor, watt = hours.pop("engraving_factor"), hours.pop("usual_laser_w")
    cousins = data["cousins"]
    return Weights(
        version=data["version"],
        band=data["band"]["width"],
        comfort=data["comfort"],
        prior=data["answers"]["prior"],
        prior_weight=data["answers"]["prior_weight"],
        lacking=data["lacking"],
        near=data["near"],
        hours={process: (each[0], each[1]) for process, each in hours.items()},
        engraving_factor=factor,
        usual_laser_w=watt,
        other_processes={one: tuple(found.split()) for one, found in cousins["process"].items()},
        other_materials={one: tuple(found.split()) for one, found in cousins["material"].items()},
    )


@cache
def shipped() -> Weights:
    """Return the weights in force."""
    text = (resources.files(__package__) / "weights.toml").read_text("utf-8")
    return weights_from(tomllib.loads(text))
