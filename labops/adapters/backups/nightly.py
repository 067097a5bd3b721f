"""The backups in the data folder: one a night, those that were asked for, and which are kept."""

from __future__ import annotations

import re
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import current_app

from labops.adapters.backups.taking import WORK, take
from labops.domain.backups import policies, services
from labops.domain.backups.policies import Keep
from labops.kernel.db import db, reading
from labops.kernel.text import one_line
from labops.settings import Settings

FOLDER = "backups"
_NAME = re.compile(r"labops-(\d{8}T\d{6}Z)\.zip")
_STAMP = "%Y%m%dT%H%M%SZ"


def folder_of(settings: Settings) -> Path:
    """Return where the backups are."""
    return settings.data_dir / FOLDER


def keep_of(settings: Settings) -> Keep:
    """Return how many are kept."""
    return Keep(
        daily=settings.backups_daily,
        weekly=settings.backups_weekly,
        monthly=settings.backups_monthly,
    )


def run(*, now: datetime, dry_run: bool = False) -> str:
    """Take a backup if one is due or was asked for, and drop what has had its time.

    One that fails is written down and raises nothing: pages, doctor and the log say so, and
    bookings go on.
    """
    if not services.due(now=now):
        return "none due"
    if dry_run:
        return "one due"
    settings: Settings = current_app.config["LABOPS"]
    folder = folder_of(settings)
    name = f"labops-{now.astimezone(UTC):{_STAMP}}.zip"
    run_id = services.begin(name, now=now)
    reading().rollback()  # no snapshot of ours stays open meanwhile
    began = time.monotonic()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _clear(folder)
        manifest = take(db.engine, folder / name, settings.data_dir, now=now)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told where people look
        reason = one_line(str(error)) or type(error).__name__
        services.fail(run_id, reason, now=now + _passed(began))
        current_app.logger.error("no backup: %s", reason)
        return f"failed: {reason}"
    size = (folder / name).stat().st_size
    services.succeed(run_id, size_bytes=size, held=manifest.held, now=now + _passed(began))
    dropped = rotate(folder, keep_of(settings))
    services.note_dropped(dropped, now=now)
    return f"{name}, {manifest.rows} rows; {len(dropped)} older ones dropped"


def rotate(folder: Path, keep: Keep) -> list[str]:
    """Remove the backups that are not to be kept; return their names. Other files are left."""
    found: dict[datetime, Path] = {}
    for path in folder.iterdir():
        if match := _NAME.fullmatch(path.name):
            found[datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)] = path
    gone = sorted(set(found) - policies.kept(found, keep))
    for moment in gone:
        found[moment].unlink(missing_ok=True)
    return [found[moment].name for moment in gone]


def _clear(folder: Path) -> None:
    """Remove what a process that was killed left half written."""
    for path in folder.glob(f"{WORK}*"):
        shutil.rmtree(path, ignore_errors=True)


def _passed(began: float) -> timedelta:
    return timedelta(seconds=time.monotonic() - began)
