"""What a machine is, told from the name and maker that somebody typed, in whatever language."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

LONGEST_LOOKED_AT = 300
_GAPS = re.compile(r"[\W_]+")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def plain(text: str) -> str:
    """Return the text in small letters without accents and signs, its words a space apart."""
    letters = unicodedata.normalize("NFKD", _UNSEEN.sub("", text[:LONGEST_LOOKED_AT])).casefold()
    kept = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return _GAPS.sub(" ", kept.replace("+", " plus ")).strip()


Told = tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _told() -> tuple[Told, Told, Told]:
    """Return what products, kinds and makers tell, each in the order in which it is asked."""
    text = files(__package__).joinpath("machine_words.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    products, kinds, makers = (
        tuple((told["class"], _begins_with(told["words"])) for told in known[part])
        for part in ("products", "kinds", "makers")
    )
    return products, kinds, makers


def _begins_with(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})")


def class_of(name: str, maker: str = "") -> str:
    """Return the class of a machine, or nothing when its name and maker do not tell.

    A product that is known by name goes before the kind that the words speak of, and both before
    what the maker is known for.
    """
    products, kinds, makers = _told()
    called, made_by = f"{plain(name)} ", f"{plain(maker)} "
    both = called if made_by.strip() in called else f"{called}{made_by}"
    found = _first(products, both)
    if found:
        return found
    kind = _first(kinds, called)
    if kind and kind != "printer_3d":
        return kind
    known_for = _first(makers, made_by) or _first(makers, called)
    if kind == "printer_3d":
        # The maker may tell how it prints.
        return known_for if known_for.endswith("_printer") else kind
    return known_for or _first(kinds, made_by)


def _first(told: Told, text: str) -> str:
    return next((kind for kind, words in told if words.search(text)), "")
