"""`labops serve`: migrate, then web workers and one scheduler in one terminal."""

from __future__ import annotations

import logging
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess

import click

from labops import logs, processes, web_server
from labops.adapters import scheduler
from labops.adapters.letters import MailSettingsError
from labops.kernel import condition
from labops.kernel.db import db
from labops.settings import Settings, SettingsError, load_settings

STOP_SECONDS = 10
LONG_ENOUGH_SECONDS = 60
RESTART_SECONDS = (0, 1, 2, 5, 15, 30)
WORKERS = 3
log = logging.getLogger("labops.serve")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", default=WORKERS, show_default=True, type=click.IntRange(1, 64), help="Processes."
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve pages, API and scheduled jobs until stopped; migrates first if needed."""
    try:
        settings = load_settings()
        _refuse_busy_port(host, port)
        _migrate(settings)
    except (SettingsError, condition.DatabaseUnusable) as error:
        raise click.ClickException(str(error)) from error
    logs.configure(settings.log_level)
    raise SystemExit(_Supervisor(settings, host, port, workers).run())


def _migrate(settings: Settings) -> None:
    with web_server.load(settings).app_context():
        try:
            if condition.migrate_if_needed(db.engine):
                click.echo("The database was migrated.")
        finally:
            db.engine.dispose()  # children must not share a connection
    web_server.settle()


def _refuse_busy_port(host: str, port: int) -> None:
    try:
        family, kind, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port} cannot be used: {error.strerror}. Choose another with --port."
        ) from error


def _run_scheduler(settings: Settings) -> None:
    logs.configure(settings.log_level)
    try:
        scheduler.run(settings)
    except (SettingsError, MailSettingsError) as error:
        log.error("no jobs are run: %s", error)
        raise SystemExit(1) from error


class _Kept:
    """A child process that is started again whenever it ends, later after each failure."""

    def __init__(self, name: str, act: Callable[..., object], *args: object) -> None:
        self._name, self._act, self._args = name, act, args
        self._failures = 0
        self.start()

    def start(self) -> None:
        """Start it now."""
        self._began = time.monotonic()
        self._start_again_at: float | None = None
        self.process = processes.start(self._name, self._act, *self._args)

    def look_after(self) -> None:
        """Start it again if it ended and has waited long enough."""
        now = time.monotonic()
        if self.process.is_alive():
            return
        if self._start_again_at is None:
            lasted = now - self._began
            self._failures = 0 if lasted > LONG_ENOUGH_SECONDS else self._failures + 1
            wait = RESTART_SECONDS[min(self._failures, len(RESTART_SECONDS) - 1)]
            self._start_again_at = now + wait
            log.error("%s ended; starting it again in %s s", self._name, wait)
        elif now >= self._start_again_at:
            self.start()


class _Supervisor:
    """Keep the web server and the scheduler alive; stop both when asked."""

    def __init__(self, settings: Settings, host: str, port: int, workers: int) -> None:
        self._settings, self._host, self._port = settings, host, port
        self._workers = workers
        self._stopping = False

    def run(self) -> int:
        """Run until stopped; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        web = _Kept(
            "labops-web", web_server.run, self._settings, self._host, self._port, self._workers
        )
        jobs = _Kept("labops-jobs", _run_scheduler, self._settings)
        try:
            if not self._announce(web.process):
                return 0 if self._stopping else 1
            while not self._stopping:
                web.look_after()
                jobs.look_after()
                self._sleep(0.5)
            return 0
        finally:
            processes.end([web.process, jobs.process], seconds=STOP_SECONDS)

    def _announce(self, web: BaseProcess) -> bool:
        """Print the address as soon as somebody can go there; `False` if that never comes."""
        shown = f"[{self._host}]" if ":" in self._host else self._host
        while web.is_alive() and not self._stopping:
            try:
                socket.create_connection((self._host, self._port), timeout=1).close()
            except OSError:
                self._sleep(0.1)
            else:
                click.echo(f"labops listens on http://{shown}:{self._port}")
                if self._settings.public_url != f"http://{shown}:{self._port}":
                    click.echo(f"People reach it at {self._settings.public_url}")
                return True
        return False

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(0.05)
