"""Tables of quizzes, their question banks, and what people answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.ids import new_uid
from labops.kernel.orm import Base, PrimaryKey


class Quiz(Base):
    """Questions to pass, about a machine type at every site or about one site in general.

    `attempts_allowed` counts within the last `period_days`; 0 means no limit. A pass counts for
    `valid_days`; 0 means for good.
    """

    __tablename__ = "quiz"
    __table_args__ = (
        CheckConstraint("(site_id IS NULL) <> (machine_type_id IS NULL)", name="one_owner"),
    )

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), index=True)
    machine_type_id: Mapped[int | None] = mapped_column(ForeignKey("machine_type.id"), index=True)
    title_it: Mapped[str] = mapped_column(String(120))
    title_en: Mapped[str] = mapped_column(String(120))
    intro_it: Mapped[str] = mapped_column(Text)
    intro_en: Mapped[str] = mapped_column(Text)
    question_count: Mapped[int]
    pass_percent: Mapped[int]
    attempts_allowed: Mapped[int]
    period_days: Mapped[int]
    cooldown_minutes: Mapped[int]
    valid_days: Mapped[int]
    certifies: Mapped[bool]
    published: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class QuizTopic(Base):
    """What questions are about; at least `minimum` of them are asked in every attempt."""

    __tablename__ = "quiz_topic"
    __table_args__ = (UniqueConstraint("quiz_id", "slug"),)

    id: Mapped[PrimaryKey]
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id"))
    slug: Mapped[str] = mapped_column(String(40))
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    minimum: Mapped[int]


class QuizQuestion(Base):
    """A question of a bank; its words are in versions. It is retired, never deleted."""

    __tablename__ = "quiz_question"
    __table_args__ = (UniqueConstraint("quiz_id", "slug"),)

    id: Mapped[PrimaryKey]
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id"))
    slug: Mapped[str] = mapped_column(String(60))
    topic_id: Mapped[int | None] = mapped_column(ForeignKey("quiz_topic.id"))
    current_number: Mapped[int]
    retired_at: Mapped[datetime | None]


class QuizQuestionVersion(Base):
    """The words of a question from a day on. Rows are only ever added.

    `options` are `{it, en, correct}` in the order they were written; `digest` is the SHA-256 of
    everything that is asked or explained.
    """

    __tablename__ = "quiz_question_version"
    __table_args__ = (UniqueConstraint("question_id", "number"),)

    id: Mapped[PrimaryKey]
    question_id: Mapped[int] = mapped_column(ForeignKey("quiz_question.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    text_it: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    explanation_it: Mapped[str] = mapped_column(Text)
    explanation_en: Mapped[str] = mapped_column(Text)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class QuizAttempt(Base):
    """One person's try at a quiz, with the bounds that held when it began. One is open at most.

    `seed` is what the questions were drawn with; `score` is in whole percent, rounded down.
    """

    __tablename__ = "quiz_attempt"
    __table_args__ = (
        Index(
            "uq_quiz_attempt_open",
            "person_id",
            "quiz_id",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index(None, "person_id", "quiz_id", "started_at"),
        Index(None, "quiz_id", "submitted_at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    quiz_id: Mapped[int] = mapped_column(ForeignKey("quiz.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    seed: Mapped[str] = mapped_column(String(32))
    pass_percent: Mapped[int]
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    score: Mapped[int | None]
    passed: Mapped[bool | None]


class QuizAnswer(Base):
    """One question of an attempt: what was asked, in which order, and what was chosen.

    `digest` is the version's when it was asked; `option_order` and `chosen` are places in the
    version's options. The person stands here, too, so that her data hold her answers.
    """

    __tablename__ = "quiz_answer"
    __table_args__ = (UniqueConstraint("attempt_id", "position"),)

    id: Mapped[PrimaryKey]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("quiz_attempt.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    position: Mapped[int]
    version_id: Mapped[int] = mapped_column(ForeignKey("quiz_question_version.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    option_order: Mapped[list[int]] = mapped_column(JSON)
    chosen: Mapped[list[int]] = mapped_column(JSON)
    correct: Mapped[bool | None]
