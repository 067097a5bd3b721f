"""The database's own guard against overlapping claims, and the installation's random name.

Revision ID: 2026112302
Revises: 2026112301
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "2026112302"
down_revision = "2026112301"
branch_labels = None
depends_on = None

# Rows of one unit never overlap, so only the latest row that starts before the new end can
# collide with the new one: the trigger costs one index seek, however long the history.
_SQLITE_TRIGGER = """
CREATE TRIGGER allocation_no_overlap_{event}
BEFORE {event} ON allocation
WHEN (
  SELECT held.ends_at FROM allocation AS held
  WHERE held.bookable_id = NEW.bookable_id AND held.unit = NEW.unit
    AND held.starts_at < NEW.ends_at {besides}
  ORDER BY held.starts_at DESC LIMIT 1
) > NEW.starts_at
BEGIN
  SELECT RAISE(ABORT, 'allocation_no_overlap');
END
"""

# Ranges of one integer make an exclusion constraint without any extension or superuser.
_POSTGRESQL_CONSTRAINT = """
ALTER TABLE allocation ADD CONSTRAINT allocation_no_overlap EXCLUDE USING gist (
  int4range(bookable_id, bookable_id, '[]') WITH &&,
  int4range(unit, unit, '[]') WITH &&,
  tstzrange(starts_at, ends_at, '[)') WITH &&
)
"""


def upgrade() -> None:
    """Put the guard up and draw the installation's name."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_SQLITE_TRIGGER.format(event="INSERT", besides=""))
        op.execute(_SQLITE_TRIGGER.format(event="UPDATE", besides="AND held.id <> OLD.id"))
    else:
        op.execute(_POSTGRESQL_CONSTRAINT)
    facts = sa.table("instance_fact", sa.column("name"), sa.column("value"))
    op.execute(facts.insert().values(name="instance_id", value=secrets.token_hex(16)))


def downgrade() -> None:
    """Take the guard down."""
    facts = sa.table("instance_fact", sa.column("name"))
    op.execute(facts.delete().where(facts.c.name == "instance_id"))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER allocation_no_overlap_INSERT")
        op.execute("DROP TRIGGER allocation_no_overlap_UPDATE")
    else:
        op.execute("ALTER TABLE allocation DROP CONSTRAINT allocation_no_overlap")
