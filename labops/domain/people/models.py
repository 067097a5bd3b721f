"""Tables of people and of the ways in which they prove who they are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Person(Base):
    """A human we know. `bookings_revision` grows whenever one of the person's bookings changes."""

    __tablename__ = "person"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    language: Mapped[str] = mapped_column(String(5), default="it")
    bookings_revision: Mapped[int] = mapped_column(default=0)
    suspended_until: Mapped[datetime | None]
    suspension_reason: Mapped[str] = mapped_column(String(300), default="")
    born_on: Mapped[date | None] = mapped_column(index=True)
    created_at: Mapped[datetime]


class Account(Base):
    """A person's way to log in. The e-mail is kept in lower case, normalised."""

    __tablename__ = "account"

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    email_confirmed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Grows with every change of password or address: links made before it stop working.
    credentials_revision: Mapped[int] = mapped_column(default=0)


class SignIn(Base):
    """One signed-in device. The cookie holds the secret, the row only its digest."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "account_id", "ended_at"),)

    id: Mapped[PrimaryKey]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(45), default="")
    # The firm under whose name she acts on this device.
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("firm.id"), index=True)


class RoleGrant(Base):
    """A role of a person, at one site or (without a site) over all."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("uq_role_grant_all", "person_id", "role", "site_id", unique=True),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    role: Mapped[str] = mapped_column(String(16))
    granted_at: Mapped[datetime]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class ApiToken(Base):
    """A key for programs; shown once, kept as a digest."""

    __tablename__ = "api_token"

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(8))
    label: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Profile(Base):
    """What a person told us besides her name: all of it may be empty.

    Phone numbers are kept in international form. `accessibility` is what she needs to work here:
    shown only to whoever asks for it, who is written down.
    """

    __tablename__ = "profile"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    phone: Mapped[str] = mapped_column(String(20), default="")
    emergency_name: Mapped[str] = mapped_column(String(120), default="")
    emergency_phone: Mapped[str] = mapped_column(String(20), default="")
    street: Mapped[str] = mapped_column(String(160), default="")
    postcode: Mapped[str] = mapped_column(String(12), default="")
    town: Mapped[str] = mapped_column(String(80), default="")
    tax_code: Mapped[str] = mapped_column(String(16), default="")
    accessibility: Mapped[str] = mapped_column(Text, default="")
    revised_at: Mapped[datetime]


class FormerAccount(Base):
    """An account that was merged into another: its address signs nobody in any more.

    `uid` is what its person was called by; `email` is `None` when she had no account.
    """

    __tablename__ = "former_account"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
