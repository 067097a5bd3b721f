"""From a firm's words to a need: the one entrance to reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from labops.domain.requests.needs import Must, Need, Part, Quote, Read
from labops.domain.requests.reading.amounts import budget_of, quantity_of
from labops.domain.requests.reading.dates import at_leisure, deadlines_of
from labops.domain.requests.reading.findings import Findings, findings_of
from labops.domain.requests.reading.lexicon import Lexicon, Mention, shipped
from labops.domain.requests.reading.steps import Quoter, steps_of
from labops.domain.requests.reading.tokens import LONGEST, tokens_of

TITLE_LONGEST = 300
_MUST_OF_SERVICE = {"onsite_survey", "onsite_install"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a firm wrote, and its trade and ATECO code where they are known."""

    text: str
    title: str = ""
    trade: str = ""
    ateco: str = ""


def read_need(words: Words, *, today: date, lexicon: Lexicon | None = None) -> Need:
    """Understand the words as they are meant on the day. Never raises, whatever they are."""
    lexicon = lexicon or shipped()
    title = words.title[:TITLE_LONGEST]
    joined = f"{title}.\n{words.text[:LONGEST]}" if title else words.text[:LONGEST]
    shift = len(joined) - len(words.text[:LONGEST])
    found = findings_of(joined, lexicon, trades_of(words, lexicon))

    def quote_chars(start: int, stop: int) -> Quote:
        if start < shift:
            end = min(stop, len(title))
            return Quote(Part.TITLE, start, end, title[start:end])
        return Quote(Part.TEXT, start - shift, stop - shift, joined[start:stop])

    def quote(first: int, last: int) -> Quote:
        return quote_chars(found.tokens[first].start, found.tokens[last].stop)

    musts = _musts(found, quote)
    on_site = any(one.value is Must.ON_SITE for one in musts)
    services = _services(found, quote, on_site=on_site)
    measured = {place for one in found.measures for place in range(one.first, one.last + 1)}
    things = {one.first for one in found.of("thing")}
    amount = quantity_of(found.tokens, measured, things)
    deadline = next(iter(deadlines_of(found.tokens, joined, today, found.language)), None)
    if deadline and deadline.weight < 2 and at_leisure(joined):  # noqa: PLR2004 - only a guess
        deadline = None
    budget = budget_of(joined)
    return Need(
        steps=steps_of(found, quote, on_site=on_site),
        quantity=Read(amount.count, (quote(amount.first, amount.last),)) if amount else None,
        due_on=Read(deadline.on, (quote_chars(deadline.start, deadline.stop),))
        if deadline
        else None,
        budget=Read(budget[0], (quote_chars(budget[1], budget[2]),)) if budget else None,
        services=tuple(services),
        musts=tuple(musts),
        excluded=tuple(_excluded(found, quote)),
        trades=found.trades,
        language=found.language,
    )


def trades_of(words: Words, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the trades that the firm's own name for its trade, or its ATECO code, belongs to."""
    found: list[str] = trades_in(words.trade, lexicon)
    if words.ateco and not found:
        codes = [
            (len(prefix), name)
            for name, trade in lexicon.data["trades"].items()
            if isinstance(trade, dict)
            for prefix in trade.get("ateco", ())
            if words.ateco.startswith(prefix)
        ]
        found += [name for _, name in sorted(codes, reverse=True)[:1]]
    return tuple(dict.fromkeys(found))


def trades_in(text: str, lexicon: Lexicon) -> list[str]:
    """Return the trades that a short text names, in either language."""
    tokens, _ = tokens_of(text[:TITLE_LONGEST])
    return [
        one.key
        for language in ("it", "en")
        for one in lexicon.mentions(tokens, language)
        if one.kind == "trade"
    ]


def _musts(found: Findings, quote: Quoter) -> list[Read[Must]]:
    by_must: dict[str, list[Mention]] = {}
    for mention in found.of("must"):
        by_must.setdefault(mention.key, []).append(mention)
    for mention in found.of("service"):
        if mention.key in _MUST_OF_SERVICE:
            by_must.setdefault("onsite", []).append(mention)
    if "food_contact" not in by_must:
        eaten = [one for one in found.of("thing") if found.thing(one).get("food")]
        if eaten:
            by_must["food_contact"] = eaten[:1]
    return [
        Read(Must(key), tuple(quote(one.first, one.last) for one in mentions))
        for key, mentions in by_must.items()
        if key in set(Must)
    ]


def _services(found: Findings, quote: Quoter, *, on_site: bool) -> list[Read[str]]:
    by_service: dict[str, list[Mention]] = {}
    for mention in found.of("service"):
        by_service.setdefault(mention.key, []).append(mention)
    if on_site and "training" in by_service:
        by_service["onsite_training"] = by_service.pop("training")
    if "onsite_install" in by_service or (found.denied and not by_service.get("assembly")):
        by_service.pop("assembly", None)
    return [
        Read(key, tuple(quote(one.first, one.last) for one in mentions))
        for key, mentions in by_service.items()
    ]


def _excluded(found: Findings, quote: Quoter) -> list[Read[str]]:
    """Return the materials and processes that must not be used."""
    wanted = {material for _, ids in found.materials for material in ids}
    excluded = []
    for mention in found.denied:
        if mention.kind == "material":
            ids: Sequence[str] = [one for one in found.material_ids(mention) if one not in wanted]
        else:
            ids = [mention.key] if mention.kind == "name" else []
        excluded += [Read(one, (quote(mention.first, mention.last),)) for one in ids]
    return excluded
