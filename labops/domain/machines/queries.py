"""Reads of the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.closures import queries as closures
from labops.domain.machines.models import Machine, MachineType
from labops.domain.machines.states import MachineState
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable, Space
from labops.kernel import ledger, local_time
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

_bookable = table_of(Bookable).c
_NAME = Prepared(
    select(_bookable.name)
    .join(table_of(Machine), table_of(Machine).c.id == _bookable.id)
    .where(_bookable.slug == bindparam("slug"))
)


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
    space_slug: str | None
    space_id: int | None
    type_id: int
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
    MachineType.id.label("type_id"),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySearch:
    """Which machines to list and which page of them; `site_ids` narrows to those sites."""

    site: str | None = None
    process: str | None = None
    words: str = ""
    site_ids: frozenset[int] | None = None
    with_retired: bool = False
    offset: int = 0
    limit: int = 60


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
    wanted = InventorySearch(site=site, process=process, words=words, with_retired=with_retired)
    query = _joined().where(Machine.slug > after, *_matching(wanted))
    return _views(session, query.order_by(Machine.slug).limit(limit))


def listed(session: Session, wanted: InventorySearch) -> tuple[list[MachineView], int]:
    """Return a page of machines by site and name, and how many match in all."""
    query = _joined().where(*_matching(wanted))
    count = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    page = query.order_by(Site.name, Machine.name, Machine.id)
    return _views(session, page.offset(wanted.offset).limit(wanted.limit)), count


def processes_in_use(session: Session) -> list[str]:
    """Return the processes of all machines that were not retired."""
    found = select(Machine.process).where(Machine.state != "retired").distinct()
    return sorted(session.scalars(found))


def states_now(
    session: Session, machines: Sequence[MachineView], *, now: datetime
) -> dict[int, str]:
    """Return by machine id its state, or in service `free` and `busy` while one can be there.

    A machine is busy when no unit of it is left, clean-up time included.
    """
    moment = Interval(now, now + timedelta(minutes=1))
    claimed = ledger.busy(session, [machine.id for machine in machines], moment)
    open_places: dict[tuple[int, int | None], bool] = {}
    states = {}
    for machine in machines:
        state = machine.state
        place = (machine.site_id, machine.space_id)
        if state == MachineState.IN_SERVICE:
            if place not in open_places:
                open_places[place] = is_open(session, machine, now=now)
            if sum(span.starts_at <= now for span in claimed[machine.id]) >= machine.capacity:
                state = "busy"
            elif open_places[place]:
                state = "free"
        states[machine.id] = state
    return states


def is_open(session: Session, machine: MachineView, *, now: datetime) -> bool:
    """Say whether one can be at the machine now."""
    spans = closures.open_during(
        session,
        machine.site_id,
        Interval(now, now + timedelta(minutes=1)),
        revision=machine.site_revision,
        zone=local_time.zone(machine.zone),
        space_id=machine.space_id,
    )
    return any(span.starts_at <= now for span in spans)


def by_slug(session: Session, slug: str) -> MachineView:
    """Return one machine; raises `NotFound`."""
    views = _views(session, _joined().where(Machine.slug == slug))
    if not views:
        raise NotFound
    return views[0]


def name_of(session: Session, slug: str) -> str | None:
    """Return what a machine is called; `None` for an unknown one."""
    name: str | None = _NAME.scalar(session, {"slug": slug})
    return name


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


def _matching(wanted: InventorySearch) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.site:
        conditions.append(Site.slug == wanted.site)
    if wanted.process:
        conditions.append(Machine.process == wanted.process)
    if wanted.site_ids is not None:
        conditions.append(Machine.site_id.in_(wanted.site_ids))
    if not wanted.with_retired:
        conditions.append(Machine.state != "retired")
    for word in wanted.words.split():
        pattern = f"%{word.replace('%', '').replace('_', '')}%"
        named = (Machine.name, Machine.maker, Machine.model)
        types = (MachineType.name_it, MachineType.name_en)
        conditions.append(or_(*(column.ilike(pattern) for column in (*named, *types))))
    return conditions


def _joined() -> Select[*tuple[Any, ...]]:
    named = Bookable.__table__.alias("room")
    return (
        select(*_VIEW, named.c.name.label("space"), named.c.slug.label("space_slug"))
        .join(MachineType, MachineType.id == Machine.machine_type_id)
        .join(Site, Site.id == Machine.site_id)
        .outerjoin(named, named.c.id == Machine.space_id)
    )


def _views(session: Session, query: Select[*tuple[Any, ...]]) -> list[MachineView]:
    return [MachineView(**row._mapping) for row in session.execute(query)]
