"""The vocabulary as one tree of word stems, shipped as data and open to additions."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import Any, cast

import snowballstemmer

from labops.domain.requests.reading.choices import Choices
from labops.domain.requests.reading.tokens import Token, tokens_of

FILES = ("processes", "materials", "things", "needs", "trades", "choices", "contexts")
LANGUAGES = {"it": "italian", "en": "english"}
# Articles and prepositions, left out on both sides when words are compared.
SKIPPED = {
    "it": frozenset(
        "a al allo alla ai agli alle di del dello della dei degli delle d da dal dallo dalla "
        "dai dagli  "
        "dalle in nel nello nella nei negli nelle con col il lo la i gli le l un uno una per "
        "e ed che si  "
        "ci ne su sul sullo sulla sui sugli sulle quel quella questo questa molto piu".split()
    ),
    "en": frozenset(
        "the a an of for with to in into and our your their on by from that which some".split()
    ),
}
_JOINING = frozenset("'’-/&\"“”«»")
_SMALLER = ("icin", "ettin", "in", "ett", "ell", "on", "ucc")
_SHORTEST = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """A vocabulary word in a text: tokens `first` to `last`, both included."""

    kind: str
    key: str
    first: int
    last: int
    words: str = ""
    sentence: int = 0
    clause: int = 0


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    entries: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # kind, key, what must precede


class Lexicon:
    """Finds the words of a vocabulary in texts, the longest first."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.choices = Choices(data["choices"])
        self.exact: dict[str, str] = dict(data["contexts"].get("exact", {}))
        self._roots = {language: _Node() for language in LANGUAGES}
        self._stemmers = {code: snowballstemmer.stemmer(name) for code, name in LANGUAGES.items()}
        self._known: dict[str, set[str]] = {language: set() for language in LANGUAGES}
        self.stem = lru_cache(maxsize=30_000)(self._stem)
        self.key = lru_cache(maxsize=30_000)(self._key)
        for kind, key, language, phrase in _phrases(data):
            self._add(kind, key, language, phrase)
        self._single = {language: _by_undoubled(known) for language, known in self._known.items()}

    def mentions(self, tokens: Sequence[Token], language: str) -> list[Mention]:
        """Return what is mentioned, by place; of one kind none overlap."""
        content = self._content(tokens, language)
        found: list[Mention] = []
        free: dict[str, int] = {}
        for place in range(len(content)):
            best = self._longest(content, place, tokens, language)
            for kind, (end, keys) in best.items():
                if free.get(kind, 0) > place:
                    continue
                free[kind] = end + 1
                first, last = content[place][0], content[end][0]
                words = " ".join(token.plain for token in tokens[first : last + 1])
                found.extend(
                    Mention(
                        kind, key, first, last, words, tokens[first].sentence, tokens[first].clause
                    )
                    for key in keys
                )
        return found

    def _longest(
        self, content: list[tuple[int, str]], place: int, tokens: Sequence[Token], language: str
    ) -> dict[str, tuple[int, list[str]]]:
        best: dict[str, tuple[int, list[str]]] = {}
        node = self._roots[language]
        at = content[place][0] - 1
        while at > 0 and tokens[at].plain in _JOINING:
            at -= 1
        before = tokens[at].plain if at >= 0 else ""
        for end in range(place, min(place + 6, len(content))):
            following = node.next.get(content[end][1])
            if following is None:
                break
            node = following
            here: dict[str, list[str]] = {}
            for kind, key, lead in node.entries:
                if not lead or before.startswith(lead):
                    here.setdefault(kind, []).append(key)
            for kind, keys in here.items():
                best[kind] = (end, keys)
        return best

    def _content(self, tokens: Sequence[Token], language: str) -> list[tuple[int, str]]:
        """Return the places and stems of the tokens that say something; marks part phrases."""
        skipped = SKIPPED[language]
        return [
            (place, self.key(token.plain, language) if token.kind == "word" else token.plain)
            for place, token in enumerate(tokens)
            if token.plain not in skipped and token.plain not in _JOINING
        ]

    def _add(self, kind: str, key: str, language: str, phrase: str) -> None:
        tokens, _ = tokens_of(phrase)
        skipped = SKIPPED[language]
        said = [place for place, token in enumerate(tokens) if token.plain not in skipped]
        lead = tokens[said[0] - 1].plain if said and said[0] else ""
        node = self._roots[language]
        for token in tokens:
            if token.plain in skipped or token.plain in _JOINING:
                continue
            stem = self.stem(token.plain, language)
            self._known[language].add(stem)
            node = node.next.setdefault(stem, _Node())
        if (kind, key, lead) not in node.entries and node is not self._roots[language]:
            node.entries.append((kind, key, lead))

    def _stem(self, word: str, language: str) -> str:
        if word in self.exact:
            return self.exact[word]
        return cast(str, self._stemmers[language].stemWord(word))

    def _key(self, word: str, language: str) -> str:
        """Return the stem, or that of a near word that is known: a diminutive, a lost double."""
        stem, known = self.stem(word, language), self._known[language]
        if stem in known or len(stem) < _SHORTEST:
            return stem
        if language == "it":
            for ending in _SMALLER:
                base = stem.removesuffix(ending)
                if base != stem and len(base) >= _SHORTEST and base in known:
                    return base
        single = _undoubled(stem)
        return self._single[language].get(single, stem) if len(single) > _SHORTEST else stem


def _by_undoubled(known: Iterable[str]) -> dict[str, str]:
    return {_undoubled(stem): stem for stem in sorted(known) if len(stem) > _SHORTEST}


def _undoubled(word: str) -> str:
    return "".join(sign for place, sign in enumerate(word) if not place or word[place - 1] != sign)


def _phrases(data: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    """Give kind, key, language and phrase of every word of the vocabulary."""
    for kind, table in (
        ("name", data["processes"]["names"]),
        ("act", data["processes"]["acts"]),
        ("must", data["needs"]["musts"]),
        ("service", data["needs"]["services"]),
        ("cue", data["contexts"]["cues"]),
    ):
        for key, words in table.items():
            yield from _of(kind, key, words)
    for number, entry in enumerate(data["materials"]["word"]):
        yield from _of("material", str(number), entry)
    for number, entry in enumerate(data["things"]["thing"]):
        yield from _of("thing", str(number), entry)
    for key, entry in data["trades"].items():
        if isinstance(entry, dict):
            for phrase in entry["words"]:
                yield from (("trade", key, language, phrase) for language in LANGUAGES)


def _of(kind: str, key: str, words: Mapping[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    for language in LANGUAGES:
        for phrase in words.get(language, ()):
            yield kind, key, language, phrase


@cache
def shipped() -> Lexicon:
    """Return the vocabulary that comes with the program."""
    folder = resources.files(__package__) / "words"
    return Lexicon(
        {name: tomllib.loads((folder / f"{name}.toml").read_text("utf-8")) for name in FILES}
    )
