"""Which version has to be signed on a day, and whether a typed name is somebody's. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Asked:
    """A published version: its number, and from which local day on it is asked for."""

    number: int
    asks_from: date


def needed_number(versions: Iterable[Asked], day: date) -> int:
    """Return the lowest version that suffices on the day; 0 when nothing is asked yet."""
    return max((one.number for one in versions if one.asks_from <= day), default=0)


def suffices(versions: Sequence[Asked], signed: Iterable[int], day: date) -> bool:
    """Say whether what was signed is enough for a booking on the day."""
    return max(signed, default=0) >= needed_number(versions, day)


def due_on(versions: Sequence[Asked], signed: Iterable[int]) -> date | None:
    """Return the first day on which what was signed is no longer enough; `None` for never."""
    best = max(signed, default=0)
    return min((one.asks_from for one in versions if one.number > best), default=None)


def same_name(typed: str, name: str) -> bool:
    """Say whether the typed name is that name, whatever the case, accents and spaces."""
    return bool(_letters(typed)) and _letters(typed) == _letters(name)


def digest_of(title_it: str, text_it: str, title_en: str, text_en: str) -> str:
    """Return the SHA-256 of both languages, each part with its length so that none runs over."""
    told = hashlib.sha256()
    for part in (title_it, text_it, title_en, text_en):
        raw = part.encode()
        told.update(f"{len(raw)}:".encode())
        told.update(raw)
    return told.hexdigest()


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
