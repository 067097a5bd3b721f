"""Use cases of member lists: a whole file is brought in, or nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from labops.domain.member_lists import columns, queries
from labops.domain.member_lists.matching import Known, plan_lines
from labops.domain.member_lists.models import MemberListMapping
from labops.domain.member_lists.reading import read_lines
from labops.domain.member_lists.values import (
    CERTIFICATION,
    Duplicates,
    Imported,
    PlannedLine,
    Sheet,
)
from labops.domain.member_lists.writing import Writer
from labops.domain.sites.queries import SiteView
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Actor, Permission

UPDATE_ALL = Duplicates()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMembers:
    """A file, the field of each of its columns, and what to do with people who are known."""

    site: SiteView
    sheet: Sheet
    mapping: tuple[str, ...]
    duplicates: Duplicates = UPDATE_ALL


Progress = Callable[[Iterable[PlannedLine]], Iterable[PlannedLine]]


def look_at(command: ImportMembers, *, actor: Actor, now: datetime) -> list[PlannedLine]:
    """Say what importing the file would do with each line; raises as `import_members`."""
    _require(command, actor)
    return _plan(reading(), command, _today(command, now))[0]


def import_members(
    command: ImportMembers, *, actor: Actor, now: datetime, progress: Progress = iter
) -> Imported:
    """Make, or change, the people of a file and their membership at a site, all or none.

    Empty cells change nothing. New people have no password: they ask for a link at their first
    sign-in. Raises `Forbidden`, and `Invalid` with a problem for each wrong cell, naming `line`
    and `field` (its column).
    """
    _require(command, actor)
    today = _today(command, now)
    with unit_of_work() as session:
        plans, known = _plan(session, command, today)
        writer = Writer(session, command.site.id, known, actor=actor, now=now, today=today)
        for part in chunks_while(progress(plans)):
            writer.write(part)
        session.merge(
            MemberListMapping(
                site_id=command.site.id,
                columns=dict(zip(command.sheet.headings, command.mapping, strict=True)),
                revised_at=now,
            )
        )
        done = Imported.of(plans)
        audit.record(
            session,
            actor,
            "members.imported",
            f"site:{command.site.slug}",
            now=now,
            after={
                "created": done.created,
                "updated": done.updated,
                "unchanged": done.unchanged,
                "skipped": done.skipped,
            },
        )
    return done


def chunks_while(plans: Iterable[PlannedLine], size: int = 250) -> Iterable[list[PlannedLine]]:
    """Yield the lines, so many at a time, as they come: whoever counts them sees it go on."""
    part: list[PlannedLine] = []
    for plan in plans:
        part.append(plan)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def _require(command: ImportMembers, actor: Actor) -> None:
    actor.require(Permission.MEMBERSHIP_GRANT, command.site.id)
    if any(field.startswith(CERTIFICATION) for field in command.mapping):
        actor.require(Permission.CERTIFICATION_GRANT, command.site.id)


def _today(command: ImportMembers, now: datetime) -> date:
    return now.astimezone(command.site.tz).date()


def _plan(
    session: Session, command: ImportMembers, today: date
) -> tuple[list[PlannedLine], Mapping[int, Known]]:
    types = queries.type_names(session)
    if wrong := columns.problems_of(command.sheet.headings, command.mapping, types):
        raise Invalid(wrong)
    lines, problems = read_lines(command.sheet, command.mapping, today=today)
    plans, known, against = plan_lines(session, command.site.id, lines, command.duplicates)
    # Of a line with a cell that cannot be read nobody can say whose it is.
    unread = {problem.params["line"] for problem in problems}
    headings = dict(zip(command.mapping, command.sheet.headings, strict=True))
    problems += [
        replace(one, params={**one.params, "field": headings.get(field, field)})
        for one in against
        if one.params["line"] not in unread
        for field in [str(one.params["field"])]
    ]
    if problems:
        raise Invalid(sorted(problems, key=lambda problem: int(problem.params["line"])))
    return plans, known
