"""The nightly backup, its page, and the pages on which people have themselves erased."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, text

from labops.adapters import jobs
from labops.adapters.backups.archive import Reader
from labops.adapters.backups.nightly import rotate
from labops.cli import main
from labops.domain.backups import queries
from labops.domain.backups.models import BackupRun
from labops.domain.backups.policies import Keep
from labops.domain.erasure import queries as erasing
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from tests.functional.test_doctor import examined
from tests.support.forms import post
from tests.support.world import NOW, World


def runs() -> list[BackupRun]:
    """Return every backup, as it stands now."""
    reading().rollback()
    return list(reading().scalars(select(BackupRun).order_by(BackupRun.id)))


def test_each_night_one_is_taken_read_back_and_told_of(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder: Path = app.config["LABOPS"].data_dir / "backups"
    assert jobs.run_job("backup", now=NOW) == "none due"  # everybody came after last night
    night = NOW.replace(hour=1) + timedelta(days=1)
    assert jobs.run_job("backup", now=night - timedelta(seconds=1)) == "none due"
    assert jobs.run_job("backup", now=night, dry_run=True) == "one due"
    (folder / ".labops-backup-killed").mkdir(parents=True)
    assert "rows" in jobs.run_job("backup", now=night)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    with Reader(file) as archive:
        archive.check()
        assert archive.manifest.held["person"] == len(world.people)
    (run,) = runs()
    assert run.file_name == file.name and run.size_bytes == file.stat().st_size
    assert jobs.run_job("backup", now=night + timedelta(hours=5)) == "none due"

    def full(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    again = night + timedelta(days=1)
    with monkeypatch.context() as patched:
        patched.setattr("labops.adapters.backups.nightly.take", full)
        assert "No space left" in jobs.run_job("backup", now=again)
        assert jobs.run_job("backup", now=again + timedelta(minutes=59)) == "none due"
    assert queries.last_good(reading()) is not None
    assert not any(state.late for state in jobs.states(reading(), now=again + timedelta(days=9)))
    assert "rows" in jobs.run_job("backup", now=again + timedelta(hours=1))
    assert [bool(run.error) for run in runs()] == [False, True, False]


def test_old_ones_make_room_and_other_files_are_left(tmp_path: Path) -> None:
    names = [f"labops-202611{day:02}T010000Z.zip" for day in range(1, 21)]
    for name in [*names, "labops-mine.zip", "notes.txt"]:
        (tmp_path / name).write_text("x")
    gone = rotate(tmp_path, Keep(daily=2, weekly=1, monthly=1))
    assert gone == names[:-2]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names[-2:], "labops-mine.zip", "notes.txt"}


def test_an_admin_has_one_taken_and_sees_how_it_went(app: Flask, world: World) -> None:
    eva = world.browser(app, "eva")
    assert "no good backup yet" in eva.get("/backups").text
    assert post(eva, "/backups", "/backups").status_code == 303
    assert post(eva, "/backups", "/backups").status_code == 303
    assert [run.started_at for run in runs()] == [None]
    assert "Waiting" in eva.get("/backups").text
    jobs.run_job("backup", now=clock.now())
    page = eva.get("/backups").text
    (run,) = runs()
    assert f"{len(world.people)} people" in page and run.file_name in page
    # Staff neither see it nor start one, and the web hands out no file.
    bob = world.browser(app, "bob")
    assert bob.get("/backups").status_code == 403
    assert post(bob, "/profile", "/backups").status_code == 403
    assert eva.get(f"/backups/{run.file_name}").status_code == 404
    assert len(runs()) == 1


def test_the_doctor_warns_when_no_backup_is_younger_than_26_hours(
    app: Flask, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = app.config["LABOPS"].database_url
    with unit_of_work() as session:
        session.execute(text("UPDATE person SET created_at = '2026-11-01 00:00:00.000000'"))
    reading().close()
    status, found = examined(monkeypatch, url, tmp_path / "data")
    assert (found["backups"][0], status) == ("warning", 0)
    jobs.run_job("backup", now=clock.now() - timedelta(hours=27))
    reading().close()
    assert examined(monkeypatch, url, tmp_path / "data")[1]["backups"][0] == "warning"
    with unit_of_work() as session:
        session.add(BackupRun(asked_at=clock.now(), held={}))
    jobs.run_job("backup", now=clock.now())
    reading().close()
    assert examined(monkeypatch, url, tmp_path / "data")[1]["backups"][0] == "ok"


def test_the_commands_say_what_they_did_or_why_not(
    app: Flask, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["LABOPS"]
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "DATA_DIR": str(settings.data_dir),
        "ENVIRONMENT": "testing",
    }.items():
        monkeypatch.setenv(f"LABOPS_{name}", value)
    reading().close()
    file = str(tmp_path / "one.zip")
    run = CliRunner().invoke

    taken = run(main, ["backup", file])
    assert taken.exit_code == 0 and "read back and whole" in taken.stdout
    assert run(main, ["backup", file]).exit_code == 1
    assert "cannot be written" in run(main, ["backup", str(tmp_path / "no" / "where")]).stderr
    refused = run(main, ["restore", file])
    assert refused.exit_code == 1 and "--replace" in refused.stderr
    assert "cannot be read" in run(main, ["restore", str(tmp_path / "none.zip")]).stderr
    done = run(main, ["restore", "--replace", file])
    assert done.exit_code == 0 and "the ledger of time" in done.stdout


def test_a_person_asks_to_be_erased_thinks_again_and_asks_again(app: Flask, world: World) -> None:
    alice, uid = world.browser(app, "alice"), world.uids["alice"]
    assert post(alice, "/profile", "/profile/erase/take-back").status_code == 404
    assert post(alice, "/profile", "/profile/erase").status_code == 303
    assert "You are erased on" in alice.get("/profile").text
    assert "To be erased on" in world.browser(app, "bob").get(f"/people/{uid}").text
    assert post(alice, "/profile", "/profile/erase/take-back").status_code == 303
    assert "You are erased on" not in alice.get("/profile").text
    assert post(alice, "/profile", "/profile/erase").status_code == 303
    jobs.run_job("erase-people", now=clock.now() + timedelta(days=7, minutes=1))
    assert alice.get("/profile").status_code in {302, 303, 401}  # signed out
    bob = world.browser(app, "bob")
    assert "Erased on" in bob.get(f"/people/{uid}").text
    assert "Person erased" not in bob.get("/people/").text
    eva = world.browser(app, "eva")
    assert post(eva, "/profile", "/profile/erase").status_code == 303
    assert "only admin" in eva.get("/profile").text


def test_an_admin_erases_with_a_reason_and_nobody_else_does(app: Flask, world: World) -> None:
    eva, bob = world.browser(app, "eva"), world.browser(app, "bob")
    page = f"/people/{world.uids['charlie']}"
    assert "Erase for good" not in bob.get(page).text
    assert post(bob, page, f"{page}/erase", {"reason": "x"}).status_code == 403
    empty = post(eva, page, f"{page}/erase", {"reason": " "})
    assert empty.status_code == 422 and "erase-reason-error" in empty.text
    assert post(eva, page, f"{page}/erase", {"reason": "moved away"}).status_code == 303
    assert "moved away" in eva.get(page).text
    jobs.run_job("erase-people", now=clock.now())
    assert erasing.erased_at(reading(), world.uids["charlie"]) is not None
    assert post(eva, page, f"{page}/erase", {"reason": "x"}).status_code == 404
    db.session.remove()
