"""The table of places on the list."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Qualification(Base):
    """That a lab is on the list from `starts_on` to `ends_on`, both included.

    A suspension ends one and a reinstatement begins another. `valid_from` and `valid_to` are those
    of the act. Rows follow from the history of the application, and are written anew with it.
    """

    __tablename__ = "qualification"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="ends_after_start"),
        Index(None, "lab_id", "starts_on"),
        Index(None, "ends_on"),
    )

    id: Mapped[PrimaryKey]
    lab_id: Mapped[int] = mapped_column(ForeignKey("lab.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    valid_from: Mapped[date]
    valid_to: Mapped[date]
