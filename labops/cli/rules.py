"""House rules from the shell: decide cases, bring rules in and out, say them in words."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask
from flask_babel import Babel, force_locale

from labops.blueprints.messages import sentence_for
from labops.blueprints.rules_in_words import rules_in_words
from labops.cli.context import with_app
from labops.cli.rules_outcome import outcome_as_data, print_outcome
from labops.domain.bookings.past import PastBooking
from labops.domain.bookings.replaying import USUAL_WEEKS, WEEKS, Replay, replay
from labops.domain.house_rules import queries, services
from labops.domain.house_rules.cases import CaseFile, Result, decide, read_cases
from labops.domain.house_rules.files import Levels, RuleFile, read_file, write_file
from labops.domain.sites import queries as sites
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import SYSTEM

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LARGEST = 20 * 1024 * 1024


@click.group()
def rules() -> None:
    """Decide cases by house rules, bring them in and out, say them in words."""


@rules.command()
@click.argument("rules_file", metavar="RULES.toml", type=FILE)
@click.argument("cases_file", metavar="CASES.json", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def check(rules_file: Path, cases_file: Path, *, as_json: bool) -> None:
    """Decide every case by the rules; no database is needed."""
    with _words("en"):
        found = _read_rules(rules_file)
        cases = _read_cases(cases_file)
        try:
            results = decide(found, cases)
        except Invalid as error:
            _refuse(rules_file, error.problems)
        if as_json:
            click.echo(json.dumps({"results": [_answer(one) for one in results]}, indent=2))
        else:
            _print(results, cases)


@rules.command()
@click.argument("rules_file", metavar="[RULES.toml]", type=FILE, required=False)
@click.option("--site", "slug", help="A site whose rules in force are told, without a file.")
@click.option("--category", default="", help="What holds for this kind of machine.")
@click.option("--machine", default="", help="What holds for this machine.")
@click.option("--plan", default="", help="What holds for people on this plan.")
@click.option("--language", type=click.Choice(["en", "it"]), default="en", show_default=True)
def show(
    rules_file: Path | None,
    slug: str | None,
    category: str,
    machine: str,
    plan: str,
    language: str,
) -> None:
    """Say in plain words what the rules mean for somebody who wants to book."""
    if (rules_file is None) == (slug is None):
        raise click.UsageError("Name either a file or a site with --site.")
    levels = _levels_of(slug) if slug is not None else None
    with _words(language):
        path = rules_file or Path(slug or "")
        file = RuleFile(levels) if levels is not None else _read_rules(path)
        try:
            found = file.of(category=category, machine=machine, plan=plan)
        except Invalid as error:
            _refuse(path, error.problems)
        for sentence in rules_in_words(found):
            click.echo(sentence)


@rules.command(name="import")
@click.argument("rules_file", metavar="RULES.toml", type=FILE)
@click.option("--site", "slug", required=True, help="The site's slug.")
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@with_app
def import_file(rules_file: Path, slug: str, *, dry_run: bool) -> None:
    """Make the file all that the site's house rules say, from now on."""
    found = _read_rules(rules_file)
    try:
        changed = services.import_rules(
            slug, found.levels, actor=SYSTEM, now=clock.now(), dry_run=dry_run
        )
    except Invalid as error:
        _refuse(rules_file, error.problems)
    if not changed:
        click.echo("The site says all of this already.")
        return
    verb = "would be put" if dry_run else "put"
    click.echo(f"New rules {verb} in force: {', '.join(changed)}.")


@rules.command()
@click.option("--site", "slug", help="The site's slug; needed where there are several.")
@with_app
def export(slug: str | None) -> None:
    """Print the house rules of a site as TOML."""
    session = reading()
    if slug is None:
        known = [site.slug for site in sites.all_sites(session)]
        if len(known) != 1:
            raise click.UsageError(f"Name the site with --site: {', '.join(known) or 'none yet'}.")
        slug = known[0]
    site = sites.by_slug(session, slug)
    click.echo(write_file(queries.site_rules(session, site.id).levels), nl=False)


@rules.command()
@click.argument("rules_file", metavar="RULES.toml", type=FILE)
@click.option("--site", "slug", required=True, help="The site whose bookings are tried.")
@click.option(
    "--weeks",
    type=click.IntRange(WEEKS[0], WEEKS[-1]),
    default=USUAL_WEEKS,
    show_default=True,
    help="How far to look back.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@with_app
def simulate(rules_file: Path, slug: str, weeks: int, *, as_json: bool) -> None:
    """Say which bookings of the last weeks the file would have refused; changes nothing."""
    found, session = _read_rules(rules_file), reading()
    site = sites.by_slug(session, slug)
    wanted = Replay(site=site, changed=found.levels, weeks=weeks, whole=True)
    try:
        outcome = replay(session, wanted, now=clock.now(), progress=_with_bar)
    except Invalid as error:
        _refuse(rules_file, error.problems)
    if as_json:
        click.echo(json.dumps(outcome_as_data(outcome), indent=2))
    else:
        print_outcome(outcome, site.tz)


def _with_bar(bookings: Sequence[PastBooking]) -> Iterator[PastBooking]:
    """Give the bookings back, and on a terminal show how many are left."""
    with click.progressbar(bookings, label="Bookings", file=sys.stderr) as bar:
        yield from bar


@with_app
def _levels_of(slug: str) -> Levels:
    session = reading()
    return queries.site_rules(session, sites.by_slug(session, slug).id).levels


def _words(language: str) -> force_locale:
    """Return a context in which sentences are in the language, without any database."""
    app = Flask("labops")
    Babel(app)
    context = app.test_request_context()
    context.push()
    click.get_current_context().call_on_close(context.pop)
    return force_locale(language)


def _read_rules(path: Path) -> RuleFile:
    try:
        return read_file(_text_of(path))
    except Invalid as error:
        _refuse(path, error.problems)


def _read_cases(path: Path) -> CaseFile:
    try:
        return read_cases(_text_of(path))
    except Invalid as error:
        _refuse(path, error.problems)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise click.ClickException(f"{path} is larger than 20 MiB.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8 text.") from error


def _refuse(path: Path, problems: Sequence[Problem]) -> NoReturn:
    lines = []
    for problem in problems:
        case = f"case {problem.params['case']}: " if "case" in problem.params else ""
        field = problem.params.get("field", "")
        place = f"{field}: " if field else ""
        lines.append(f"{path.name}: {case}{place}{sentence_for(problem)}")
    raise click.ClickException("\n".join(lines))


def _answer(result: Result) -> dict[str, object]:
    answer: dict[str, object] = {
        "id": result.id,
        "allowed": result.allowed,
        "codes": list(result.codes),
        "late": result.late,
    }
    if result.asked:
        answer["needs_approval"] = True
    return answer


def _print(results: Sequence[Result], cases: CaseFile) -> None:
    for result in results:
        said = "allowed" if result.allowed else "refused"
        said += ", late" if result.late else ""
        said += ", staff must agree" if result.asked else ""
        click.echo(f"{result.id}: {said}")
        for problem in (*result.problems, *result.asked):
            click.echo(f"  {problem.code}: {sentence_for(problem, cases.zone)}")
