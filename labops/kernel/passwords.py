"""Passwords: how they are kept, checked and judged."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200

# OWASP's smallest Argon2id figures: 19 MiB, two passes, one lane. The semaphore keeps a burst
# of sign-ins from taking the memory of a small machine.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_at_once = threading.BoundedSemaphore(4)
_dummy_hash: str | None = None


def hash_password(password: str) -> str:
    """Return the Argon2id hash to keep."""
    with _at_once:
        return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """Say whether the password is the one kept; takes as long when nothing is kept."""
    global _dummy_hash  # noqa: PLW0603 - made once, on the first unknown account
    if kept is None:
        if _dummy_hash is None:
            _dummy_hash = hash_password("nobody has this password")
        _matches(password, _dummy_hash)
        return False
    return _matches(password, kept)


def needs_rehash(kept: str) -> bool:
    """Say whether the hash was made with weaker figures than today's."""
    return _hasher.check_needs_rehash(kept)


def _matches(password: str, kept: str) -> bool:
    with _at_once:
        try:
            return _hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
