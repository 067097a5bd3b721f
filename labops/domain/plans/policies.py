"""What a use costs, how included time is shared out, when a plan's periods end: pure."""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.house_rules.parts import Charge, Price
from labops.domain.plans.states import Period
from labops.kernel import money
from labops.kernel.interval import Interval

MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}
_MINUTE = timedelta(minutes=1)
_HOUR = 60
_NOTICE = re.compile(r"[0-3][0-9]{17}")
_CHECKED, _CHECK_DIGITS, _DIVISOR = "3", 2, 93


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A part of a booking on one machine at one price; of its minutes some are included.

    `per_use` is asked once. `percent` is how much of it is due, less than all after a late
    cancellation.
    """

    machine: str
    category: str
    minutes: int
    per_hour: Decimal
    per_use: Decimal = Decimal(0)
    included: int = 0
    percent: int = 100

    @property
    def cents(self) -> int:
        """Return what is due, in cents."""
        paid = self.per_hour * (self.minutes - self.included) / _HOUR + self.per_use
        return money.cents(paid * self.percent / 100)

    @property
    def included_due(self) -> int:
        """Return how many included minutes are used up."""
        share = Decimal(self.included * self.percent) / 100
        return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def kept(self) -> dict[str, Any]:
        """Return the line as an entry of the ledger keeps it."""
        return {
            "machine": self.machine,
            "category": self.category,
            "minutes": self.minutes,
            "per_hour": str(self.per_hour),
            "per_use": str(self.per_use),
            "included": self.included,
            "percent": self.percent,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Line:
        """Return the line that an entry keeps."""
        amounts = {name: Decimal(kept[name]) for name in ("per_hour", "per_use")}
        return cls(**(dict(kept) | amounts))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a booking costs, line by line."""

    lines: tuple[Line, ...]

    @property
    def cents(self) -> int:
        """Return what is to be paid, in cents."""
        return sum(line.cents for line in self.lines)

    @property
    def included(self) -> dict[str, int]:
        """Return the included minutes that it uses up, by category."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.included_due:
                found[line.category] = found.get(line.category, 0) + line.included_due
        return found


def priced(
    prices: Sequence[Price],
    slot: Interval,
    *,
    machine: str,
    category: str,
    plan: str,
    zone: ZoneInfo,
    holidays: Collection[date] = (),
) -> tuple[Line, ...]:
    """Return what a slot on a machine costs, in order of time, nothing included yet.

    At every moment the most special price holds: one for the plan before one for everybody, then
    one for certain hours before one for all; of equal ones the first. What is free has no line.
    """
    fitting = [price for price in prices if not price.plans or plan in price.plans]
    fitting.sort(key=lambda price: (not price.plans, price.during is None))
    spans = [
        price.during.inside(slot, zone, holidays) if price.during else (slot,) for price in fitting
    ]
    asked: set[int] = set()
    lines: list[Line] = []
    for piece in _pieces(slot, spans):
        number = next((n for n, found in enumerate(spans) if _inside(piece, found)), None)
        if number is None:
            continue
        price = fitting[number]
        per_use = Decimal(0) if number in asked else price.per_use
        asked.add(number)
        minutes = _minute_of(slot, piece.ends_at) - _minute_of(slot, piece.starts_at)
        if price.per_hour or per_use:
            lines.append(
                Line(
                    machine=machine,
                    category=category,
                    minutes=minutes,
                    per_hour=price.per_hour,
                    per_use=per_use,
                )
            )
    return tuple(lines)


def allotted(lines: Iterable[Line], available: Mapping[str, int]) -> tuple[Line, ...]:
    """Let included minutes pay, as long as they last, from the beginning on."""
    left = dict(available)
    found = []
    for line in lines:
        used = min(left.get(line.category, 0), line.minutes) if line.per_hour else 0
        left[line.category] = left.get(line.category, 0) - used
        found.append(replace(line, included=used))
    return tuple(found)


def shortened(lines: Iterable[Line], minutes: int) -> tuple[Line, ...]:
    """Return what is due when each machine was used for so many minutes only.

    Included time was used first, so what is given back is paid time first. A price per use stays.
    """
    left: dict[str, int] = {}
    found = []
    for line in lines:
        kept = min(line.minutes, left.setdefault(line.machine, minutes))
        left[line.machine] -= kept
        if kept or line.per_use:
            found.append(replace(line, minutes=kept, included=min(line.included, kept)))
    return tuple(found)


def shared(lines: Iterable[Line], charge: Charge | None) -> tuple[Line, ...]:
    """Return what a late cancellation leaves of what was due: nothing without a charge."""
    if charge is None or not charge.percent:
        return ()
    kept = shortened(lines, _HOUR) if charge.first_hour else tuple(lines)
    return tuple(replace(line, percent=charge.percent) for line in kept)


def minutes_used(slot: Interval, until: datetime) -> int:
    """Return how many minutes of a slot were used when it ended early; a begun one counts."""
    return max(0, min(_minute_of(slot, until), _minute_of(slot, slot.ends_at)))


def period_end(first: date, period: Period) -> date | None:
    """Return the last day of a period that begins on the day; `None` for what is paid once."""
    months = MONTHS.get(period)
    if months is None:
        return None
    whole = first.month - 1 + months
    year, month = first.year + whole // 12, whole % 12 + 1
    last = calendar.monthrange(year, month)[1]
    if first.day > last:  # from 31 January a month lasts until the end of February
        return date(year, month, last)
    return date(year, month, first.day) - timedelta(days=1)


def month_of(day: date) -> str:
    """Return the calendar month of a day, such as `2026-11`."""
    return f"{day:%Y-%m}"


def month_days(month: str) -> tuple[date, date]:
    """Return the first and last day of `2026-11`; raises `ValueError`."""
    first = date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def is_notice_number(text: str) -> bool:
    """Say whether it can be the number of a PagoPA notice.

    Eighteen digits: the auxiliary digit, then the IUV. After 3, the only one that is given out
    today, that is two digits of segregation, thirteen of the creditor's own and two check digits:
    what is left when all before them is divided by 93. Older notices (0, 1, 2) are known by their
    length only. Source: PagoPA S.p.A., Specifiche attuative dei codici identificativi di
    versamento (SACI) 3.2.1, "Valore 3 del componente <Aux Digit>".
    """
    if _NOTICE.fullmatch(text) is None:
        return False
    body, check = text[:-_CHECK_DIGITS], text[-_CHECK_DIGITS:]
    return text[0] != _CHECKED or int(body) % _DIVISOR == int(check)


def _pieces(slot: Interval, spans: Iterable[Iterable[Interval]]) -> Iterator[Interval]:
    """Yield the slot in pieces at whose edges prices may change."""
    edges = {slot.starts_at, slot.ends_at}
    for found in spans:
        for span in found:
            edges |= {span.starts_at, span.ends_at}
    inside = sorted(edge for edge in edges if slot.starts_at <= edge <= slot.ends_at)
    for start, end in pairwise(inside):
        yield Interval(start, end)


def _inside(piece: Interval, spans: Iterable[Interval]) -> bool:
    return any(span.contains(piece) for span in spans)


def _minute_of(slot: Interval, moment: datetime) -> int:
    """Return how many minutes of the slot have begun by the moment."""
    return -(-(moment - slot.starts_at) // _MINUTE)
