"""Which letters a person wants.

Revision ID: 2026112310
Revises: 2026112309
"""

revision = "2026112310"
down_revision = "2026112309"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
