"""An import that says how far it is, in lines of JSON, while it runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from flask import Response, current_app, request
from flask_babel import force_locale

from labops.blueprints import formats
from labops.domain.machines import inventory
from labops.domain.machines.inventory import Imported, Line
from labops.kernel.permissions import Actor

if TYPE_CHECKING:
    from flask import Flask

KIND = "application/x-ndjson"
# A bar that is longer than this in pixels is rare: more steps would only be more lines.
STEPS = 500
log = logging.getLogger("labops.import")
Told = dict[str, int | str | bool]


def is_wanted() -> bool:
    """Say whether the page's script asks, which draws a bar; anybody else gets a page."""
    return request.headers.get("Accept") == KIND


def streamed(
    text: str,
    site_slug: str,
    *,
    actor: Actor,
    now: datetime,
    sentence: Callable[[Imported], str],
) -> Response:
    """Import in a thread of its own and answer with `{"done", "total"}` lines, then `{"said"}`.

    Whoever goes away half-way stops nothing: all machines are imported, or none. A last line
    with `failed` means none; the page then asks in the plain way, which says why.
    """
    told: SimpleQueue[Told | None] = SimpleQueue()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    language = formats.language()

    def counted(lines: Iterable[Line]) -> Iterator[Line]:
        every = list(lines)
        step = max(1, len(every) // STEPS)
        for number, line in enumerate(every, 1):
            yield line
            if number % step == 0 or number == len(every):
                told.put({"done": number, "total": len(every)})

    def work() -> None:
        try:
            with app.app_context(), force_locale(language):
                done = inventory.import_machines(
                    text, site_slug, actor=actor, now=now, progress=counted
                )
                told.put({"said": sentence(done)})
        except Exception:
            log.exception("an import failed")
            told.put({"failed": True})
        finally:
            told.put(None)

    thread = Thread(target=work, name="import")
    thread.start()

    def lines() -> Iterator[str]:
        while (line := told.get()) is not None:
            yield json.dumps(line) + "\n"
        thread.join()

    # X-Accel-Buffering: a proxy that collects the answer would stop the bar.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(lines(), headers=headers, content_type=KIND)
