"""`labops serve`: migrate, then web workers and one scheduler in one terminal."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from labops.app import create_app
from labops.kernel import migrations
from labops.kernel.db import db
from labops.settings import Settings, SettingsError, load_settings

STOP_SECONDS = 10
RESTART_SECONDS = (1, 2, 5, 15, 30)
THREADS = 4
_PR_SET_PDEATHSIG = 1


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Web processes; 2 by default.")
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve pages, API and scheduled jobs until stopped; migrates first if needed."""
    try:
        settings = load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    _refuse_busy_port(host, port)
    _migrate(settings)
    click.echo(f"labops listens on http://{host}:{port} (people reach it at {settings.public_url})")
    raise SystemExit(_Supervisor(_web_command(host, port, workers or 2)).run())


def _migrate(settings: Settings) -> None:
    app = create_app(settings)
    with app.app_context():
        if not migrations.is_current(db.engine):
            migrations.upgrade(db.engine)
            click.echo("The database was migrated.")
        db.engine.dispose()


def _refuse_busy_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"{host}:{port} cannot be used ({error.strerror}). Choose another with --port."
            ) from error


def _web_command(host: str, port: int, workers: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:labops.web_server",
        "--bind",
        bind,
        "--workers",
        str(workers),
        "--threads",
        str(THREADS),
        "labops.web_server:application()",
    ]


class _Supervisor:
    """Keep the web server and the scheduler alive; stop both when asked."""

    def __init__(self, web: Sequence[str]) -> None:
        self._web_command = web
        self._stopping = False

    def run(self) -> int:
        """Run until stopped; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        web = _child(self._web_command)
        scheduler = _child(_scheduler_command())
        started, failures = time.monotonic(), 0
        while not self._stopping and web.poll() is None:
            if scheduler.poll() is not None:
                failures = 0 if time.monotonic() - started > 60 else failures + 1  # noqa: PLR2004
                wait = RESTART_SECONDS[min(failures, len(RESTART_SECONDS) - 1)]
                click.echo(f"The scheduler ended; starting it again in {wait} s.", err=True)
                self._sleep(wait)
                if self._asked_to_stop:
                    break
                started, scheduler = time.monotonic(), _child(_scheduler_command())
            self._sleep(0.5)
        failed = web.poll() not in {None, 0} and not self._stopping
        _end([web, scheduler])
        return 1 if failed else 0

    @property
    def _asked_to_stop(self) -> bool:
        return self._stopping

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(0.1)


def _scheduler_command() -> list[str]:
    code = (
        "from labops.adapters.scheduler import run; "
        "from labops.settings import load_settings; run(load_settings())"
    )
    return [sys.executable, "-c", code]


def _child(command: Sequence[str]) -> subprocess.Popen[bytes]:
    # A process group of its own: Ctrl-C reaches us alone, and we stop the children in order.
    return subprocess.Popen(command, start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509, S603


def _die_with_parent() -> None:
    """Leave no orphan when this process is killed outright (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
