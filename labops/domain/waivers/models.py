"""Tables of waivers, their versions, signatures and guardians. No signature is ever deleted."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Waiver(Base):
    """One thing that people accept at a site: its rules, the risk of its machines."""

    __tablename__ = "waiver"
    __table_args__ = (Index("uq_waiver_site_id_slug", "site_id", "slug", unique=True),)

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    slug: Mapped[str] = mapped_column(String(60))
    retired_at: Mapped[datetime | None]


class WaiverVersion(Base):
    """The text of a waiver, in both languages (Markdown). Once published it never changes.

    From the local day `asks_from` on, bookings need a signature of this version or a later one.
    `digest` is the SHA-256 of titles and texts in both languages.
    """

    __tablename__ = "waiver_version"
    __table_args__ = (
        Index("uq_waiver_version_waiver_id_number", "waiver_id", "number", unique=True),
    )

    id: Mapped[PrimaryKey]
    waiver_id: Mapped[int] = mapped_column(ForeignKey("waiver.id"))
    number: Mapped[int]
    title_it: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120))
    text_it: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    asks_from: Mapped[date | None]
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class Guardian(Base):
    """An adult who answers for a minor, known by an address that she proved.

    With `copies` she gets what the minor is told of bookings and of what is wrong with machines.
    """

    __tablename__ = "guardian"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    child_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    invited_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    copies: Mapped[bool] = mapped_column(default=False, server_default=false())


class Signature(Base):
    """A name typed under a version, with when and from where; `guardian_id` when for a minor."""

    __tablename__ = "signature"
    __table_args__ = (Index(None, "person_id", "version_id"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("waiver_version.id"), index=True)
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("guardian.id"))
    relation: Mapped[str] = mapped_column(String(60), default="")
    signed_name: Mapped[str] = mapped_column(String(120))
    signed_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(5))
    digest: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    device: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]
