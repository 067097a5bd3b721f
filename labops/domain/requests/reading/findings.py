"""What a text mentions, after homonyms, denials and what is done already were taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labops.domain.requests.reading.choices import Choices
from labops.domain.requests.reading.denials import is_denied, is_done, is_ours
from labops.domain.requests.reading.lexicon import Lexicon, Mention
from labops.domain.requests.reading.measures import Measure, measures_of
from labops.domain.requests.reading.tokens import Token, leaning, tokens_of

OWN = frozenset({"master"})
"""Acts that are not asked for when the thing is the firm's own ("our master")."""


@dataclass(slots=True)
class Findings:
    """The mentions of one text by kind, and its lengths."""

    text: str
    tokens: list[Token]
    language: str
    choices: Choices
    data: Mapping[str, Any]
    kept: dict[str, list[Mention]] = field(default_factory=dict)
    denied: list[Mention] = field(default_factory=list)
    done: list[Mention] = field(default_factory=list)
    trades: tuple[str, ...] = ()
    measures: list[Measure] = field(default_factory=list)
    materials: list[tuple[Mention, tuple[str, ...]]] = field(default_factory=list)
    """The material words that were kept, and what they mean."""

    def of(self, kind: str) -> list[Mention]:
        """Return the mentions of a kind."""
        return self.kept.get(kind, [])

    def cues(self, *keys: str) -> list[Mention]:
        """Return the small words of these kinds."""
        return [one for one in self.of("cue") if one.key in keys]

    def material_ids(self, mention: Mention) -> tuple[str, ...]:
        """Return the materials that a word means."""
        return tuple(self.data["materials"]["word"][int(mention.key)]["of"])

    def thing(self, mention: Mention) -> Mapping[str, Any]:
        """Return what is known of a thing."""
        found: Mapping[str, Any] = self.data["things"]["thing"][int(mention.key)]
        return found


def findings_of(text: str, lexicon: Lexicon, trades: Iterable[str]) -> Findings:
    """Look for every word of the vocabulary in the text."""
    tokens, language = _tokens_and_language(text, lexicon)
    found = Findings(text, tokens, language, lexicon.choices, lexicon.data)
    found.measures = measures_of(tokens)
    mentions = lexicon.mentions(tokens, language)
    known = list(dict.fromkeys([*trades, *_trades_of(found, mentions)]))
    found.trades = tuple(known)
    near = _near(found, mentions)
    for mention in mentions:
        if _misheard(found, mention, near):
            continue
        if is_denied(tokens, mention):
            found.denied.append(mention)
        elif (mention.kind in {"name", "act"} and is_done(tokens, mention)) or (
            mention.key in OWN and mention.kind == "act" and is_ours(tokens, mention)
        ):
            found.done.append(mention)
        else:
            found.kept.setdefault(mention.kind, []).append(mention)
    found.materials = [(one, found.material_ids(one)) for one in found.of("material")]
    return found


def _tokens_and_language(text: str, lexicon: Lexicon) -> tuple[list[Token], str]:
    """Return the tokens and the language; the vocabulary decides where small words do not."""
    tokens, language = tokens_of(text)
    if abs(leaning(tokens)) > 1:
        return tokens, language
    known = {code: len(lexicon.mentions(tokens, code)) for code in ("it", "en")}
    better = max(known, key=lambda code: (known[code], code == language))
    return (tokens, language) if better == language else tokens_of(text, better)


def _trades_of(found: Findings, mentions: Sequence[Mention]) -> list[str]:
    """Return the trades that things belong to, and whoever writes names ("siamo una sartoria")."""
    trades = [one.key for one in mentions if one.kind == "trade"]
    return trades + [
        str(found.thing(one).get("trade", "")) for one in mentions if one.kind == "thing"
    ]


def _near(found: Findings, mentions: Sequence[Mention]) -> dict[str, set[int]]:
    """Return what is mentioned or known, and at which tokens."""
    near: dict[str, set[int]] = {trade: {-1} for trade in found.trades}
    for one in mentions:
        if one.kind == "material":
            for material in found.material_ids(one):
                near.setdefault(material, set()).add(one.first)
        elif one.kind in {"name", "cue", "act"}:
            near.setdefault(one.key, set()).add(one.first)
    return near


def _misheard(found: Findings, mention: Mention, near: Mapping[str, set[int]]) -> bool:
    """Say whether the word means something else here: "telaio" of a bicycle, "in corso"."""
    before = found.tokens[mention.first - 1].plain if mention.first else ""
    if mention.words == "corso" and before in {"in", "nel", "lo", "lungo", "scorso"}:
        return True
    for rule in found.data["contexts"]["homonym"]:
        if mention.kind in rule["kinds"] and mention.words in rule["words"]:
            return not any(near.get(key, set()) - {mention.first} for key in rule["near"].split())
    return False
