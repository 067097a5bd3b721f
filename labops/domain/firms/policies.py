"""What is right about a firm's description: pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stdnum.it import codicefiscale, iva

from labops.domain.firms.commands import DescribeFirm
from labops.domain.firms.states import FirmFlag, FirmSize
from labops.kernel.errors import Problem

LONGEST: Mapping[str, int] = {
    "legal_name": 200,
    "street": 160,
    "postcode": 12,
    "town": 80,
    "email": 254,
}
MUNICIPI = range(1, 10)
# ATECO 2025 and 2007 write division, group, class, category and subcategory: 31.09, 16.23.10.
_ATECO = re.compile(r"\d{2}(\.\d{1,2}(\.\d{1,2})?)?")


def problems_of(command: DescribeFirm) -> Iterator[Problem]:
    """Yield what is wrong with the description, field by field."""
    for name in ("legal_name", "email"):
        if not getattr(command, name):
            yield Problem("field.required", {"field": name})
    for name, most in LONGEST.items():
        if len(getattr(command, name)) > most:
            yield Problem("field.too-long", {"field": name, "longest": most})
    yield from _wrong_numbers(command)
    if command.municipio is not None and command.municipio not in MUNICIPI:
        yield Problem("field.out-of-range", {"field": "municipio", "lowest": 1, "highest": 9})
    if command.size and command.size not in set(FirmSize):
        yield Problem("field.not-offered", {"field": "size"})
    if not set(command.flags) <= set(FirmFlag):
        yield Problem("field.not-offered", {"field": "flags"})


def _wrong_numbers(command: DescribeFirm) -> Iterator[Problem]:
    if not command.vat_number and not command.tax_code:
        yield Problem("firm.no-number", {"field": "vat_number"})
    if command.vat_number and not iva.is_valid(command.vat_number):
        yield Problem("lab.wrong-vat-number", {"field": "vat_number"})
    if command.tax_code and not codicefiscale.is_valid(command.tax_code):
        yield Problem("lab.wrong-tax-code", {"field": "tax_code"})
    if command.ateco_code and not _ATECO.fullmatch(command.ateco_code):
        yield Problem("firm.wrong-ateco", {"field": "ateco_code"})
