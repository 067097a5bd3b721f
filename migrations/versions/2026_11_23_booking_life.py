"""How bookings are requested, counted, forgiven and handed over; who may not book what.

Revision ID: 2026112304
Revises: 2026112303
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112304"
down_revision = "2026112303"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what house rules ask about, strikes, restrictions, top-ups and hand-overs."""
    _add_columns()
    op.create_table(
        "strike",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("contested_at", MOMENT, nullable=True),
        sa.Column("contest_text", sa.String(500), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answer_text", sa.String(500), nullable=False),
        sa.Column("forgiven_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_strike_person_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_strike_site_id_site")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_strike_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["person.id"], name=op.f("fk_strike_answered_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strike")),
        sa.UniqueConstraint("uid", name=op.f("uq_strike_uid")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_strike_booking_id")),
    )
    op.create_index(op.f("ix_strike_person_id_site_id"), "strike", ["person_id", "site_id"])
    op.create_index(op.f("ix_strike_site_id_at"), "strike", ["site_id", "at"])
    op.create_table(
        "restriction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("machines", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_restriction_person_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_restriction_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restriction")),
    )
    op.create_index(op.f("ix_restriction_person_id"), "restriction", ["person_id"])
    op.create_table(
        "top_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("quota", sa.String(60), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_top_up_person_id_person")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_top_up_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_up")),
    )
    op.create_index(op.f("ix_top_up_person_id"), "top_up", ["person_id"])


def _add_columns() -> None:
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("people_count", sa.Integer(), server_default="1", nullable=False)
        )
        batch_op.add_column(sa.Column("fields", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(
            sa.Column("walk_in", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("cancelled_late", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("decide_by", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("decided_at", MOMENT, nullable=True))
        batch_op.add_column(
            sa.Column("decision_reason", sa.String(300), server_default="", nullable=False)
        )
        batch_op.create_index(
            "ix_booking_decide_by",
            ["decide_by"],
            sqlite_where=sa.text("state = 'requested'"),
            postgresql_where=sa.text("state = 'requested'"),
        )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("born_on", sa.Date(), nullable=True))
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("plan", sa.String(60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("groups", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("suspended_until", MOMENT, nullable=True))
    with op.batch_alter_table("space", schema=None) as batch_op:
        batch_op.add_column(sa.Column("people_capacity", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Forget them."""
    for table in ("top_up", "restriction", "strike"):
        op.drop_table(table)
    with op.batch_alter_table("space", schema=None) as batch_op:
        batch_op.drop_column("people_capacity")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        for column in ("suspended_until", "groups", "plan"):
            batch_op.drop_column(column)
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("born_on")
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index("ix_booking_decide_by")
        for column in (
            "decision_reason",
            "decided_at",
            "decide_by",
            "cancelled_late",
            "walk_in",
            "fields",
            "people_count",
        ):
            batch_op.drop_column(column)
