"""The schema comes from migrations alone, both ways, on both engines."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.kernel import guard, migrations, schema
from labops.kernel.clock import now
from labops.kernel.db import db
from tests.support.world import World, next_slot

CLAIM = (
    "INSERT INTO allocation (bookable_id, unit, starts_at, ends_at, owner_kind, owner_id)"
    " VALUES (1, 0, :start, :until, 'booking', 1)"
)


def test_down_and_up_again_leaves_the_same_schema(database_url: str) -> None:
    engine = create_engine(database_url)
    assert migrations.differences(engine) == []
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    assert not schema.is_current(engine)
    assert migrations.upgrade(engine)
    assert schema.is_current(engine)
    assert schema.NEWEST == migrations.head()
    assert migrations.differences(engine) == []
    assert not migrations.upgrade(engine)
    engine.dispose()


def test_the_database_itself_refuses_an_overlap(database_url: str) -> None:
    engine = create_engine(database_url)
    with Session(engine) as session:
        assert guard.missing(session) == []
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        connection.execute(
            text(
                "INSERT INTO site (id, slug, name, address, city, zone, email, phone,"
                " description_it, description_en, revision)"
                " VALUES (1, 's', 's', '', '', 'UTC', '', '', '', '', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO bookable (id, kind, slug, name, site_id, capacity, setup_minutes,"
                " cleanup_minutes, revised_at) VALUES (1, 'space', 'b', 'b', 1, 1, 0, 0, :now)"
            ),
            {"now": "2026-11-23 00:00:00"},
        )
        day = {"start": "2026-11-24 10:00:00.000000", "until": "2026-11-24 11:00:00.000000"}
        connection.execute(text(CLAIM), day)
    later = {"start": "2026-11-24 11:00:00.000000", "until": "2026-11-24 12:00:00.000000"}
    with engine.begin() as connection:
        connection.execute(text(CLAIM), later)  # touching is not overlapping
    inside = {"start": "2026-11-24 10:30:00.000000", "until": "2026-11-24 10:45:00.000000"}
    with pytest.raises(IntegrityError, match=guard.GUARD_NAME), engine.begin() as connection:
        connection.execute(text(CLAIM), inside)
    with pytest.raises(IntegrityError, match=guard.GUARD_NAME), engine.begin() as connection:
        connection.execute(
            text("UPDATE allocation SET starts_at = :start WHERE starts_at = :old"),
            {"start": inside["start"], "old": later["start"]},
        )
    engine.dispose()


def test_what_people_did_outlives_every_step_down_and_up(world: World) -> None:
    """On SQLite a table is changed by replacing it, whatever else refers to its rows."""
    services.book(
        Book(machines=("laser",), slot=next_slot(10)), actor=world.actor("alice"), now=now()
    )
    engine = db.engine
    kept = ("site", "bookable", "machine", "person", "membership", "booking", "booking_bookable",
            "allocation", "audit_entry", "outbox_message")  # fmt: skip
    before = rows_of(engine, kept)
    assert all(before.values())
    db.session.remove()
    for step in reversed(steps()):
        migrations.downgrade(engine, step)
        assert rows_of(engine, kept) == before, step
    assert migrations.upgrade(engine)
    assert rows_of(engine, kept) == before
    assert migrations.differences(engine) == []
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def steps() -> list[str]:
    """Return the revisions that have all the tables in which people's doings stand, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(migrations.scripts_folder()))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return found[::-1][2:-1]


def rows_of(engine: Engine, tables: Iterable[str]) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in tables
        }
