"""`labops doctor` finds what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from labops.cli import main

CHECKED = {
    "settings", "python", "data folder", "time zones", "front end", "mail", "rate limits",
    "database", "schema", "database set-up", "ledger guard", "clock", "scheduler",
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
