"""The letters of printed labels: where the font files are, and how wide a text will be.

Labels are set in Titillium Web, as the pages are. The front-end build puts it, as TrueType and
under the SIL Open Font License, beside the files for browsers.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "static" / "vendor"
FILES = {False: "titillium-400.ttf", True: "titillium-700.ttf"}  # by whether it is bold
MM_PER_POINT = 25.4 / 72
# Signs that are likely in names of machines and places, and missing in the font.
STAND_INS = str.maketrans({"≤": "<=", "≥": ">=", "→": "->", "←": "<-", "№": "No.", "\u2011": "-"})


class FontMissing(RuntimeError):
    """The font of the labels is not where the front-end build puts it."""


@dataclass(frozen=True, slots=True)
class Face:
    """One weight of the font."""

    file: Path
    advances: Mapping[str, float]  # of each sign it has, in em

    def width(self, text: str, size: float) -> float:
        """The width in mm of a printable text at a size in points."""
        return sum(self.advances[sign] for sign in text) * size * MM_PER_POINT

    def printable(self, text: str) -> str:
        """Return the text in signs that the font has.

        A letter that is missing loses its accents, if that helps, or becomes a question mark;
        emoji and other symbols, joiners and stray accents are left out.
        """
        composed = unicodedata.normalize("NFC", text).translate(STAND_INS)
        return " ".join("".join(map(self._sign, composed)).split())

    def _sign(self, sign: str) -> str:
        if sign in self.advances:
            return sign
        parts = unicodedata.normalize("NFKD", sign)
        if known := "".join(part for part in parts if part in self.advances):
            return known
        return "?" if unicodedata.category(sign)[0] in "LNP" else ""


@cache
def face(*, bold: bool) -> Face:
    """Return the font's regular or bold weight. Raises `FontMissing` before the first build."""
    # Imported late: only processes that set labels need it.
    from fontTools.ttLib import TTFont

    try:
        names = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
        file = VENDOR / names[FILES[bold]]
    except (FileNotFoundError, KeyError) as error:
        raise FontMissing(
            f"The font {FILES[bold]} for labels has not been built. Build it with:"
            " python hatch_build.py"
        ) from error
    with TTFont(file) as font:
        em = font["head"].unitsPerEm
        metrics = font["hmtx"].metrics
        advances = {chr(code): metrics[glyph][0] / em for code, glyph in font.getBestCmap().items()}
    return Face(file, advances)
