"""Whoever is erased is gone from every table, and stays so whatever is restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.engine import RowMapping

from labops.adapters import jobs
from labops.adapters.backups import erased_list
from labops.adapters.backups.restoring import restore
from labops.adapters.backups.taking import take
from labops.domain.bookings import giving, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.calendars.services import open_feed
from labops.domain.erasure import queries
from labops.domain.erasure import services as erasing
from labops.domain.erasure.erasing import pseudonym_of
from labops.domain.memberships.models import Membership
from labops.domain.people import administration
from labops.domain.people import services as accounts
from labops.domain.people.models import Person
from labops.domain.tables import METADATA
from labops.domain.waiting import services as waiting
from labops.domain.waiting.services import Join
from labops.kernel import migrations
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Refused
from labops.kernel.permissions import Scope
from tests.support.people import rename
from tests.support.world import NOW, World, slot

WEEK = timedelta(days=7)
NAME = "Adalgisa Ångström-Rossi"
EMAIL = "adalgisa.rossi@example.org"
SECRETS = (NAME, NAME.upper(), EMAIL, "bad back", "1987-06-05", "fell over", "my thesis", "grumpy")


@pytest.fixture
def known(world: World) -> World:
    """Return the world in which Alice has left traces of every kind."""
    alice, bob = world.actor("alice"), world.actor("bob")
    with unit_of_work() as session:
        session.execute(
            text("UPDATE account SET email = :email WHERE person_id = :id"),
            {"email": EMAIL, "id": world.people["alice"]},
        )
    rename(world, "alice", NAME, now=NOW)
    site = world.sites["mhuma"]
    administration.note_birth_date(
        world.uids["alice"], date(1987, 6, 5), site_id=site, actor=bob, now=NOW
    )
    booking = services.book(
        Book(machines=("laser",), slot=slot(10, 11), note="my thesis"), actor=alice, now=NOW
    )
    services.book(Book(machines=("printer",), slot=slot(15, 16)), actor=alice, now=NOW)
    giving.offer(booking, email="charlie@example.org", actor=alice, now=NOW)
    other = services.book(
        Book(machines=("printer",), slot=slot(10, 11)), actor=world.actor("charlie"), now=NOW
    )
    giving.offer(other, email=EMAIL, actor=world.actor("charlie"), now=NOW)
    waiting.join(
        Join(
            machines=("printer",), window=slot(10, 11), length=slot(10, 11).length, note="bad back"
        ),
        actor=alice,
        now=NOW,
    )
    open_feed(actor=alice, now=NOW)
    administration.create_token(
        world.people["alice"], Scope.READ, actor=alice, now=NOW, days=None, label="grumpy"
    )
    account = reading().scalar(
        text("SELECT id FROM account WHERE email = :email"), {"email": EMAIL}
    )
    accounts.open_sign_in(account, device=accounts.Device(name=NAME, address="10.1.1.1"), now=NOW)
    accounts.ask_password_reset(EMAIL, now=NOW)
    administration.suspend(
        world.uids["alice"],
        until=NOW + WEEK,
        reason=f"{NAME} fell over",
        site_id=site,
        actor=bob,
        now=NOW,
    )
    tables = METADATA.tables
    with unit_of_work() as session:
        for _what, table, values in _by_hand(world):
            session.execute(insert(tables[table]).values(**values))
    reading().rollback()
    return world


def _by_hand(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    alice, site = world.people["alice"], world.sites["mhuma"]
    booking = reading().scalars(select(Booking.id).where(Booking.person_id == alice)).first()
    yield (
        "another's audit entry about her",
        "audit_entry",
        {
            "at": NOW,
            "person_id": world.people["bob"],
            "actor": "person:bob",
            "action": "test",
            "subject": "machine:laser",
            "before": {"told": [f"by {NAME.upper()} and {EMAIL}"]},
            "after": {},
            "reason": f"{NAME} said so",
        },
    )
    told = {
        "kind": "Test",
        "dedupe_key": "test",
        "payload": {"who": NAME},
        "recorded_at": NOW,
        "due_at": NOW,
        "delivered_at": NOW,
        "attempts": 1,
        "last_error": f"550 {EMAIL} unknown",
    }
    yield "a delivered message", "outbox_message", told
    restricted = {
        "person_id": alice,
        "site_id": site,
        "machines": ["laser"],
        "categories": [],
        "reason": "bad back",
        "created_at": NOW,
    }
    yield "a restriction", "restriction", restricted
    strike = {
        "uid": "0" * 32,
        "person_id": alice,
        "site_id": site,
        "booking_id": booking,
        "kind": "missed",
        "at": NOW,
        "contest_text": "bad back",
        "answer_text": "grumpy",
    }
    yield "a strike", "strike", strike
    fragment = {
        "booking_id": booking,
        "variant": "named",
        "language": "it",
        "sequence": 0,
        "revised_at": NOW,
        "stamp": "x",
        "person_name": NAME,
        "body": NAME,
    }
    yield "a feed's fragment", "feed_fragment", fragment
    yield (
        "a letter choice",
        "letter_choice",
        {
            "person_id": alice,
            "kind": "digest",
            "choice": "on",
            "chosen_at": NOW,
        },
    )
    yield (
        "what staff saw when certifying",
        "certification",
        {
            "person_id": alice,
            "machine_type_id": reading().scalar(
                text("SELECT id FROM machine_type WHERE slug='bench'")
            ),
            "starts_on": date(2026, 1, 1),
            "evidence": f"{NAME} was taught",
            "granted_at": NOW,
            "revoked_reason": "",
        },
    )


def everything() -> Iterator[tuple[str, RowMapping]]:
    """Yield every row of every table."""
    session = reading()
    session.rollback()
    for table in METADATA.sorted_tables:
        for row in session.execute(select(table)).mappings():
            yield table.name, row


def traces() -> list[str]:
    """Return where something of Alice can still be read."""
    found = []
    for table, row in everything():
        for name, value in row.items():
            words = json.dumps(value, default=str, ensure_ascii=False)
            found += [f"{table}.{name}: {secret}" for secret in SECRETS if secret in words]
    return found


def erase(world: World, now: datetime = NOW + WEEK) -> str:
    """Let Alice ask, and a week later the job come by; return what it says."""
    erasing.ask(actor=world.actor("alice"), now=now - WEEK)
    return jobs.run_job("erase-people", now=now)


def test_nothing_of_an_erased_person_can_be_read_anywhere(known: World, app: Flask) -> None:
    assert {trace.split(":")[0] for trace in traces()} >= {
        "person.name", "account.email", "audit_entry.before", "audit_entry.reason",
        "outbox_message.payload", "booking.note", "waiting_wish.note", "hand_over.to_email",
        "sign_in.device", "restriction.reason", "strike.contest_text", "feed_fragment.body",
        "api_token.label", "person.born_on", "certification.evidence",
    }  # fmt: skip
    uid = known.uids["alice"]
    erasing.order(uid, reason="asked", actor=known.actor("eva"), now=NOW)
    assert jobs.run_job("erase-people", now=NOW) == "1 erased, 2 bookings cancelled"
    assert traces() == []
    session = reading()
    person = session.scalars(select(Person).where(Person.uid == uid)).one()
    assert person.name == pseudonym_of(uid)
    alice = known.people["alice"]
    ended = select(Membership.state).where(Membership.person_id == alice)
    assert session.scalars(ended).all() == ["ended"]
    # What the law asks for is still there, and says of nobody who it was.
    assert {table for table, row in everything() if dict(row).get("person_id") == alice} == {
        "audit_entry", "booking", "certification", "erasure_request", "membership",
    }  # fmt: skip
    states = session.scalars(select(Booking.state).where(Booking.person_id == alice)).all()
    assert set(states) == {"cancelled"}
    mine = select(Booking.id).where(Booking.person_id == alice)
    claims = METADATA.tables["allocation"]
    left = select(claims.c.id).where(claims.c.owner_kind == "booking", claims.c.owner_id.in_(mine))
    assert session.scalars(left).all() == []
    assert queries.erased_at(session, uid) == NOW
    assert jobs.run_job("erase-people", now=NOW) == "0 erased, 0 bookings cancelled"
    # What was still to be told is told, or not, without a stumble.
    assert "failed" not in jobs.run_job("deliver-outbox", now=NOW)


def test_others_of_the_same_first_name_keep_theirs(world: World) -> None:
    rename(world, "charlie", "Alice Bianchi", now=NOW)
    erase(world)
    names = reading().scalars(select(Person.name)).all()
    assert "Alice Bianchi" in names and "Alice" not in names


def test_a_week_to_take_it_back(world: World) -> None:
    alice = world.actor("alice")
    due = erasing.ask(actor=alice, now=NOW)
    assert due == NOW + WEEK
    assert erasing.ask(actor=alice, now=NOW + timedelta(days=2)) == due
    assert jobs.run_job("erase-people", now=due - timedelta(seconds=1)).startswith("0 erased")
    erasing.take_back(actor=alice, now=due - timedelta(seconds=1))
    assert jobs.run_job("erase-people", now=due + WEEK).startswith("0 erased")
    with pytest.raises(NotFound):
        erasing.take_back(actor=alice, now=due)
    again = due + WEEK
    erasing.ask(actor=alice, now=again)
    with pytest.raises(NotFound):
        erasing.take_back(actor=alice, now=again + WEEK)
    assert jobs.run_job("erase-people", now=again + WEEK).startswith("1 erased")


def test_only_admins_order_it_and_the_last_one_stays(world: World) -> None:
    eva = world.actor("eva")
    for who in ("alice", "bob", "dora"):
        with pytest.raises(Forbidden):
            erasing.order(world.uids["charlie"], reason="x", actor=world.actor(who), now=NOW)
    with pytest.raises(Invalid):
        erasing.order(world.uids["charlie"], reason="  ", actor=eva, now=NOW)
    with pytest.raises(Refused, match="erasure.only-admin"):
        erasing.ask(actor=eva, now=NOW)
    with pytest.raises(Refused, match="erasure.only-admin"):
        erasing.order(world.uids["eva"], reason="x", actor=eva, now=NOW)
    erasing.order(world.uids["charlie"], reason="moved away", actor=eva, now=NOW)
    assert jobs.run_job("erase-people", now=NOW).startswith("1 erased")
    with pytest.raises(NotFound):
        erasing.order(world.uids["charlie"], reason="again", actor=eva, now=NOW)


@pytest.mark.parametrize("lost", ["database", "file"])
def test_the_erased_stay_erased_when_an_older_backup_is_restored(
    known: World, app: Flask, tmp_path: Path, lost: str
) -> None:
    data: Path = app.config["LABOPS"].data_dir
    uid = known.uids["alice"]
    take(db.engine, tmp_path / "before.zip", data, now=NOW)
    erasing.order(uid, reason="asked", actor=known.actor("eva"), now=NOW)
    jobs.run_job("erase-people", now=NOW)
    assert list(erased_list.read(data)) == [uid]
    reading().close()
    if lost == "database":
        migrations.downgrade(db.engine, "base")
    elif lost == "file":
        (data / erased_list.NAME).unlink()
    done = restore(db.engine, tmp_path / "before.zip", data, replace=True, now=NOW + WEEK)
    assert done.erased_again == 1
    assert traces() == []
    assert list(erased_list.read(data)) == [uid]
    assert queries.erased_at(reading(), uid) is not None
    jobs.run_job("erase-people", now=NOW)
    person = known.people["alice"]
    states = reading().scalars(select(Booking.state).where(Booking.person_id == person)).all()
    assert set(states) == {"cancelled"}


def test_a_spoiled_line_costs_nobody_else_her_place(tmp_path: Path) -> None:
    line = json.dumps({"uid": "a" * 32, "erased_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat()})
    (tmp_path / erased_list.NAME).write_text(f'{line}\n{{"uid": "b\nnonsense\n[]\n{line[:20]}')
    assert list(erased_list.read(tmp_path)) == ["a" * 32]
