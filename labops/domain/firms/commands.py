"""What one can ask of firms, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from stdnum.it import codicefiscale, iva


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeFirm:
    """What a firm is. One of the numbers is needed; blanks and country letters do not matter."""

    legal_name: str
    email: str
    vat_number: str = ""
    tax_code: str = ""
    ateco_code: str = ""
    street: str = ""
    postcode: str = ""
    town: str = ""
    municipio: int | None = None
    size: str = ""
    flags: tuple[str, ...] = ()

    def tidied(self) -> DescribeFirm:
        """Return the same as it is kept: without blanks around, numbers in one spelling."""
        return DescribeFirm(
            legal_name=" ".join(self.legal_name.split()),
            email=self.email.strip().lower(),
            vat_number=iva.compact(self.vat_number) if self.vat_number else "",
            tax_code=codicefiscale.compact(self.tax_code) if self.tax_code else "",
            ateco_code=self.ateco_code.strip(),
            street=" ".join(self.street.split()),
            postcode=self.postcode.strip(),
            town=" ".join(self.town.split()),
            municipio=self.municipio,
            size=self.size,
            flags=tuple(sorted(set(self.flags))),
        )
