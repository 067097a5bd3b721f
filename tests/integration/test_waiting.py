"""The waiting list: who may join, who is offered what, what becomes of offers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from labops.domain.bookings import queries as booking_queries
from labops.domain.bookings import services as bookings
from labops.domain.bookings import sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.closures.services import close, reopen
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.machines.services import DescribeMachine, describe, set_state
from labops.domain.machines.states import MachineState
from labops.domain.waiting import answering, offering, queries, services
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.queries import OfferView
from labops.domain.waiting.services import Join
from labops.kernel import ledger
from labops.kernel.audit import AuditEntry
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation, Claim, Owner, OwnerKind
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot

HOUR = timedelta(hours=1)


def book(world: World, who: str, span: Interval, machine: str = "printer") -> str:
    return bookings.book(Book(machines=(machine,), slot=span), actor=world.actor(who), now=NOW)


def join(world: World, who: str, span: Interval, now: datetime = NOW, **changes: object) -> str:
    values: dict[str, object] = {"machines": ("printer",), "length": span.length, **changes}
    command = Join(window=span, **values)  # type: ignore[arg-type]
    return services.join(command, actor=world.actor(who), now=now)


def run(now: datetime = NOW) -> offering.Run:
    return offering.offer_freed_time(now=now)


def offered(world: World, who: str, now: datetime = NOW) -> list[OfferView]:
    return queries.held_of_person(reading(), world.people[who], now=now)


def state_of(wish: str) -> str:
    query = select(WaitingWish.state).where(WaitingWish.uid == wish)
    return reading().scalars(query.execution_options(populate_existing=True)).one()


def let_rules(world: World, **data: object) -> None:
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=data), actor=SYSTEM, now=NOW)


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_freed_time_goes_to_the_first_in_line_and_becomes_her_booking(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    first = join(world, "alice", slot(14, 16), now=NOW)
    second = join(world, "bob", slot(14, 16), now=NOW + timedelta(minutes=1))
    assert run() == offering.Run(0, 0, 0)
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    assert run().offered == 1
    (held,) = offered(world, "alice")
    assert (held.starts_at, held.ends_at) == (at(14), at(16))
    assert held.answer_by == NOW + 24 * HOUR
    assert offered(world, "bob") == []
    with pytest.raises(Refused) as refused:
        book(world, "charlie", slot(15, 16))
    assert codes(refused) == {"booking.overlap"}
    booked = answering.accept(held.uid, actor=world.actor("alice"), now=NOW + HOUR)
    assert answering.accept(held.uid, actor=world.actor("alice"), now=NOW + HOUR) == booked
    found = booking_queries.one(reading(), booked, world.actor("alice"))
    assert (found.starts_at, found.ends_at, found.state) == (at(14), at(16), "confirmed")
    assert (state_of(first), state_of(second)) == ("taken", "waiting")
    claims = reading().scalars(select(Allocation.owner_kind)).all()
    assert claims == ["booking"]
    assert run(NOW + HOUR).offered == 0
