"""Tables of labs. What of them is public is told by `public.py`, column by column."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.labs.states import LabSource, LegalForm
from labops.domain.machines.states import MachineState
from labops.kernel.ids import new_uid
from labops.kernel.orm import Base, PrimaryKey


class Lab(Base):
    """An organisation that offers making capability; on the list only with a qualification.

    A lab with `site_id` is one of our sites: its machines and free hours come from there.
    `revision` grows with every change. Never public: legal name and identifiers (a sole trader's
    are a person's), the certified mail address, contacts, and what officers note.
    """

    __tablename__ = "lab"
    __table_args__ = (
        Index(None, "silent_since"),
        Index(None, "source", "source_ref"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), unique=True)
    public_name: Mapped[str] = mapped_column(String(160))
    legal_name: Mapped[str] = mapped_column(String(200), default="")
    legal_form: Mapped[str] = mapped_column(String(20), default=LegalForm.UNKNOWN)
    vat_number: Mapped[str] = mapped_column(String(11), default="")
    tax_code: Mapped[str] = mapped_column(String(16), default="")
    certified_email: Mapped[str] = mapped_column(String(254), default="")
    ateco_code: Mapped[str] = mapped_column(String(12), default="")
    ateco_version: Mapped[str] = mapped_column(String(10), default="")
    contact_name: Mapped[str] = mapped_column(String(160), default="")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    internal_note: Mapped[str] = mapped_column(Text, default="")
    description_it: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    price_list: Mapped[str] = mapped_column(String(300), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    languages: Mapped[list[str]] = mapped_column(default=list)
    skills: Mapped[list[str]] = mapped_column(default=list)
    accessibility: Mapped[list[str]] = mapped_column(default=list)
    hours_note_it: Mapped[str] = mapped_column(String(300), default="")
    hours_note_en: Mapped[str] = mapped_column(String(300), default="")
    lead_time_days: Mapped[int | None]
    most_pieces: Mapped[int | None]
    free_hours_a_month: Mapped[int | None]
    hourly_rate: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    source: Mapped[str] = mapped_column(String(16), default=LabSource.OFFICER)
    source_ref: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)
    probed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    silent_since: Mapped[datetime | None]
    probe_failure: Mapped[str] = mapped_column(String(40), default="")
    silence_seen_at: Mapped[datetime | None]
    silence_seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class LabAddress(Base):
    """A seat of a lab. Only those that are `shown` are public; the main one stands on the map."""

    __tablename__ = "lab_address"
    __table_args__ = (
        CheckConstraint("municipio BETWEEN 1 AND 9", name="municipio_exists"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude_exists"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude_exists"),
        Index(
            "uq_lab_address_main",
            "lab_id",
            unique=True,
            sqlite_where=text("is_main"),
            postgresql_where=text("is_main"),
        ),
        Index(None, "lab_id"),
        Index(None, "municipio"),
    )

    id: Mapped[PrimaryKey]
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    is_main: Mapped[bool] = mapped_column(default=True)
    shown: Mapped[bool] = mapped_column(default=True)
    street: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    city: Mapped[str] = mapped_column(String(80), default="")
    province: Mapped[str] = mapped_column(String(80), default="")
    country: Mapped[str] = mapped_column(String(2), default="IT")
    municipio: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]


class LabHours(Base):
    """One weekly span in local wall time; a closing minute past 1440 reaches into the next day."""

    __tablename__ = "lab_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_is_a_weekday"),
        CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 2880",
            name="closes_after_opening",
        ),
        Index(None, "lab_id", "weekday"),
    )

    id: Mapped[PrimaryKey]
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]


class CatalogueModel(Base):
    """A machine model as its maker describes it, to be proposed when a lab adds a machine.

    `machine_class` is one of `classes.CLASSES`; the envelope is the largest workpiece in mm.
    """

    __tablename__ = "catalogue_model"
    __table_args__ = (UniqueConstraint("maker", "model", "machine_class"),)

    id: Mapped[PrimaryKey]
    maker: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(120))
    machine_class: Mapped[str] = mapped_column(String(40))
    process: Mapped[str] = mapped_column(String(40))
    technology: Mapped[str] = mapped_column(String(80), default="")
    width_mm: Mapped[float | None]
    depth_mm: Mapped[float | None]
    height_mm: Mapped[float | None]
    materials: Mapped[list[str]]
    # What is looked through: maker and model, small letters without signs.
    words: Mapped[str] = mapped_column(String(210), index=True)
    imported_at: Mapped[datetime]


class LabMachine(Base):
    """A machine of a lab. Lengths in millimetres, power in watts.

    The envelope is the largest workpiece; `tolerance_mm` what is kept plus or minus;
    `thickness_mm` the thickest that is worked when a material says nothing of its own.
    `back_on` is when a machine out of service is expected back. `machine_class` is empty when
    nobody could tell what it is: such a machine has no processes and fits nothing.
    """

    __tablename__ = "lab_machine"
    __table_args__ = (Index(None, "lab_id", "name"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    catalogue_model_id: Mapped[int | None] = mapped_column(ForeignKey("catalogue_model.id"))
    name: Mapped[str] = mapped_column(String(120))
    maker: Mapped[str] = mapped_column(String(80), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    machine_class: Mapped[str] = mapped_column(String(40), default="")
    count: Mapped[int] = mapped_column(default=1)
    width_mm: Mapped[float | None]
    depth_mm: Mapped[float | None]
    height_mm: Mapped[float | None]
    tolerance_mm: Mapped[float | None]
    thickness_mm: Mapped[float | None]
    power_w: Mapped[float | None]
    state: Mapped[str] = mapped_column(String(16), default=MachineState.IN_SERVICE)
    back_on: Mapped[date | None]
    verified_on: Mapped[date | None]


class LabMachineProcess(Base):
    """What a lab's machine does."""

    __tablename__ = "lab_machine_process"

    lab_machine_id: Mapped[int] = mapped_column(ForeignKey("lab_machine.id"), primary_key=True)
    process: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class LabMachineMaterial(Base):
    """What a lab's machine works, and how thick at most."""

    __tablename__ = "lab_machine_material"

    lab_machine_id: Mapped[int] = mapped_column(ForeignKey("lab_machine.id"), primary_key=True)
    material: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    thickness_mm: Mapped[float | None]


class LabService(Base):
    """What a lab does beside using machines: one of `services_offered.SERVICES`."""

    __tablename__ = "lab_service"

    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"), primary_key=True)
    service: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class LabRepresentative(Base):
    """That a person speaks for a lab, from `since` until the day before `until`."""

    __tablename__ = "lab_representative"
    __table_args__ = (
        UniqueConstraint("lab_id", "person_id", "since"),
        Index(None, "person_id"),
    )

    id: Mapped[PrimaryKey]
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(16))
    since: Mapped[date]
    until: Mapped[date | None]
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class LabFact(Base):
    """When somebody last looked whether what is public about a lab is still true."""

    __tablename__ = "lab_fact"

    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    verified_on: Mapped[date]
