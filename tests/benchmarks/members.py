"""How long a list of 2,000 members takes: `python -m tests.benchmarks.members`."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine

from labops.adapters import sheets
from labops.app import create_app
from labops.domain.member_lists import columns, queries, services
from labops.domain.member_lists.services import ImportMembers
from labops.domain.sites.queries import by_slug
from labops.kernel.db import db, reading
from labops.kernel.permissions import SYSTEM
from labops.settings import Settings
from tests.benchmarks import data

LINES, GOAL_SECONDS = 2_000, 20
HEADINGS = "Name,E-mail,Date of birth,Phone,Member from,Member until,Plan,Groups"


def list_of(count: int) -> bytes:
    """Return so many members as CSV."""
    lines = [
        f"Member {n},m{n}@example.org,{1950 + n % 50}-01-{1 + n % 28:02},333 1{n:06},"
        f"2026-01-01,2027-12-31,student,a;b"
        for n in range(count)
    ]
    return "\n".join([HEADINGS, *lines]).encode()


def members(folder: Path) -> None:
    """Print the seconds of a first import on SQLite, reading and planning included, and a second."""
    now = datetime.now(UTC)
    settings = Settings(
        environment="testing",
        database_url=f"sqlite:///{folder / 'labops.db'}",
        data_dir=folder / "data",
        secret_key="a key for measuring only, long enough",
    )
    engine = create_engine(settings.database_url)
    data.load(engine, 100, now)
    engine.dispose()
    with create_app(settings).app_context():
        first, again = (_import(list_of(LINES), now) for _ in range(2))
        db.engine.dispose()
    print(
        f"  members             {first:9.1f} s for a list of {LINES:,}, {again:.1f} s the same once"
        f" more (goal {GOAL_SECONDS} s)"
    )


def _import(raw: bytes, now: datetime) -> float:
    began = time.perf_counter()
    sheet = sheets.read(raw)
    mapping = columns.guessed(sheet.headings, queries.type_names(reading()), {})
    command = ImportMembers(site=by_slug(reading(), "mhuma"), sheet=sheet, mapping=mapping)
    services.look_at(command, actor=SYSTEM, now=now)
    services.import_members(command, actor=SYSTEM, now=now)
    return time.perf_counter() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="labops-bench-") as place:
        sys.exit(members(Path(place)))
