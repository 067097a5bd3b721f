"""What a scanned code opens, and the labels that staff print."""

from __future__ import annotations

from labops.blueprints.stations import labels, scanning
from labops.blueprints.stations.base import bp

__all__ = ["bp", "labels", "scanning"]
