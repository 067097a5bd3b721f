"""The web server: granian's workers, forked from one process that has loaded the application."""

from __future__ import annotations

import gc
import os
import tempfile
import threading
import time
from importlib import import_module
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from prometheus_client import values
from sqlalchemy.orm import configure_mappers

from labops import logs, processes
from labops.app import create_app
from labops.kernel.db import db
from labops.settings import Settings, load_settings

# One thread a worker: threads of one interpreter fight for its lock, processes do not.
THREADS = 1
# A page makes thousands of short-lived objects; looking for cycles among each 700 took a tenth.
COLLECTED_AFTER = 10_000
GRACE_SECONDS = 8
HEADER_SECONDS = 15
# Its own handler would write lines of another shape; without one they reach ours.
_LOGGERS = {"_granian": {"handlers": [], "propagate": True}}
# What only some requests import, but each worker sooner or later: once before the fork is less.
_IMPORTED_LATE = ("icalendar", "encodings.idna")

_loaded: list[Flask] = []


class _Server(Granian):  # type: ignore[misc,valid-type]  # the class depends on the interpreter
    """Granian, without giving up: it would end the whole site when one worker dies twice in 6 s."""

    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:
        super()._respawn_workers(*args, **kwargs)
        self.respawned_wrks.clear()


def run(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; web requests in hand are answered, dead workers replaced."""
    logs.configure(settings.log_level)
    with tempfile.TemporaryDirectory(prefix="labops-metrics-") as folder:
        _share_numbers(folder)
        _Server(
            "labops.web_server:application",
            factory=True,
            interface=Interfaces.WSGI,
            address=host,
            port=port,
            workers=workers,
            blocking_threads=THREADS,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
            respawn_failed_workers=True,
            workers_kill_timeout=GRACE_SECONDS,
            log_level=LogLevels.warning,
            log_dictconfig={"loggers": _LOGGERS},
        ).serve()


def application() -> Flask:
    """Return the application in a new worker; called once in each."""
    processes.begin("labops-worker")
    gc.set_threshold(COLLECTED_AFTER)
    if not _loaded:  # where processes are not forked (macOS)
        return create_app(load_settings())
    app = _loaded[0]
    with app.app_context():
        db.engine.dispose(close=False)  # connections are the parent's; each worker opens its own
    return app


def load(settings: Settings) -> Flask:
    """Build the application in this process: workers forked from it share what it imported."""
    app = create_app(settings)
    for name in _IMPORTED_LATE:
        import_module(name)
    configure_mappers()
    _loaded.append(app)
    return app


def settle() -> None:
    """Get ready to fork: let short-lived threads end, and keep the collector off shared memory.

    A fork tears a running thread from its locks; the collector writes into every object it
    looks at, which would copy the page it lies on into each worker.
    """
    until = time.monotonic() + 1
    while threading.active_count() > 1 and time.monotonic() < until:
        time.sleep(0.01)
    gc.collect()
    gc.freeze()


def _share_numbers(folder: str) -> None:
    """Let whichever worker answers `/metrics` add up the numbers of all of them."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # noqa: TID251 - the library reads it there
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]
