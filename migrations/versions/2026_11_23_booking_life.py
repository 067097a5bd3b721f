"""How bookings are requested, counted, forgiven and handed over.

Revision ID: 2026112304
Revises: 2026112303
"""

revision = "2026112304"
down_revision = "2026112303"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
