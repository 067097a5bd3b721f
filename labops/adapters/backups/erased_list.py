"""The list of the erased beside the database: `erased.jsonl`, a line for each, only ever added to.

A backup is older than the last erasing, and a database may be lost: this file says who must not
come back. It holds no names, only random uids and instants.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from labops.domain.erasure import queries

NAME = "erased.jsonl"


def write_down(session: Session, data_dir: Path) -> int:
    """Add whoever the database lists and the file does not; return how many those were."""
    known = read(data_dir)
    fresh = {uid: at for uid, at in queries.erased(session).items() if uid not in known}
    if not fresh:
        return 0
    path = data_dir / NAME
    lines = [
        json.dumps({"uid": uid, "erased_at": at.astimezone(UTC).isoformat()})
        for uid, at in sorted(fresh.items(), key=lambda pair: pair[1])
    ]
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(place, "ab") as file:
        # A line that a power cut left half must not spoil the next one.
        file.write(("\n" if _ends_badly(path) else "").encode())
        file.write(("\n".join(lines) + "\n").encode())
        file.flush()
        os.fsync(file.fileno())
    return len(fresh)


def read(data_dir: Path) -> dict[str, datetime]:
    """Return the uids in the file, and when each was erased; lines that make no sense are left out.

    Raises `OSError` when there is a file and it cannot be read: nobody may come back for that.
    """
    try:
        text = (data_dir / NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    found = {}
    for line in text.splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            told = json.loads(line)
            found[str(told["uid"])] = datetime.fromisoformat(told["erased_at"])
    return found


def _ends_badly(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
