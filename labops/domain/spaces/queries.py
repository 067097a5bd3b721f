"""Reads of spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.spaces.models import Space
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class SpaceView:
    """A room or area, how many people it holds, and how many bookings may bring at once."""

    id: int
    slug: str
    name: str
    capacity: int
    description: str
    people_capacity: int | None


def of_site(session: Session, site_id: int) -> list[SpaceView]:
    """Return the site's spaces by name."""
    rows = session.scalars(select(Space).where(Space.site_id == site_id).order_by(Space.name))
    return [_view(space) for space in rows]


def by_slug(session: Session, site_id: int, slug: str) -> SpaceView:
    """Return a space of the site; raises `NotFound`."""
    space = session.scalar(select(Space).where(Space.site_id == site_id, Space.slug == slug))
    if space is None:
        raise NotFound
    return _view(space)


def people_capacities(session: Session, space_ids: Sequence[int]) -> list[int]:
    """Return how many people bookings may bring into those of the spaces that count them."""
    if not space_ids:
        return []
    query = select(Space.people_capacity).where(
        Space.id.in_(list(space_ids)), Space.people_capacity.is_not(None)
    )
    return [capacity for capacity in session.scalars(query) if capacity is not None]


def _view(space: Space) -> SpaceView:
    return SpaceView(
        space.id,
        space.slug,
        space.name,
        space.capacity,
        space.description,
        space.people_capacity,
    )
