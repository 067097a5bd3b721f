"""People from the shell."""

from __future__ import annotations

import sys

import click

from labops.adapters.links import sign_in_link
from labops.cli.context import with_app
from labops.domain.people import administration, queries
from labops.domain.people.administration import CreatePerson
from labops.domain.people.services import SignUp
from labops.domain.sites.queries import find_site
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SITE_ROLES, SYSTEM, Role

ROLES = ["member", *Role]


@click.group()
def people() -> None:
    """Accounts of people."""


@people.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="May repeat.")
@click.option("--site", "slug", help="The site of site roles: its slug.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--language", type=click.Choice(["it", "en"]), default="it", show_default=True)
@with_app
def create(
    email: str,
    name: str,
    roles: tuple[str, ...],
    slug: str | None,
    *,
    password_stdin: bool,
    language: str,
) -> None:
    """Make an account; without a password it prints a one-time sign-in link."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    site = find_site(reading(), slug) if slug else None
    if slug and site is None:
        raise click.ClickException(f"There is no site called {slug}.")
    needing = [role for role in roles if role == "member" or role in SITE_ROLES]
    if needing and site is None:
        raise click.UsageError(f"The role {needing[0]} is given at a site: add --site SLUG.")
    uid = administration.create_person(
        CreatePerson(
            account=SignUp(
                name=name, email=email, password=password, language=language, confirmed=True
            ),
            roles=tuple(Role(role) for role in roles if role != "member"),
            member="member" in roles,
            site_id=site.id if site else None,
        ),
        actor=SYSTEM,
        now=clock.now(),
    )
    click.echo(f"{email} has an account ({uid}).")
    if password is None:
        person = queries.seen_by(reading(), uid, SYSTEM)
        account = queries.account_of(reading(), person.id)
        if account is not None:
            click.echo(
                f"Sign in once with {sign_in_link(account.id, account.credentials_revision)}"
            )
