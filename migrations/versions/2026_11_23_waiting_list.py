"""The waiting list and its offers.

Revision ID: 2026112306
Revises: 2026112305
"""

revision = "2026112306"
down_revision = "2026112305"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
