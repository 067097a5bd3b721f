"""Unpack gzip without unpacking a bomb."""

from __future__ import annotations

import zlib

_GZIP = 16 + zlib.MAX_WBITS
_MOST_MEMBERS = 16  # each costs a copy of what is left, so a file of tiny ones would cost hours


class TooLarge(Exception):
    """What is inside is larger than was allowed."""


def unpacked(raw: bytes, most: int) -> bytes:
    """Return what is inside, at most `most` bytes of it in memory.

    Raises `TooLarge`, or `ValueError` when it is no gzip or was cut off.
    """
    result = b""
    try:
        for _member in range(_MOST_MEMBERS):
            part = zlib.decompressobj(_GZIP)
            result += part.decompress(raw, most - len(result) + 1)
            if len(result) > most:
                raise TooLarge
            if not part.eof:
                raise ValueError("cut off")
            raw = part.unused_data.lstrip(b"\0")  # some pad the end
            if not raw:
                return result
    except zlib.error as error:
        raise ValueError("not gzip") from error
    raise ValueError("too many pieces")
