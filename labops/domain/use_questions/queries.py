"""Reads of questions about the use of machines, and of what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.people.models import Person
from labops.domain.spaces.models import Bookable
from labops.domain.use_questions.models import UseAnswer, UseQuestion
from labops.domain.use_questions.states import AskedAt

MOST = 100


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question of a machine, in both languages."""

    uid: str
    asked_at: AskedAt
    text_it: str
    text_en: str

    def text(self, language: str) -> str:
        """Return its words in the language."""
        return self.text_it if language == "it" else self.text_en


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What was said at one use; `person` is for staff and for herself."""

    question: QuestionView
    machine_name: str
    text: str
    answered_at: datetime
    booking: str
    person: str


def of_machine(
    session: Session, machine_id: int, asked_at: AskedAt | None = None
) -> list[QuestionView]:
    """Return what is asked at the machine, in the order in which it was added."""
    query = select(UseQuestion).where(
        UseQuestion.machine_id == machine_id, UseQuestion.retired_at.is_(None)
    )
    if asked_at is not None:
        query = query.where(UseQuestion.asked_at == asked_at.value)
    return [_view(row) for row in session.scalars(query.order_by(UseQuestion.id))]


def answers_at_machine(session: Session, machine_id: int) -> list[AnswerView]:
    """Return the latest answers at a machine, for staff of its site."""
    ids = select(UseQuestion.id).where(UseQuestion.machine_id == machine_id)
    return _answers(session, UseAnswer.question_id.in_(ids))


def answers_of_booking(session: Session, uid: str) -> list[AnswerView]:
    """Return what was said at the use of a booking that the caller was found to see."""
    return _answers(session, Booking.uid == uid)


def _answers(session: Session, *conditions: ColumnElement[bool]) -> list[AnswerView]:
    query = (
        select(UseAnswer, UseQuestion, Bookable.name, Booking.uid, Person.name)
        .join(UseQuestion, UseQuestion.id == UseAnswer.question_id)
        .join(Bookable, Bookable.id == UseQuestion.machine_id)
        .join(Booking, Booking.id == UseAnswer.booking_id)
        .join(Person, Person.id == Booking.person_id)
        .where(*conditions)
        .order_by(UseAnswer.answered_at.desc(), UseAnswer.id.desc())
        .limit(MOST)
    )
    return [
        AnswerView(_view(question), machine, answer.text, answer.answered_at, booking, person)
        for answer, question, machine, booking, person in session.execute(query)
    ]


def _view(row: UseQuestion) -> QuestionView:
    return QuestionView(row.uid, AskedAt(row.asked_at), row.text_it, row.text_en)
