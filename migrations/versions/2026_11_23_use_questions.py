"""What people are asked before and after they use a machine, and what they said.

Revision ID: 2026112335
Revises: 2026112325
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112335"
down_revision = "2026112325"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "use_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.String(length=10), nullable=False),
        sa.Column("text_it", sa.String(length=200), nullable=False),
        sa.Column("text_en", sa.String(length=200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["machine.id"], name=op.f("fk_use_question_machine_id_machine")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_question")),
        sa.UniqueConstraint("uid", name=op.f("uq_use_question_uid")),
    )
    op.create_index(op.f("ix_use_question_machine_id"), "use_question", ["machine_id"])
    op.create_table(
        "use_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_use_answer_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["use_question.id"],
            name=op.f("fk_use_answer_question_id_use_question"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_answer")),
    )
    op.create_index("uq_use_answer_once", "use_answer", ["booking_id", "question_id"], unique=True)
    op.create_index(op.f("ix_use_answer_question_id"), "use_answer", ["question_id"])


def downgrade() -> None:
    """Take both away."""
    op.drop_table("use_answer")
    op.drop_table("use_question")
