"""What is told as done survives a power cut: nobody hears of a change before it is on the disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import update

from labops.domain.people.models import Person
from labops.kernel import db
from labops.kernel.db import is_sqlite, reading, unit_of_work
from tests.support.world import World


def test_a_unit_of_work_waits_for_the_disk_after_it_committed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def sync(number: int) -> None:
        """Note which file is waited for, and what another process would read by then."""
        name = Path(os.readlink(f"/proc/self/fd/{number}")).name
        other = sqlite3.connect(tmp_path / "labops.db")
        row = other.execute("SELECT name FROM person WHERE id = ?", (world.people["alice"],))
        seen.append((name, row.fetchone()[0]))
        other.close()

    monkeypatch.setattr(db, "_sync", sync)
    with unit_of_work() as session:
        session.execute(update(Person).values(name="Renamed"))
        assert seen == []
    expected = [("labops.db-wal", "Renamed")] if is_sqlite(reading()) else []
    assert seen == expected  # PostgreSQL waits while it commits


def test_what_failed_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    del world
    monkeypatch.setattr(db, "_sync", lambda _number: pytest.fail("nothing was written"))
    with pytest.raises(ValueError, match="no"), unit_of_work() as session:
        session.execute(update(Person).values(name="Renamed"))
        raise ValueError("no")
