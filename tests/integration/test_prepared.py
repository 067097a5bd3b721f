"""Prepared statements say on both engines what the same statements say through the session."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from labops.domain.bookings import statements
from labops.domain.bookings.events import BookingConfirmed
from labops.domain.certifications.models import Certification
from labops.domain.people.models import Person
from labops.kernel import outbox
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.instance import InstanceFact
from labops.kernel.orm import table_of
from labops.kernel.outbox import OutboxMessage
from labops.kernel.prepared import Prepared
from tests.support.world import NOW, World

ENTRY = table_of(AuditEntry).c
PERSON = table_of(Person).c


def entry(**changes: object) -> dict[str, object]:
    """Return the values of an audit entry with everything that is awkward."""
    values: dict[str, object] = {
        "at": datetime(2026, 10, 25, 2, 30, 0, 5, tzinfo=ZoneInfo("Europe/Rome"), fold=1),
        "person_id": None,
        "actor": "100 % of %(actor)s and :actor and ?",
        "action": "tried",
        "subject": "è:'\"\\",
        "before": {},
        "after": {"a": [1, None, "%s"]},
        "reason": "",
    }
    return values | changes


def test_what_is_written_is_read_again(world: World) -> None:
    add = Prepared(insert(table_of(AuditEntry)).returning(ENTRY.id))
    find = Prepared(select(*ENTRY).where(ENTRY.id == bindparam("number")))
    with unit_of_work() as session:
        number = add.scalar(session, entry())
    row = find.row(reading(), {"number": number})
    assert row._asdict() == {
        **entry(),
        "id": number,
        "at": datetime(2026, 10, 25, 1, 30, 0, 5, tzinfo=UTC),
    }
    assert row.at.tzinfo is UTC
    usual = reading().execute(select(*ENTRY).where(ENTRY.id == number)).one()
    assert tuple(usual) == tuple(row)
    assert find.row(reading(), {"number": number + 1}) is None
    assert find.rows(reading(), {"number": number + 1}) == []


def test_dates_truths_and_nothing(world: World) -> None:
    person = world.people["alice"]
    columns = table_of(Certification).c
    held = select(*columns).where(columns.person_id == bindparam("person_id"))
    values = {"person_id": person}
    rows = Prepared(held).rows(reading(), values)
    assert rows
    assert [tuple(row) for row in rows] == [tuple(r) for r in reading().execute(held, values)]
    assert all(type(row.starts_on) is date and row.revoked_at is None for row in rows)


def test_a_change_is_part_of_the_transaction(world: World) -> None:
    person = world.people["alice"]
    rename = Prepared(
        update(table_of(Person)).where(PERSON.id == bindparam("number")).values(name="Zoë")
    )
    name = Prepared(select(PERSON.name).where(PERSON.id == bindparam("number")))
    before = name.scalar(reading(), {"number": person})
    with pytest.raises(RuntimeError, match="stop"), unit_of_work() as session:
        assert rename.write(session, {"number": person}) == 1
        assert name.scalar(session, {"number": person}) == "Zoë"
        raise RuntimeError("stop")
    assert name.scalar(reading(), {"number": person}) == before
    with unit_of_work() as session:
        assert rename.write(session, {"number": -1}) == 0


def test_what_it_cannot_do_is_said(world: World) -> None:
    several = select(PERSON.name).where(PERSON.id.in_(bindparam("numbers", expanding=True)))
    with pytest.raises(ValueError, match="no lists"):
        Prepared(several).rows(reading(), {"numbers": [1]})
    with pytest.raises(ValueError, match="no defaults"), unit_of_work() as session:
        Prepared(insert(table_of(Person))).write(session, {"uid": "x", "name": "X"})
    one = Prepared(select(PERSON.name).where(PERSON.id == bindparam("number")))
    with pytest.raises(KeyError):
        one.rows(reading(), {})


def test_a_naive_time_is_refused(world: World) -> None:
    add = Prepared(insert(table_of(AuditEntry)))
    with pytest.raises(ValueError, match="naive"), unit_of_work() as session:
        add.write(session, entry(at=datetime(2026, 1, 1)))


def test_writers_wait_for_their_turn(app: Flask, world: World) -> None:
    """Twelve threads add one to the same number; none is lost and none gives up."""
    key = "turns"
    with unit_of_work() as session:
        session.add(InstanceFact(name=key, value="0"))

    def add_one() -> None:
        with app.app_context(), unit_of_work() as session:
            fact = session.get_one(InstanceFact, key, with_for_update=True, populate_existing=True)
            fact.value = str(int(fact.value) + 1)

    threads = [threading.Thread(target=add_one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    reading().rollback()
    assert reading().get_one(InstanceFact, key, populate_existing=True).value == "12"


def test_a_savepoint_holds_what_is_prepared_too(world: World) -> None:
    """What fails inside a savepoint undoes only that; PostgreSQL would refuse all that follows."""
    with unit_of_work() as session:
        statements.BUMP.write(session, {"id_of_person": world.people["alice"]})
        outbox.record(session, BookingConfirmed(booking_uid="x", revision=1), now=NOW)
        with pytest.raises(IntegrityError), session.begin_nested():
            outbox.record(session, BookingConfirmed(booking_uid="x", revision=1), now=NOW)
        outbox.record(session, BookingConfirmed(booking_uid="x", revision=2), now=NOW)
    assert reading().scalar(select(func.count()).select_from(OutboxMessage)) == 2
