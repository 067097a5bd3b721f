"""Where to go next: only to pages of our own."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit


def safe_path(wanted: str | None, otherwise: str = "/") -> str:
    r"""Return the wanted address when it is a path on this site, else the other one.

    Browsers take `//host`, `/\\host` and paths with control characters for other sites, also
    when they are escaped.
    """
    if not wanted:
        return otherwise
    for text in (wanted, unquote(wanted), unquote(unquote(wanted))):
        if not text.startswith("/") or re.match(r"^/[/\\]", text):
            return otherwise
        if "\\" in text or any(ord(sign) < 32 or ord(sign) == 127 for sign in text):  # noqa: PLR2004
            return otherwise
        parts = urlsplit(text)
        if parts.scheme or parts.netloc:
            return otherwise
    return wanted
