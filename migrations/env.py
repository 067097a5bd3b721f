"""Run the migrations on the connection that `labops.kernel.migrations` hands over."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext

from labops.domain.tables import METADATA
from labops.kernel.orm import UtcDateTime


def render_plain_types(kind: str, item: Any, autogen_context: AutogenContext) -> str | bool:
    """Write plain column types into new scripts, so that these never import the application."""
    del autogen_context
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=render_plain_types,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
