"""Spare parts and consumables of a site: how many there are, and what to buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.domain.maintenance.models import SparePart
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

MOST = 100_000
MOST_PRICE = Decimal(100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribePart:
    """What a part is called, who sells it at which price, how many there are and should be."""

    name: str
    supplier: str = ""
    price: Decimal = Decimal(0)
    stock: int = 0
    minimum: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """A part, and how many to buy so that there are twice the minimum again."""

    uid: str
    name: str
    supplier: str
    price: Decimal
    stock: int
    minimum: int

    @property
    def to_order(self) -> int:
        """Return how many to buy; none while the minimum is there."""
        return 2 * self.minimum - self.stock if self.stock < self.minimum else 0


def of_site(session: Session, site_id: int) -> list[PartView]:
    """Return the parts of a site, those that are missing first."""
    rows = session.scalars(
        select(SparePart)
        .where(SparePart.site_id == site_id)
        .order_by(SparePart.name, SparePart.id)
        .execution_options(populate_existing=True)
    )
    found = [
        PartView(
            uid=row.uid,
            name=row.name,
            supplier=row.supplier,
            price=row.price,
            stock=row.stock,
            minimum=row.minimum,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: one.to_order == 0)


def add_part(site_id: int, command: DescribePart, *, actor: Actor, now: datetime) -> str:
    """Write a part into the list and return its uid; raises `Forbidden`, `Invalid`."""
    actor.require(Permission.MACHINE_EDIT, site_id)
    name = one_line(command.name)[:120]
    problems = [
        Problem("field.out-of-range", {"field": field, "lowest": 0, "highest": highest})
        for field, value, highest in (
            ("stock", command.stock, MOST),
            ("minimum", command.minimum, MOST),
            ("price", command.price, MOST_PRICE),
        )
        if not 0 <= value <= highest
    ]
    if not name:
        problems.append(Problem("field.required", {"field": "name"}))
    if problems:
        raise Invalid(problems)
    part = SparePart(
        uid=(uid := new_uid()),
        site_id=site_id,
        name=name,
        supplier=one_line(command.supplier)[:200],
        price=command.price,
        stock=command.stock,
        minimum=command.minimum,
        revised_at=now,
    )
    try:
        with unit_of_work() as session:
            session.add(part)
            session.flush()  # a part of that name is known already
            after = {"name": name, "stock": command.stock, "minimum": command.minimum}
            audit.record(session, actor, "part.added", f"part:{uid}", now=now, after=after)
    except IntegrityError as error:
        raise Invalid.field("name", "part.known") from error
    return uid


def count_part(uid: str, change: int, *, actor: Actor, now: datetime) -> None:
    """Put so many into the stock, or take them out; raises `NotFound`, `Invalid`."""
    with unit_of_work() as session:
        part = session.scalar(select(SparePart).where(SparePart.uid == uid))
        if part is None or not actor.may(Permission.MACHINE_EDIT, part.site_id):
            raise NotFound
        if not -MOST <= change <= MOST:
            raise Invalid.field("change", "field.out-of-range", lowest=-MOST, highest=MOST)
        left = session.execute(
            update(SparePart)
            .where(SparePart.id == part.id, SparePart.stock + change >= 0)
            .values(stock=SparePart.stock + change, revised_at=now)
            .returning(SparePart.stock)
        ).scalar()
        if left is None:
            raise Invalid([Problem("part.too-few", {"stock": part.stock, "part": part.name})])
        audit.record(session, actor, "part.counted", f"part:{uid}", now=now, after={"stock": left})
