"""Codes that change: passes on phones, codes on the screens at doors, and both as digits to type.

Every code is a message authentication code of whose it is and of a step of time, made with a secret
that never leaves the server. A photograph of one is worth nothing after two or three steps.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

PASS_STEP = timedelta(seconds=60)
SCREEN_STEP = timedelta(seconds=30)
# How many codes a phone fetches at once: so long its pass works without a connection.
PREFETCHED = 20
DIGITS = 6
# For so many steps an old typed code is known as one that has expired.
_REMEMBERED = 10
_PASS = re.compile(r"labops:m1\.([0-9a-f]{32})\.([0-9]{1,10})\.([0-9a-f]{20})")
_SCREEN = re.compile(r"([0-9]{1,10})\.([0-9a-f]{20})")
_TYPED = re.compile(rf"([0-9]{{1,9}})([0-9]{{{DIGITS}}})")


class Standing(StrEnum):
    """What a code is worth now."""

    GOOD = "good"
    EXPIRED = "expired"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class PassText:
    """A pass as it was read; nothing about it is proven yet."""

    person_uid: str
    step: int
    mac: str


@dataclass(frozen=True, slots=True)
class TypedText:
    """Digits as they were typed: the number of a person or station, and the changing rest."""

    number: int
    digits: str


def step_at(at: datetime, length: timedelta) -> int:
    """Return the number of the step of time that holds the instant."""
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / length)


def begins_at(step: int, length: timedelta) -> datetime:
    """Return when a step of time begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + step * length


def pass_text(key: str, person_uid: str, step: int) -> str:
    """Return what the QR code of a person's pass says during the step."""
    return f"labops:m1.{person_uid}.{step}.{_mac(key, 'pass', person_uid, step)}"


def pass_digits(key: str, person_id: int, person_uid: str, step: int) -> str:
    """Return the digits that stand below that code, to be typed."""
    return f"{person_id}{_digits(key, 'pass', person_uid, step)}"


def screen_text(key: str, station_id: int, step: int) -> str:
    """Return what the code on a door's screen adds to its address during the step."""
    return f"{step}.{_mac(key, 'screen', str(station_id), step)}"


def screen_digits(key: str, station_id: int, step: int) -> str:
    """Return the digits that stand below that code, to be typed on a phone."""
    return f"{station_id}{_digits(key, 'screen', str(station_id), step)}"


def read_pass(text: str) -> PassText | None:
    """Return the parts of a pass, or `None` for any other text."""
    found = _PASS.fullmatch(text.strip())
    return PassText(found[1], int(found[2]), found[3]) if found else None


def read_typed(text: str) -> TypedText | None:
    """Return the parts of a typed code, whatever was typed between the digits."""
    found = _TYPED.fullmatch(re.sub(r"[\s.\-]", "", text))
    return TypedText(int(found[1]), found[2]) if found else None


def pass_standing(key: str, found: PassText, *, at: datetime) -> Standing:
    """Say what a pass is worth at the instant."""
    wanted = _mac(key, "pass", found.person_uid, found.step)
    if not hmac.compare_digest(wanted, found.mac):
        return Standing.WRONG
    return Standing.GOOD if _is_near(found.step, PASS_STEP, at) else Standing.EXPIRED


def typed_pass(
    key: str, found: TypedText, person_uid: str, *, at: datetime
) -> tuple[Standing, int]:
    """Say what the typed digits of a pass are worth at the instant, and of which step they are."""
    return _typed(key, "pass", person_uid, found.digits, PASS_STEP, at)


def screen_standing(key: str, station_id: int, text: str, *, at: datetime) -> tuple[Standing, int]:
    """Say what the addition to a door's address is worth at the instant, and its step."""
    found = _SCREEN.fullmatch(text)
    if found is None:
        return Standing.WRONG, 0
    step = int(found[1])
    if not hmac.compare_digest(_mac(key, "screen", str(station_id), step), found[2]):
        return Standing.WRONG, 0
    return (Standing.GOOD if _is_near(step, SCREEN_STEP, at) else Standing.EXPIRED), step


def typed_screen(
    key: str, found: TypedText, station_id: int, *, at: datetime
) -> tuple[Standing, int]:
    """Say what typed digits of a door's screen are worth at the instant, and their step."""
    return _typed(key, "screen", str(station_id), found.digits, SCREEN_STEP, at)


def _typed(
    key: str, kind: str, whose: str, digits: str, length: timedelta, at: datetime
) -> tuple[Standing, int]:
    now = step_at(at, length)
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(_digits(key, kind, whose, step), digits):
            return Standing.GOOD, step
    for step in _old(now):
        if hmac.compare_digest(_digits(key, kind, whose, step), digits):
            return Standing.EXPIRED, step
    return Standing.WRONG, 0


def _old(now: int) -> Iterator[int]:
    yield from range(now - 2, now - 2 - _REMEMBERED, -1)


def _is_near(step: int, length: timedelta, at: datetime) -> bool:
    return abs(step_at(at, length) - step) <= 1


def _hash(key: str, kind: str, whose: str, step: int) -> bytes:
    message = f"labops-{kind}-v1|{whose}|{step}".encode()
    return hmac.new(bytes.fromhex(key), message, hashlib.sha256).digest()


def _mac(key: str, kind: str, whose: str, step: int) -> str:
    return _hash(key, kind, whose, step)[:10].hex()


def _digits(key: str, kind: str, whose: str, step: int) -> str:
    number = int.from_bytes(_hash(key, f"{kind}-digits", whose, step)[:8], "big")
    return f"{number % 10**DIGITS:0{DIGITS}d}"
