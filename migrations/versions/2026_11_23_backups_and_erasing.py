"""Backups and how they went; who asked to be erased, and who was.

Revision ID: 2026112318
Revises: 2026112319
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112318"
down_revision = "2026112319"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the three tables, empty."""
    op.create_table(
        "backup_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=True),
        sa.Column("dropped_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_backup_run_asked_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
    )
    op.create_table(
        "erasure_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_erasure_request_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["person.id"], name=op.f("fk_erasure_request_asked_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_request")),
    )
    op.create_index(op.f("ix_erasure_request_person_id"), "erasure_request", ["person_id"])
    op.create_index(
        op.f("ix_erasure_request_done_at_due_at"), "erasure_request", ["done_at", "due_at"]
    )
    op.create_table(
        "erased_person",
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_erased_person")),
    )


def downgrade() -> None:
    """Forget them; the file of the erased in the data folder stays."""
    op.drop_table("erased_person")
    op.drop_index(op.f("ix_erasure_request_done_at_due_at"), table_name="erasure_request")
    op.drop_index(op.f("ix_erasure_request_person_id"), table_name="erasure_request")
    op.drop_table("erasure_request")
    op.drop_table("backup_run")
