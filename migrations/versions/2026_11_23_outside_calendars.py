"""Outside calendars and the closures they propose; the holidays that a site keeps.

Revision ID: 2026112308
Revises: 2026112307
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112308"
down_revision = "2026112307"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the calendars, their proposals and the columns of a site."""
    with op.batch_alter_table("site", schema=None) as batch_op:
        batch_op.add_column(sa.Column("country", sa.String(2), server_default="IT", nullable=False))
        batch_op.add_column(
            sa.Column("subdivision", sa.String(10), server_default="", nullable=False)
        )
        batch_op.add_column(
            sa.Column("local_holidays", sa.Text(), server_default="", nullable=False)
        )
    op.create_table(
        "outside_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("address", sa.String(1000), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("etag", sa.String(200), nullable=False),
        sa.Column("last_modified", sa.String(100), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("failing_since", MOMENT, nullable=True),
        sa.Column("error_code", sa.String(60), nullable=False),
        sa.Column("error_params", sa.JSON(), nullable=False),
        sa.Column("left_out_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_outside_calendar_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.id"], name=op.f("fk_outside_calendar_space_id_space")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_calendar")),
        sa.UniqueConstraint("uid", name=op.f("uq_outside_calendar_uid")),
    )
    op.create_index(op.f("ix_outside_calendar_site_id"), "outside_calendar", ["site_id"])
    op.create_index(
        "uq_outside_calendar_site_id_year", "outside_calendar", ["site_id", "year"], unique=True
    )
    _add_proposals()


def _add_proposals() -> None:
    op.create_table(
        "proposed_closure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("mark", sa.String(32), nullable=False),
        sa.Column("closure_id", sa.Integer(), nullable=True),
        sa.Column("accepted_mark", sa.String(32), nullable=False),
        sa.Column("ignored", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "starts_at < ends_at", name=op.f("ck_proposed_closure_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["outside_calendar.id"],
            name=op.f("fk_proposed_closure_calendar_id_outside_calendar"),
        ),
        sa.ForeignKeyConstraint(
            ["closure_id"],
            ["closure.id"],
            name=op.f("fk_proposed_closure_closure_id_closure"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposed_closure")),
    )
    op.create_index(
        "uq_proposed_closure_calendar_id_key",
        "proposed_closure",
        ["calendar_id", "key"],
        unique=True,
    )
    op.create_index(op.f("ix_proposed_closure_closure_id"), "proposed_closure", ["closure_id"])


def downgrade() -> None:
    """Forget them; closures that were accepted stay."""
    op.drop_table("proposed_closure")
    op.drop_table("outside_calendar")
    with op.batch_alter_table("site", schema=None) as batch_op:
        for column in ("local_holidays", "subdivision", "country"):
            batch_op.drop_column(column)
