"""Long work that says how far it is, in lines of JSON, while it runs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from flask import Response, copy_current_request_context, request
from flask_babel import force_locale

from labops.blueprints import formats

KIND = "application/x-ndjson"
# A bar that is longer than this in pixels is rare: more steps would only be more lines.
STEPS = 500
log = logging.getLogger("labops.progress")
Item = TypeVar("Item")
Told = dict[str, int | str | bool]
# Takes what is to be done one after another, and gives it back while it counts.
Counted = Callable[[Iterable[Any]], Iterable[Any]]


def is_wanted() -> bool:
    """Say whether the page's script asks, which draws a bar; anybody else gets a page."""
    return request.headers.get("Accept") == KIND


def streamed(work: Callable[[Counted], Told]) -> Response:
    """Do the work in a thread of its own and answer with `{"done", "total"}` lines.

    The last line is what the work returns. Whoever goes away half-way stops nothing. A last line
    with `failed` means that it could not be done; the page then asks in the plain way, which says
    why.
    """
    told: SimpleQueue[Told | None] = SimpleQueue()
    language = formats.language()

    def counted(items: Iterable[Item]) -> Iterator[Item]:
        every = list(items)
        step = max(1, len(every) // STEPS)
        for number, item in enumerate(every, 1):
            yield item
            if number % step == 0 or number == len(every):
                told.put({"done": number, "total": len(every)})

    @copy_current_request_context  # a context, and so a database session, of its own
    def run() -> None:
        try:
            with force_locale(language):
                told.put(work(counted))
        except Exception:
            log.exception("long work failed")
            told.put({"failed": True})
        finally:
            told.put(None)

    thread = Thread(target=run, name="long work")
    thread.start()

    def lines() -> Iterator[str]:
        while (line := told.get()) is not None:
            yield json.dumps(line) + "\n"
        thread.join()

    # X-Accel-Buffering: a proxy that collects the answer would stop the bar.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(lines(), headers=headers, content_type=KIND)
