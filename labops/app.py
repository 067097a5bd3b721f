"""Build the application: wire every part once, return it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from labops import logs
from labops.blueprints import access, assets, errors, formats, limits, shell
from labops.blueprints.registry import BLUEPRINTS
from labops.domain import tables
from labops.kernel import ledger
from labops.kernel.db import POSTGRESQL_READS, db
from labops.settings import Settings, load_settings

MEGABYTE = 1024 * 1024


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function itself: none of ours is asynchronous, and Flask asks each anew."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for these settings, or for those of the environment.

    Raises `SettingsError` when the settings are incomplete or unsafe.
    """
    settings = settings or load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = _App("labops", instance_path=str(settings.data_dir))
    app.config.update(
        LABOPS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        MAX_CONTENT_LENGTH=12 * MEGABYTE,
        MAX_FORM_MEMORY_SIZE=2 * MEGABYTE,
        MAX_FORM_PARTS=500,
        SESSION_COOKIE_NAME="labops_visit",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_LOCALE="en",
        TESTING=settings.environment == "testing",
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    ledger.switch_guard(on=not settings.unsafe_skip_ledger_guard)
    assert tables.METADATA is db.metadata  # noqa: S101 - every table is known by now
    db.init_app(app)
    for part in (logs, access, shell, formats, assets, errors, limits):
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _engine_options(settings: Settings) -> dict[str, object]:
    if settings.database_url.startswith("sqlite"):
        return {"connect_args": {"check_same_thread": False}, "pool_size": 10, "max_overflow": 20}
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_pre_ping": False,
        "isolation_level": POSTGRESQL_READS,
        "connect_args": {
            "options": "-c timezone=utc -c lock_timeout=5s -c statement_timeout=15s"
            " -c idle_in_transaction_session_timeout=60s -c plan_cache_mode=force_generic_plan"
        },
    }
