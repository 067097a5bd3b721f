"""Reads of spaces."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.spaces.models import Space
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class SpaceView:
    """A room or area, and how many people it holds."""

    id: int
    slug: str
    name: str
    capacity: int
    description: str


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


def _view(space: Space) -> SpaceView:
    return SpaceView(space.id, space.slug, space.name, space.capacity, space.description)
