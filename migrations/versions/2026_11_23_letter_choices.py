"""Which letters a person wants, and which bookings a calendar holds by invitation.

Revision ID: 2026112310
Revises: 2026112309
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112310"
down_revision = "2026112309"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add both tables, empty: until somebody chooses, the first choice of each kind holds."""
    op.create_table(
        "letter_choice",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("chosen_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_letter_choice_person_id_person")
        ),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_letter_choice")),
    )
    op.create_index(op.f("ix_letter_choice_kind"), "letter_choice", ["kind"])
    op.create_table(
        "invited",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
            name=op.f("fk_invited_booking_id_booking"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_invited_person_id_person")
        ),
        sa.PrimaryKeyConstraint("booking_id", "person_id", name=op.f("pk_invited")),
    )
    op.create_index(op.f("ix_invited_person_id"), "invited", ["person_id"])


def downgrade() -> None:
    """Forget both."""
    op.drop_index(op.f("ix_invited_person_id"), table_name="invited")
    op.drop_table("invited")
    op.drop_index(op.f("ix_letter_choice_kind"), table_name="letter_choice")
    op.drop_table("letter_choice")
