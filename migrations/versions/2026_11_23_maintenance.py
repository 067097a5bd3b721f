"""Maintenance blocks.

Revision ID: 2026112307
Revises: 2026112306
"""

revision = "2026112307"
down_revision = "2026112306"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
