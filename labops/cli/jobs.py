"""Scheduled jobs from the shell."""

from __future__ import annotations

import json
from datetime import datetime

import click

from labops.adapters import jobs as registry
from labops.adapters.jobs import JobFailed, JobState
from labops.cli.context import with_app
from labops.kernel import clock
from labops.kernel.db import reading


@click.group()
def jobs() -> None:
    """Work that runs by itself: missed bookings, mails, clearing out."""


@jobs.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print for a program.")
@with_app
def show(*, as_json: bool) -> None:
    """Say when each job last ran, how it went, and when it is due."""
    found = registry.states(reading(), now=clock.now())
    if as_json:
        click.echo(json.dumps([_plain(state) for state in found], indent=2))
        return
    click.echo(_line("JOB", "EVERY", "LAST STARTED", "LAST SUCCESS", "DUE", "OUTCOME"))
    for state in found:
        click.echo(
            _line(
                state.name,
                f"{int(state.period.total_seconds())} s",
                _at(state.started_at),
                _at(state.succeeded_at),
                "now" if state.due else _at(state.due_at),
                _outcome(state),
            )
        )


@jobs.command()
@click.argument("name", type=click.Choice(list(registry.JOBS)))
@click.option("--dry-run", is_flag=True, help="Say what would be done, change nothing.")
@with_app
def run(name: str, *, dry_run: bool) -> None:
    """Run one job now, whether it is due or not."""
    try:
        outcome = registry.run_job(name, now=clock.now(), dry_run=dry_run)
    except JobFailed as error:
        raise click.ClickException(f"{name} failed: {error}") from error
    click.echo(f"{name}{' (dry run)' if dry_run else ''}: {outcome}")


def _outcome(state: JobState) -> str:
    late = "late; " if state.late else ""
    return late + (f"failed: {state.error}" if state.error else state.outcome or "-")


def _line(*cells: str) -> str:
    widths = (16, 8, 21, 21, 21)
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return " ".join([*padded, *cells[len(widths) :]]).rstrip()


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%SZ}" if moment else "-"


def _plain(state: JobState) -> dict[str, object]:
    return {
        "name": state.name,
        "period_seconds": state.period.total_seconds(),
        "started_at": _iso(state.started_at),
        "finished_at": _iso(state.finished_at),
        "succeeded_at": _iso(state.succeeded_at),
        "outcome": state.outcome,
        "error": state.error,
        "due_at": _iso(state.due_at),
        "due": state.due,
        "late": state.late,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
