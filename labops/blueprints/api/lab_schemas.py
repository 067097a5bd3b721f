"""The shapes of labs. Lengths in millimetres."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel


class LabAddress(BaseModel):
    """Where a lab is."""

    street: str
    postcode: str
    city: str
    province: str
    country: str
    municipio: int | None
    lat: float | None
    lon: float | None


class LabOpening(BaseModel):
    """A weekly span in local time; Monday is 0."""

    weekday: int
    opens: str
    closes: str


class LabMachine(BaseModel):
    """A machine of a lab. `max_thickness_mm` is one length, or one for each material."""

    uid: str
    name: str
    maker: str
    model: str
    machine_class: str
    processes: list[str]
    count: int
    envelope_mm: list[float] | None
    tolerance_mm: float | None
    max_thickness_mm: dict[str, float] | float | None
    power_w: float | None
    materials: list[str]
    status: Literal["in_service", "out_of_service"]
    verified_on: str | None


class LabCore(BaseModel):
    """What a list of labs says of each; `verified_on` gives the day by field."""

    slug: str
    name: str
    url: str
    description_it: str
    description_en: str
    website: str
    price_list: str
    email: str
    phone: str
    address: LabAddress | None
    processes: list[str]
    materials: list[str]
    services: list[str]
    skills: list[str]
    languages: list[str]
    accessibility: list[str]
    opening_hours: list[LabOpening]
    opening_hours_note_it: str
    opening_hours_note_en: str
    valid_to: str | None
    verified_on: dict[str, str]
    revised_at: AwareDatetime


class LabItem(LabCore):
    """A lab of a list; `distance_km` from the point that was asked for."""

    distance_km: float | None


class LabList(BaseModel):
    """A page of labs."""

    items: list[LabItem]


class Lab(LabCore):
    """A lab of the qualified list with its machines."""

    other_addresses: list[LabAddress]
    machines: list[LabMachine]
