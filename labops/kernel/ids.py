"""Identifiers and secrets that nobody can guess."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import unicodedata

_BASE62 = string.ascii_letters + string.digits


def new_uid() -> str:
    """Return a public identifier: 128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


def new_secret() -> str:
    """Return a secret that goes into an address or a header: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a station's code: 17 base62 signs, a little over 96 bits, easy to print."""
    return "".join(secrets.choice(_BASE62) for _ in range(17))


def digest(secret: str) -> str:
    """Return what is stored in place of a secret.

    A fast hash is right here: the secret has 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def slug_of(name: str) -> str:
    """Return the name as a part of an address: ASCII letters, digits and hyphens, at most 60."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60].strip("-")
