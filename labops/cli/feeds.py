"""Calendar addresses from the shell."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from flask import current_app

from labops.cli.context import with_app
from labops.domain.calendars import services
from labops.domain.calendars.scopes import FeedScope
from labops.domain.calendars.services import OpenFeed
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
@click.option(
    "--scope",
    default="me",
    show_default=True,
    help="Of what: me, machine:SLUG, site:SLUG or inductions.",
)
@click.option("--label", default="", help="What the address is for, such as a device.")
@click.option("--names", is_flag=True, help="With names, for staff of the site.")
@click.option(
    "--show-cancelled/--hide-cancelled",
    default=None,
    help="Whether cancelled bookings stay for 30 days.  [default: only with the scope me]",
)
@with_app
def create(email: str, scope: str, label: str, *, names: bool, show_cancelled: bool | None) -> None:
    """Make a calendar address for a person and print it, this once.

    What it shows is decided by the person's rights each time it is fetched.
    """
    account = queries.account_by_email(reading(), normalised(email))
    if account is None:
        raise NotFound
    actor = queries.actor_of(reading(), account.person_id, now=clock.now())
    wish = OpenFeed(
        scope=FeedScope.read(scope), label=label, names=names, show_cancelled=show_cancelled
    )
    secret = services.open_feed(actor=actor, now=clock.now(), wish=wish)
    click.echo(f"{current_app.config['LABOPS'].public_url}/feeds/{secret}.ics")


@feeds.command()
@click.argument("address")
@with_app
def revoke(address: str) -> None:
    """Make an address answer 404 from now on."""
    secret = urlsplit(address).path.rsplit("/", 1)[-1].removesuffix(".ics")
    services.revoke_secret(secret, actor=SYSTEM, now=clock.now())
    click.echo("The address does not answer any more.")
