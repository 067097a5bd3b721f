"""Whether the database has the schema that this version needs.

It is asked by every server and every probe, so it goes without Alembic: that, and what it brings
along, takes ten MiB of each process.
"""

from __future__ import annotations

from sqlalchemy import Engine, inspect, text

# The newest migration; a test compares it with the scripts.
NEWEST = "2026112361"


def is_current(engine: Engine) -> bool:
    """Say whether the database has the newest schema."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        revision: str = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision == NEWEST
