"""Noting when a token was last used, so that its owner sees which ones nobody needs."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime

from flask import Response, current_app, g, request

from labops.blueprints.api.base import bp
from labops.domain.people import administration
from labops.kernel import clock

MOST_KEPT = 10_000
_EXTENSION = "labops.tokens_noted"
log = logging.getLogger("labops.api")


@bp.after_request
def note_use(response: Response) -> Response:
    """Note the use of a valid token once an hour; most calls cost a look into a dictionary.

    Whatever goes wrong here is logged: what was asked for has been answered already.
    """
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if "actor" in g and scheme.lower() == "bearer":
        now = clock.now()
        if _is_news(secret.strip(), now):
            try:
                administration.note_token_used(secret.strip(), now=now)
            except Exception:
                log.warning("the use of a token could not be noted", exc_info=True)
    return response


def _is_news(secret: str, now: datetime) -> bool:
    """Say whether this process has not noted the token within the last hour; from now on it has."""
    noted: dict[bytes, datetime] = current_app.extensions.setdefault(_EXTENSION, {})
    key = hashlib.sha256(secret.encode()).digest()  # no process keeps secrets it need not keep
    last = noted.get(key)
    if last is not None and now - last < administration.TOKEN_USE_NOTED_EVERY:
        return False
    if len(noted) >= MOST_KEPT:
        noted.clear()
    noted[key] = now
    return True
