"""Inductions: sessions, the machines they claim, and who signed up.

Revision ID: 2026112315
Revises: 2026112314
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112315"
down_revision = "2026112314"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add sessions, their machines and their sign-ups."""
    _add_sessions()
    op.create_table(
        "induction_machine",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("bookable_id", sa.Integer(), nullable=False),
        _to("induction_machine", "session_id", "induction_session"),
        _to("induction_machine", "bookable_id", "bookable"),
        sa.PrimaryKeyConstraint("session_id", "bookable_id", name=op.f("pk_induction_machine")),
    )
    op.create_index(op.f("ix_induction_machine_bookable_id"), "induction_machine", ["bookable_id"])
    op.create_table(
        "induction_sign_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("signed_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("judged_by_id", sa.Integer(), nullable=True),
        sa.Column("certification_id", sa.Integer(), nullable=True),
        sa.Column("invited_sequence", sa.Integer(), nullable=True),
        _to("induction_sign_up", "session_id", "induction_session"),
        _to("induction_sign_up", "person_id", "person"),
        _to("induction_sign_up", "judged_by_id", "person"),
        _to("induction_sign_up", "certification_id", "certification"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_induction_sign_up")),
    )
    op.create_index(
        "uq_induction_sign_up_person", "induction_sign_up", ["session_id", "person_id"], unique=True
    )
    op.create_index(
        op.f("ix_induction_sign_up_person_id_state"), "induction_sign_up", ["person_id", "state"]
    )


def downgrade() -> None:
    """Forget them; the time they held is free."""
    op.execute(sa.text("DELETE FROM allocation WHERE owner_kind = 'induction'"))
    op.drop_table("induction_sign_up")
    op.drop_table("induction_machine")
    op.drop_table("induction_session")


def _add_sessions() -> None:
    table = "induction_session"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.Integer(), nullable=True),
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("teacher_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("places", sa.Integer(), nullable=False),
        sa.Column("fewest", sa.Integer(), nullable=False),
        sa.Column("decide_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("needs_type_id", sa.Integer(), nullable=True),
        sa.Column("needs_quiz_id", sa.Integer(), nullable=True),
        sa.Column("youngest", sa.Integer(), nullable=True),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("price", sa.Numeric(8, 2), nullable=True),
        sa.Column("free_plan", sa.String(60), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cancelled_for", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f(f"ck_{table}_ends_after_start")),
        sa.CheckConstraint("places >= 1", name=op.f(f"ck_{table}_has_places")),
        sa.CheckConstraint("fewest >= 0 AND fewest <= places", name=op.f(f"ck_{table}_fewest_fit")),
        _to(table, "site_id", "site"),
        _to(table, "space_id", "space"),
        _to(table, "machine_type_id", "machine_type"),
        _to(table, "teacher_id", "person"),
        _to(table, "needs_type_id", "machine_type"),
        _to(table, "needs_quiz_id", "quiz"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )
    for columns in (
        ["site_id", "ends_at"],
        ["machine_type_id", "starts_at"],
        ["state", "decide_at"],
        ["teacher_id", "ends_at"],
        ["ends_at"],
    ):
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
