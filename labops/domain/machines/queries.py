"""Reads of the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine, MachineType
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable, Space
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineView:
    """A machine with its type, site and space in words. Lengths in mm, buffers in minutes."""

    id: int
    slug: str
    name: str
    site_id: int
    site: str
    site_name: str
    zone: str
    site_revision: int
    space: str | None
    space_id: int | None
    type_slug: str
    type_name_it: str
    type_name_en: str
    process: str
    maker: str
    model: str
    serial: str
    width_mm: float | None
    depth_mm: float | None
    height_mm: float | None
    materials: list[str]
    capacity: int
    setup_minutes: int
    cleanup_minutes: int
    state: str
    state_reason: str
    certification_needed: bool
    description: str
    photo: str
    revised_at: datetime

    def type_name(self, language: str) -> str:
        """Return the machine type in the language."""
        return self.type_name_it if language == "it" else self.type_name_en

    @property
    def envelope_mm(self) -> list[float] | None:
        """Return width, depth and, when known, height of the largest workpiece."""
        known = [side for side in (self.width_mm, self.depth_mm, self.height_mm) if side]
        return known or None


_VIEW = (
    Machine.id,
    Machine.slug,
    Machine.name,
    Machine.site_id,
    Site.slug.label("site"),
    Site.name.label("site_name"),
    Site.zone,
    Site.revision.label("site_revision"),
    Machine.space_id,
    MachineType.slug.label("type_slug"),
    MachineType.name_it.label("type_name_it"),
    MachineType.name_en.label("type_name_en"),
    Machine.process,
    Machine.maker,
    Machine.model,
    Machine.serial,
    Machine.width_mm,
    Machine.depth_mm,
    Machine.height_mm,
    Machine.materials,
    Machine.capacity,
    Machine.setup_minutes,
    Machine.cleanup_minutes,
    Machine.state,
    Machine.state_reason,
    Machine.certification_needed,
    Machine.description,
    Machine.photo,
    Machine.revised_at,
)


def search(
    session: Session,
    *,
    site: str | None = None,
    process: str | None = None,
    words: str = "",
    with_retired: bool = False,
    after: str = "",
    limit: int = 500,
) -> list[MachineView]:
    """Return machines by slug, from the one after `after` on."""
    query = _joined().order_by(Machine.slug).where(Machine.slug > after).limit(limit)
    if site:
        query = query.where(Site.slug == site)
    if process:
        query = query.where(Machine.process == process)
    if not with_retired:
        query = query.where(Machine.state != "retired")
    for word in words.split():
        pattern = f"%{word.replace('%', '').replace('_', '')}%"
        query = query.where(
            or_(
                Machine.name.ilike(pattern),
                Machine.maker.ilike(pattern),
                Machine.model.ilike(pattern),
                MachineType.name_it.ilike(pattern),
                MachineType.name_en.ilike(pattern),
            )
        )
    return _views(session, query)


def by_slug(session: Session, slug: str) -> MachineView:
    """Return one machine; raises `NotFound`."""
    views = _views(session, _joined().where(Machine.slug == slug))
    if not views:
        raise NotFound
    return views[0]


def by_ids(session: Session, ids: Sequence[int]) -> list[MachineView]:
    """Return machines by id."""
    return _views(session, _joined().where(Machine.id.in_(ids)).order_by(Machine.slug))


def machine_types(session: Session) -> list[MachineType]:
    """Return all machine types by slug."""
    return list(session.scalars(select(MachineType).order_by(MachineType.slug)))


def spaces_of(session: Session, site_id: int) -> list[Space]:
    """Return the spaces of a site."""
    return list(session.scalars(select(Space).where(Space.site_id == site_id).order_by(Space.name)))


def counts_by_site(session: Session) -> dict[int, int]:
    """Return how many machines each site has that were not retired."""
    rows = session.execute(
        select(Machine.site_id, func.count())
        .where(Machine.state != "retired")
        .group_by(Machine.site_id)
    )
    return {row[0]: row[1] for row in rows}


def _joined() -> Select[*tuple[Any, ...]]:
    named = Bookable.__table__.alias("room")
    return (
        select(*_VIEW, named.c.name.label("space"))
        .join(MachineType, MachineType.id == Machine.machine_type_id)
        .join(Site, Site.id == Machine.site_id)
        .outerjoin(named, named.c.id == Machine.space_id)
    )


def _views(session: Session, query: Select[*tuple[Any, ...]]) -> list[MachineView]:
    return [MachineView(**row._mapping) for row in session.execute(query)]
