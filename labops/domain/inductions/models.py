"""Tables of inductions: sessions, the machines they claim, and who signed up."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.inductions.states import Audience, SessionState
from labops.kernel.interval import Interval
from labops.kernel.orm import Base, PrimaryKey


class InductionSession(Base):
    """A teaching session on a machine type, at a level.

    With fewer than `fewest` signed up at `decide_at` it is cancelled by itself; `decided_at` is
    when that was looked at. `revision` grows with what staff change, `sequence` with every sign-up
    as well: calendars go by it. `price` is in euro; on the plan `free_plan` it costs nothing.
    """

    __tablename__ = "induction_session"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint("places >= 1", name="has_places"),
        CheckConstraint("fewest >= 0 AND fewest <= places", name="fewest_fit"),
        Index(None, "site_id", "ends_at"),
        Index(None, "machine_type_id", "starts_at"),
        Index(None, "state", "decide_at"),
        Index(None, "teacher_id", "ends_at"),
        Index(None, "ends_at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"))
    level: Mapped[int] = mapped_column(default=1)
    teacher_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    places: Mapped[int]
    fewest: Mapped[int]
    decide_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    needs_type_id: Mapped[int | None] = mapped_column(ForeignKey("machine_type.id"))
    needs_quiz_id: Mapped[int | None] = mapped_column(ForeignKey("quiz.id"))
    youngest: Mapped[int | None]
    audience: Mapped[str] = mapped_column(String(16), default=Audience.MEMBERS)
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    free_plan: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    state: Mapped[str] = mapped_column(String(16), default=SessionState.PLANNED)
    cancelled_for: Mapped[str] = mapped_column(String(16), default="")
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)

    @property
    def span(self) -> Interval:
        """Return when it takes place, without the time around it."""
        return Interval(self.starts_at, self.ends_at)


class InductionMachine(Base):
    """A machine that a session claims."""

    __tablename__ = "induction_machine"

    session_id: Mapped[int] = mapped_column(ForeignKey("induction_session.id"), primary_key=True)
    bookable_id: Mapped[int] = mapped_column(
        ForeignKey("bookable.id"), primary_key=True, index=True
    )


class InductionSignUp(Base):
    """A person in a session: one row for both, whatever becomes of it.

    `turn` is her place in the order of arrival. `late` says that she gave up her place after it
    was decided that the session takes place. `invited_sequence` is what her calendar holds of it
    by an invitation. The certification is the one that the outcome granted, the entry what she was
    asked for the place.
    """

    __tablename__ = "induction_sign_up"
    __table_args__ = (
        Index("uq_induction_sign_up_person", "session_id", "person_id", unique=True),
        Index(None, "person_id", "state"),
    )

    id: Mapped[PrimaryKey]
    session_id: Mapped[int] = mapped_column(ForeignKey("induction_session.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(16))
    turn: Mapped[int]
    late: Mapped[bool] = mapped_column(default=False)
    signed_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(300), default="")
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    certification_id: Mapped[int | None] = mapped_column(ForeignKey("certification.id"))
    invited_sequence: Mapped[int | None]
    entry_uid: Mapped[str | None] = mapped_column(ForeignKey("ledger_entry.uid"))
