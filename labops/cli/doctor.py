"""`labops doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask

from labops.adapters import jobs
from labops.adapters.jobs import LEASE, JobState
from labops.app import create_app
from labops.blueprints.assets import FrontEndNotBuilt, read_manifest
from labops.domain.backups import queries as backups
from labops.domain.backups.policies import TOO_OLD
from labops.kernel import clock, condition, local_time
from labops.kernel.condition import DatabaseUnusable
from labops.kernel.db import db, reading
from labops.kernel.jobs import lease_holder
from labops.settings import Settings, SettingsError, load_settings

LEAST_FREE_BYTES = 500 * 2**20
MAIL_PORTS = {"smtp": 25, "smtps": 465}
TIMEOUT_SECONDS = 5
# This program did not exist earlier: a clock that says so is wrong.
EARLIEST = datetime(2026, 11, 1, tzinfo=UTC)
MOST_DRIFT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. `level` is `ok`, `warning` or `failure`; `detail` says what to do."""

    check: str
    level: str
    detail: str


Check = Callable[[Flask, Settings], Finding]


def _python(_app: Flask, _settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("python", "ok" if good else "failure", f"Python {version} (3.11 or newer)")


def _data_folder(_app: Flask, settings: Settings) -> Finding:
    probe = settings.data_dir / ".probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
        free = shutil.disk_usage(settings.data_dir).free
    except OSError as error:
        detail = f"{settings.data_dir} cannot be written: {error.strerror}; give it to this user"
        return Finding("data folder", "failure", detail)
    enough = free > LEAST_FREE_BYTES
    todo = "" if enough else "; make room, backups and the database need it"
    detail = f"{settings.data_dir}, {free // 2**20} MiB free{todo}"
    return Finding("data folder", "ok" if enough else "warning", detail)


def _zones(_app: Flask, _settings: Settings) -> Finding:
    try:
        local_time.zone("Europe/Rome")
    except ValueError as error:
        return Finding("time zones", "failure", f"{error}; install the package tzdata")
    return Finding("time zones", "ok", "time zone data is there")


def _front_end(app: Flask, _settings: Settings) -> Finding:
    try:
        names = read_manifest(Path(app.static_folder or ""))
    except FrontEndNotBuilt as error:
        return Finding("front end", "failure", str(error))
    return Finding("front end", "ok", f"{len(names)} built files")


def _mail(_app: Flask, settings: Settings) -> Finding:
    url = urlsplit(settings.mail_url)
    if url.scheme == "file":
        level = "warning" if settings.production else "ok"
        return Finding("mail", level, "mails are written to files and not sent; see mail_url")
    place = (url.hostname or "", url.port or MAIL_PORTS.get(url.scheme, 25))
    try:
        socket.create_connection(place, timeout=TIMEOUT_SECONDS).close()
    except OSError as error:
        detail = f"{place[0]}:{place[1]} does not answer ({error}); see mail_url"
        return Finding("mail", "failure", detail)
    return Finding("mail", "ok", f"{place[0]}:{place[1]} accepts connections")


def _database(_app: Flask, _settings: Settings) -> Finding:
    return Finding("database", "ok", f"{condition.name_of(reading())} answers")


def _set_up(_app: Flask, _settings: Settings) -> Finding:
    trouble = condition.set_up_trouble(reading())
    return Finding("database set-up", "failure" if trouble else "ok", trouble or "as needed")


def _schema(_app: Flask, _settings: Settings) -> Finding:
    trouble = condition.schema_trouble(reading())
    detail = f"{trouble}; run: labops db upgrade" if trouble else "is the newest"
    return Finding("schema", "failure" if trouble else "ok", detail)


def _guard(_app: Flask, _settings: Settings) -> Finding:
    if trouble := condition.guard_trouble(reading()):
        detail = f"{trouble}; run: labops db upgrade, or restore a backup"
        return Finding("ledger guard", "failure", detail)
    return Finding("ledger guard", "ok", "the database refuses overlapping claims by itself")


def _clock(_app: Flask, _settings: Settings) -> Finding:
    now = clock.now()
    if now < EARLIEST:
        return Finding("clock", "failure", f"says {now:%Y-%m-%d}; set it, bookings depend on it")
    drift = abs(condition.time_there(reading(), default=now) - clock.now())
    if drift > MOST_DRIFT:
        detail = f"differs by {drift.total_seconds():.0f} s from the database's; set both"
        return Finding("clock", "failure", detail)
    return Finding("clock", "ok", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _scheduler(_app: Flask, _settings: Settings) -> Finding:
    holder = condition.answer(lambda: lease_holder(reading(), LEASE, now=clock.now()))
    if holder is None:
        return Finding("scheduler", "warning", "none is running; start: labops serve")
    return Finding("scheduler", "ok", f"runs as {holder}")


def _jobs(_app: Flask, _settings: Settings) -> Finding:
    found = condition.answer(lambda: jobs.states(reading(), now=clock.now()))
    told = [f"{state.name} {_since(state)}" for state in found if state.late or state.error]
    if not told:
        return Finding("jobs", "ok", "none is late and none failed")
    level = "failure" if any(state.late for state in found) else "warning"
    return Finding("jobs", level, f"{'; '.join(told)}; see: labops jobs list")


def _since(state: JobState) -> str:
    last = f"{state.succeeded_at:%Y-%m-%d %H:%M} UTC" if state.succeeded_at else "never"
    return f"last succeeded: {last}" + (f" ({state.error})" if state.error else "")


def _backups(_app: Flask, _settings: Settings) -> Finding:
    now = clock.now()
    good = condition.answer(lambda: backups.last_good(reading()))
    since = good.started_at if good else backups.anything_since(reading())
    if since is None:
        return Finding("backups", "ok", "there is nothing to back up yet")
    told = f"the last good one: {since:%Y-%m-%d %H:%M} UTC" if good else "there is none yet"
    if since >= now - TOO_OLD:
        return Finding("backups", "ok", told)
    return Finding("backups", "warning", f"{told}; see: labops jobs run backup")


def _rate_limits(_app: Flask, settings: Settings) -> Finding:
    if not settings.rate_limits:
        level = "failure" if settings.production else "warning"
        return Finding("rate limits", level, "are off; see rate_limits")
    shared = "shared through Redis" if settings.redis_url else "counted by each web process"
    return Finding("rate limits", "ok", shared)


# From the database on, each needs what the ones before it looked at.
CHECKS: tuple[Check, ...] = (
    _python,
    _data_folder,
    _zones,
    _front_end,
    _mail,
    _rate_limits,
    _database,
    _schema,
    _set_up,
    _guard,
    _clock,
    _scheduler,
    _jobs,
    _backups,
)
GROUND = {_database, _schema}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings for a program.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with this installation; exit status 1 when something is."""
    try:
        settings = load_settings()
        app = create_app(settings)
    except SettingsError as error:
        findings = [Finding("settings", "failure", line) for line in str(error).splitlines()]
    except OSError as error:
        findings = [Finding("data folder", "failure", f"cannot be made: {error}; see data_dir")]
    else:
        findings = [Finding("settings", "ok", f"{settings.environment}, {settings.public_url}")]
        with app.app_context():
            try:
                findings += _findings(app, settings)
            finally:
                reading().close()
                db.engine.dispose()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{finding.level:8} {finding.check}: {finding.detail}")
    if any(finding.level == "failure" for finding in findings):
        raise SystemExit(1)


def _findings(app: Flask, settings: Settings) -> Iterator[Finding]:
    """Run the checks; stop where no more can be learned."""
    for check in CHECKS:
        try:
            finding = check(app, settings)
        except DatabaseUnusable as error:
            yield Finding("database", "failure", f"{error}; see database_url")
            return
        yield finding
        if finding.level == "failure" and check in GROUND:
            return
