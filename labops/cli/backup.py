"""A backup from the shell."""

from __future__ import annotations

from pathlib import Path

import click

from labops.adapters.backups import ArchiveRefused, work_on
from labops.adapters.backups.taking import take
from labops.cli.context import with_app
from labops.cli.steps import Steps
from labops.kernel import clock


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_app
def backup(file: Path) -> None:
    """Write everything but the settings into FILE, while people go on booking."""
    place = work_on()
    try:
        with Steps("Writing") as steps:
            manifest = take(
                place.engine, file, place.data_dir, now=clock.now(), progress=steps.told
            )
    except ArchiveRefused as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
    held = manifest.held
    click.echo(
        f"{file}: {manifest.rows} rows of {len(manifest.tables)} tables and {held['files']} files,"
        f" {file.stat().st_size} bytes, read back and whole."
    )
