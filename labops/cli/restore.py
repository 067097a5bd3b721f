"""A backup put back from the shell."""

from __future__ import annotations

from pathlib import Path

import click

from labops.adapters.backups import ArchiveRefused, work_on
from labops.adapters.backups.restoring import restore as put_back
from labops.cli.context import with_app
from labops.cli.steps import Steps
from labops.kernel import clock


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Give up the data that are here now.")
@with_app
def restore(file: Path, *, replace: bool) -> None:
    """Put what FILE holds in the place of what is here: all of it, or nothing is changed."""
    place = work_on()
    try:
        with Steps("Restoring") as steps:
            done = put_back(
                place.engine,
                file,
                place.data_dir,
                replace=replace,
                now=clock.now(),
                progress=steps.told,
            )
    except ArchiveRefused as error:
        raise click.ClickException(f"{error} Nothing was changed.") from error
    except OSError as error:
        raise click.ClickException(f"{error}. Nothing of the database was changed.") from error
    told = done.manifest
    click.echo(
        f"Restored the backup of {told.taken_at} ({told.engine}, labops {told.version}):"
        f" {told.rows} rows and {told.held['files']} files."
    )
    if done.migrated:
        click.echo("It was of an older version and has been migrated.")
    if done.erased_again:
        click.echo(f"{done.erased_again} people who had been erased since were erased again.")
    click.echo(f"Looked at and right: {', '.join(done.found)}.")
