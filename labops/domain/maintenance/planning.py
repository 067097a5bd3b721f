"""What a wish for maintenance means: which machines, when, and what is in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.hits import Obstacle, other_claims
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.domain.maintenance.commands import LONGEST_BLOCK, PlanBlock
from labops.domain.maintenance.models import MaintenanceBlock, MaintenanceBookable
from labops.domain.spaces.models import Space
from labops.kernel import ledger
from labops.kernel.errors import Changed, Invalid, NotFound, Problem, Refused
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True)
class Planned:
    """The machines, by id, and the span; `space_id` when they are all of a space."""

    site_id: int
    machines: tuple[Machine, ...]
    span: Interval
    space_id: int | None = None

    @property
    def obstacle(self) -> Obstacle:
        """Return what bookings are up against."""
        ids = tuple(machine.id for machine in self.machines)
        return Obstacle(self.site_id, ids, self.span, claims_time=True)

    @property
    def claims(self) -> list[ledger.Claim]:
        """Return the claims on all units of the machines."""
        return [ledger.Claim(one.id, one.capacity, self.span) for one in self.machines]


def owner_of(block: MaintenanceBlock) -> ledger.Owner:
    """Return as whom the block claims time."""
    return ledger.Owner(ledger.OwnerKind.MAINTENANCE, block.id)


def planned(
    session: Session,
    site_id: int,
    command: PlanBlock,
    *,
    now: datetime,
    block: MaintenanceBlock | None = None,
) -> Planned:
    """Return what the command asks for; `block` is the one that it changes.

    Maintenance that has begun keeps its machines and its start, whatever the command says. Raises
    `Invalid` naming the fields, `NotFound` for a machine or space of elsewhere, `Refused` with
    `maintenance.over`, and `Changed` when the block is not at the expected revision.
    """
    begun = block is not None and block.starts_at <= now
    if block is not None:
        require_coming(block, now)
        if command.expected_revision not in {None, block.revision}:
            raise Changed
    starts_at = max(command.span.starts_at, now)
    if begun and block is not None:
        starts_at = block.starts_at
    if command.span.ends_at <= max(now, starts_at):
        raise Invalid.field("ends_at", "maintenance.in-the-past")
    span = Interval(starts_at, command.span.ends_at)
    if span.length > LONGEST_BLOCK:
        raise Invalid.field("ends_at", "maintenance.too-long", longest=LONGEST_BLOCK)
    if not command.reason.strip():
        raise Invalid.field("reason", "field.required")
    if begun and block is not None:
        return Planned(site_id, machines_of(session, block), span, block.space_id)
    return Planned(site_id, _machines(session, site_id, command), span, command.space_id)


def preview(
    session: Session, site_id: int, command: PlanBlock, *, now: datetime, uid: str | None = None
) -> Planned:
    """Return what the command asks for, before anything is decided; `uid` is the changed block's.

    Raises as `planned`, and `Refused` where something else than bookings is in the way.
    """
    block = None
    if uid is not None:
        block = session.scalar(select(MaintenanceBlock).where(MaintenanceBlock.uid == uid))
        if block is None or block.site_id != site_id:
            raise NotFound
    wanted = planned(session, site_id, command, now=now, block=block)
    refuse_other_claims(session, wanted, besides=owner_of(block) if block else None)
    return wanted


def machines_of(session: Session, block: MaintenanceBlock) -> tuple[Machine, ...]:
    """Return the machines of a block, by id."""
    query = (
        select(Machine)
        .join(MaintenanceBookable, MaintenanceBookable.bookable_id == Machine.id)
        .where(MaintenanceBookable.block_id == block.id)
    )
    return tuple(session.scalars(query.order_by(Machine.id)))


def require_coming(block: MaintenanceBlock, now: datetime) -> None:
    """Raise `Refused` with `maintenance.over` unless the block is running or coming."""
    if block.cancelled_at is not None or block.ends_at <= now:
        raise Refused([Problem("maintenance.over")])


def refuse_other_claims(
    session: Session, wanted: Planned, *, besides: ledger.Owner | None = None
) -> None:
    """Raise `Refused` for each machine that something else than a booking holds meanwhile.

    Other maintenance, or an offer to somebody on the waiting list: nobody decides about these
    while planning.
    """
    taken = {one.bookable_id for one in other_claims(session, wanted.obstacle, besides=besides)}
    slugs = [machine.slug for machine in wanted.machines if machine.id in taken]
    if slugs:
        raise Refused(Problem("maintenance.overlap", {"machine": slug}) for slug in slugs)


def _machines(session: Session, site_id: int, command: PlanBlock) -> tuple[Machine, ...]:
    query = select(Machine).where(Machine.site_id == site_id).order_by(Machine.id)
    query = query.execution_options(populate_existing=True)
    if command.space_id is not None:
        space = session.get(Space, command.space_id)
        if space is None or space.site_id != site_id:
            raise NotFound
        query = query.where(
            Machine.space_id == space.id, Machine.state != MachineState.RETIRED.value
        )
        found = tuple(session.scalars(query))
        if not found:
            raise Invalid.field("space", "maintenance.no-machines")
        return found
    if not command.machines:
        raise Invalid.field("machines", "field.required")
    found = tuple(session.scalars(query.where(Machine.slug.in_(command.machines))))
    if len(found) != len(set(command.machines)):
        raise NotFound
    return found
