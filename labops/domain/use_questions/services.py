"""Use cases of questions about use: asking, no longer asking, answering."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from labops.domain.bookings import queries as bookings
from labops.domain.bookings.models import BookingBookable
from labops.domain.machines.models import Machine
from labops.domain.use_questions.models import UseAnswer, UseQuestion
from labops.domain.use_questions.states import AskedAt
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

LONGEST_QUESTION = 200
LONGEST_ANSWER = 500


def ask(
    slug: str, asked_at: AskedAt, *, text_it: str, text_en: str, actor: Actor, now: datetime
) -> str:
    """Ask something at a machine from now on and return the question's uid.

    Raises `NotFound`, `Forbidden`, and `Invalid` unless there are words in both languages.
    """
    words = {"text_it": one_line(text_it), "text_en": one_line(text_en)}
    for name, text in words.items():
        if not text:
            raise Invalid.field(name, "field.required")
        if len(text) > LONGEST_QUESTION:
            raise Invalid.field(name, "field.too-long", longest=LONGEST_QUESTION)
    with unit_of_work() as session:
        machine = session.scalar(select(Machine).where(Machine.slug == slug))
        if machine is None:
            raise NotFound
        actor.require(Permission.MACHINE_EDIT, machine.site_id)
        question = UseQuestion(
            uid=new_uid(), machine_id=machine.id, asked_at=asked_at.value, created_at=now, **words
        )
        session.add(question)
        audit.record(session, actor, "use-question.asked", f"machine:{slug}", now=now, after=words)
        return question.uid


def retire(uid: str, *, actor: Actor, now: datetime) -> None:
    """Ask a question no more; what was answered stays. Twice is once.

    Raises `NotFound` and `Forbidden`.
    """
    with unit_of_work() as session:
        row = session.execute(
            select(UseQuestion, Machine)
            .join(Machine, Machine.id == UseQuestion.machine_id)
            .where(UseQuestion.uid == uid)
        ).one_or_none()
        if row is None:
            raise NotFound
        question, machine = row
        actor.require(Permission.MACHINE_EDIT, machine.site_id)
        if question.retired_at is None:
            question.retired_at = now
            audit.record(session, actor, "use-question.retired", f"machine:{machine.slug}", now=now)


def answer(booking_uid: str, said: Mapping[str, str], *, actor: Actor, now: datetime) -> int:
    """Keep what was said at the use of a booking and return how many answers there were.

    `said` is by the uid of the question; empty answers are none, later ones take the place of
    earlier ones, and what is not asked at a machine of the booking is left out. Raises `NotFound`
    for a booking that is not the actor's to change.
    """
    texts = {uid: without_controls(text).strip()[:LONGEST_ANSWER] for uid, text in said.items()}
    texts = {uid: text for uid, text in texts.items() if text}
    if not texts:
        return 0
    actor.require_write()
    with unit_of_work() as session:
        booking = bookings.booking_to_change(session, booking_uid, actor)
        asked = session.scalars(
            select(UseQuestion)
            .join(BookingBookable, BookingBookable.bookable_id == UseQuestion.machine_id)
            .where(BookingBookable.booking_id == booking.id, UseQuestion.uid.in_(list(texts)))
            .order_by(UseQuestion.id)
        ).all()
        for question in asked:
            kept = session.scalar(
                select(UseAnswer).where(
                    UseAnswer.booking_id == booking.id, UseAnswer.question_id == question.id
                )
            )
            if kept is None:
                kept = UseAnswer(booking_id=booking.id, question_id=question.id)
                session.add(kept)
            kept.text, kept.answered_at = texts[question.uid], now
        if asked:
            subject = f"booking:{booking_uid}"
            after = {"answers": len(asked)}
            audit.record(session, actor, "booking.answered", subject, now=now, after=after)
        return len(asked)
