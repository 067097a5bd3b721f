"""Tables of steps, of what staff ticked or waived, and of nudges."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class OnboardingStep(Base):
    """One step of a site, in order of `position`; taken out it is retired, as marks refer to it."""

    __tablename__ = "onboarding_step"

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(60), default="")
    note_it: Mapped[str] = mapped_column(String(300), default="")
    note_en: Mapped[str] = mapped_column(String(300), default="")
    retired_at: Mapped[datetime | None]


class OnboardingMark(Base):
    """A step that staff ticked for a person, or waived with a reason: who and when.

    Of an identity that was seen nothing else is kept.
    """

    __tablename__ = "onboarding_mark"
    __table_args__ = (
        Index("uq_onboarding_mark_person_id_step_id", "person_id", "step_id", unique=True),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    step_id: Mapped[int] = mapped_column(ForeignKey("onboarding_step.id"))
    marked_at: Mapped[datetime]
    marked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    waived: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(String(300), default="")


class Nudge(Base):
    """Staff reminded an applicant of the step she is at."""

    __tablename__ = "nudge"
    __table_args__ = (Index(None, "site_id", "person_id"),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    nudged_at: Mapped[datetime]
    nudged_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
