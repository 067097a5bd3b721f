"""Deadlines in a text, relative to the day on which it is read.

Names of months and weekdays are CLDR's (Babel), Easter and the like come from `holidays`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

from babel.dates import get_day_names, get_month_names

from labops.domain.requests.reading.feasts import Deadline, feasts_in
from labops.domain.requests.reading.tokens import Token, plain_of

DAYS = {
    "giorno": 1, "giorni": 1, "gg": 1, "day": 1, "days": 1, "giornata": 1, "giornate": 1,
    "settimana": 7, "settimane": 7, "week": 7, "weeks": 7, "ore": 1 / 24, "hours": 1 / 24,
    "mese": 30, "mesi": 30, "month": 30, "months": 30, "quindicina": 15, "anno": 365, "year": 365,
}  # fmt: skip
WORKING = frozenset({"lavorativi", "lavorativo", "feriali", "working", "business"})
BEFORE = frozenset(
    "entro in tra fra massimo max prima circa diciamo tempo tempi consegna ritiro within by before "
    "at most about per nel nei giro inside delivery deadline scadenza termine next prossimi "
    "prossime  "
    "prossimo prossima".split()
)
_FILL = frozenset(
    "il i la le lo l del della dei di e e' un una al alla the of a and an nel circa al al "
    "massimo max  "
    "massimo ' ’ per : about at most around prossimi prossime prossima prossimo next".split()
)
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})[/.\-](\d{1,2})(?:[/.\-](\d{4}|\d{2}))?(?!\d)")
_ISO = re.compile(r"(?<!\d)(20\d{2})-(\d{2})-(\d{2})(?!\d)")
_LEISURE = re.compile(
    r"non (?:c['’]e|abbiamo|ho) (?:nessuna |alcuna |molta )?fretta|senza fretta|con calma"
    r"|no (?:hurry|rush)"
)
MOST = 20
"""Times that are looked at; a text with more of them has no deadline worth the name."""
SHORT = 3
"""Letters of an abbreviated month."""
FARTHEST = 1500
"""Days; whatever is farther away is no deadline."""


def deadlines_of(tokens: Sequence[Token], text: str, today: date, language: str) -> list[Deadline]:
    """Return what may be the deadline, the surest first."""
    found = [*_lengths(tokens, today), *_named(tokens, today, language), *feasts_in(tokens, today)]
    found += _written(text, today)
    near = [one for one in found if 0 <= (one.on - today).days <= FARTHEST]
    near.sort(key=lambda one: (-one.weight, one.start))
    shifted = [_shifted(one, tokens) for one in near[:MOST]]
    return sorted(
        (one for one in shifted if one.weight > 0), key=lambda one: (-one.weight, one.start)
    )


def _shifted(one: Deadline, tokens: Sequence[Token]) -> Deadline:
    """Move a date that is followed by "a week before" ("una settimana prima")."""
    after = [token for token in tokens if token.start >= one.stop][:9]
    words = [token.plain for token in after]
    for place, word in enumerate(words):
        if (
            word in DAYS
            and DAYS[word] >= 1
            and words[place + 1 : place + 2] in (["prima"], ["before"], ["earlier"])
        ):
            count = after[place - 1].value if place and after[place - 1].value else 1
            back = one.on - timedelta(days=round((count or 1) * DAYS[word]))
            return Deadline(back, one.start, after[place + 1].stop, one.weight + 1)
    return one


def _back(tokens: Sequence[Token], place: int, reach: int = 3) -> str:
    """Return the word before, over articles: what says that a time is a deadline."""
    for token in reversed(tokens[max(0, place - reach) : place]):
        if token.plain in BEFORE and token.plain not in {
            "per",
            "prossimi",
            "prossime",
            "prossima",
            "prossimo",
            "next",
        }:
            return token.plain
        if token.plain not in _FILL:
            return ""
    return ""


def _lengths(tokens: Sequence[Token], today: date) -> list[Deadline]:
    """Read "entro dieci giorni", "in tre settimane", "un mese", "fifteen working days"."""
    found = []
    for place, token in enumerate(tokens):
        days = DAYS.get(token.plain)
        if days is None or not place:
            continue
        at = place - 1
        working = tokens[at].plain in WORKING
        at -= working
        number = tokens[at].value
        if number is None:
            number = 1 if tokens[at].plain in {"un", "una", "a", "one"} else None
        if tokens[at].plain == "mezza" or number is None or number > FARTHEST:
            continue
        stop = place + 1 < len(tokens) and tokens[place + 1].plain in WORKING
        length = number * days
        if working or stop:
            length = length * 7 / 5
        lead = _back(tokens, at)
        weight = (
            4 if lead in {"entro", "within", "tra", "fra", "massimo", "max"} else 3 if lead else 1
        )
        if _lasts(tokens, at, place):
            weight = 0
        end = tokens[place + 1].stop if stop else token.stop
        found.append(
            Deadline(today + timedelta(days=round(length + 0.49)), tokens[at].start, end, weight)
        )
    return found


_LASTING = frozenset(
    "corso corsetto lezione lezioni workshop formazione garanzia durata lavorazione ogni al a "
    "mezze mezza "
    "course lesson training warranty each per dura durano vecchio old da fa ago ultimi "
    "ultimo".split()
)


def _lasts(tokens: Sequence[Token], at: int, place: int) -> bool:
    """Say whether the time is how long something takes: "corsetto di due ore"."""
    if DAYS[tokens[place].plain] < 1 and (tokens[at].value or 0) < 24:  # noqa: PLR2004
        return True
    before = [token.plain for token in tokens[max(0, at - 2) : at]]
    after = tokens[place + 1].plain if place + 1 < len(tokens) else ""
    if after in {"prima", "before", "earlier", "fa", "ago"}:
        return True
    return any(word in _LASTING for word in before) and _back(tokens, at) == ""


@cache
def _names(language: str) -> tuple[dict[str, int], dict[str, int]]:
    months: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for number, name in get_month_names(width, locale=language).items():
            months.setdefault(plain_of(name).rstrip("."), number)
    days = {
        plain_of(name): number for number, name in get_day_names("wide", locale=language).items()
    }
    return months, days


def _named(tokens: Sequence[Token], today: date, language: str) -> list[Deadline]:
    """Read "18 dicembre", "fine gennaio", "metà mese", "venerdì", "la prossima settimana"."""
    months, days = _names(language)
    found = []
    for place, token in enumerate(tokens):
        word, before = token.plain, tokens[place - 1].plain if place else ""
        if word in months and (len(word) > SHORT or _is_date(tokens, place)):
            one = _in_month(tokens, place, months[word], today)
            found += [one] if one else []
        elif word in {"mese", "month", "anno", "year"} and place:
            found += _ends(tokens, place, today)
        elif word in days and _back(tokens, place):
            ahead = (days[word] - today.weekday() - 1) % 7 + 1
            found.append(Deadline(today + timedelta(days=ahead), token.start, token.stop, 3))
        elif word in {"domani", "tomorrow"}:
            found.append(Deadline(today + timedelta(days=1), token.start, token.stop, 3))
        elif word == "dopodomani":
            found.append(Deadline(today + timedelta(days=2), token.start, token.stop, 3))
        elif word in {"settimana", "week"} and before in {"prossima", "next"}:
            found.append(
                Deadline(today + timedelta(days=11 - today.weekday()), token.start, token.stop, 3)
            )
        elif word in {"prossima", "prossimo"} and before in {"settimana", "mese"}:
            ahead = 11 - today.weekday() if before == "settimana" else 45
            found.append(
                Deadline(today + timedelta(days=ahead), tokens[place - 1].start, token.stop, 3)
            )
    return found


def _is_date(tokens: Sequence[Token], place: int) -> bool:
    """Say whether a short name such as "set" is a month: a day and "entro" stand before."""
    sure = {token.plain for token in tokens[max(0, place - 4) : place]} & {
        "entro",
        "il",
        "per",
        "by",
        "before",
    }
    return bool(sure) and place > 0 and tokens[place - 1].value is not None


def _ends(tokens: Sequence[Token], place: int, today: date) -> list[Deadline]:
    parts = {one.plain: one for one in tokens[max(0, place - 3) : place]}
    word = tokens[place].plain
    year = word in {"anno", "year"}
    for name in ("fine", "end"):
        if name in parts:
            on = date(today.year, 12, 31) if year else _day(today.year, today.month, 31)
            return [Deadline(on, parts[name].start, tokens[place].stop, 4)]
    for name in ("meta", "mid", "middle"):
        if name in parts and not year:
            on = _day(today.year, today.month, 15)
            on = (
                on
                if on >= today
                else _day(today.year + today.month // 12, today.month % 12 + 1, 15)
            )
            return [Deadline(on, parts[name].start, tokens[place].stop, 4)]
    return []


def _in_month(tokens: Sequence[Token], place: int, month: int, today: date) -> Deadline | None:
    """Read the day of a month that is named at the place."""
    earlier = [token.plain for token in tokens[max(0, place - 4) : place]]
    number = tokens[place - 1].value if place else None
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    later = following.value if following and following.kind == "number" else None
    day, start, stop = 0, tokens[place].start, tokens[place].stop
    if number and number <= 31:  # noqa: PLR2004
        day, start = int(number), tokens[place - 1].start
    elif later and later <= 31 and following:  # noqa: PLR2004 - "January 15"
        day, stop = int(later), following.stop
    elif set(earlier) & {"fine", "end", "late"}:
        day = 31
    elif set(earlier) & {"meta", "mid", "middle"}:
        day = 15
    elif set(earlier) & {"inizio", "inizi", "primi", "early", "beginning", "start"}:
        day = 5
    elif set(earlier) & {"da", "dal", "from"}:
        return None  # from then on, not until then
    else:
        day = 1 if set(earlier) & {"prima", "before"} else 31
    year = _said_year(tokens, place)
    on = _day(year or today.year, month, day)
    if on < today and not year:
        on = _day(today.year + 1, month, day)
    weight = 4 if _back(tokens, place, 5) or set(earlier) & {"per", "il", "entro", "by"} else 2
    if set(earlier) & {"dal", "from"} and not set(earlier) & {"entro", "by"}:
        weight = 0
    return Deadline(on, start, stop, weight)


def _said_year(tokens: Sequence[Token], place: int) -> int | None:
    for token in tokens[place + 1 : place + 4]:
        if token.kind == "number" and token.value and 2020 <= token.value <= 2100:  # noqa: PLR2004
            return int(token.value)
    return None


def _day(year: int, month: int, day: int) -> date:
    """Return the day of the month, or its last one."""
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _written(text: str, today: date) -> list[Deadline]:
    found = []
    for match in _ISO.finditer(text):
        found += _checked(int(match[1]), int(match[2]), int(match[3]), match, 4)
    for match in _NUMERIC.finditer(text):
        lead = text[max(0, match.start() - 14) : match.start()].lower()
        sure = any(
            word in lead for word in ("entro", "per il", "by ", "before", "consegna", "del ", "il ")
        )
        if not sure and match[3] is None:
            continue  # "1/2" or "3.5" is no date
        year = int(match[3]) + (2000 if len(match[3]) == 2 else 0) if match[3] else today.year  # noqa: PLR2004
        dates = _checked(year, int(match[2]), int(match[1]), match, 4)
        if dates and not match[3] and dates[0].on < today:
            dates = _checked(year + 1, int(match[2]), int(match[1]), match, 4)
        found += dates
    return found


def _checked(year: int, month: int, day: int, match: re.Match[str], weight: int) -> list[Deadline]:
    try:
        return [Deadline(date(year, month, day), match.start(), match.end(), weight)]
    except ValueError:
        return []


def at_leisure(text: str) -> bool:
    """Say whether the text says that there is no hurry."""
    return bool(_LEISURE.search(_plain_all(text)))


def _plain_all(text: str) -> str:
    return text[:4000].lower().replace("è", "e").replace("’", "'")
