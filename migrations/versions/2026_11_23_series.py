"""Series of bookings.

Revision ID: 2026112305
Revises: 2026112304
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112305"
down_revision = "2026112304"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add series, and which occurrence of which a booking is."""
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("length_minutes", sa.Integer(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("continues_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("weeks in (1, 2)", name=op.f("ck_series_weekly_or_fortnightly")),
        sa.CheckConstraint("length_minutes > 0", name=op.f("ck_series_lasts")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_series_person_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_series_site_id_site")),
        sa.ForeignKeyConstraint(
            ["continues_id"], ["series.id"], name=op.f("fk_series_continues_id_series")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("uid", name=op.f("uq_series_uid")),
    )
    op.create_index(op.f("ix_series_person_id"), "series", ["person_id"])
    op.create_index(op.f("ix_series_continues_id"), "series", ["continues_id"])
    # In place on both engines: copying a table to which others point is not possible on SQLite.
    op.execute(
        "ALTER TABLE booking ADD COLUMN series_id INTEGER"
        " CONSTRAINT fk_booking_series_id_series REFERENCES series (id)"
    )
    op.add_column("booking", sa.Column("occurrence", sa.Integer(), nullable=True))
    op.add_column("booking", sa.Column("planned_at", MOMENT, nullable=True))
    in_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        "ix_booking_series_id",
        "booking",
        ["series_id"],
        sqlite_where=in_series,
        postgresql_where=in_series,
    )


def downgrade() -> None:
    """Forget series; their bookings stay."""
    op.drop_index("ix_booking_series_id", "booking")
    for column in ("planned_at", "occurrence", "series_id"):
        op.drop_column("booking", column)
    op.drop_table("series")
