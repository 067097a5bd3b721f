"""Bookings that are offered to another member, and handed over.

Revision ID: 2026112311
Revises: 2026112310
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112311"
down_revision = "2026112310"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table of offers, at most one open for each booking."""
    op.create_table(
        "hand_over",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("giver_id", sa.Integer(), nullable=False),
        sa.Column("to_email", sa.String(length=254), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("receiver_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_hand_over_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["giver_id"], ["person.id"], name=op.f("fk_hand_over_giver_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["person.id"], name=op.f("fk_hand_over_receiver_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("uid", name=op.f("uq_hand_over_uid")),
    )
    op.create_index(op.f("ix_hand_over_to_email"), "hand_over", ["to_email"])
    op.create_index(op.f("ix_hand_over_booking_id"), "hand_over", ["booking_id"])
    op.create_index(
        "uq_hand_over_open",
        "hand_over",
        ["booking_id"],
        unique=True,
        sqlite_where=sa.text("outcome = 'offered'"),
        postgresql_where=sa.text("outcome = 'offered'"),
    )


def downgrade() -> None:
    """Forget the offers; whose each booking is by now stays."""
    op.drop_table("hand_over")
