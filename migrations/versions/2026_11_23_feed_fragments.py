"""What feeds keep ready, and who polled them.

Revision ID: 2026112309
Revises: 2026112308
"""

revision = "2026112309"
down_revision = "2026112308"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
