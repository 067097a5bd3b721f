"""Where labs are, drawn without any tiles: what stands there before, or without, a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from labops.domain.labs.listing import Point

WIDTH, HEIGHT = 640, 400
MARGIN = 28
# A single point stands in the middle of about five kilometres.
SMALLEST_SPAN = 0.05
MOST_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Dot:
    """A lab on the drawing: where on it, where on earth, and what it is."""

    x: float
    y: float
    latitude: float
    longitude: float
    slug: str
    name: str


def drawn(points: Sequence[Point]) -> list[Dot]:
    """Return the labs that have a point, so that all of them fit on the drawing."""
    placed = [
        (point, point.latitude, point.longitude)
        for point in points[:MOST_POINTS]
        if point.latitude is not None and point.longitude is not None
    ]
    if not placed:
        return []
    norths = [north for _point, north, _east in placed]
    middle = (max(norths) + min(norths)) / 2
    # Degrees east are shorter the further north one is.
    narrowing = max(math.cos(math.radians(middle)), 0.01)
    easts = [east * narrowing for _point, _north, east in placed]
    centre = (max(easts) + min(easts)) / 2
    scale = min(
        (WIDTH - 2 * MARGIN) / max(max(easts) - min(easts), SMALLEST_SPAN),
        (HEIGHT - 2 * MARGIN) / max(max(norths) - min(norths), SMALLEST_SPAN),
    )
    return [
        Dot(
            round(WIDTH / 2 + (east * narrowing - centre) * scale, 1),
            round(HEIGHT / 2 - (north - middle) * scale, 1),
            north,
            east,
            point.slug,
            point.name,
        )
        for point, north, east in placed
    ]
