"""What a plan takes off the price of inductions, and what a place in one was charged.

Revision ID: 2026112360
Revises: 2026112330
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112360"
down_revision = "2026112330"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    op.add_column(
        "plan", sa.Column("induction_percent", sa.Integer(), nullable=False, server_default="0")
    )
    # Spelled out: only so both engines add the column in place.
    op.execute(
        "ALTER TABLE induction_sign_up ADD COLUMN entry_uid VARCHAR(32)"
        " CONSTRAINT fk_induction_sign_up_entry_uid_ledger_entry REFERENCES ledger_entry (uid)"
    )


def downgrade() -> None:
    """Take them away; the books keep what was charged."""
    op.drop_column("induction_sign_up", "entry_uid")
    op.drop_column("plan", "induction_percent")
