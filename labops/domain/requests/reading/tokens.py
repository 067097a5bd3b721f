"""Words, numbers and marks of a text, with their places and the numbers that words mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from labops.domain.requests.reading.numbers import number_in_digits, number_in_words

LONGEST = 10_000
"""Characters that are read; whoever writes more has said it before."""
_TOKEN = re.compile(
    r"(?P<word>3[dD](?![^\W_]))"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<by>[xX×*](?=\s{0,2}\d))"
    r"|(?P<height>[hHøØ⌀](?=\s?\d))"
    r"|(?P<plain>[^\W\d_]+\d{0,4})"
    r"|(?P<mark>\+/-|[^\s\w])"
)
_BREAKS = frozenset(".;:!?()[]{}\n•–—")
_COUNTING = {
    "it": frozenset({"un", "uno", "una", "mezzo", "mezza"}),
    "en": frozenset({"a", "an", "one", "half"}),
}
_WORDS_OF = {
    "it": frozenset(
        "di il la le per con che del della dei delle un una non da si ci mi sono ho abbiamo vorrei "
        "vogliamo serve servono nostro nostra gli lo alla al nel entro tra fra anche ma e o i "
        "da su".split()
    ),
    "en": frozenset(
        "the of and for with that our we need a an in to is are would like by from on your "
        "you please  "
        "want it be or as at have must each will".split()
    ),
}


@dataclass(slots=True)
class Token:
    """A piece of text; `plain` is it in small letters without accents."""

    start: int
    stop: int
    plain: str
    kind: str
    value: float | None = None
    sentence: int = 0
    clause: int = 0


def tokens_of(text: str, language: str = "") -> tuple[list[Token], str]:
    """Return the tokens of the text and its language, `it` or `en`: the one given, or its own."""
    found: list[Token] = []
    sentence = clause = 0
    last = 0
    for match in _TOKEN.finditer(text[:LONGEST]):
        kind = match.lastgroup or "mark"
        if "\n" in text[last : match.start()]:
            sentence, clause = sentence + 1, clause + 1
        last = match.end()
        token = Token(match.start(), last, plain_of(match.group()), kind, None, sentence, clause)
        token.kind = "word" if kind == "plain" else kind
        found.append(token)
        if kind == "mark" and token.plain in _BREAKS:
            clause += 1
            sentence += token.plain in ".!?;"
        elif token.plain == ",":
            clause += 1
    language = language or _language(found)
    for token in found:
        token.value = _value(token, language)
    return found, language


def _language(tokens: list[Token]) -> str:
    return "en" if leaning(tokens) > 0 else "it"


def leaning(tokens: list[Token]) -> int:
    """Return how many more small words are English than Italian; below zero it is Italian."""
    words = [token.plain for token in tokens if token.kind == "word"]
    counts = {name: sum(word in known for word in words) for name, known in _WORDS_OF.items()}
    return counts["en"] - counts["it"]


def _value(token: Token, language: str) -> float | None:
    if token.kind == "number":
        return number_in_digits(token.plain, language)
    if token.kind == "word":
        return number_in_words(token.plain, language)
    return None


@lru_cache(maxsize=20_000)
def plain_of(word: str) -> str:
    """Return the word in small letters without accents."""
    if word.isascii():
        return word.lower()
    spread = unicodedata.normalize("NFKD", word.lower())
    return "".join(sign for sign in spread if not unicodedata.combining(sign)) or word
