"""Quizzes, their question banks, and what people answered.

Revision ID: 2026112314
Revises: 2026112317
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112314"
down_revision = "2026112317"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "quiz_answer",
    "quiz_attempt",
    "quiz_question_version",
    "quiz_question",
    "quiz_topic",
    "quiz",
)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _words(name: str, length: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=False)


def upgrade() -> None:
    """Add the six tables."""
    _add_bank()
    _add_attempts()


def _add_bank() -> None:
    op.create_table(
        "quiz",
        _whole("id"),
        _words("slug", 60),
        _whole("site_id", nullable=True),
        _whole("machine_type_id", nullable=True),
        _words("title_it", 120),
        _words("title_en", 120),
        _words("intro_it"),
        _words("intro_en"),
        _whole("question_count"),
        _whole("pass_percent"),
        _whole("attempts_allowed"),
        _whole("period_days"),
        _whole("cooldown_minutes"),
        _whole("valid_days"),
        sa.Column("certifies", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "(site_id IS NULL) <> (machine_type_id IS NULL)", name=op.f("ck_quiz_one_owner")
        ),
        _refers("quiz", "site_id", "site"),
        _refers("quiz", "machine_type_id", "machine_type"),
        _key("quiz"),
        sa.UniqueConstraint("slug", name=op.f("uq_quiz_slug")),
    )
    op.create_index(op.f("ix_quiz_site_id"), "quiz", ["site_id"])
    op.create_index(op.f("ix_quiz_machine_type_id"), "quiz", ["machine_type_id"])
    op.create_table(
        "quiz_topic",
        _whole("id"),
        _whole("quiz_id"),
        _words("slug", 40),
        _words("name_it", 120),
        _words("name_en", 120),
        _whole("minimum"),
        _refers("quiz_topic", "quiz_id", "quiz"),
        _key("quiz_topic"),
        sa.UniqueConstraint("quiz_id", "slug", name=op.f("uq_quiz_topic_quiz_id_slug")),
    )
    op.create_table(
        "quiz_question",
        _whole("id"),
        _whole("quiz_id"),
        _words("slug", 60),
        _whole("topic_id", nullable=True),
        _whole("current_number"),
        sa.Column("retired_at", MOMENT, nullable=True),
        _refers("quiz_question", "quiz_id", "quiz"),
        _refers("quiz_question", "topic_id", "quiz_topic"),
        _key("quiz_question"),
        sa.UniqueConstraint("quiz_id", "slug", name=op.f("uq_quiz_question_quiz_id_slug")),
    )
    op.create_table(
        "quiz_question_version",
        _whole("id"),
        _whole("question_id"),
        _whole("number"),
        _words("kind", 16),
        _words("text_it"),
        _words("text_en"),
        _words("explanation_it"),
        _words("explanation_en"),
        sa.Column("options", sa.JSON(), nullable=False),
        _words("digest", 64),
        sa.Column("created_at", MOMENT, nullable=False),
        _whole("created_by_id", nullable=True),
        _refers("quiz_question_version", "question_id", "quiz_question"),
        _refers("quiz_question_version", "created_by_id", "person"),
        _key("quiz_question_version"),
        sa.UniqueConstraint(
            "question_id", "number", name=op.f("uq_quiz_question_version_question_id_number")
        ),
    )


def _add_attempts() -> None:
    op.create_table(
        "quiz_attempt",
        _whole("id"),
        _words("uid", 32),
        _whole("quiz_id"),
        _whole("person_id"),
        _words("seed", 32),
        _whole("pass_percent"),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        _whole("score", nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        _refers("quiz_attempt", "quiz_id", "quiz"),
        _refers("quiz_attempt", "person_id", "person"),
        _key("quiz_attempt"),
        sa.UniqueConstraint("uid", name=op.f("uq_quiz_attempt_uid")),
    )
    op.create_index(
        "uq_quiz_attempt_open",
        "quiz_attempt",
        ["person_id", "quiz_id"],
        unique=True,
        sqlite_where=sa.text("submitted_at IS NULL"),
        postgresql_where=sa.text("submitted_at IS NULL"),
    )
    op.create_index(
        op.f("ix_quiz_attempt_person_id_quiz_id_started_at"),
        "quiz_attempt",
        ["person_id", "quiz_id", "started_at"],
    )
    op.create_index(
        op.f("ix_quiz_attempt_quiz_id_submitted_at"), "quiz_attempt", ["quiz_id", "submitted_at"]
    )
    op.create_table(
        "quiz_answer",
        _whole("id"),
        _whole("attempt_id"),
        _whole("person_id"),
        _whole("position"),
        _whole("version_id"),
        _words("digest", 64),
        sa.Column("option_order", sa.JSON(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("correct", sa.Boolean(), nullable=True),
        _refers("quiz_answer", "attempt_id", "quiz_attempt"),
        _refers("quiz_answer", "person_id", "person"),
        _refers("quiz_answer", "version_id", "quiz_question_version"),
        _key("quiz_answer"),
        sa.UniqueConstraint(
            "attempt_id", "position", name=op.f("uq_quiz_answer_attempt_id_position")
        ),
    )
    op.create_index(op.f("ix_quiz_answer_person_id"), "quiz_answer", ["person_id"])
    op.create_index(op.f("ix_quiz_answer_version_id"), "quiz_answer", ["version_id"])


def downgrade() -> None:
    """Forget quizzes, questions and answers."""
    for table in TABLES:
        op.drop_table(table)
