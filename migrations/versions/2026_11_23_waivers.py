"""Waivers with versions and signatures, and the guardians of minors.

Revision ID: 2026112312
Revises: 2026112313
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112312"
down_revision = "2026112313"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the four tables."""
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_waiver_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index("uq_waiver_site_id_slug", "waiver", ["site_id", "slug"], unique=True)
    op.create_table(
        "waiver_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("waiver_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title_it", sa.String(length=120), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("text_it", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("asks_from", sa.Date(), nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_version_waiver_id_waiver")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_version")),
    )
    op.create_index(
        "uq_waiver_version_waiver_id_number",
        "waiver_version",
        ["waiver_id", "number"],
        unique=True,
    )
    op.create_table(
        "guardian",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("proven_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["child_id"], ["person.id"], name=op.f("fk_guardian_child_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian")),
        sa.UniqueConstraint("uid", name=op.f("uq_guardian_uid")),
    )
    op.create_index(op.f("ix_guardian_child_id"), "guardian", ["child_id"])
    op.create_table(
        "signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("guardian_id", sa.Integer(), nullable=True),
        sa.Column("relation", sa.String(length=60), nullable=False),
        sa.Column("signed_name", sa.String(length=120), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signature_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["waiver_version.id"],
            name=op.f("fk_signature_version_id_waiver_version"),
        ),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_signature_guardian_id_guardian")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
        sa.UniqueConstraint("uid", name=op.f("uq_signature_uid")),
    )
    op.create_index(
        op.f("ix_signature_person_id_version_id"), "signature", ["person_id", "version_id"]
    )
    op.create_index(op.f("ix_signature_version_id"), "signature", ["version_id"])


def downgrade() -> None:
    """Drop them: what was signed is gone with them."""
    for table in ("signature", "guardian", "waiver_version", "waiver"):
        op.drop_table(table)
