"""Matching files: labs, requests and grades as JSON, with clear refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from labops.domain.matches.labs import Lab, Machine
from labops.domain.requests.reading.lexicon import Lexicon, shipped
from labops.domain.requests.reading.reader import Words, trades_in
from labops.kernel.errors import LabopsError

MOST = 20_000
"""Labs or requests in one file."""
_OWN = frozenset(
    {"id", "name", "type", "processes", "materials", "envelope_mm", "max_thickness_mm",
     "tolerance_mm", "status", "back_on", "verified_on"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request of a file: its words, and what a careful reader would have understood, if told."""

    id: str
    words: Words
    place: tuple[float, float] | None = None
    firm: str = ""
    need: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """How well a lab suits a request: 3 wholly, 2 for the most part, 1 hardly, 0 not."""

    request: str
    lab: str
    grade: int


class BadFile(LabopsError):
    """A matching file that cannot be used: where it is wrong, and what belongs there."""

    def __init__(self, where: str, expected: str) -> None:
        self.where, self.expected = where, expected
        super().__init__(f"{where} must be {expected}")


def rows_of(data: object, key: str) -> list[Mapping[str, Any]]:
    """Return the list of tables under the key, or the list itself."""
    rows = data.get(key) if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise BadFile(key, "a list")
    if len(rows) > MOST:
        raise BadFile(key, f"at most {MOST} entries")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadFile(f"{key}[{number}]", "a table")
    return rows


def labs_from(data: object, lexicon: Lexicon | None = None) -> list[Lab]:
    """Read labs; raises `BadFile` with the place of the first mistake."""
    words = lexicon or shipped()
    labs = [_lab(row, f"labs[{number}]", words) for number, row in enumerate(rows_of(data, "labs"))]
    _once([lab.id for lab in labs], "labs")
    return labs


def requests_from(data: object) -> list[Request]:
    """Read requests; raises `BadFile` with the place of the first mistake."""
    found = [
        _request(row, f"requests[{number}]") for number, row in enumerate(rows_of(data, "requests"))
    ]
    _once([one.id for one in found], "requests")
    return found


def grades_from(data: object) -> list[Grade]:
    """Read grades; raises `BadFile` with the place of the first mistake."""
    found = []
    for number, row in enumerate(rows_of(data, "qrels")):
        place = f"qrels[{number}]"
        grade = _number(row, "grade", place, 0)
        found.append(Grade(_text(row, "request", place), _text(row, "lab", place), int(grade or 0)))
    return found


def _once(ids: list[str], key: str) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise BadFile(key, f"every id once, not {one} twice")
        seen.add(one)


def _lab(row: Mapping[str, Any], at: str, lexicon: Lexicon) -> Lab:
    case = _table(row, "qualification", at)
    lat, lon = _number(row, "lat", at), _number(row, "lon", at)
    batch = _number(row, "max_batch", at)
    machines = _list(row, "machines", at)
    skills = ", ".join(_texts(row, "skills", at))
    return Lab(
        id=_text(row, "id", at),
        name=str(row.get("name") or row["id"]),
        standing=str(case.get("status", "")),
        valid_from=_date(case, "valid_from", f"{at}.qualification"),
        valid_to=_date(case, "valid_to", f"{at}.qualification"),
        machines=tuple(_machine(one, f"{at}.machines[{n}]", n) for n, one in enumerate(machines)),
        services=frozenset(_texts(row, "services", at)),
        trades=frozenset(trades_in(skills, lexicon))
        | frozenset(trades_in(str(row.get("kind") or ""), lexicon)),
        nda=row.get("nda") is True or "nda" in _texts(row, "services", at),
        wheelchair=row.get("wheelchair") is True,
        onsite=row.get("onsite") is True,
        food_contact=row.get("food_contact") is True,
        lead_time_days=_number(row, "lead_time_days", at) or 0.0,
        free_hours=_number(row, "free_hours_30d", at),
        max_batch=int(batch) if batch is not None else None,
        rate=_number(row, "hourly_rate_eur", at),
        assignments=int(_number(row, "assignments_12m", at) or 0),
        answered=int(_number(row, "answered_12m", at) or 0),
        asked=int(_number(row, "asked_12m", at) or 0),
        place=(lat, lon) if lat is not None and lon is not None else None,
        periphery=row.get("periphery") is True,
        conflicts=frozenset(_texts(row, "conflicts", at)),
    )


def _machine(row: object, at: str, number: int) -> Machine:
    if not isinstance(row, dict):
        raise BadFile(at, "a table")
    thickness = _table(row, "max_thickness_mm", at)
    size = row.get("envelope_mm")
    if size is not None and (
        not isinstance(size, list) or not all(_is_number(one) for one in size)
    ):
        raise BadFile(f"{at}.envelope_mm", "lengths in millimetres")
    return Machine(
        id=str(row.get("id", number)),
        name=str(row.get("name") or row.get("type") or ""),
        type=str(row.get("type") or ""),
        processes=frozenset(_texts(row, "processes", at)),
        materials=frozenset(_texts(row, "materials", at)),
        size=tuple(float(one) for one in size) if size else None,
        thickness={str(key): float(one) for key, one in thickness.items() if _is_number(one)},
        tolerance_mm=_number(row, "tolerance_mm", at),
        in_service=row.get("status", "ok") == "ok",
        back_on=_date(row, "back_on", at),
        traits={
            key: one
            for key, one in row.items()
            if key not in _OWN and isinstance(one, bool | int | float | str)
        },
        verified_on=_date(row, "verified_on", at),
    )


def _request(row: Mapping[str, Any], at: str) -> Request:
    lat, lon = _number(row, "lat", at), _number(row, "lon", at)
    text = row.get("text_it") or row.get("text_en") or row.get("text") or ""
    title = row.get("title_it") or row.get("title_en") or row.get("title") or ""
    return Request(
        id=_text(row, "id", at),
        words=Words(
            text=str(text),
            title=str(title),
            trade=str(row.get("trade") or ""),
            ateco=str(row.get("ateco_2007") or ""),
        ),
        place=(lat, lon) if lat is not None and lon is not None else None,
        firm=str(row.get("tax_code") or row.get("firm") or ""),
        need=row["need"] if isinstance(row.get("need"), dict) else None,
    )


def _text(row: Mapping[str, Any], key: str, at: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise BadFile(f"{at}.{key}", "a text")
    return str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e12  # noqa: PLR2004


def _number(row: Mapping[str, Any], key: str, at: str, usual: float | None = None) -> float | None:
    value = row.get(key, usual)
    if value is None:
        return None
    if not _is_number(value) or (value < 0 and key not in {"lat", "lon"}):
        raise BadFile(f"{at}.{key}", "a number")
    return float(value)


def _date(row: Mapping[str, Any], key: str, at: str) -> date | None:
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise BadFile(f"{at}.{key}", "a day such as 2026-11-23") from None


def _table(row: Mapping[str, Any], key: str, at: str) -> Mapping[str, Any]:
    value = row.get(key) or {}
    if not isinstance(value, dict):
        raise BadFile(f"{at}.{key}", "a table")
    return value


def _list(row: Mapping[str, Any], key: str, at: str) -> list[Any]:
    value = row.get(key) or []
    if not isinstance(value, list):
        raise BadFile(f"{at}.{key}", "a list")
    return value


def _texts(row: Mapping[str, Any], key: str, at: str) -> list[str]:
    values = _list(row, key, at)
    if not all(isinstance(one, str) for one in values):
        raise BadFile(f"{at}.{key}", "a list of texts")
    return values
