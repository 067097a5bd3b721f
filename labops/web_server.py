"""How gunicorn runs the application: its settings, and the application it forks."""

from __future__ import annotations

from typing import Any

from flask import Flask

from labops.app import create_app
from labops.kernel.db import db

# Threads suit an application that mostly waits for the database; loading before forking lets
# the workers share the memory of everything that was imported.
worker_class = "gthread"
preload_app = True
keepalive = 30
timeout = 60
graceful_timeout = 8
max_requests = 0
accesslog = None
loglevel = "warning"
limit_request_line = 8190
worker_tmp_dir = None


def application() -> Flask:
    """Return the application that every worker serves."""
    return create_app()


def post_fork(_server: Any, worker: Any) -> None:
    """Give each worker database connections of its own."""
    app = worker.app.wsgi()
    with app.app_context():
        db.engine.dispose(close=False)
