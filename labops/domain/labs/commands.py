"""What is told about labs when they are recorded or changed. Lengths in millimetres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from labops.domain.labs.states import LabSource, LegalForm
from labops.domain.machines.states import MachineState


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeLab:
    """Everything that a lab says of itself; the columns of `models.Lab` of the same names."""

    public_name: str
    legal_name: str = ""
    legal_form: LegalForm = LegalForm.UNKNOWN
    vat_number: str = ""
    tax_code: str = ""
    certified_email: str = ""
    ateco_code: str = ""
    ateco_version: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    description_it: str = ""
    description_en: str = ""
    website: str = ""
    price_list: str = ""
    email: str = ""
    phone: str = ""
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    accessibility: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    hours_note_it: str = ""
    hours_note_en: str = ""
    lead_time_days: int | None = None
    most_pieces: int | None = None
    free_hours_a_month: int | None = None
    hourly_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLab:
    """One seat of a lab. The main one stands on the map; only what is `shown` is public."""

    street: str = ""
    postcode: str = ""
    city: str = ""
    province: str = ""
    country: str = "IT"
    municipio: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    is_main: bool = True
    shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeLabMachine:
    """A machine of a lab; `materials` gives the thickest of each that is worked, if it is known."""

    name: str
    maker: str = ""
    model: str = ""
    machine_class: str = ""
    processes: tuple[str, ...] = ()
    count: int = 1
    width_mm: float | None = None
    depth_mm: float | None = None
    height_mm: float | None = None
    tolerance_mm: float | None = None
    thickness_mm: float | None = None
    power_w: float | None = None
    state: MachineState = MachineState.IN_SERVICE
    back_on: date | None = None
    materials: Mapping[str, float | None] = field(default_factory=dict)
    catalogue_model_id: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A weekly span in local wall time; Monday is 0."""

    weekday: int
    opens_minute: int
    closes_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLab:
    """A lab as a whole, as files and our own demonstration bring it."""

    lab: DescribeLab
    slug: str = ""
    places: tuple[PlaceLab, ...] = ()
    machines: tuple[DescribeLabMachine, ...] = ()
    openings: tuple[Opening, ...] = ()
    source: LabSource = LabSource.OFFICER
    source_ref: str = ""
    site_id: int | None = None
