"""Use cases of maintenance: what is in its way is decided in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from labops.domain.bookings.displacing import Choice, Displaced, make_way
from labops.domain.bookings.events import Cause
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.hits import Obstacle
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.domain.maintenance.commands import LONGEST_NOTE, LONGEST_REASON, PlanBlock
from labops.domain.maintenance.events import (
    MaintenanceCancelled,
    MaintenanceChanged,
    MaintenanceEnded,
    MaintenancePlanned,
)
from labops.domain.maintenance.models import MaintenanceBlock, MaintenanceBookable
from labops.domain.maintenance.planning import (
    Planned,
    machines_of,
    owner_of,
    planned,
    refuse_other_claims,
    require_coming,
)
from labops.kernel import audit, ledger, ledger_whole, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Changed, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

Event = (
    type[MaintenancePlanned]
    | type[MaintenanceChanged]
    | type[MaintenanceEnded]
    | type[MaintenanceCancelled]
)


def plan(
    site_id: int,
    command: PlanBlock,
    choices: Mapping[str, Choice],
    *,
    actor: Actor,
    now: datetime,
) -> tuple[str, Displaced]:
    """Take machines out of use for a span; return the block's uid and what became of bookings.

    `choices` say for each booking in the way, by uid, what becomes of it. All of it happens or
    nothing. Raises `Forbidden`, `NotFound` and `Invalid` for the command, `Changed` unless the
    choices are for exactly the bookings in the way now, `ChoiceRefused` for what cannot be done
    with one of them, and `Refused` where something else holds the time.
    """
    actor.require(Permission.MACHINE_EDIT, site_id)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        wanted = planned(session, site_id, command, now=now)
        displaced = make_way(
            session, wanted.obstacle, choices, _consent(actor, command.reason), now=now
        )
        refuse_other_claims(session, wanted)
        block = MaintenanceBlock(
            uid=new_uid(), site_id=site_id, created_at=now, cancelled_at=None, revision=0
        )
        _write(block, command, wanted, now)
        session.add(block)
        session.flush()  # machines and claims need its id
        _claim(session, block, wanted)
        after = _told(block, wanted) | displaced.told()
        _conclude(session, block, MaintenancePlanned, actor, now, after=after)
        return block.uid, displaced


def change(
    uid: str,
    command: PlanBlock,
    choices: Mapping[str, Choice],
    *,
    actor: Actor,
    now: datetime,
) -> Displaced:
    """Give a block another span, other machines or words; raises as `plan`, and `planned`."""
    with ledger.refusing_overlaps(), unit_of_work() as session:
        block = _block(session, uid, actor)
        wanted = planned(session, block.site_id, command, now=now, block=block)
        consent = _consent(actor, command.reason)
        before = machines_of(session, block)
        displaced = make_way(
            session,
            wanted.obstacle,
            choices,
            consent,
            now=now,
            also_lock=[machine.id for machine in before],
        )
        _still_there(session, block, command, now)
        refuse_other_claims(session, wanted, besides=owner_of(block))
        was = _told(block, Planned(block.site_id, before, block.span))
        _write(block, command, wanted, now)
        block.revision += 1
        session.execute(delete(MaintenanceBookable).where(MaintenanceBookable.block_id == block.id))
        _claim(session, block, wanted, moving=True)
        after = _told(block, wanted) | displaced.told()
        _conclude(session, block, MaintenanceChanged, actor, now, before=was, after=after)
        return displaced


def end(uid: str, *, actor: Actor, now: datetime) -> None:
    """End running maintenance now and give the rest of its time back; twice is once.

    Raises `NotFound`, and `Refused` when it has not begun.
    """
    with unit_of_work() as session:
        block, machines = _locked(session, uid, actor)
        if block.cancelled_at is None and block.ends_at <= now:
            return
        require_coming(block, now)
        if block.starts_at >= now:
            raise Refused([Problem("maintenance.not-begun")])
        before = {"ends_at": block.ends_at.isoformat()}
        for machine in machines:
            ledger.shorten(session, owner_of(block), machine.id, until=now)
        block.ends_at = now
        block.revised_at = now
        block.revision += 1
        after = {"ends_at": now.isoformat()}
        _conclude(session, block, MaintenanceEnded, actor, now, before=before, after=after)


def cancel(uid: str, *, actor: Actor, now: datetime) -> None:
    """Call off maintenance that has not begun and give its time back; twice is once.

    Raises `NotFound`, and `Refused` when it has begun.
    """
    with unit_of_work() as session:
        block, _machines = _locked(session, uid, actor)
        if block.cancelled_at is not None:
            return
        require_coming(block, now)
        if block.starts_at < now:
            raise Refused([Problem("maintenance.begun")])
        ledger.release(session, owner_of(block))
        block.cancelled_at = now
        block.revised_at = now
        block.revision += 1
        _conclude(session, block, MaintenanceCancelled, actor, now)


def clear(
    slug: str,
    until: datetime,
    choices: Mapping[str, Choice],
    *,
    actor: Actor,
    now: datetime,
) -> Displaced:
    """Decide about the bookings of a machine that is out of service, from now until an instant.

    No time is claimed: the state of the machine keeps new bookings away. Raises `NotFound`,
    `Forbidden`, `Refused` when it is in service again, `Changed` and `ChoiceRefused` as `plan`.
    """
    with ledger.refusing_overlaps(), unit_of_work() as session:
        machine = session.scalar(
            select(Machine).where(Machine.slug == slug).execution_options(populate_existing=True)
        )
        if machine is None:
            raise NotFound
        actor.require(Permission.MACHINE_EDIT, machine.site_id)
        if machine.state == MachineState.IN_SERVICE:
            raise Refused([Problem("maintenance.in-service", {"machine": machine.slug})])
        consent = Consent(actor, _reason(machine.state_reason), cause=Cause.OUT_OF_SERVICE)
        obstacle = Obstacle(machine.site_id, (machine.id,), Interval(now, until), claims_time=False)
        displaced = make_way(session, obstacle, choices, consent, now=now)
        audit.record(
            session,
            actor,
            "machine.cleared",
            f"machine:{slug}",
            now=now,
            after={"until": until.isoformat()} | displaced.told(),
            reason=machine.state_reason,
        )
        return displaced


def _consent(actor: Actor, reason: str) -> Consent:
    return Consent(actor, _reason(reason), cause=Cause.MAINTENANCE)


def _reason(text: str) -> str:
    """Return a reason to be told; staff say yes to what bends a rule only with one."""
    return one_line(text)[:LONGEST_REASON] or "–"


def _write(block: MaintenanceBlock, command: PlanBlock, wanted: Planned, now: datetime) -> None:
    block.space_id = wanted.space_id
    block.starts_at = wanted.span.starts_at
    block.ends_at = wanted.span.ends_at
    block.reason = one_line(command.reason)[:LONGEST_REASON]
    block.note = without_controls(command.note).strip()[:LONGEST_NOTE]
    block.revised_at = now


def _claim(
    session: Session, block: MaintenanceBlock, wanted: Planned, *, moving: bool = False
) -> None:
    ledger_whole.grant_whole(session, owner_of(block), wanted.claims, moving=moving)
    session.add_all(
        MaintenanceBookable(block_id=block.id, bookable_id=machine.id)
        for machine in wanted.machines
    )


def _block(session: Session, uid: str, actor: Actor) -> MaintenanceBlock:
    block = session.scalar(
        select(MaintenanceBlock)
        .where(MaintenanceBlock.uid == uid)
        .execution_options(populate_existing=True)
    )
    if block is None or not actor.may(Permission.MACHINE_EDIT, block.site_id):
        raise NotFound
    return block


def _locked(
    session: Session, uid: str, actor: Actor
) -> tuple[MaintenanceBlock, tuple[Machine, ...]]:
    block = _block(session, uid, actor)
    machines = machines_of(session, block)
    ledger.lock(session, bookables=[machine.id for machine in machines])
    session.refresh(block)
    return block, machines_of(session, block)


def _still_there(
    session: Session, block: MaintenanceBlock, command: PlanBlock, now: datetime
) -> None:
    """Look again at the block now that nobody else can change it."""
    revision = block.revision
    session.refresh(block)
    if block.revision != revision or command.expected_revision not in {None, revision}:
        raise Changed
    require_coming(block, now)


def _told(block: MaintenanceBlock, wanted: Planned) -> dict[str, Any]:
    return {
        "starts_at": block.starts_at.isoformat(),
        "ends_at": block.ends_at.isoformat(),
        "machines": [machine.slug for machine in wanted.machines],
    }


def _conclude(
    session: Session,
    block: MaintenanceBlock,
    event: Event,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    outbox.record(session, event(block_uid=block.uid, revision=block.revision), now=now)
    audit.record(
        session,
        actor,
        f"maintenance.{event.kind.removeprefix('Maintenance').lower()}",
        f"maintenance:{block.uid}",
        now=now,
        before=before,
        after=after,
        reason=block.reason,
    )
