"""Reads of maintenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from labops.domain.maintenance import history
from labops.domain.maintenance.history import PlanView
from labops.domain.maintenance.models import MaintenanceBlock, MaintenanceBookable
from labops.domain.spaces.models import Bookable
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval

MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceView:
    """Work on machines, as everybody may see it; `space` is set when it is a whole one's."""

    id: int
    uid: str
    site_id: int
    space_id: int | None
    space: str | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    note: str
    revision: int
    cancelled_at: datetime | None
    machine_ids: tuple[int, ...]
    machines: tuple[str, ...]
    machine_names: tuple[str, ...]

    @property
    def span(self) -> Interval:
        """Return when it takes place."""
        return Interval(self.starts_at, self.ends_at)

    @property
    def what(self) -> str:
        """Return the name of the space, or those of the machines."""
        return self.space or ", ".join(self.machine_names)


def of_site(
    session: Session, site_id: int, *, now: datetime, over: bool = False
) -> list[MaintenanceView]:
    """Return what is running and coming at a site by start, or what is over, latest first."""
    block = MaintenanceBlock
    if over:
        ended = (block.ends_at <= now) | block.cancelled_at.is_not(None)
        return _views(session, [block.site_id == site_id, ended], latest_first=True)
    return _views(session, [block.site_id == site_id, block.ends_at > now, _takes_place()])


def during(session: Session, site_id: int, window: Interval) -> list[MaintenanceView]:
    """Return the maintenance of a site that reaches into the window."""
    conditions = [MaintenanceBlock.site_id == site_id, *_reaching_into(window), _takes_place()]
    return _views(session, conditions)


def of_machine(session: Session, machine_id: int, *, now: datetime) -> list[MaintenanceView]:
    """Return the maintenance of a machine that is running or coming."""
    ids = select(MaintenanceBookable.block_id).where(MaintenanceBookable.bookable_id == machine_id)
    conditions = [MaintenanceBlock.id.in_(ids), MaintenanceBlock.ends_at > now, _takes_place()]
    return _views(session, conditions)


def one(session: Session, uid: str) -> MaintenanceView:
    """Return one block, whatever became of it; raises `NotFound`."""
    found = _views(session, [MaintenanceBlock.uid == uid])
    if not found:
        raise NotFound
    return found[0]


def next_service(session: Session, machine_id: int, *, now: datetime) -> PlanView | None:
    """Return the most urgent of the work that comes round on a machine, if there is any."""
    found = history.of_machine(session, machine_id, now=now)
    return found[0] if found else None


def _takes_place() -> ColumnElement[bool]:
    return MaintenanceBlock.cancelled_at.is_(None)


def _reaching_into(window: Interval) -> list[ColumnElement[bool]]:
    return [
        MaintenanceBlock.ends_at > window.starts_at,
        MaintenanceBlock.starts_at < window.ends_at,
    ]


def _views(
    session: Session, conditions: Sequence[ColumnElement[bool]], *, latest_first: bool = False
) -> list[MaintenanceView]:
    start = MaintenanceBlock.starts_at
    query = (
        select(MaintenanceBlock, Bookable.name.label("space"))
        .outerjoin(Bookable, Bookable.id == MaintenanceBlock.space_id)
        .where(*conditions)
        .order_by(start.desc() if latest_first else start, MaintenanceBlock.id)
        .limit(MOST)
        .execution_options(populate_existing=True)
    )
    rows = session.execute(query).all()
    machines = _machines_of(session, [row[0].id for row in rows])
    return [_view(block, space, machines.get(block.id, [])) for block, space in rows]


def _machines_of(session: Session, ids: Sequence[int]) -> dict[int, list[Any]]:
    if not ids:
        return {}
    rows = session.execute(
        select(MaintenanceBookable.block_id, Bookable.id, Bookable.slug, Bookable.name)
        .join(Bookable, Bookable.id == MaintenanceBookable.bookable_id)
        .where(MaintenanceBookable.block_id.in_(ids))
        .order_by(Bookable.name, Bookable.id)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.block_id, []).append(row)
    return found


def _view(block: MaintenanceBlock, space: str | None, machines: Sequence[Any]) -> MaintenanceView:
    return MaintenanceView(
        id=block.id,
        uid=block.uid,
        site_id=block.site_id,
        space_id=block.space_id,
        space=space,
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        reason=block.reason,
        note=block.note,
        revision=block.revision,
        cancelled_at=block.cancelled_at,
        machine_ids=tuple(row.id for row in machines),
        machines=tuple(row.slug for row in machines),
        machine_names=tuple(row.name for row in machines),
    )
