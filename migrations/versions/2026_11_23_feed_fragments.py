"""What feeds are of, and what they keep ready.

Revision ID: 2026112309
Revises: 2026112308
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "2026112309"
down_revision = "2026112308"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let feeds be of a machine or a site; make room for the texts of bookings."""
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.add_column(sa.Column("bookable_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("site_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("names", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("show_cancelled", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch_op.create_foreign_key(
            "fk_feed_bookable_id_bookable", "bookable", ["bookable_id"], ["id"]
        )
        batch_op.create_foreign_key("fk_feed_site_id_site", "site", ["site_id"], ["id"])
    op.create_table(
        "feed_fragment",
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stamp", sa.String(length=32), nullable=False),
        sa.Column("person_name", sa.String(length=120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
            name=op.f("fk_feed_fragment_booking_id_booking"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("booking_id", "variant", "language", name=op.f("pk_feed_fragment")),
        sqlite_with_rowid=False,
    )
    # From this and a booking's own identifier comes the one by which strangers' calendars know it.
    op.execute(
        sa.text("INSERT INTO instance_fact (name, value) VALUES ('feed_key', :key)").bindparams(
            key=secrets.token_hex(32)
        )
    )


def downgrade() -> None:
    """Keep only feeds of one's own bookings: the others would tell their owners something else."""
    op.execute("DELETE FROM instance_fact WHERE name = 'feed_key'")
    op.drop_table("feed_fragment")
    op.execute("DELETE FROM feed WHERE scope <> 'me'")
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.drop_constraint("fk_feed_site_id_site", type_="foreignkey")
        batch_op.drop_constraint("fk_feed_bookable_id_bookable", type_="foreignkey")
        batch_op.drop_column("show_cancelled")
        batch_op.drop_column("names")
        batch_op.drop_column("site_id")
        batch_op.drop_column("bookable_id")
