"""Backups: what is restored is what was there, on whichever engine, or nothing is changed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, insert, select, text, update
from sqlalchemy.orm import Session

from labops.adapters.backups import ArchiveRefused
from labops.adapters.backups.archive import MANIFEST, Reader
from labops.adapters.backups.restoring import restore
from labops.adapters.backups.taking import LEFT_OUT, take
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.people import queries as people
from labops.domain.people.models import Account
from labops.domain.people.services import Device, open_sign_in
from labops.domain.plans import services as plans
from labops.domain.plans.services import RecordPayment
from labops.domain.plans.states import Method
from labops.domain.tables import METADATA
from labops.kernel import migrations
from labops.kernel.db import db, reading, unit_of_work
from tests.support.databases import Databases
from tests.support.plans import put_on, with_prices
from tests.support.world import NOW, World, slot

# What people type, and what breaks formats: quotes, tabs, COPY's own signs, all of Unicode.
HOSTILE = (
    "\\N \\. \t tab \"quoted\" 'single' \\\\ back",
    "line\nbreaks\r\nand \u2028 separators",
    "né ß 漢字 🙂 \u202eright to left\u202c e\u0301",
    "'); DROP TABLE person; --",
    "{}[],:null \\u0000 %s %(name)s ?",
    "\ufeff\x7f\x01 controls",
)


def _keep_books(world: World) -> None:
    """Let money and hours be entered, paid and taken back: entries refer to one another."""
    with_prices(world)
    put_on(world, "alice", "maker")
    for day in (2, 3, 4):
        uid = services.book(
            Book(machines=("printer",), slot=slot(9, 12, day)), actor=world.actor("alice"), now=NOW
        )
        services.cancel(uid, actor=world.actor("alice"), now=NOW)
    services.book(
        Book(machines=("printer",), slot=slot(9, 12, 5)), actor=world.actor("alice"), now=NOW
    )
    payment = RecordPayment(
        person_uid=world.uids["alice"],
        site_id=world.sites["mhuma"],
        amount=Decimal("3.00"),
        method=Method.CASH,
        paid_on=NOW.date(),
    )
    plans.record_payment(payment, actor=world.actor("bob"), now=NOW)


@pytest.fixture
def hostile(world: World) -> World:
    """Return the world with texts in it that only an exact copy survives."""
    _keep_books(world)
    booking = services.book(
        Book(machines=("laser",), slot=slot(10, 11)), actor=world.actor("alice"), now=NOW
    )
    with unit_of_work() as session:
        tables = METADATA.tables
        session.execute(
            update(tables["booking"])
            .where(tables["booking"].c.uid == booking)
            .values(note=HOSTILE[0], fields={text: [text, None, 1.5, True] for text in HOSTILE})
        )
        for name, words in zip(("charlie", "sam", "nina", "dora"), HOSTILE[1:], strict=False):
            session.execute(
                update(tables["person"])
                .where(tables["person"].c.id == world.people[name])
                .values(name=words)
            )
        for number, words in enumerate(HOSTILE):
            session.execute(
                insert(tables["audit_entry"]).values(
                    at=NOW + timedelta(microseconds=number),
                    person_id=None,
                    actor="test",
                    action="test",
                    subject="test",
                    before={"text": words},
                    after={},
                    reason=words,
                )
            )
        session.execute(update(tables["site"]).values(latitude=45.4642035, longitude=-1 / 3))
    reading().rollback()
    return world


@pytest.fixture
def other_engine(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Engine]]:
    """Return what makes an empty database on the other engine, and forgets it afterwards."""
    made: list[Engine] = []
    databases: Databases = request.getfixturevalue("databases")

    def make() -> Engine:
        if database_url.startswith("sqlite"):
            url = databases.create(
                f"restored{tmp_path.name.translate(str.maketrans('-', '_'))}"[:50].lower()
            )
        else:
            url = f"sqlite:///{tmp_path / 'restored.db'}"
        engine = create_engine(url)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.dispose()


def contents(engine: Engine) -> dict[str, list[Any]]:
    """Return every row of every table, as the models read them."""
    found = {}
    with engine.connect() as connection:
        for table in METADATA.sorted_tables:
            if table.name not in LEFT_OUT:
                rows = connection.execute(select(table)).all()
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
        connection.rollback()
    return found


def test_what_was_taken_on_one_engine_is_there_on_the_other_and_back(
    hostile: World,
    app: Flask,
    tmp_path: Path,
    other_engine: Callable[[], Engine],
) -> None:
    data = tmp_path / "data"
    (data / "photos" / "deep").mkdir(parents=True)
    (data / "photos" / "deep" / "a.webp").write_bytes(bytes(range(256)) * 9_000)
    (data / "mail").mkdir()
    (data / "mail" / "private.eml").write_text("a link that opens an account")
    (data / "secret_key").write_text("never")
    before = contents(db.engine)
    take(db.engine, tmp_path / "first.zip", data, now=NOW)
    assert (tmp_path / "first.zip").stat().st_mode & 0o777 == 0o600
    other = other_engine()
    done = restore(other, tmp_path / "first.zip", tmp_path / "there", replace=False, now=NOW)
    assert contents(other) == before
    assert done.manifest.held["person"] == len(before["person"])
    there = {p.relative_to(tmp_path / "there").as_posix() for p in (tmp_path / "there").rglob("*")}
    assert there == {"photos", "photos/deep", "photos/deep/a.webp"}
    with zipfile.ZipFile(tmp_path / "first.zip") as file:
        assert not any(b"a key for tests only" in file.read(name) for name in file.namelist())

    # And the way back, over what changed here meanwhile.
    take(other, tmp_path / "second.zip", tmp_path / "there", now=NOW)
    services.book(
        Book(machines=("printer",), slot=slot(12, 13)), actor=hostile.actor("alice"), now=NOW
    )
    reading().close()
    restore(db.engine, tmp_path / "second.zip", data, replace=True, now=NOW)
    assert contents(db.engine) == before
    assert migrations.differences(db.engine) == []
    # New rows get numbers of their own, the guard stands, and people get in.
    services.book(
        Book(machines=("printer",), slot=slot(12, 13)), actor=hostile.actor("alice"), now=NOW
    )
    account = reading().scalars(select(Account).limit(1)).one()
    secret = open_sign_in(account.id, device=Device(), now=NOW)
    assert people.of_sign_in(reading(), secret, now=NOW) is not None


def test_a_database_with_data_is_not_replaced_unasked_and_never_under_a_server(
    world: World, tmp_path: Path
) -> None:
    take(db.engine, tmp_path / "one.zip", tmp_path / "data", now=NOW)
    before = contents(db.engine)
    with pytest.raises(ArchiveRefused, match="holds data"):
        restore(db.engine, tmp_path / "one.zip", tmp_path / "data", replace=False, now=NOW)
    with unit_of_work() as session:
        session.execute(
            insert(METADATA.tables["lease"]).values(
                name="scheduler", holder="here:1", expires_at=NOW + timedelta(seconds=20)
            )
        )
    reading().close()
    with pytest.raises(ArchiveRefused, match="is running"):
        restore(db.engine, tmp_path / "one.zip", tmp_path / "data", replace=True, now=NOW)
    assert contents(db.engine) == before
    with pytest.raises(ArchiveRefused, match="exists"):
        take(db.engine, tmp_path / "one.zip", tmp_path / "data", now=NOW)


def spoiled(good: Path, bad: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write the archive again with other contents, whole as a ZIP file."""
    with zipfile.ZipFile(good) as source:
        members = {name: source.read(name) for name in source.namelist()}
    change(members)
    with zipfile.ZipFile(bad, "w") as out:
        for name, data in members.items():
            out.writestr(name, data)


def _another_row(members: dict[str, bytes]) -> None:
    members["tables/person.jsonl"] = members["tables/person.jsonl"].replace(b"Alice", b"Mallo")


def _another_manifest(change: Callable[[dict[str, Any]], None]) -> Callable[..., None]:
    def act(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST])
        change(manifest)
        members[MANIFEST] = json.dumps(manifest).encode()

    return act


def _out_of_the_folder(members: dict[str, bytes]) -> None:
    manifest = json.loads(members[MANIFEST])
    manifest["members"]["files/../../evil"] = manifest["members"]["tables/site.jsonl"]
    members["files/../../evil"] = members["tables/site.jsonl"]
    members[MANIFEST] = json.dumps(manifest).encode()


def _dangling(members: dict[str, bytes]) -> None:
    """Let a row refer to nobody, with every digest right."""
    import hashlib  # noqa: PLC0415

    name = "tables/account.jsonl"
    lines = [json.loads(line) for line in members[name].splitlines()]
    lines[0][1] = 999_999
    members[name] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    manifest = json.loads(members[MANIFEST])
    manifest["members"][name] |= {
        "sha256": hashlib.sha256(members[name]).hexdigest(),
        "size": len(members[name]),
    }
    members[MANIFEST] = json.dumps(manifest).encode()


SPOILED: dict[str, Callable[[dict[str, bytes]], None]] = {
    "damaged": _another_row,
    "does not know": _another_manifest(lambda m: m.update(revision="2099010101")),
    "format 9": _another_manifest(lambda m: m.update(format=9)),
    "no backup of labops": lambda members: members.pop(MANIFEST) and None,
    "not those of its manifest": lambda members: members.update({"files/x/y": b"more"}),
    "no name of ours": _out_of_the_folder,
    "refuse|refer": _dangling,
}


def test_a_spoiled_archive_is_refused_and_changes_nothing(world: World, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    take(db.engine, good, tmp_path / "data", now=NOW)
    before = contents(db.engine)
    for words, change in SPOILED.items():
        spoiled(good, bad, change)
        with pytest.raises(ArchiveRefused, match=words):
            restore(db.engine, bad, tmp_path / "data", replace=True, now=NOW)
    whole = good.read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 30):
        bad.write_bytes(whole[:length])
        with pytest.raises(ArchiveRefused):
            restore(db.engine, bad, tmp_path / "data", replace=True, now=NOW)
    for place in range(40, len(whole), len(whole) // 12):
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            with Reader(bad) as archive:
                archive.check()
        except ArchiveRefused:
            continue
        # A sign of a member's own header that says nothing of its content, such as its time.
        with Reader(bad) as archive, Reader(good) as right:
            assert archive.manifest == right.manifest
    assert contents(db.engine) == before
    assert not list((tmp_path / "data").glob(".restore-*"))


def test_a_backup_of_an_older_schema_is_migrated(world: World, tmp_path: Path) -> None:
    people_before = contents(db.engine)["person"]
    reading().close()
    migrations.downgrade(db.engine, "-1")
    take(db.engine, tmp_path / "old.zip", tmp_path / "data", now=NOW)
    migrations.upgrade(db.engine)
    done = restore(db.engine, tmp_path / "old.zip", tmp_path / "data", replace=True, now=NOW)
    assert done.migrated
    assert contents(db.engine)["person"] == people_before
    assert migrations.differences(db.engine) == []


def test_a_failure_at_the_very_end_leaves_everything_as_it_was(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "photos").mkdir(parents=True)
    (tmp_path / "data" / "photos" / "a").write_text("then")
    take(db.engine, tmp_path / "one.zip", tmp_path / "data", now=NOW)
    (tmp_path / "data" / "photos" / "a").write_text("now")
    with unit_of_work() as session:
        session.execute(text("UPDATE person SET name = 'Somebody new' WHERE name = 'Alice'"))
    reading().close()
    before = contents(db.engine)

    def fails(_session: Session) -> list[str]:
        raise ArchiveRefused("not whole")

    monkeypatch.setattr("labops.adapters.backups.restoring.check_whole", fails)
    with pytest.raises(ArchiveRefused, match="not whole"):
        restore(db.engine, tmp_path / "one.zip", tmp_path / "data", replace=True, now=NOW)
    assert contents(db.engine) == before
    assert (tmp_path / "data" / "photos" / "a").read_text() == "now"
