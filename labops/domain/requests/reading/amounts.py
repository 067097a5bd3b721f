"""How many pieces a text asks for, and for how much money."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from labops.domain.requests.reading.dates import DAYS
from labops.domain.requests.reading.tokens import Token
from labops.domain.requests.reading.units import FRACTIONS, MM

PIECES = frozenset(
    "pezzo pezzi copia copie esemplare esemplari unita pz articoli repliche duplicati "
    "campioni prototipi kit set  "
    "paia paio coppie piece pieces copy copies unit units pcs pairs pair samples prototypes "
    "kits sets".split()
)
# What is counted, but not made: people, colours, axes, hours, visits ...
OTHERS = frozenset(
    "colori colore toni tinte colours colors persone persona people ragazzi ragazze alunni "
    "studenti allievi bambini  "
    "bimbi pupils students kids children detenute detenuti inmates dipendenti operai soci "
    "volontari ospiti coperti  "
    "guests assi axes axis aghi needles strati layers fori holes volte times gradi degrees "
    "mattine mattina  "
    "pomeriggi sere serate incontri giornate lezioni sessions mornings punti stitches carati "
    "kt carat watt volt  "
    "anni years minuti minutes euro eur facce lati sides step fasi phases righe "
    "pazienti patients  "
    "macchine machines piani floors numero scala scale kg grammi grams litri metri classi "
    "classe laboratori versioni  "
    "postazioni tasti pulsanti ingressi uscite led canali decimi centesimi mezze mezza "
    "insegnanti teachers  "
    "settimane giorni mesi ore dita mani piedi fili percento per".split()
)
_LINK = frozenset(
    "di of nostri nostre nuovi nuove piccoli piccole altri altre grandi our small new "
    "identical uguali diversi".split()
)
_DISTANCE = frozenset("circa about around quasi almeno oltre".split())
_ABOUT = frozenset(
    "decina dozzina quindicina ventina trentina quarantina cinquantina sessantina centinaio "
    "migliaio coppia dozen couple".split()
)
_TIMES = {
    "dozzina": 12,
    "dozzine": 12,
    "decine": 10,
    "centinaia": 100,
    "migliaia": 1000,
    "dozen": 12,
    "hundred": 100,
    "thousand": 1000,
}
_PACKS = frozenset({"set", "confezioni", "scatole", "sets", "packs"})
_LABELS = frozenset("da scala tipo n via civico numero alle ore articolo".split())
_MONTHS = frozenset(
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre january february march april may june july august september october november "
    "december".split()
)
_NO_PIECES = frozenset({*MM, *DAYS, *FRACTIONS, *OTHERS, *_MONTHS})
_SMALL = frozenset(
    "con e in su ma o ed al alla da del della che non and with or in at on is are we you to "
    "vorrei".split()
)
_ASKING = (["servono"], ["facciamo"], ["need"])
_EVENT = frozenset(
    "cena pranzo matrimonio nozze festa evento banchetto dinner wedding party event gala "
    "buffet".split()
)
_MONEY = re.compile(
    r"(?:€|euro|eur)\s{0,2}(\d[\d.,]{0,11})|"
    r"(\d[\d.,]{0,11})(?:\s{0,2}(mila|k))?\s{0,2}(?:€|(?:euro|eur)\b)",
    re.IGNORECASE,
)
MOST = 1_000_000
_EACH = re.compile(
    r"\s{0,3}(?:l['’]uno|l['’]una|cadauno|a pezzo|al pezzo|each|per piece|apiece"
    r"|all['’]ora|an hour|/h)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A count and the tokens that said it."""

    count: int
    first: int
    last: int
    weight: int


def quantity_of(
    tokens: Sequence[Token], measured: Collection[int], things: Collection[int]
) -> Amount | None:
    """Return how many pieces are wanted; `measured` and `things` are places of tokens."""
    found = [
        amount
        for place, token in enumerate(tokens)
        if token.value is not None
        and place not in measured
        and (amount := _counted(tokens, place, things)) is not None
    ]
    one = _single(tokens)
    if not found:
        return one
    strongest = max(amount.weight for amount in found)
    best = [amount for amount in found if amount.weight == strongest]
    if strongest == 4:  # noqa: PLR2004 - "pieces": the largest lot
        return max(best, key=lambda amount: amount.count)
    return best[0]


def _counted(tokens: Sequence[Token], place: int, things: Collection[int]) -> Amount | None:
    """Return the amount of the number at the place, or None if it counts something else."""
    value = tokens[place].value or 0
    if value != int(value) or not 0 < value <= MOST:
        return None
    times = _TIMES.get(tokens[place].plain)
    if times and place and (many := tokens[place - 1].value) and place - 1 >= 0:
        value = many * times  # "tre dozzine", "two hundred"
    before = [token.plain for token in tokens[max(0, place - 3) : place]]
    at = place + 1
    while (
        at < len(tokens)
        and (tokens[at].plain in _LINK or tokens[at].plain in {"'", "’"})
        and at < place + 4
    ):
        at += 1
    last = before[-1] if before else ""
    noun = tokens[at].plain if at < len(tokens) and tokens[at].kind == "word" else "con"
    if noun in PIECES:
        return Amount(int(value), place, at, 4)
    if last in {"da", "of"} and set(before[-2:]) & _PACKS:
        return Amount(int(value), place, place, 3)
    if noun in _SMALL or last in _LABELS:
        return _of_event(tokens, place, before, int(value))
    if noun in _NO_PIECES or last in _MONTHS or tokens[at].value or _is_year(tokens[place]):
        return None
    about = tokens[place].plain in _ABOUT
    return Amount(int(value), place, at, 3 if at in things or about else 2)


def _is_year(token: Token) -> bool:
    return token.kind == "number" and 1900 <= (token.value or 0) <= 2100  # noqa: PLR2004


def _of_event(tokens: Sequence[Token], place: int, before: list[str], count: int) -> Amount | None:
    """Count the guests of "una cena da quaranta": one piece each."""
    if set(before) & _EVENT and before[-1] in {"da", "per", "di", "for", "of"}:
        return Amount(count, place, place, 1)
    following = tokens[place + 1].plain if place + 1 < len(tokens) else ""
    alone = following in {".", ",", ";", ""} and before[-1:] in _ASKING
    if alone or "ne" in before[-2:]:
        return Amount(count, place, place, 2)
    return None


def _single(tokens: Sequence[Token]) -> Amount | None:
    for place, token in enumerate(tokens[:-1]):
        if token.plain in {"un", "una", "uno", "one", "a", "single"}:
            if tokens[place + 1].plain in PIECES - {"set", "kit", "paia"}:
                return Amount(1, place, place + 1, 1)
            if tokens[place + 1].plain in {
                "solo",
                "sola",
                "unico",
                "unica",
                "prototipo",
                "prototype",
            }:
                return Amount(1, place, place + 1, 1)
        if token.plain in {"pezzo", "esemplare"} and tokens[place + 1].plain in {
            "unico",
            "singolo",
        }:
            return Amount(1, place, place + 1, 1)
    return None


def budget_of(text: str) -> tuple[Decimal, int, int] | None:
    """Return the largest sum of money in euro that is not a price each, and its characters."""
    best: tuple[Decimal, int, int] | None = None
    for match in _MONEY.finditer(text):
        digits = match[1] or match[2]
        if _EACH.match(text, match.end()):
            continue
        money = _money(digits)
        if money is None:
            continue
        if match[3]:
            money *= 1000
        if money <= MOST and (best is None or money > best[0]):
            best = (money, match.start(), match.end())
    return best


def _money(digits: str) -> Decimal | None:
    digits = digits.rstrip(".,")
    whole, mark, cents = digits, "", ""
    if len(digits) > 2 and digits[-3] in ".,":  # noqa: PLR2004 - two digits after the mark are cents
        whole, mark, cents = digits[:-3], ".", digits[-2:]
    plain = whole.replace(".", "").replace(",", "") + mark + cents
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None
