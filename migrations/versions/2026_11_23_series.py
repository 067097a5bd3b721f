"""Series of bookings.

Revision ID: 2026112305
Revises: 2026112304
"""

revision = "2026112305"
down_revision = "2026112304"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
