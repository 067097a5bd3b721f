"""Feasts and fairs by which work has to be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from labops.domain.requests.reading.tokens import Token


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day and the characters that said it, and how sure it is that it is a deadline."""

    on: date
    start: int
    stop: int
    weight: int


@cache
def _easter(year: int) -> date:
    from holidays import country_holidays  # noqa: PLC0415 - slow to load, seldom needed

    return min(
        country_holidays("IT", years=year, language="en_US").get_named("Easter", lookup="icontains")
    )


def feasts_in(tokens: Sequence[Token], today: date) -> list[Deadline]:
    """Read feasts and fairs by which work has to be there; their day itself is too late."""
    found = []
    for place, token in enumerate(tokens):
        pair = f"{tokens[place - 1].plain} {token.plain}" if place else token.plain
        day = _FEASTS.get(pair) or _FEASTS.get(token.plain)
        on = None
        if day:
            on = _next(day[0], day[1], today)
        elif token.plain in {"pasqua", "easter"}:
            on = _easter(today.year)
            on = on if on > today else _easter(today.year + 1)
        elif token.plain in {"carnevale", "carnival"}:
            on = _easter(today.year) - timedelta(days=47)
            on = on if on > today else _easter(today.year + 1) - timedelta(days=47)
        if on:
            back = [one.plain for one in tokens[max(0, place - 4) : place]]
            sure = set(back) & {"entro", "prima", "per", "before", "by", "for", "sotto"}
            found.append(
                Deadline(on - timedelta(days=1), token.start, token.stop, 3 if sure else 1)
            )
    return found


_FEASTS = {
    "natale": (12, 25), "natalizio": (12, 10), "natalizi": (12, 10),
    "christmas": (12, 25), "xmas": (12, 25),
    "capodanno": (1, 1), "befana": (1, 6), "epifania": (1, 6), "san valentino": (2, 14),
    "valentine": (2, 14), "ferragosto": (8, 15), "halloween": (10, 31), "sant ambrogio": (12, 7),
    "ambrogio": (12, 7), "immacolata": (12, 8), "vigilia": (12, 24), "san silvestro": (12, 31),
    "il salone": (4, 15), "del mobile": (4, 15), "fuorisalone": (4, 15), "design week": (4, 15),
    "festa donna": (3, 8), "san giuseppe": (3, 19), "ognissanti": (11, 1), "santa lucia": (12, 13),
}  # fmt: skip


def _next(month: int, day: int, today: date) -> date:
    on = date(today.year, month, day)
    return on if on > today else date(today.year + 1, month, day)
