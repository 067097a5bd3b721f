"""Matching straight from files: rank labs for requests, and judge the order against grades."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from labops.domain.matches.evaluating import Figures, accuracy, figures_of, mean_of, reading_of
from labops.domain.matches.explaining import ranking_as_data
from labops.domain.matches.files import BadFile, Request, grades_from, labs_from, requests_from
from labops.domain.matches.labs import Lab
from labops.domain.matches.matching import Asking
from labops.domain.matches.ranking import Ranking, rank
from labops.domain.requests.needs import Need
from labops.domain.requests.reading.reader import read_need

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(formats=["%Y-%m-%d"])
LARGEST = 50 * 1024 * 1024
WORTH_A_BAR = 50


@click.group()
def matches() -> None:
    """Find the labs that can do what requests need, straight from files."""


@matches.command(name="rank")
@click.option("--labs", "labs_file", type=FILE, required=True, help="A file with labs.")
@click.option("--requests", "requests_file", type=FILE, required=True, help="A file with requests.")
@click.option("--as-of", type=DAY, required=True, help="The day on which it is asked.")
@click.option("--seed", default="", help="Decides among equals; the request's id by default.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON, with every reason.")
def rank_labs(
    labs_file: Path, requests_file: Path, as_of: datetime, seed: str, *, as_json: bool
) -> None:
    """Rank labs for requests, the best first; no database is needed."""
    with _refusing(labs_file):
        labs = labs_from(_data(labs_file))
    with _refusing(requests_file):
        requests = requests_from(_data(requests_file))
    results = []
    for request in _with_bar(requests):
        need, ranking = _answer(request, labs, as_of, seed)
        if as_json:
            results.append(ranking_as_data(request.id, need, ranking, as_of.date()))
        else:
            _print(request, need, ranking)
    if as_json:
        click.echo(json.dumps({"results": results}, ensure_ascii=False, indent=1))


@matches.command()
@click.argument("file", type=FILE)
@click.option("--as-of", type=DAY, required=True, help="The day on which it is asked.")
@click.option("--seed", default="", help="Decides among equals; the request's id by default.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def evaluate(file: Path, as_of: datetime, seed: str, *, as_json: bool) -> None:
    """Judge the order of labs by the grades of the file, per request and overall."""
    with _refusing(file):
        data = _data(file)
        labs, requests, grades = labs_from(data), requests_from(data), grades_from(data)
    barred = frozenset(lab.id for lab in labs if lab.bar(as_of.date()) is not None)
    figures: dict[str, Figures] = {}
    verdicts = []
    for request in _with_bar(requests):
        need, ranking = _answer(request, labs, as_of, seed)
        order = [one.lab.id for one in ranking.matches]
        mine = {one.lab: one.grade for one in grades if one.request == request.id}
        figures[request.id] = figures_of(order, mine, barred)
        if request.need is not None:
            verdicts.append(reading_of(need, request.need, as_of.date()))
    if not figures:
        raise click.ClickException(f"{file.name}: there are no requests to judge.")
    reading = accuracy(verdicts)
    if as_json:
        click.echo(json.dumps(_as_data(figures, reading), indent=1))
    else:
        _print_figures(figures, reading)


def _answer(
    request: Request, labs: Sequence[Lab], as_of: datetime, seed: str
) -> tuple[Need, Ranking]:
    need = read_need(request.words, today=as_of.date())
    asking = Asking(today=as_of.date(), place=request.place, firm=request.firm)
    return need, rank(need, labs, asking, seed=seed or request.id)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn a refusal of the file into a sentence and exit 1."""
    try:
        yield
    except BadFile as error:
        raise click.ClickException(f"{path.name}: {error}.") from error


def _data(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST:
            raise click.ClickException(f"{path.name} is larger than 50 MiB.")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path.name} is not UTF-8 text.") from error
    except (ValueError, RecursionError) as error:
        raise click.ClickException(f"{path.name} is not JSON: {error}.") from error
    except OSError as error:
        raise click.ClickException(f"{path.name} cannot be read: {error.strerror}.") from error


def _with_bar(requests: Sequence[Request]) -> Iterator[Request]:
    """Give the requests back, and on a terminal show how many are left."""
    if len(requests) < WORTH_A_BAR or not sys.stderr.isatty():
        yield from requests
        return
    with click.progressbar(requests, label="Requests", file=sys.stderr) as bar:
        yield from bar


def _print(request: Request, need: Need, ranking: Ranking) -> None:
    click.echo(f"{request.id}: {request.words.title or request.words.text[:60]}")
    for step in need.steps:
        wish = "" if step.must else " (wished for)"
        materials = ", ".join(step.materials.value) or "any material"
        size = " × ".join(f"{value:g}" for value in step.size.value) + " mm" if step.size else ""
        click.echo(f"  {' or '.join(step.processes.value)}: {materials} {size}{wish}".rstrip())
    if not need.steps:
        click.echo("  No step was understood.")
    for place, one in enumerate(ranking.matches, start=1):
        lab = f"{one.lab.id} {one.lab.name}"
        lacking = ", ".join(dict.fromkeys(str(check.code) for check in one.lacking))
        click.echo(f"  {place:3}. {lab}  {one.score:.3f}  {one.fit}  {lacking}".rstrip())
    for team in ranking.teams:
        click.echo("  team: " + " + ".join(f"{lab.id} {lab.name}" for lab in team.labs))
    if ranking.left_out:
        click.echo(
            "  left out: "
            + ", ".join(f"{one.lab.id} {one.reason.code}" for one in ranking.left_out)
        )


def _row(name: str, one: Figures) -> str:
    means = f"{one.ndcg:8.3f}{one.mrr:8.3f}{one.recall:10.3f}{one.first:7.2f}"
    return f"{name:10}{means}{one.ineligible:12.0f}"


def _print_figures(figures: Mapping[str, Figures], reading: Mapping[str, tuple[int, int]]) -> None:
    click.echo(f"{'request':10}{'nDCG@5':>8}{'MRR':>8}{'recall@5':>10}{'P@1':>7}{'ineligible':>12}")
    for name, one in figures.items():
        click.echo(_row(name, one))
    click.echo(_row("overall", mean_of(list(figures.values()))))
    if reading:
        click.echo("read rightly: " + ", ".join(_shares(reading)))


def _shares(reading: Mapping[str, tuple[int, int]]) -> Iterable[str]:
    return (f"{name} {right}/{all_}" for name, (right, all_) in reading.items())


def _as_data(
    figures: Mapping[str, Figures], reading: Mapping[str, tuple[int, int]]
) -> Mapping[str, Any]:
    def plain(one: Figures) -> dict[str, float]:
        return {
            "ndcg@5": one.ndcg,
            "mrr": one.mrr,
            "recall@5": one.recall,
            "p@1": one.first,
            "ineligible_in_top_3": one.ineligible,
        }

    return {
        "overall": plain(mean_of(list(figures.values()))),
        "requests": [{"request": name, **plain(one)} for name, one in figures.items()],
        "reading": {name: {"right": right, "of": all_} for name, (right, all_) in reading.items()},
    }
