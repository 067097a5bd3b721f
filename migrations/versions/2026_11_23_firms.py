"""Firms with their people and invitations; bookings, sign-ins and plans that are a firm's.

Revision ID: 2026112325
Revises: 2026112350
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112325"
down_revision = "2026112350"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("until IS NULL")
OPEN = sa.text("ended_at IS NULL")
OF_FIRM = sa.text("firm_id IS NOT NULL")


def upgrade() -> None:
    """Add the tables, and the columns that name a firm."""
    _add_firms()
    _add_people()
    # Spelled out: only so both engines add the column in place, and booking keeps its rows.
    for table in ("booking", "sign_in"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN firm_id INTEGER"
            f" CONSTRAINT fk_{table}_firm_id_firm REFERENCES firm (id)"
        )
    op.create_index(
        "ix_booking_firm_id_ends_at",
        "booking",
        ["firm_id", "ends_at"],
        sqlite_where=OF_FIRM,
        postgresql_where=OF_FIRM,
    )
    op.create_index("ix_sign_in_firm_id", "sign_in", ["firm_id"])
    op.add_column("plan", sa.Column("firm_people", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take them away; what was booked for a firm stays its person's."""
    op.drop_column("plan", "firm_people")
    op.drop_index("ix_sign_in_firm_id", "sign_in")
    op.drop_column("sign_in", "firm_id")
    op.drop_index("ix_booking_firm_id_ends_at", "booking")
    op.drop_column("booking", "firm_id")
    op.drop_table("firm_invitation")
    op.drop_table("firm_person")
    op.drop_table("firm")


def _add_firms() -> None:
    op.create_table(
        "firm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("vat_number", sa.String(length=11), nullable=True),
        sa.Column("tax_code", sa.String(length=16), nullable=True),
        sa.Column("ateco_code", sa.String(length=12), nullable=False),
        sa.Column("street", sa.String(length=160), nullable=False),
        sa.Column("postcode", sa.String(length=12), nullable=False),
        sa.Column("town", sa.String(length=80), nullable=False),
        sa.Column("municipio", sa.Integer(), nullable=True),
        sa.Column("size", sa.String(length=16), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_proven_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm")),
        sa.UniqueConstraint("uid", name=op.f("uq_firm_uid")),
        sa.UniqueConstraint("vat_number", name=op.f("uq_firm_vat_number")),
        sa.UniqueConstraint("tax_code", name=op.f("uq_firm_tax_code")),
    )
    op.create_index(op.f("ix_firm_legal_name"), "firm", ["legal_name"])


def _add_people() -> None:
    op.create_table(
        "firm_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("named_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["firm_id"], ["firm.id"], name=op.f("fk_firm_person_firm_id_firm")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_firm_person_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["named_by_id"], ["person.id"], name=op.f("fk_firm_person_named_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_person")),
    )
    op.create_index(
        "uq_firm_person_now",
        "firm_person",
        ["firm_id", "person_id"],
        unique=True,
        sqlite_where=NOW,
        postgresql_where=NOW,
    )
    op.create_index("ix_firm_person_person_id_until", "firm_person", ["person_id", "until"])
    op.create_table(
        "firm_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("firm_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("invited_by_id", sa.Integer(), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("accepted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["firm_id"], ["firm.id"], name=op.f("fk_firm_invitation_firm_id_firm")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by_id"], ["person.id"], name=op.f("fk_firm_invitation_invited_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["accepted_by_id"],
            ["person.id"],
            name=op.f("fk_firm_invitation_accepted_by_id_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_firm_invitation")),
        sa.UniqueConstraint("uid", name=op.f("uq_firm_invitation_uid")),
    )
    op.create_index(
        "uq_firm_invitation_open",
        "firm_invitation",
        ["firm_id", "email"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
