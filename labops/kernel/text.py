"""Text that people typed, made safe for feeds, mails, labels and XML."""

from __future__ import annotations

import re

_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls but for the line feed; lone surrogates, which UTF-8 cannot hold; the byte order mark,
# which readers drop as they please; the two code points that XML and so every SVG forbids.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_GAPS = re.compile("[ \n]+")


def without_controls(text: str) -> str:
    r"""Return the text without control characters; every kind of line break becomes `\n`.

    Tabs become spaces, so that words stay apart. Lone surrogates, U+FEFF, U+FFFE and U+FFFF go too.
    """
    return _FORBIDDEN.sub("", _LINE_BREAKS.sub("\n", text).replace("\t", " "))


def one_line(text: str) -> str:
    """Return the text without control characters on a single line, its gaps single spaces."""
    return _GAPS.sub(" ", without_controls(text)).strip(" ")
