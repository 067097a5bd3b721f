"""The mails that were written into files instead of being sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

MOST = 50


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """One mail as a person would read it."""

    sent_at: datetime | None
    to: str
    subject: str
    text: str


def latest(folder: Path) -> tuple[list[WrittenMail], int]:
    """Return the latest fifty mails of the folder, and how many there are."""
    if not folder.is_dir():
        return [], 0
    # A name begins with the moment, so names sort by time; a draft's name begins with a dot.
    paths = sorted((p for p in folder.glob("*.eml") if not p.name.startswith(".")), reverse=True)
    mails = [mail for path in paths[:MOST] if (mail := _read(path)) is not None]
    return mails, len(paths)


def _read(path: Path) -> WrittenMail | None:
    try:
        message: EmailMessage = message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        date = message["Date"]
        return WrittenMail(
            sent_at=date.datetime if date is not None else None,
            to=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=str(body.get_content()) if body is not None else "",
        )
    except (OSError, LookupError, ValueError, MessageError):
        return None  # it was deleted meanwhile, or somebody else's file stands there
