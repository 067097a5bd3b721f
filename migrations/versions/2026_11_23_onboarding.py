"""The steps to membership, what staff ticked or waived of them, and reminders.

Revision ID: 2026112322
Revises: 2026112321
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112322"
down_revision = "2026112321"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "onboarding_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("note_it", sa.String(length=300), nullable=False),
        sa.Column("note_en", sa.String(length=300), nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_onboarding_step_site_id_site")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_step")),
    )
    op.create_index(op.f("ix_onboarding_step_site_id"), "onboarding_step", ["site_id"])
    op.create_table(
        "onboarding_mark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("marked_at", MOMENT, nullable=False),
        sa.Column("marked_by_id", sa.Integer(), nullable=True),
        sa.Column("waived", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_onboarding_mark_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["step_id"],
            ["onboarding_step.id"],
            name=op.f("fk_onboarding_mark_step_id_onboarding_step"),
        ),
        sa.ForeignKeyConstraint(
            ["marked_by_id"], ["person.id"], name=op.f("fk_onboarding_mark_marked_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_onboarding_mark")),
    )
    op.create_index(
        "uq_onboarding_mark_person_id_step_id",
        "onboarding_mark",
        ["person_id", "step_id"],
        unique=True,
    )
    op.create_table(
        "nudge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("nudged_at", MOMENT, nullable=False),
        sa.Column("nudged_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_nudge_person_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_nudge_site_id_site")),
        sa.ForeignKeyConstraint(
            ["nudged_by_id"], ["person.id"], name=op.f("fk_nudge_nudged_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudge")),
    )
    op.create_index(op.f("ix_nudge_site_id_person_id"), "nudge", ["site_id", "person_id"])


def downgrade() -> None:
    """Forget steps, ticks and reminders; who applies stays an applicant."""
    for table in ("nudge", "onboarding_mark", "onboarding_step"):
        op.drop_table(table)
