"""Outside calendars and the closures they propose.

Revision ID: 2026112308
Revises: 2026112307
"""

revision = "2026112308"
down_revision = "2026112307"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
