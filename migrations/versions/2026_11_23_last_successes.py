"""When a job last did its work, and when staff had a given-up message tried again.

Revision ID: 2026112303
Revises: 2026112302
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112303"
down_revision = "2026112302"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both moments; the last run of a job was a success when it left no error."""
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retried_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE job_run SET succeeded_at = finished_at WHERE error IS NULL")


def downgrade() -> None:
    """Forget both."""
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_column("retried_at")
    with op.batch_alter_table("job_run", schema=None) as batch_op:
        batch_op.drop_column("succeeded_at")
