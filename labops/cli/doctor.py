"""`labops doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from labops.app import create_app
from labops.blueprints.assets import FrontEndNotBuilt, read_manifest
from labops.kernel import clock, guard, local_time, migrations
from labops.kernel.db import db, reading
from labops.kernel.jobs import lease_holder
from labops.settings import Settings, SettingsError, load_settings

LEAST_FREE_BYTES = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw: `ok`, `warning` or `failure`, and what to do."""

    check: str
    level: str
    detail: str


Check = Callable[[Flask, Settings], Finding]


def _python(_app: Flask, _settings: Settings) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("python", "ok" if good else "failure", f"Python {version} (3.11 or newer)")


def _database(_app: Flask, _settings: Settings) -> Finding:
    try:
        reading().execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return Finding("database", "failure", f"cannot be reached: {error.__class__.__name__}")
    return Finding("database", "ok", f"{db.engine.dialect.name} answers")


def _migrated(_app: Flask, _settings: Settings) -> Finding:
    if migrations.is_current(db.engine):
        return Finding("schema", "ok", f"at {migrations.head()}")
    return Finding("schema", "failure", "not migrated; run: labops db upgrade")


def _guard(_app: Flask, _settings: Settings) -> Finding:
    missing = guard.missing(reading())
    if missing:
        return Finding("ledger guard", "failure", f"missing: {', '.join(missing)}; restore it")
    return Finding("ledger guard", "ok", "the database refuses overlapping claims by itself")


def _front_end(app: Flask, _settings: Settings) -> Finding:
    try:
        names = read_manifest(Path(app.static_folder or ""))
    except FrontEndNotBuilt as error:
        return Finding("front end", "failure", str(error))
    return Finding("front end", "ok", f"{len(names)} built files")


def _data_folder(_app: Flask, settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    probe = settings.data_dir / ".probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding("data folder", "failure", f"{settings.data_dir}: {error.strerror}")
    level = "ok" if free > LEAST_FREE_BYTES else "warning"
    return Finding("data folder", level, f"{settings.data_dir}, {free // 2**20} MiB free")


def _mail(_app: Flask, settings: Settings) -> Finding:
    url = urlsplit(settings.mail_url)
    if url.scheme == "file":
        level = "warning" if settings.production else "ok"
        return Finding("mail", level, "mails are written to files and not sent")
    try:
        socket.create_connection((url.hostname or "", url.port or 25), timeout=5).close()
    except OSError as error:
        return Finding("mail", "failure", f"{url.hostname}:{url.port}: {error}")
    return Finding("mail", "ok", f"{url.hostname} accepts connections")


def _scheduler(_app: Flask, _settings: Settings) -> Finding:
    holder = lease_holder(reading(), "scheduler", now=clock.now())
    if holder is None:
        return Finding("scheduler", "warning", "none is running; start: labops serve")
    return Finding("scheduler", "ok", f"runs as {holder}")


def _zones(_app: Flask, _settings: Settings) -> Finding:
    try:
        local_time.zone("Europe/Rome")
    except ValueError as error:
        return Finding("time zones", "failure", str(error))
    return Finding("time zones", "ok", "time zone data is there")


CHECKS: tuple[Check, ...] = (
    _python,
    _data_folder,
    _zones,
    _front_end,
    _mail,
    _database,
    _migrated,
    _guard,
    _scheduler,
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print findings for a program.")
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with this installation; exit status 1 when something is."""
    try:
        settings = load_settings()
        app = create_app(settings)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    findings = []
    with app.app_context():
        for check in CHECKS:
            try:
                findings.append(check(app, settings))
            except SQLAlchemyError as error:
                name = check.__name__.strip("_")
                findings.append(Finding(name, "failure", error.__class__.__name__))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            click.echo(f"{finding.level:8} {finding.check}: {finding.detail}")
    if any(finding.level == "failure" for finding in findings):
        raise SystemExit(1)
