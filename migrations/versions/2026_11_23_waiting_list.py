"""The waiting list and its offers.

Revision ID: 2026112306
Revises: 2026112305
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112306"
down_revision = "2026112305"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add wishes, offers and the machines of both."""
    _wishes()
    _machines_of("waiting_wish", "wish_id")
    _offers()
    _machines_of("offer", "offer_id")


def _wishes() -> None:
    op.create_table(
        "waiting_wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("process", sa.String(40), nullable=False),
        sa.Column("earliest_at", MOMENT, nullable=False),
        sa.Column("latest_at", MOMENT, nullable=False),
        sa.Column("last_start_at", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("people_count", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.CheckConstraint(
            "earliest_at < latest_at", name=op.f("ck_waiting_wish_ends_after_start")
        ),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_waiting_wish_lasts")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_waiting_wish_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_waiting_wish_site_id_site")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_wish")),
        sa.UniqueConstraint("uid", name=op.f("uq_waiting_wish_uid")),
    )
    for columns in (["person_id", "state"], ["site_id", "state"]):
        name = op.f(f"ix_waiting_wish_{'_'.join(columns)}")
        op.create_index(name, "waiting_wish", columns)
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_waiting_wish_line",
        "waiting_wish",
        ["created_at", "id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _offers() -> None:
    op.create_table(
        "offer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("wish_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("answer_by", MOMENT, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_offer_ends_after_start")),
        sa.CheckConstraint("answer_by <= starts_at", name=op.f("ck_offer_answered_before_start")),
        sa.ForeignKeyConstraint(
            ["wish_id"], ["waiting_wish.id"], name=op.f("fk_offer_wish_id_waiting_wish")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_offer_booking_id_booking")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint("uid", name=op.f("uq_offer_uid")),
    )
    held = sa.text("state = 'held'")
    op.create_index(
        "ix_offer_held_wish_id",
        "offer",
        ["wish_id"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    op.create_index(
        "ix_offer_answer_by", "offer", ["answer_by"], sqlite_where=held, postgresql_where=held
    )
    op.create_index(op.f("ix_offer_wish_id"), "offer", ["wish_id"])


def _machines_of(table: str, column: str) -> None:
    name = f"{table}_bookable"
    op.create_table(
        name,
        sa.Column(column, sa.Integer(), nullable=False),
        sa.Column("bookable_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            [column], [f"{table}.id"], name=op.f(f"fk_{name}_{column}_{table}")
        ),
        sa.ForeignKeyConstraint(
            ["bookable_id"], ["bookable.id"], name=op.f(f"fk_{name}_bookable_id_bookable")
        ),
        sa.PrimaryKeyConstraint(column, "bookable_id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_bookable_id"), name, ["bookable_id"])


def downgrade() -> None:
    """Forget them, and give back the time that offers hold."""
    op.execute("DELETE FROM allocation WHERE owner_kind = 'offer'")
    for table in ("offer_bookable", "offer", "waiting_wish_bookable", "waiting_wish"):
        op.drop_table(table)
