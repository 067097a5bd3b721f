"""Whether a guardian gets copies of a minor's letters.

Revision ID: 2026112361
Revises: 2026112360
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112361"
down_revision = "2026112360"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody gets any unasked."""
    op.add_column(
        "guardian", sa.Column("copies", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_column("guardian", "copies")
