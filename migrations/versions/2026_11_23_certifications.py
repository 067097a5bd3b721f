"""Levels, ends, suspensions and cards of certifications; what each machine type asks.

Revision ID: 2026112313
Revises: 2026112322
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112313"
down_revision = "2026112322"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("revoked_at IS NULL")
COLUMNS = ("unused_days", "lapses_on", "last_used_at", "last_used_on")
LINKS = ("renews_id", "revoked_by_id")


def upgrade() -> None:
    """Add them; every certification so far is a staff grant of level 1."""
    op.add_column(
        "certification", sa.Column("level", sa.Integer(), server_default="1", nullable=False)
    )
    op.add_column(
        "certification",
        sa.Column("earned_by", sa.String(16), server_default="grant", nullable=False),
    )
    for name, kind in zip(COLUMNS, (sa.Integer(), sa.Date(), MOMENT, sa.Date()), strict=True):
        op.add_column("certification", sa.Column(name, kind, nullable=True))
    # In place on both engines: copying a table to which others point is not possible on SQLite.
    for name, table in zip(LINKS, ("certification", "person"), strict=True):
        op.execute(
            f"ALTER TABLE certification ADD COLUMN {name} INTEGER"
            f" CONSTRAINT fk_certification_{name}_{table} REFERENCES {table} (id)"
        )
    for name in ("machine_type_id", "ends_on", "lapses_on"):
        op.create_index(op.f(f"ix_certification_{name}"), "certification", [name])
    _add_suspensions()
    _add_rules()
    _add_cards()


def _add_suspensions() -> None:
    table = "certification_suspension"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("suspended_by_id", sa.Integer(), nullable=True),
        sa.Column("suspended_at", MOMENT, nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.Column("resumed_by_id", sa.Integer(), nullable=True),
        sa.Column("resumed_at", MOMENT, nullable=True),
        sa.Column("resumed_reason", sa.String(300), nullable=False),
        *(_link(table, name, "person") for name in ("person_id", "suspended_by_id")),
        _link(table, "resumed_by_id", "person"),
        _link(table, "machine_type_id", "machine_type"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    op.create_index(
        op.f(f"ix_{table}_person_id_machine_type_id"), table, ["person_id", "machine_type_id"]
    )


def _add_rules() -> None:
    op.create_table(
        "certification_rule",
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("valid_months", sa.Integer(), nullable=True),
        sa.Column("unused_days", sa.Integer(), nullable=True),
        sa.Column("renewal", sa.JSON(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _link("certification_rule", "machine_type_id", "machine_type"),
        sa.PrimaryKeyConstraint("machine_type_id", name=op.f("pk_certification_rule")),
    )
    op.create_table(
        "certification_level",
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("name_it", sa.String(80), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        _link("certification_level", "machine_type_id", "machine_type"),
        sa.PrimaryKeyConstraint("machine_type_id", "level", name=op.f("pk_certification_level")),
    )
    op.create_table(
        "trainer",
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("named_by_id", sa.Integer(), nullable=True),
        sa.Column("named_at", MOMENT, nullable=False),
        _link("trainer", "machine_type_id", "machine_type"),
        _link("trainer", "person_id", "person"),
        _link("trainer", "named_by_id", "person"),
        sa.PrimaryKeyConstraint("machine_type_id", "person_id", name=op.f("pk_trainer")),
    )
    op.create_index(op.f("ix_trainer_person_id"), "trainer", ["person_id"])


def _add_cards() -> None:
    op.create_table(
        "skill_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("shown_name", sa.String(16), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        _link("skill_card", "person_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_card")),
        sa.UniqueConstraint("code", name=op.f("uq_skill_card_code")),
    )
    op.create_index(
        "uq_skill_card_open",
        "skill_card",
        ["person_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _link(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))


def downgrade() -> None:
    """Forget all that certifications did not know before; who was certified until when stays."""
    for table in (
        "skill_card",
        "trainer",
        "certification_level",
        "certification_rule",
        "certification_suspension",
    ):
        op.drop_table(table)
    for name in ("machine_type_id", "ends_on", "lapses_on"):
        op.drop_index(op.f(f"ix_certification_{name}"), "certification")
    for name in (*LINKS, *COLUMNS, "earned_by", "level"):
        op.drop_column("certification", name)
