"""A real Chromium, and one server with demonstration data for each worker."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import create_engine, text

from tests.browser.ground import Ground, load_demonstration, served
from tests.browser.visits import Visit

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu"]  # as root in a container, and without a screen
Visiting = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return where Chromium is; without it the tests are skipped, or fail where it is required."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return found
    sentence = "No Chromium on this machine: install it (Debian: apt install chromium)."
    if os.environ.get("LABOPS_TEST_BROWSER") == "required":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """Return a started browser. It ends with the module: its loop would disturb tests that follow."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demonstration_file(chromium_path: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the demonstration; the workers of one run build it once."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    finished, unfinished = folder / "demonstration.db", folder / "unfinished.db"
    with (folder / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            load_demonstration(f"sqlite:///{unfinished}", folder / "demonstration")
            unfinished.rename(finished)
    return finished


@pytest.fixture(scope="session")
def sqlite_ground(
    demonstration_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """Return the server on a SQLite file; it serves all tests of its worker."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copy(demonstration_file, folder / "labops.db")
    with served(f"sqlite:///{folder / 'labops.db'}", folder / "data") as ground:
        yield ground


@pytest.fixture(scope="session")
def postgresql_ground(
    chromium_path: str, postgresql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """Return the server on a real PostgreSQL; it serves all tests of its worker that ask for it."""
    folder = tmp_path_factory.mktemp("demonstration-postgresql")
    address = _new_database(postgresql_server)
    load_demonstration(address, folder)
    with served(address, folder) as ground:
        yield ground


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """Return the folder for pictures that LABOPS_TEST_SCREENSHOTS names; without it, none are taken."""
    named = os.environ.get("LABOPS_TEST_SCREENSHOTS")
    if named is None:
        return None
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def visiting(chromium: Browser, screenshots: Path | None) -> Iterator[Visiting]:
    """Return what opens a browser window of its own for somebody."""
    open_visits: list[Visit] = []

    def begin(ground: Ground, language: str, width: int, **more: Any) -> Visit:
        visit = Visit(chromium, ground.address, language, width, screenshots, **more)
        open_visits.append(visit)
        return visit

    yield begin
    for visit in open_visits:
        visit.close()


def _new_database(server: str) -> str:
    """Make an empty database and return its address."""
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE browser"))
        # Nobody pulls the plug here: loading the demonstration need not wait for the disk.
        connection.execute(text("ALTER DATABASE browser SET synchronous_commit TO off"))
    engine.dispose()
    return server.format("browser")
