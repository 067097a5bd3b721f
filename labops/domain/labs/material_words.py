"""Materials as makers write them, in our own words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What a phrase must hold, and which of our materials that is; the first that fits counts.
_TOLD: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(rf"\b(?:{words})\b"), material)
    for words, material in (
        (r"cast(?:able)? resin|wax like resin|jewelry wax|visijet ftx cast", "resin_castable"),
        (r"tough resin|abs like resin|durable resin", "resin_tough"),
        (r"high ?temp(?:erature)?(?: resin)?", "resin_hightemp"),
        (r"silicone resin", "silicone"),
        (r"(?:wood|brick|bronze|brass|copper|thermochromic|chameleon)? ?pla|htpla", "pla"),
        (r"resins?|standard resin|clear resin", "resin_standard"),
        (r"petg", "petg"),
        (r"tpu|tpe|flex", "tpu"),
        (r"pc abs|abs|asa", "abs"),
        (r"polycarbonate|pc", "pc"),
        (r"onyx|carbon fib(?:er|re) nylon", "pa_cf"),
        (r"pa ?12(?: nylon)?|hp pa 12|pa 2200|polyamide 12", "pa12"),
        (r"pa ?11(?: nylon)?|polyamide 11", "pa11"),
        (r"stainless(?: steel)?", "stainless"),
        (r"carbon steel|tool steel|mild steel|steel", "steel"),
        (r"alumini?um(?! nitride)", "aluminium"),
        (r"brass", "brass"),
        (r"bronze", "bronze"),
        (r"silver", "silver"),
        (r"gold", "gold"),
        (r"acrylics?|pmma|plexiglas+|perspex", "pmma"),
        (r"mdf(?: veneers)?", "mdf"),
        (r"(?:laser )?plywood", "plywood"),
        (r"woods?|balsa|hardwood", "solid_wood"),
        (r"card|cardboard|greyboard", "cardboard"),
        (r"paper", "paper"),
        (r"felt", "felt"),
        (r"cotton", "cotton"),
        (r"wool", "wool"),
        (r"silk", "silk"),
        (r"denim", "denim"),
        (r"vinyl", "vinyl"),
        (r"chocolate", "chocolate"),
        (r"porcelain", "porcelain"),
        (r"stoneware", "stoneware"),
        (r"terracotta|earthenware", "terracotta"),
        (r"wax", "wax"),
    )
)
_PARTS = re.compile(r"[,;]|\band\b|\(|\)")
_LEAD = re.compile(r"\b(?:sheet materials )?including\b")
_MORE = re.compile(r"^\+?\d+ materials?$")


@dataclass(frozen=True, slots=True)
class ReadMaterials:
    """Our materials, and the phrases for which we have none."""

    known: tuple[str, ...]
    unread: tuple[str, ...]


def read_materials(text: str) -> ReadMaterials:
    """Return what a maker's list of materials says in our words; the rest stays as it was."""
    known: dict[str, None] = {}
    unread: dict[str, None] = {}
    for part in _PARTS.split(_LEAD.sub(",", text)):
        phrase = " ".join(re.sub(r"[^\w+]+", " ", part.casefold()).split())
        if not phrase or _MORE.match(phrase):
            continue
        found = _material_of(phrase)
        if found:
            known[found] = None
        else:
            unread[part.strip()] = None
    return ReadMaterials(tuple(known), tuple(unread))


def _material_of(phrase: str) -> str:
    return next((material for words, material in _TOLD if words.search(phrase)), "")
