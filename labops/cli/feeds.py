"""Calendar addresses from the shell."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from flask import current_app

from labops.cli.context import with_app
from labops.domain.calendars import services
from labops.domain.people import queries
from labops.domain.people.addresses import normalised
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import SYSTEM


@click.group()
def feeds() -> None:
    """Addresses at which calendars subscribe."""


@feeds.command()
@click.argument("email")
@click.option("--scope", type=click.Choice(["me"]), default="me", show_default=True)
@click.option("--label", default="", help="What the address is for, such as a device.")
@with_app
def create(email: str, scope: str, label: str) -> None:
    """Make a calendar address of a person's own bookings and print it, this once."""
    del scope  # one for now; the option is there because the contract names it
    account = queries.account_by_email(reading(), normalised(email))
    if account is None:
        raise NotFound
    actor = queries.actor_of(reading(), account.person_id, now=clock.now())
    secret = services.open_feed(actor=actor, now=clock.now(), label=label)
    click.echo(f"{current_app.config['LABOPS'].public_url}/feeds/{secret}.ics")


@feeds.command()
@click.argument("address")
@with_app
def revoke(address: str) -> None:
    """Make an address answer 404 from now on."""
    secret = urlsplit(address).path.rsplit("/", 1)[-1].removesuffix(".ics")
    services.revoke_secret(secret, actor=SYSTEM, now=clock.now())
    click.echo("The address does not answer any more.")
