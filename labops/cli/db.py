"""Migrations from the shell."""

from __future__ import annotations

import click

from labops.cli.context import with_app
from labops.kernel import migrations, schema
from labops.kernel.db import db as database


@click.group()
def db() -> None:
    """Bring the database to the schema that this version needs."""


@db.command()
@click.argument("revision", default="head")
@with_app
def upgrade(revision: str) -> None:
    """Migrate up, to the newest schema unless another is named."""
    changed = migrations.upgrade(database.engine, revision)
    click.echo("The database was migrated." if changed else "The database is up to date.")


@db.command()
@click.argument("revision")
@with_app
def downgrade(revision: str) -> None:
    """Migrate down to a revision; `base` removes every table."""
    migrations.downgrade(database.engine, revision)
    click.echo(f"The database is at {revision}.")


@db.command()
@with_app
def check() -> None:
    """Say whether the database is migrated and agrees with the code."""
    if not schema.is_current(database.engine):
        raise click.ClickException("The database is not migrated. Run: labops db upgrade")
    differences = migrations.differences(database.engine)
    if differences:
        raise click.ClickException("The schema differs:\n" + "\n".join(differences))
    click.echo("The database is migrated and agrees with the code.")
