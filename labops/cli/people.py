"""People from the shell."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from labops.adapters import sheets
from labops.adapters.links import sign_in_link
from labops.adapters.sheets import SheetUnreadable
from labops.blueprints.messages import sentence_for
from labops.cli.context import with_app
from labops.domain.member_lists import columns, services
from labops.domain.member_lists import queries as member_lists
from labops.domain.member_lists.services import ImportMembers
from labops.domain.member_lists.values import Duplicates, Imported, OnDuplicate, PlannedLine
from labops.domain.people import administration, queries
from labops.domain.people.administration import CreatePerson
from labops.domain.people.services import SignUp
from labops.domain.sites.queries import by_slug, find_site
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.permissions import SITE_ROLES, SYSTEM, Role

ROLES = ["member", *(role.value for role in Role)]


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


@people.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "slug", required=True, help="The site whose members they are: its slug.")
@click.option(
    "--mapping",
    "layout",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file: [columns] with heading = field, [duplicates] with by_email and by_name.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@with_app
def import_file(file: Path, slug: str, layout: Path | None, *, dry_run: bool) -> None:
    """Add or change members by a CSV or XLSX file: all of them, or none when a cell is bad."""
    site = by_slug(reading(), slug)
    try:
        sheet = sheets.read(file.read_bytes())
        said = tomllib.loads(layout.read_text(encoding="utf-8")) if layout else {}
        duplicates = {name: OnDuplicate(what) for name, what in said.get("duplicates", {}).items()}
        known = Duplicates(**duplicates)
    except SheetUnreadable as error:
        sentence = sentence_for(Problem(error.code, {"line": 1}))
        raise click.ClickException(f"{file}: {sentence}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError, TypeError) as error:
        raise click.ClickException(f"{layout}: {error}") from error
    command = ImportMembers(
        site=site,
        sheet=sheet,
        mapping=_mapping(site.id, sheet.headings, said.get("columns", {})),
        duplicates=known,
    )
    if dry_run:
        done = Imported.of(services.look_at(command, actor=SYSTEM, now=clock.now()))
    else:
        done = services.import_members(command, actor=SYSTEM, now=clock.now(), progress=_with_bar)
    verb = "would be " if dry_run else ""
    click.echo(
        f"{done.created} people {verb}added, {done.updated} {verb}changed,"
        f" {done.unchanged} left as they are, {done.skipped} {verb}skipped."
    )


@people.command()
@click.option("--site", "slug", required=True, help="The site whose members they are: its slug.")
@click.option(
    "--xlsx", type=click.Path(dir_okay=False, path_type=Path), help="Write an Excel file instead."
)
@with_app
def export(slug: str, xlsx: Path | None) -> None:
    """Print a site's members as CSV, as `people import` reads them."""
    rows = member_lists.exported(reading(), by_slug(reading(), slug).id, SYSTEM)
    if xlsx is None:
        click.echo(sheets.to_csv(rows), nl=False)
    else:
        xlsx.write_bytes(sheets.to_xlsx(rows, title=slug))


def _mapping(site_id: int, headings: Iterable[str], said: dict[str, Any]) -> tuple[str, ...]:
    """Return the field of each column: as the file says, else as remembered, else guessed."""
    kept = member_lists.remembered_mapping(reading(), site_id)
    chosen = {str(heading): str(field) for heading, field in said.items()}
    types = member_lists.type_names(reading())
    return columns.guessed(tuple(headings), types, kept | chosen)


def _with_bar(plans: Iterable[PlannedLine]) -> Iterator[PlannedLine]:
    with click.progressbar(list(plans), label="Importing members", file=sys.stderr) as shown:
        yield from shown
