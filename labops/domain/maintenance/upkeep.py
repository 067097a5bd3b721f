"""Use cases of maintenance that comes round: plans, what was done, parts, and telling staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.incidents.models import Incident
from labops.domain.machines.models import Machine
from labops.domain.maintenance import history
from labops.domain.maintenance.coming_round import RANK, Standing
from labops.domain.maintenance.events import UpkeepDue
from labops.domain.maintenance.models import (
    MaintenancePlan,
    MaintenanceTask,
    MaintenanceTaskPart,
    SparePart,
)
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

MOST_MONTHS, MOST_HOURS, MOST_MINUTES = 120, 100_000, 30 * 24 * 60
MOST_COST = Decimal(1_000_000)
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePlan:
    """Work on a machine (by slug) that comes round; `steps` is its checklist."""

    machine: str
    title: str
    minutes: int
    every_months: int | None = None
    every_hours: int | None = None
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTask:
    """Work that was done on a machine; `parts` are how many of each were used, by uid."""

    machine: str
    title: str
    nonce: str
    minutes: int = 0
    cost: Decimal = Decimal(0)
    note: str = ""
    steps: tuple[str, ...] = ()
    photo: str = ""
    plan: str = ""
    incident: str = ""
    parts: Mapping[str, int] = field(default_factory=dict)


def make_plan(command: MakePlan, *, actor: Actor, now: datetime) -> str:
    """Let work come round on a machine, from now on, and return the plan's uid.

    Raises `NotFound`, `Forbidden`, and `Invalid` naming the fields.
    """
    _check(
        command.title,
        [
            ("every_months", command.every_months, 1, MOST_MONTHS),
            ("every_hours", command.every_hours, 1, MOST_HOURS),
            ("minutes", command.minutes, 1, MOST_MINUTES),
        ],
    )
    if command.every_months is None and command.every_hours is None:
        raise Invalid.field("every_months", "upkeep.no-round")
    with unit_of_work() as session:
        machine = _machine(session, command.machine, actor)
        plan = MaintenancePlan(
            uid=new_uid(),
            site_id=machine.site_id,
            machine_id=machine.id,
            title=one_line(command.title)[:120],
            every_months=command.every_months,
            every_hours=command.every_hours,
            minutes=command.minutes,
            checklist=_lines(command.steps),
            created_at=now,
            done_at=now,
            told="",
        )
        session.add(plan)
        audit.record(
            session,
            actor,
            "upkeep.planned",
            f"upkeep:{plan.uid}",
            now=now,
            after={
                "machine": machine.slug,
                "title": plan.title,
                "months": plan.every_months,
                "hours": plan.every_hours,
            },
        )
        return plan.uid


def retire_plan(uid: str, *, actor: Actor, now: datetime) -> None:
    """Let work come round no more; what was done stays. Twice is once. Raises `NotFound`."""
    with unit_of_work() as session:
        plan = session.scalar(select(MaintenancePlan).where(MaintenancePlan.uid == uid))
        if plan is None or not actor.may(Permission.MACHINE_EDIT, plan.site_id):
            raise NotFound
        if plan.retired_at is None:
            plan.retired_at = now
            audit.record(session, actor, "upkeep.retired", f"upkeep:{uid}", now=now)


def log_task(command: LogTask, *, actor: Actor, now: datetime) -> str:
    """Write down work that was done and return its uid; the round of its plan begins anew.

    The parts it used leave the stock. Sent again with its nonce it is the same work. Raises
    `NotFound`, `Forbidden`, and `Invalid` naming the fields, with `part.too-few` for parts that
    there are not.
    """
    person_id = actor.require_person()
    _check(command.title, [("minutes", command.minutes, 0, MOST_MINUTES)])
    if not 0 <= command.cost <= MOST_COST:
        raise Invalid.field("cost", "field.out-of-range", lowest=0, highest=MOST_COST)
    with unit_of_work() as session:
        machine = _machine(session, command.machine, actor)
        ledger.lock(session, people=[person_id], bookables=[machine.id])
        known = session.scalar(
            select(MaintenanceTask.uid).where(
                MaintenanceTask.person_id == person_id, MaintenanceTask.nonce == command.nonce
            )
        )
        if known is not None:
            return known
        task = MaintenanceTask(
            uid=new_uid(),
            nonce=command.nonce,
            machine_id=machine.id,
            plan_id=_begin_anew(session, command.plan, machine, now),
            incident_id=_incident_id(session, command.incident, machine),
            person_id=person_id,
            title=one_line(command.title)[:120],
            note=without_controls(command.note).strip()[:1000],
            done_steps=_lines(command.steps),
            minutes=command.minutes,
            cost=command.cost,
            photo=command.photo,
            done_at=now,
        )
        session.add(task)
        session.flush()  # its parts need its id
        _use_parts(session, task, machine, command.parts, now)
        audit.record(
            session,
            actor,
            "upkeep.done",
            f"machine:{machine.slug}",
            now=now,
            after={"title": task.title, "minutes": task.minutes, "cost": str(task.cost)},
        )
        return task.uid


def record_due(*, now: datetime, dry_run: bool = False) -> int:
    """Have staff told of work that became due soon, due or overdue since they were last told.

    Returns how many.
    """
    news = [
        plan
        for plan in history.everywhere(reading(), now=now)
        if plan.standing is not Standing.FINE
        and RANK[plan.standing] > RANK[Standing(plan.told or Standing.FINE)]
    ]
    if dry_run:
        return len(news)
    for plan in news:
        with unit_of_work() as session:
            changed = session.execute(
                update(MaintenancePlan)
                .where(
                    MaintenancePlan.id == plan.id,
                    MaintenancePlan.done_at == plan.done_at,
                    MaintenancePlan.told == plan.told,
                )
                .values(told=plan.standing.value)
                .returning(MaintenancePlan.id)
            ).all()
            if changed:  # nobody did it, or told of it, meanwhile
                fact = UpkeepDue(
                    plan_uid=plan.uid,
                    standing=plan.standing.value,
                    done_at=plan.done_at.isoformat(),
                )
                outbox.record(session, fact, now=now)
    return len(news)


def _begin_anew(session: Session, uid: str, machine: Machine, now: datetime) -> int | None:
    if not uid:
        return None
    plan = session.scalar(
        select(MaintenancePlan)
        .where(MaintenancePlan.uid == uid, MaintenancePlan.machine_id == machine.id)
        .execution_options(populate_existing=True)
    )
    if plan is None or plan.retired_at is not None:
        raise NotFound
    plan.done_at, plan.told = now, ""
    return plan.id


def _incident_id(session: Session, uid: str, machine: Machine) -> int | None:
    if not uid:
        return None
    found = session.scalar(
        select(Incident.id).where(Incident.uid == uid, Incident.machine_id == machine.id)
    )
    if found is None:
        raise NotFound
    return found


def _use_parts(
    session: Session,
    task: MaintenanceTask,
    machine: Machine,
    parts: Mapping[str, int],
    now: datetime,
) -> None:
    for uid, count in sorted(parts.items()):
        if count == 0:
            continue
        if count < 0:
            raise Invalid.field(f"part-{uid}", "field.out-of-range", lowest=0, highest=MOST_PARTS)
        part = session.scalar(
            select(SparePart).where(SparePart.uid == uid, SparePart.site_id == machine.site_id)
        )
        if part is None:
            raise NotFound
        # Conditional, because work on another machine may take the same part at this moment.
        left = session.execute(
            update(SparePart)
            .where(SparePart.id == part.id, SparePart.stock >= count)
            .values(stock=SparePart.stock - count, revised_at=now)
            .returning(SparePart.stock)
        ).all()
        if not left:
            params = {"field": f"part-{uid}", "stock": part.stock, "part": part.name}
            raise Invalid([Problem("part.too-few", params)])
        session.add(
            MaintenanceTaskPart(task_id=task.id, part_id=part.id, count=count, price=part.price)
        )


def _machine(session: Session, slug: str, actor: Actor) -> Machine:
    machine = session.scalar(select(Machine).where(Machine.slug == slug))
    if machine is None:
        raise NotFound
    actor.require(Permission.MACHINE_EDIT, machine.site_id)
    return machine


def _check(title: str, numbers: list[tuple[str, int | None, int, int]]) -> None:
    problems = [
        Problem("field.out-of-range", {"field": name, "lowest": lowest, "highest": highest})
        for name, value, lowest, highest in numbers
        if value is not None and not lowest <= value <= highest
    ]
    if not one_line(title):
        problems.append(Problem("field.required", {"field": "title"}))
    if problems:
        raise Invalid(problems)


def _lines(steps: tuple[str, ...]) -> str:
    return "\n".join(one for step in steps if (one := one_line(step)))[:2000]
