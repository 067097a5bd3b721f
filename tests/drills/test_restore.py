"""A backup taken while eight processes book is one moment, and works elsewhere on either engine."""

from __future__ import annotations

import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from labops.domain.calendars.services import open_feed
from labops.domain.people.models import Account
from labops.domain.people.services import Device, open_sign_in
from labops.kernel import clock
from labops.kernel.db import db, reading
from tests.drills.races import Call, Outcome, halves, overlaps, stampede, wish
from tests.drills.test_races import Ground
from tests.support.databases import Databases
from tests.support.servers import environment, serving

BOOKINGS = "/api/v1/bookings"
MACHINES = ["laser", "printer", "benches", "laser-scl", "printer-scl", "benches-scl"]
PUBLIC = "http://127.0.0.1:28000"

pytestmark = pytest.mark.drill


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    """Return people and machines, on each engine in turn."""
    yield Ground(database_url, tmp_path)


def labops(ground: Ground, url: str, folder: Path, *words: str) -> str:
    """Run a command of labops in a process of its own; return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "labops", *words],
        env=environment(url, folder, 28000),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(address: str, path: str, **headers: str) -> tuple[int, str, str]:
    """Return status, ETag and body of a page."""
    wanted = urllib.request.Request(address + path, headers=headers)
    with urllib.request.urlopen(wanted, timeout=20) as answer:
        return answer.status, answer.headers.get("ETag", ""), answer.read().decode()


def elsewhere(ground: Ground, databases: Databases, name: str) -> str:
    """Return the address of an empty database on the other engine."""
    if ground.url.startswith("sqlite"):
        return databases.create(name)
    return f"sqlite:///{ground.folder / name}.db"


def test_a_backup_under_load_is_whole_wherever_it_is_restored(
    ground: Ground, databases: Databases, request: pytest.FixtureRequest
) -> None:
    with ground.app.app_context():
        actor = ground.world.actor("alice", clock.now())
        secret = open_feed(actor=actor, now=clock.now())
        mine = Account.person_id == ground.world.people["alice"]
        account = reading().query(Account).where(mine).one()
        cookie = open_sign_in(account.id, device=Device(name="drill"), now=clock.now())
        db.session.remove()
        db.engine.dispose()
    calls: list[list[Call]] = [
        [
            ("POST", BOOKINGS, wish([MACHINES[(n + step) % 6]], ground.at(step)), token)
            for n, token in enumerate(ground.tokens)
        ]
        for step in range(150)
    ]
    outcomes: list[Outcome] = []
    data, shared = ground.folder / "data", {"LABOPS_PUBLIC_URL": PUBLIC}
    archives = [ground.folder / f"{number}.zip" for number in range(3)]
    with serving(ground.url, data, **shared) as (address, _process):
        load = threading.Thread(target=lambda: outcomes.extend(stampede(address, calls)))
        load.start()
        taken = 0
        for archive in archives:
            labops(ground, ground.url, data, "backup", str(archive))
            taken += load.is_alive()
        load.join()
        assert taken, "the writers were done before the first backup was"
        last = ground.folder / "last.zip"
        labops(ground, ground.url, data, "backup", str(last))
        feed = ask(address, f"/feeds/{secret}.ics")
    assert {outcome.status for outcome in outcomes} <= {201, 409}
    counts = []
    for number, archive in enumerate([*archives, last]):
        url = elsewhere(ground, databases, f"drill_{request.node.callspec.id}_{number}")
        folder = ground.folder / f"there{number}"
        said = labops(ground, url, folder, "restore", str(archive))
        assert "the ledger of time" in said
        engine = create_engine(url)
        assert overlaps(engine) == 0
        assert set(halves(engine).values()) == {0}
        with engine.connect() as connection:
            counts.append(connection.execute(text("SELECT count(*) FROM booking")).scalar_one())
        engine.dispose()
    assert counts == sorted(counts)
    assert counts[-1] == sum(outcome.status == 201 for outcome in outcomes)
    with serving(url, folder, **shared) as (address, _process):
        assert ask(address, f"/feeds/{secret}.ics") == feed
        status, _etag, page = ask(address, "/profile", Cookie=f"labops_sign_in={cookie}")
        assert status == 200 and "alice@example.org" in page
