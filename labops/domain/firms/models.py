"""Tables of firms, of who works in them, and of whom they invite."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey

_NOW = text("until IS NULL")
_OPEN = text("ended_at IS NULL")


class Firm(Base):
    """A company, school or association. Its numbers are kept without blanks or country letters.

    `vat_number` is eleven digits or `None`; `tax_code` that of the body, or of a sole trader.
    `email` counts from when it was proven; a changed one has to be proven anew.
    """

    __tablename__ = "firm"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    legal_name: Mapped[str] = mapped_column(String(200), index=True)
    vat_number: Mapped[str | None] = mapped_column(String(11), unique=True)
    tax_code: Mapped[str | None] = mapped_column(String(16), unique=True)
    ateco_code: Mapped[str] = mapped_column(String(12), default="")
    street: Mapped[str] = mapped_column(String(160), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    town: Mapped[str] = mapped_column(String(80), default="")
    municipio: Mapped[int | None]
    size: Mapped[str] = mapped_column(String(16), default="")
    flags: Mapped[list[str]] = mapped_column(default=list)
    email: Mapped[str] = mapped_column(String(254))
    email_proven_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]


class FirmPerson(Base):
    """A person who works in a firm, from `since` until she leaves; `named_by` took her in."""

    __tablename__ = "firm_person"
    __table_args__ = (
        Index(
            "uq_firm_person_now",
            "firm_id",
            "person_id",
            unique=True,
            sqlite_where=_NOW,
            postgresql_where=_NOW,
        ),
        Index(None, "person_id", "until"),
    )

    id: Mapped[PrimaryKey]
    firm_id: Mapped[int] = mapped_column(ForeignKey("firm.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class FirmInvitation(Base):
    """An address that a firm invited; open until it is answered, taken back or invited anew."""

    __tablename__ = "firm_invitation"
    __table_args__ = (
        Index(
            "uq_firm_invitation_open",
            "firm_id",
            "email",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firm.id"))
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
