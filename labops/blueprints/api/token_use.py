"""Noting when a token was last used, so that its owner sees which ones nobody needs."""

from __future__ import annotations

import logging

from flask import Response, g

from labops.blueprints.api.base import bp
from labops.domain.people import administration
from labops.kernel import clock

log = logging.getLogger("labops.api")


@bp.after_request
def note_use(response: Response) -> Response:
    """Note the use of a valid token once an hour.

    Whatever goes wrong here is logged: what was asked for has been answered already.
    """
    holder = g.get("token_holder")
    if holder is not None:
        now, last = clock.now(), holder.last_used_at
        if last is None or now - last >= administration.TOKEN_USE_NOTED_EVERY:
            try:
                administration.note_token_used(holder.token_id, now=now)
            except Exception:
                log.warning("the use of a token could not be noted", exc_info=True)
    return response
