"""The schema comes from migrations alone, both ways, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.kernel import guard, migrations, schema

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
