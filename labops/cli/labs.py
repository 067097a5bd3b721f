"""Labs and the catalogue of machine models from the shell."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click

from labops.cli.context import sentences, with_app
from labops.domain.labs import catalogue as models
from labops.domain.labs import evaluating
from labops.domain.labs.catalogue import Unread
from labops.domain.labs.findings import NotMapped
from labops.domain.labs.importing import import_labs
from labops.domain.labs.reading_files import FORMATS
from labops.kernel import clock
from labops.kernel.errors import Invalid
from labops.kernel.permissions import SYSTEM

Item = TypeVar("Item")
FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
MOST_SHOWN = 20


@click.group()
def labs() -> None:
    """Bring labs in, and the catalogue of machine models."""


@labs.command(name="import")
@FILE
@click.option("--format", "form", type=click.Choice(FORMATS), default="labops", show_default=True)
@DRY_RUN
@click.option("--all", "everything", is_flag=True, help="List everything that was not mapped.")
@with_app
def import_file(file: Path, form: str, *, dry_run: bool, everything: bool) -> None:
    """Record the labs of a file, none of them qualified; what came before stays as it is.

    The format okw is Open Know-Where: JSON of labs, or CSV of machines with their labs.
    """
    done = import_labs(
        _text_of(file),
        form,
        actor=SYSTEM,
        now=clock.now(),
        dry_run=dry_run,
        progress=_with_bar("Recording labs"),
    )
    verb = "would be " if dry_run else ""
    click.echo(
        f"{done.added} labs {verb}added with {done.machine_count} machines,"
        f" {done.known} known already."
    )
    if done.classes:
        told = sum(count for kind, count in done.classes.items() if kind)
        click.echo(f"{told} of {done.classes.total()} machines were told by their names.")
    _show_not_mapped(done.not_mapped, everything=everything)


@labs.command()
@FILE
@click.option(
    "--unit",
    type=click.Choice(["mm", "cm", "in"]),
    default=None,
    help="What work areas without a unit are in; else they are not read.",
)
@DRY_RUN
@click.option("--all", "everything", is_flag=True, help="List everything that was not read.")
@with_app
def catalogue(file: Path, unit: str | None, *, dry_run: bool, everything: bool) -> None:
    """Add or change machine models by a CSV file; what cannot be read is listed."""
    done = models.import_catalogue(
        _text_of(file),
        actor=SYSTEM,
        now=clock.now(),
        unit=unit or "",
        dry_run=dry_run,
        progress=_with_bar("Importing models"),
    )
    verb = "would be " if dry_run else ""
    click.echo(
        f"{done.added} models {verb}added, {done.changed} {verb}changed,"
        f" {done.unchanged} are as they were."
    )
    _show_unread(done.unread, everything=everything)


@labs.command()
@FILE
@click.option("--evaluate", is_flag=True, help="Compare with the classes that the file gives.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs.")
def classify(file: Path, *, evaluate: bool, as_json: bool) -> None:
    """Tell the machines of a file by their names, or measure how often that is right.

    Rows are cut in two by a fixed hash. The words that tell machines were written with a look at
    one half only, so that the other half says how well they do.
    """
    if not evaluate:
        raise click.UsageError("Say --evaluate; labs import tells what machines are.")
    try:
        found = evaluating.evaluate(_text_of(file))
    except Invalid as invalid:
        raise click.ClickException(sentences(invalid)) from invalid
    scores = {
        "seen half": found.seen,
        "unseen half": found.unseen,
        "unseen half, names that the seen one lacks": found.new,
    }
    if as_json:
        click.echo(
            json.dumps(
                {
                    name: {"right": score.right, "count": score.count, "share": score.share}
                    for name, score in scores.items()
                }
            )
        )
        return
    for name, score in scores.items():
        click.echo(
            f"{name}: {score.right} of {score.count} right, {score.share:.1%};"
            f" nothing said of {score.nothing_said}"
        )
    for meant, count, right in evaluating.lines_of(found.unseen):
        click.echo(f"  unseen {meant}: {right} of {count}, {right / count:.1%}")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8 text.") from error


def _show_not_mapped(found: Sequence[NotMapped], *, everything: bool) -> None:
    if not found:
        return
    counted = Counter((each.why, each.what) for each in found)
    click.echo(f"{len(found)} things could not be mapped, {len(counted)} of them different:")
    shown = counted.most_common(None if everything else MOST_SHOWN)
    for (why, what), count in shown:
        click.echo(f"  {why}: {what or '-'}" + (f" ({count} times)" if count > 1 else ""))
    _say_rest(len(counted) - len(shown))


def _show_unread(found: Sequence[Unread], *, everything: bool) -> None:
    if not found:
        return
    cells = [each for each in found if each.column != "materials"]
    materials = Counter(each.text for each in found if each.column == "materials")
    click.echo(f"{len(cells)} cells could not be read:")
    shown = cells if everything else cells[:MOST_SHOWN]
    for each in shown:
        click.echo(f"  line {each.line}, {each.column}, {each.why}: {each.text or '-'}")
    _say_rest(len(cells) - len(shown))
    click.echo(f"{len(materials)} materials have no word here:")
    most = materials.most_common(None if everything else MOST_SHOWN)
    click.echo("  " + "; ".join(f"{text} ({count})" for text, count in most))
    _say_rest(len(materials) - len(most))


def _say_rest(count: int) -> None:
    if count > 0:
        click.echo(f"  and {count} more: --all lists them.")


def _with_bar(label: str) -> Callable[[Iterable[Item]], Iterator[Item]]:
    def counted(items: Iterable[Item]) -> Iterator[Item]:
        with click.progressbar(list(items), label=label, file=sys.stderr) as shown:
            yield from shown

    return counted
