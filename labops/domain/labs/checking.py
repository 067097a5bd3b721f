"""What is wrong with what was told about a lab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from urllib.parse import urlsplit

from stdnum.it import codicefiscale, iva

from labops.domain.labs.classes import CLASSES
from labops.domain.labs.commands import DescribeLab, DescribeLabMachine, Opening, PlaceLab
from labops.domain.labs.sizes import LONGEST_MM
from labops.domain.labs.states import Access
from labops.domain.labs.vocabulary import MATERIALS, SERVICES
from labops.domain.machines.processes import PROCESSES
from labops.kernel.errors import Problem

LONGEST: Mapping[str, int] = {
    "public_name": 160,
    "legal_name": 200,
    "certified_email": 254,
    "ateco_code": 12,
    "ateco_version": 10,
    "contact_name": 160,
    "contact_email": 254,
    "contact_phone": 40,
    "description_it": 4000,
    "description_en": 4000,
    "website": 300,
    "price_list": 300,
    "email": 254,
    "phone": 40,
    "hours_note_it": 300,
    "hours_note_en": 300,
}
LANGUAGES = ("it", "en", "fr", "de", "es", "pt", "ro", "ar", "zh", "uk", "ru", "tl", "si", "bn")
MUNICIPI = range(1, 10)
MOST_MATERIALS = 61
_MOST_COUNT = 1000
_MOST_NUMBER = 1_000_000
_DAY = 1440


def problems_of_lab(command: DescribeLab) -> Iterator[Problem]:
    """Yield what is wrong with a lab's description, field by field."""
    if not command.public_name:
        yield Problem("field.required", {"field": "public_name"})
    for name, most in LONGEST.items():
        if len(getattr(command, name)) > most:
            yield Problem("field.too-long", {"field": name, "longest": most})
    yield from _wrong_numbers(command)
    yield from _wrong_addresses(command)
    for name, offered in (
        ("languages", LANGUAGES),
        ("accessibility", tuple(Access)),
        ("services", tuple(SERVICES)),
    ):
        if not set(getattr(command, name)) <= set(offered):
            yield Problem("field.not-offered", {"field": name})
    for name in ("lead_time_days", "most_pieces", "free_hours_a_month", "hourly_rate"):
        value = getattr(command, name)
        if value is not None and not 0 <= value < _MOST_NUMBER:
            yield Problem(
                "field.out-of-range", {"field": name, "lowest": 0, "highest": _MOST_NUMBER - 1}
            )


def _wrong_addresses(command: DescribeLab) -> Iterator[Problem]:
    for name in ("certified_email", "contact_email", "email"):
        address = getattr(command, name)
        if address and ("@" not in address.strip("@") or " " in address):
            yield Problem("field.not-an-email", {"field": name})
    for name in ("website", "price_list"):
        if getattr(command, name) and not is_web_address(getattr(command, name)):
            yield Problem("lab.wrong-address", {"field": name})


def compact_vat(text: str) -> str:
    """Return a VAT number as it is kept, its eleven digits when it is right."""
    return iva.compact(text).replace("IT", "") if text else ""


def compact_tax_code(text: str) -> str:
    """Return a tax code as it is kept."""
    return codicefiscale.compact(text) if text else ""


def _wrong_numbers(command: DescribeLab) -> Iterator[Problem]:
    """A body's tax code is eleven digits; a sole trader's sixteen signs, omocodia included."""
    if command.vat_number and not iva.is_valid(command.vat_number):
        yield Problem("lab.wrong-vat-number", {"field": "vat_number"})
    if command.tax_code and not codicefiscale.is_valid(command.tax_code):
        yield Problem("lab.wrong-tax-code", {"field": "tax_code"})


def is_web_address(text: str) -> bool:
    """Say whether a browser could follow the address."""
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return False
    plain = text.isprintable() and not set(text) & set(" <>\"'\\")
    return (
        plain and parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    )


def problems_of_place(command: PlaceLab) -> Iterator[Problem]:
    """Yield what is wrong with an address."""
    if not command.city:
        yield Problem("field.required", {"field": "city"})
    for name, most in (("street", 200), ("postcode", 12), ("city", 80), ("province", 80)):
        if len(getattr(command, name)) > most:
            yield Problem("field.too-long", {"field": name, "longest": most})
    if len(command.country) != 2:  # noqa: PLR2004 - ISO 3166
        yield Problem("field.not-offered", {"field": "country"})
    if command.municipio is not None and command.municipio not in MUNICIPI:
        yield Problem("field.out-of-range", {"field": "municipio", "lowest": 1, "highest": 9})
    for name, most in (("latitude", 90), ("longitude", 180)):
        degrees = getattr(command, name)
        if degrees is not None and not -most <= degrees <= most:
            yield Problem("field.out-of-range", {"field": name, "lowest": -most, "highest": most})
    if (command.latitude is None) != (command.longitude is None):
        missing = "latitude" if command.latitude is None else "longitude"
        yield Problem("field.required", {"field": missing})


def problems_of_machine(command: DescribeLabMachine) -> Iterator[Problem]:
    """Yield what is wrong with a machine of a lab."""
    if not command.name:
        yield Problem("field.required", {"field": "name"})
    for name, longest in (("name", 120), ("maker", 80), ("model", 120)):
        if len(getattr(command, name)) > longest:
            yield Problem("field.too-long", {"field": name, "longest": longest})
    if command.machine_class and command.machine_class not in CLASSES:
        yield Problem("field.not-offered", {"field": "machine_class"})
    if not set(command.processes) <= set(PROCESSES):
        yield Problem("field.not-offered", {"field": "processes"})
    if not set(command.materials) <= set(MATERIALS):
        yield Problem("field.not-offered", {"field": "materials"})
    if not 1 <= command.count <= _MOST_COUNT:
        yield Problem("field.out-of-range", {"field": "count", "lowest": 1, "highest": _MOST_COUNT})
    lengths = {
        field.name: getattr(command, field.name)
        for field in fields(command)
        if field.name.endswith("_mm")
    }
    lengths["power_w"] = command.power_w
    for name, value in [
        *lengths.items(),
        *(("materials", mm) for mm in command.materials.values()),
    ]:
        if value is not None and not 0 < value <= LONGEST_MM:
            yield Problem(
                "field.out-of-range", {"field": name, "lowest": 0, "highest": int(LONGEST_MM)}
            )


def problems_of_opening(opening: Opening) -> Iterator[Problem]:
    """Yield what is wrong with a weekly span."""
    right = 0 <= opening.opens_minute < opening.closes_minute <= 2 * _DAY
    if not right or not 0 <= opening.weekday <= 6:  # noqa: PLR2004 - Sunday
        yield Problem("hours.wrong-span", {"field": f"day_{opening.weekday}"})
