"""The Italian catalogue keeps step with the words in the code and the pages."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "labops" / "translations" / "it" / "LC_MESSAGES" / "messages.po"
# What marks words besides Babel's own names; the same as in the pybabel command that we document.
MARKERS = {"lazy_gettext": None, "_l": None}
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[a-z]|%)")

# A sentence is known by its context, if any, and its English words: one form, or one and many.
Key = tuple[str | None, tuple[str, ...]]


def key_of(words: str | tuple[str, ...] | list[str], context: str | None) -> Key:
    return context, (words,) if isinstance(words, str) else tuple(words)


@cache
def marked() -> frozenset[Key]:
    """Return every sentence that the code and the pages mark for translation."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        ROOT,
        methods,
        options,
        DEFAULT_KEYWORDS | MARKERS,
        directory_filter=lambda folder: ROOT / "labops" in (Path(folder), *Path(folder).parents),
    )
    return frozenset(key_of(words, context) for _file, _line, words, _notes, context in found)


@cache
def italian() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="it", abort_invalid=True)


def translated() -> dict[Key, tuple[str, ...]]:
    return {
        key_of(message.id, message.context): key_of(message.string, None)[1]
        for message in italian()
        if message.id and not message.fuzzy
    }


def test_everything_said_is_said_in_italian() -> None:
    said = {key for key, words in translated().items() if all(word.strip() for word in words)}
    assert sorted(words for _context, words in marked() - said) == []


def test_the_catalogue_holds_nothing_that_is_not_said_any_more() -> None:
    assert sorted(words for _context, words in translated().keys() - marked()) == []
    assert list(italian().obsolete) == []


def test_nothing_is_left_to_guesses() -> None:
    assert [message.id for message in italian() if message.id and message.fuzzy] == []


def test_placeholders_are_the_same_in_both_languages() -> None:
    wrong = [
        (english, italian_words)
        for (_context, english), italian_words in translated().items()
        if len(english) != len(italian_words)
        or any(
            sorted(PLACEHOLDER.findall(there)) != sorted(PLACEHOLDER.findall(here))
            for there, here in zip(english, italian_words, strict=False)
        )
    ]
    assert wrong == []


def test_the_same_space_stands_at_the_ends_in_both_languages() -> None:
    def ends(words: str) -> tuple[bool, bool]:
        return words[:1].isspace(), words[-1:].isspace()

    wrong = [
        english
        for (_context, english), italian_words in translated().items()
        if any(ends(a) != ends(b) for a, b in zip(english, italian_words, strict=False))
    ]
    assert wrong == []


def test_italian_has_one_word_for_staff() -> None:
    said = (words for several in translated().values() for words in several)
    assert [words for words in said if re.search(r"\bstaff\b", words, re.IGNORECASE)] == []
