"""The inventory from the shell."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from labops.cli.context import with_app
from labops.domain.machines import inventory, queries
from labops.domain.machines.inventory import Line
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM


@click.group()
def machines() -> None:
    """Bring the inventory of machines in and out."""


@machines.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "slug", required=True, help="The site's slug.")
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@with_app
def import_file(file: Path, slug: str, *, dry_run: bool) -> None:
    """Add or change machines by a CSV file: all of them, or none when a row is bad."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8 text.") from error
    done = inventory.import_machines(
        text, slug, actor=SYSTEM, now=clock.now(), dry_run=dry_run, progress=_with_bar
    )
    verb = "would be " if dry_run else ""
    click.echo(f"{done.added} machines {verb}added, {done.changed} {verb}changed.")


@machines.command()
@click.option("--site", "slug", help="Only this site's machines.")
@with_app
def export(slug: str | None) -> None:
    """Print the inventory as CSV."""
    found = queries.search(reading(), site=slug, with_retired=True, limit=1_000_000)
    for line in inventory.written(found):
        sys.stdout.write(line)


def _with_bar(lines: Iterable[Line]) -> Iterator[Line]:
    with click.progressbar(list(lines), label="Importing machines", file=sys.stderr) as shown:
        yield from shown
