"""API tokens from the shell."""

from __future__ import annotations

import click

from labops.cli.context import with_app
from labops.domain.people import administration, queries
from labops.domain.people.addresses import normalised
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import SYSTEM, Scope


@click.group()
def tokens() -> None:
    """Keys with which programs act for a person."""


@tokens.command()
@click.argument("email")
@click.option(
    "--scope", type=click.Choice([one.value for one in Scope]), default="read", show_default=True
)
@click.option("--expires", type=click.IntRange(1, 3650), help="Days until it stops working.")
@with_app
def create(email: str, scope: str, expires: int | None) -> None:
    """Make a token and print it, this once."""
    account = queries.account_by_email(reading(), normalised(email))
    if account is None:
        raise NotFound
    click.echo(
        administration.create_token(
            account.person_id, Scope(scope), actor=SYSTEM, now=clock.now(), days=expires
        )
    )
