"""Maintenance blocks.

Revision ID: 2026112307
Revises: 2026112306
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112307"
down_revision = "2026112306"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add blocks of maintenance and their machines."""
    op.create_table(
        "maintenance_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_maintenance_block_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_maintenance_block_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.id"], name=op.f("fk_maintenance_block_space_id_space")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance_block")),
        sa.UniqueConstraint("uid", name=op.f("uq_maintenance_block_uid")),
    )
    op.create_index(
        op.f("ix_maintenance_block_site_id_ends_at"), "maintenance_block", ["site_id", "ends_at"]
    )
    op.create_table(
        "maintenance_bookable",
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("bookable_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["block_id"],
            ["maintenance_block.id"],
            name=op.f("fk_maintenance_bookable_block_id_maintenance_block"),
        ),
        sa.ForeignKeyConstraint(
            ["bookable_id"],
            ["bookable.id"],
            name=op.f("fk_maintenance_bookable_bookable_id_bookable"),
        ),
        sa.PrimaryKeyConstraint("block_id", "bookable_id", name=op.f("pk_maintenance_bookable")),
    )
    op.create_index(
        op.f("ix_maintenance_bookable_bookable_id"), "maintenance_bookable", ["bookable_id"]
    )


def downgrade() -> None:
    """Forget them; the time they held is free."""
    op.execute(sa.text("DELETE FROM allocation WHERE owner_kind = 'maintenance'"))
    op.drop_table("maintenance_bookable")
    op.drop_table("maintenance_block")
