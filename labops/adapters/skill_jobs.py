"""The jobs of certifications: what use does to them, and whom to tell that one ends."""

from __future__ import annotations

from datetime import datetime

from labops.domain.certifications import endings, uses
from labops.kernel import jobs as book
from labops.kernel.db import reading

NOTE_USES = "note-uses"


def note_uses(now: datetime, dry_run: bool) -> str:  # noqa: FBT001 - a job's signature
    """Note which certified people used which kinds of machines since this last went well."""
    last = book.runs(reading()).get(NOTE_USES)
    since = last.succeeded_at if last is not None else None
    return f"{uses.note_uses(since=since, now=now, dry_run=dry_run)} uses"


def remind_of_ends(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Remind people of certifications that end soon."""
    return f"{endings.record_endings(now=now, dry_run=dry_run)} reminders"
