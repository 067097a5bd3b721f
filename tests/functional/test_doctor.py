"""`labops doctor` finds what is wrong."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from labops.adapters.jobs import LEASE
from labops.app import create_app
from labops.cli import main
from labops.kernel import clock
from labops.kernel.db import db
from labops.kernel.jobs import JobRun, Lease

CHECKED = {
    "settings", "python", "data folder", "time zones", "front end", "mail", "rate limits",
    "database", "schema", "database set-up", "ledger guard", "clock", "scheduler", "jobs",
    "backups",
}  # fmt: skip


def examined(
    monkeypatch: pytest.MonkeyPatch, url: str, folder: Path, **more: str
) -> tuple[int, dict]:
    """Run the doctor; return its exit status and each check's level and detail."""
    variables = {"DATABASE_URL": url, "DATA_DIR": str(folder), "ENVIRONMENT": "testing", **more}
    for name, value in variables.items():
        monkeypatch.setenv(f"LABOPS_{name}", value)
    run = CliRunner().invoke(main, ["doctor", "--json"])
    found = {
        finding["check"]: (finding["level"], finding["detail"])
        for finding in json.loads(run.stdout)
    }
    return run.exit_code, found


def test_a_sound_installation_has_no_failure(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, found = examined(monkeypatch, database_url, tmp_path / "d")
    assert set(found) == CHECKED
    assert {name: level for name, (level, _) in found.items() if level != "ok"} == {
        "scheduler": "warning"
    }
    assert status == 0


def test_a_missing_guard_is_a_failure(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER allocation_no_overlap_INSERT"))
        else:
            connection.execute(text("ALTER TABLE allocation DROP CONSTRAINT allocation_no_overlap"))
    engine.dispose()
    status, found = examined(monkeypatch, database_url, tmp_path / "d")
    assert found["ledger guard"][0] == "failure"
    assert status == 1


def test_an_empty_database_asks_for_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, found = examined(monkeypatch, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "d")
    assert "labops db upgrade" in found["schema"][1]
    assert status == 1


def test_an_unreachable_database_and_mail_server_are_named_without_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://labops:hidden-word@127.0.0.1:1/labops"
    status, found = examined(monkeypatch, url, tmp_path / "d", MAIL_URL="smtp://127.0.0.1:1")
    assert found["database"][0] == found["mail"][0] == "failure"
    assert "hidden-word" not in str(found)
    assert status == 1


def test_wrong_settings_are_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, found = examined(monkeypatch, "mysql://h/db", tmp_path / "d", DEBUG="perhaps")
    assert found["settings"][0] == "failure"
    assert status == 1


def test_jobs_that_fail_are_named_with_their_last_success(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(database_url)
    now = clock.now()

    def failed(succeeded_at: datetime) -> None:
        with Session(engine) as session, session.begin():
            session.merge(Lease(name=LEASE, holder="x", expires_at=now))
            session.merge(
                JobRun(
                    name="release-missed",
                    started_at=now,
                    finished_at=now,
                    succeeded_at=succeeded_at,
                    error="no space left",
                    outcome="",
                    run_count=2,
                )
            )

    failed(now - timedelta(seconds=30))
    status, found = examined(monkeypatch, database_url, tmp_path / "d")
    assert found["jobs"][0] == "warning"
    assert "release-missed last succeeded" in found["jobs"][1]
    assert "no space left" in found["jobs"][1]
    assert status == 0
    failed(now - timedelta(hours=1))
    status, found = examined(monkeypatch, database_url, tmp_path / "d")
    assert (status, found["jobs"][0]) == (1, "failure")
    engine.dispose()


def test_a_command_leaves_no_connection_open(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[Engine] = []

    def made(*args: object, **more: object) -> Flask:
        app = create_app(*args, **more)  # type: ignore[arg-type]
        with app.app_context():
            engines.append(db.engine)
        return app

    monkeypatch.setattr("labops.cli.context.create_app", made)
    variables = {"DATABASE_URL": database_url, "DATA_DIR": str(tmp_path), "ENVIRONMENT": "testing"}
    for name, value in variables.items():
        monkeypatch.setenv(f"LABOPS_{name}", value)
    run = CliRunner().invoke(main, ["jobs", "list"])
    assert (run.exit_code, len(engines)) == (0, 1)
    assert [engine.pool.checkedin() + engine.pool.checkedout() for engine in engines] == [0]
