"""Tables of questions about the use of machines, and of answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class UseQuestion(Base):
    """What is asked at a machine. Words are never changed: a new question takes its place."""

    __tablename__ = "use_question"
    __table_args__ = (Index(None, "machine_id"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    machine_id: Mapped[int] = mapped_column(ForeignKey("machine.id"))
    asked_at: Mapped[str] = mapped_column(String(10))
    text_it: Mapped[str] = mapped_column(String(200))
    text_en: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class UseAnswer(Base):
    """What was said to a question at one use; it belongs to whom the booking belongs to."""

    __tablename__ = "use_answer"
    __table_args__ = (Index("uq_use_answer_once", "booking_id", "question_id", unique=True),)

    id: Mapped[PrimaryKey]
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"))
    question_id: Mapped[int] = mapped_column(ForeignKey("use_question.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    answered_at: Mapped[datetime]
