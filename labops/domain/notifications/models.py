"""Tables of what people want to be told, and of bookings that calendars hold by invitation."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base


class LetterChoice(Base):
    """What a person chose about one kind of letter; without a row its first choice holds."""

    __tablename__ = "letter_choice"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    choice: Mapped[str] = mapped_column(String(16))
    chosen_at: Mapped[datetime]


class Invited(Base):
    """A booking that a person's calendar holds because a mail invited her, at which revision."""

    __tablename__ = "invited"

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    sequence: Mapped[int]
    sent_at: Mapped[datetime]
