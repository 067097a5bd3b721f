"""Profiles, notes, merged accounts, circulars, and how files of members are laid out.

Revision ID: 2026112319
Revises: 2026112312
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112319"
down_revision = "2026112312"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables, empty, and find people by their day of birth."""
    op.create_index(op.f("ix_person_born_on"), "person", ["born_on"])
    _add_people()
    _add_notes()
    _add_circulars()
    op.create_table(
        "member_list_mapping",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        _key("member_list_mapping", "site_id", "site"),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_member_list_mapping")),
    )


def downgrade() -> None:
    """Forget all of it."""
    for table in (
        "member_list_mapping",
        "circular_receiver",
        "circular",
        "note_version",
        "note",
        "former_account",
        "profile",
    ):
        op.drop_table(table)
    op.drop_index(op.f("ix_person_born_on"), table_name="person")


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _add_people() -> None:
    words = ("phone", 20), ("emergency_name", 120), ("emergency_phone", 20), ("street", 160)
    op.create_table(
        "profile",
        sa.Column("person_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(length=length), nullable=False) for name, length in words),
        sa.Column("postcode", sa.String(length=12), nullable=False),
        sa.Column("town", sa.String(length=80), nullable=False),
        sa.Column("tax_code", sa.String(length=16), nullable=False),
        sa.Column("accessibility", sa.Text(), nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        _key("profile", "person_id", "person"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "former_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.Column("merged_by_id", sa.Integer(), nullable=True),
        _key("former_account", "person_id", "person"),
        _key("former_account", "merged_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_account")),
        sa.UniqueConstraint("uid", name=op.f("uq_former_account_uid")),
        sa.UniqueConstraint("email", name=op.f("uq_former_account_email")),
    )
    op.create_index(op.f("ix_former_account_person_id"), "former_account", ["person_id"])


def _add_notes() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=True),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        _key("note", "person_id", "person"),
        _key("note", "site_id", "site"),
        _key("note", "written_by_id", "person"),
        _key("note", "deleted_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("uid", name=op.f("uq_note_uid")),
    )
    op.create_index(op.f("ix_note_person_id"), "note", ["person_id"])
    op.create_table(
        "note_version",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=True),
        sa.Column("written_at", MOMENT, nullable=False),
        _key("note_version", "note_id", "note"),
        _key("note_version", "written_by_id", "person"),
        sa.PrimaryKeyConstraint("note_id", "revision", name=op.f("pk_note_version")),
    )


def _add_circulars() -> None:
    op.create_table(
        "circular",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("about_service", sa.Boolean(), nullable=False),
        sa.Column("subject_it", sa.String(length=150), nullable=False),
        sa.Column("body_it", sa.Text(), nullable=False),
        sa.Column("subject_en", sa.String(length=150), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("choice", sa.JSON(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        _key("circular", "site_id", "site"),
        _key("circular", "created_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circular")),
        sa.UniqueConstraint("uid", name=op.f("uq_circular_uid")),
    )
    op.create_index(op.f("ix_circular_site_id"), "circular", ["site_id"])
    op.create_table(
        "circular_receiver",
        sa.Column("circular_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("queued_at", MOMENT, nullable=True),
        _key("circular_receiver", "circular_id", "circular"),
        _key("circular_receiver", "person_id", "person"),
        sa.PrimaryKeyConstraint("circular_id", "person_id", name=op.f("pk_circular_receiver")),
    )
    op.create_index(
        op.f("ix_circular_receiver_circular_id_queued_at"),
        "circular_receiver",
        ["circular_id", "queued_at"],
    )
    op.create_index(op.f("ix_circular_receiver_person_id"), "circular_receiver", ["person_id"])
