"""Tables of applications. The history is only ever added to; all else follows from it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.ids import new_uid
from labops.kernel.orm import Base, PrimaryKey

_LIVE = "state NOT IN ('rejected', 'expired', 'removed', 'withdrawn')"


class Application(Base):
    """A lab's case under one edition of a call. A lab has one that is not closed at most.

    `state`, `valid_to` and `reply_by` follow from the history, and are kept for finding cases.
    """

    __tablename__ = "application"
    __table_args__ = (
        Index(
            "uq_application_live",
            "lab_id",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index(None, "state", "reply_by"),
        Index(None, "state", "valid_to"),
        Index(None, "lab_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    state: Mapped[str] = mapped_column(String(24))
    valid_to: Mapped[date | None]
    reply_by: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))


class ApplicationAnswer(Base):
    """What the lab says about one criterion, as it stands while it is written."""

    __tablename__ = "application_answer"
    __table_args__ = (UniqueConstraint("application_id", "criterion"),)

    id: Mapped[PrimaryKey]
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    criterion: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]


class Evidence(Base):
    """A file that shows something, kept under its uid outside of what the web serves.

    It is sent with the entry `sent_with` of the history; before, only the lab sees it, and may
    drop it. One that was replaced later stays, with `dropped_on`.
    """

    __tablename__ = "evidence"
    __table_args__ = (Index(None, "application_id", "criterion"), Index(None, "valid_to"))

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    criterion: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    valid_to: Mapped[date | None]
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sent_with: Mapped[int | None]
    dropped_at: Mapped[datetime | None]


class CaseEntry(Base):
    """One act in a case: who did what, as what, when. Rows are only ever added.

    `happened_on` is the city's day, or the day on which a night's act takes effect. `note` is for
    both sides to read, `internal_note` for the city alone. `detail` holds what the act needs:
    verdicts, dates, and for what the lab sent the whole content with its hash.
    """

    __tablename__ = "case_entry"
    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        UniqueConstraint("protocol_year", "protocol_number"),
        Index(None, "action", "at"),
    )

    id: Mapped[PrimaryKey]
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    number: Mapped[int]
    action: Mapped[str] = mapped_column(String(24))
    capacity: Mapped[str] = mapped_column(String(16))
    state_before: Mapped[str] = mapped_column(String(24))
    state_after: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]
    happened_on: Mapped[date]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(Text)
    internal_note: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]]
    protocol_year: Mapped[int | None]
    protocol_number: Mapped[int | None]


class ProtocolCounter(Base):
    """The last number of the register in a year; a number is taken in its act's transaction."""

    __tablename__ = "protocol_counter"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class DeclaredInterest(Base):
    """That somebody of the city has an interest in a lab, and so nothing to do with its case."""

    __tablename__ = "declared_interest"
    __table_args__ = (Index(None, "person_id", "lab_id"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    reason: Mapped[str] = mapped_column(String(300))
    declared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
