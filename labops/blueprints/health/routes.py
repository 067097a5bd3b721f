"""`/healthz`, `/readyz` and `/metrics`."""

from __future__ import annotations

import hmac
import logging
from ipaddress import ip_address

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from labops.adapters import jobs
from labops.adapters.jobs import JobState
from labops.blueprints.access import public
from labops.blueprints.health import metrics
from labops.kernel import clock, schema
from labops.kernel.db import db, reading
from labops.kernel.errors import NotFound

bp = Blueprint("health", __name__)
bp.after_app_request(metrics.count)
log = logging.getLogger("labops.health")

_MIGRATED = "labops.migrated"
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


@bp.after_request
def keep_fresh(response: Response) -> Response:
    """Let nobody keep an answer about the present."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """Answer as long as this process can; asks nothing of the database."""
    return jsonify(status="alive")


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """Say whether this process can serve people, and if not, which part is in the way."""
    parts: dict[str, str] = {"database": "unreachable", "schema": "unknown"}
    job_parts: dict[str, str] = {}
    try:
        states = jobs.states(reading(), now=clock.now()) if _is_migrated(parts) else []
    except Exception:  # whatever the driver raises means the same to whoever asks
        log.exception("not ready")
        parts["database"] = "unreachable"
    else:
        job_parts = {state.name: _word_for(state) for state in states}
    in_order = parts == {"database": "ok", "schema": "ok"} and "late" not in job_parts.values()
    body = {"status": "ready" if in_order else "not ready", **parts, "jobs": job_parts}
    return jsonify(body), 200 if in_order else 503


@bp.get("/metrics")
@public
def show_metrics() -> ResponseReturnValue:
    """Give Prometheus its numbers, to this machine or with the token; nobody else learns of it."""
    if not (_from_this_machine() or _has_token()):
        raise NotFound
    return Response(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _is_migrated(parts: dict[str, str]) -> bool:
    """Fill in the first two parts. A schema that was right once stays right in this process."""
    if not current_app.extensions.get(_MIGRATED):
        current_app.extensions[_MIGRATED] = schema.is_current(db.engine)
    parts["database"] = "ok"
    parts["schema"] = "ok" if current_app.extensions[_MIGRATED] else "not migrated"
    return bool(current_app.extensions[_MIGRATED])


def _word_for(state: JobState) -> str:
    """Return how the job stands; one whose last run failed is late only after a while."""
    if state.late:
        return "late"
    return "failing" if state.error else "on time"


def _from_this_machine() -> bool:
    """Say whether the asker is on this machine, and not a proxy here that asks for somebody."""
    trusts_proxy = current_app.config["LABOPS"].trusted_proxies > 0
    if not trusts_proxy and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _has_token() -> bool:
    token = current_app.config["LABOPS"].metrics_token
    given = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
