"""Ask the sites of labs whether they still answer, through the fetcher that trusts nobody."""

from __future__ import annotations

import threading
from datetime import datetime

from labops.adapters import fetching
from labops.adapters.fetching import FetchFailed, Rules
from labops.domain.labs import probing
from labops.kernel.db import reading

ACCEPT = "text/html, */*;q=0.5"
# What is reached, and how: tests put a server of their own within reach.
RULES = Rules()
# Somebody answers, only not with a page for us.
_ALIVE = frozenset({"fetch.too-large", "fetch.cut-off", "fetch.unreadable-answer"})
_SHY = frozenset({401, 403, 405, 406, 429})


def probe_due(now: datetime, stopping: threading.Event, *, dry_run: bool = False) -> str:
    """Ask every site that nobody asked for a week; say how many answered and how many did not."""
    due = probing.due(now=now)
    if dry_run:
        return f"{len(due)} to ask"
    answered = silent = 0
    for visit in due:
        if stopping.is_set():
            break
        reading().rollback()  # nothing of the database waits for somebody else's server
        failure = _failure_of(visit.website)
        if failure:
            probing.note_failure(visit, failure, now=now)
            silent += 1
        else:
            probing.note_answer(visit, now=now)
            answered += 1
    return f"{answered} answered, {silent} did not"


def _failure_of(website: str) -> str:
    """Return why a site did not answer, as the code of a sentence; nothing when it did."""
    try:
        fetching.fetch(website, accept=ACCEPT, rules=RULES)
    except FetchFailed as failed:
        alive = failed.code in _ALIVE or failed.params.get("status") in _SHY
        return "" if alive else failed.code
    return ""
