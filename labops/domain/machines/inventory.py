"""The inventory as a file: read, checked whole, then written in one transaction or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine
from labops.domain.machines.queries import MachineView
from labops.domain.machines.services import (
    DescribeMachine,
    add_machine,
    describe_row,
    problems_of,
)
from labops.domain.machines.states import MachineState
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import audit, ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission

COLUMNS = (
    "slug",
    "name",
    "machine_type",
    "process",
    "maker",
    "model",
    "serial",
    "width_mm",
    "depth_mm",
    "height_mm",
    "materials",
    "capacity",
    "setup_minutes",
    "cleanup_minutes",
    "certification_needed",
    "space",
    "state",
    "description",
)
_REQUIRED = ("name", "machine_type")
_YES = {"1", "true", "yes", "y", "si", "sì", "vero"}
_NO = {"", "0", "false", "no", "n", "falso"}
MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One machine of the file and the line it stands on (the heading is line 1)."""

    number: int
    command: DescribeMachine


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do."""

    added: int
    changed: int


def import_machines(
    text: str,
    site_slug: str,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[Iterable[Line]], Iterable[Line]] = iter,
) -> Imported:
    """Add or change the machines of a CSV file at a site, all or none.

    A line whose slug (or, without one, whose name's slug) is known at the site changes that
    machine. Raises `Invalid` with one problem a wrong cell, each naming `line` and `field`.
    """
    session = reading()
    site = session.scalar(select(Site).where(Site.slug == site_slug))
    if site is None:
        raise NotFound
    actor.require(Permission.MACHINE_EDIT, site.id)
    site_id = site.id
    lines, problems = _read(text)
    problems += _problems(session, site_id, lines)
    if problems:
        raise Invalid(sorted(problems, key=lambda problem: int(problem.params["line"])))
    ids = select(Machine.slug, Machine.id).where(Machine.site_id == site_id)
    known = {row[0]: row[1] for row in session.execute(ids)}
    changes = [known[line.command.slug] for line in lines if line.command.slug in known]
    changed = len(changes)
    if not dry_run:
        with unit_of_work() as session:
            ledger.lock(session, bookables=changes)  # a line may put its machine out of service
            for line in progress(lines):
                _write(session, site_id, line.command, known, actor=actor, now=now)
            audit.record(
                session,
                actor,
                "machines.imported",
                f"site:{site_slug}",
                now=now,
                after={"added": len(lines) - changed, "changed": changed},
            )
    return Imported(added=len(lines) - changed, changed=changed)


def read_lines(text: str) -> list[Line]:
    """Read the file's lines; raises `Invalid` for what cannot be read, cell by cell."""
    lines, problems = _read(text)
    if problems:
        raise Invalid(problems)
    return lines


def _read(text: str) -> tuple[list[Line], list[Problem]]:
    """Return the file's lines, and a problem for each cell that cannot be read.

    Such a cell stands in its line as if it were empty, so that the rest of the line can still be
    checked. Raises `Invalid` when the headings are wrong or the file has no end.
    """
    sample = text[:4096]
    delimiter = ";" if sample.count(";") > sample.count(",") else ","
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter)
    headings = [(heading or "").strip() for heading in reader.fieldnames or ()]
    reader.fieldnames = headings
    problems = [
        Problem("inventory.missing-column", {"line": 1, "field": name})
        for name in _REQUIRED
        if name not in headings
    ]
    problems += [
        Problem("inventory.unknown-column", {"line": 1, "field": name})
        for name in headings
        if name not in COLUMNS
    ]
    if problems:
        raise Invalid(problems)
    lines: list[Line] = []
    for row in reader:
        if len(lines) >= MOST_LINES:
            raise Invalid([Problem("inventory.too-long", {"line": reader.line_num, "field": ""})])
        if not any((value or "").strip() for key, value in row.items() if key):
            continue
        lines.append(Line(reader.line_num, _read_row(row, reader.line_num, problems)))
    return lines, problems


def written(machines: Iterable[MachineView]) -> Iterator[str]:
    """Yield the inventory as CSV, heading first, a line at a time."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for machine in machines:
        values = {name: getattr(machine, name, "") for name in COLUMNS}
        values |= {
            "machine_type": machine.type_slug,
            "materials": ";".join(machine.materials),
            "certification_needed": "yes" if machine.certification_needed else "no",
            "space": machine.space_slug or "",
        }
        writer.writerow([_safe_cell(values[name]) for name in COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _safe_cell(value: Any) -> str:
    """Return the cell so that a spreadsheet does not take it for a formula."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _read_row(row: dict[str, str | None], line: int, problems: list[Problem]) -> DescribeMachine:
    values: dict[str, Any] = {}
    for name in COLUMNS:
        # What `written` put before a formula's first sign is taken off again.
        cell = (row.get(name) or "").strip().removeprefix("'")
        try:
            values[name] = _CELLS.get(name, str)(cell)
        except ValueError as error:
            problems.append(Problem(str(error), {"line": line, "field": name, "value": cell}))
            values[name] = _CELLS[name]("")
    if None in row:  # DictReader keeps surplus cells under None
        problems.append(Problem("inventory.too-many-cells", {"line": line, "field": ""}))
    values["slug"] = values["slug"] or slug_of(values["name"])
    return DescribeMachine(**values)


def _length(cell: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell.replace(",", "."))
    except ValueError as error:
        raise ValueError("field.not-a-number") from error
    if not 0 < value < float("inf"):
        raise ValueError("field.not-a-number")
    return value


def _count(default: int) -> Callable[[str], int]:
    def read(cell: str) -> int:
        if not cell:
            return default
        try:
            return int(cell)
        except ValueError as error:
            raise ValueError("field.not-a-number") from error

    return read


def _yes_or_no(cell: str) -> bool:
    if cell.lower() in _YES:
        return True
    if cell.lower() in _NO:
        return False
    raise ValueError("field.not-yes-or-no")


def _state(cell: str) -> MachineState:
    try:
        return MachineState(cell or "in_service")
    except ValueError as error:
        raise ValueError("field.not-offered") from error


def _materials(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.replace(",", ";").split(";") if part.strip())


_CELLS: dict[str, Callable[[str], Any]] = {
    "width_mm": _length,
    "depth_mm": _length,
    "height_mm": _length,
    "capacity": _count(1),
    "setup_minutes": _count(0),
    "cleanup_minutes": _count(0),
    "certification_needed": _yes_or_no,
    "state": _state,
    "materials": _materials,
}


def _problems(session: Session, site_id: int, lines: list[Line]) -> Iterator[Problem]:
    elsewhere = set(session.scalars(select(Bookable.slug).where(Bookable.site_id != site_id)))
    seen: dict[str, int] = {}
    for line in lines:
        slug = line.command.slug
        if slug and slug in seen:  # a line without a name has trouble enough
            yield Problem(
                "inventory.doubled", {"line": line.number, "field": "slug", "other": seen[slug]}
            )
        elif slug in elsewhere:
            yield Problem("inventory.elsewhere", {"line": line.number, "field": "slug"})
        seen.setdefault(slug, line.number)
        for problem in problems_of(session, site_id, line.command):
            yield replace(problem, params={"line": line.number, **problem.params})


def _write(
    session: Session,
    site_id: int,
    command: DescribeMachine,
    known: Container[str],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    if command.slug in known:
        describe_row(session, command, actor=actor, now=now)
    else:
        add_machine(session, site_id, command, actor=actor, now=now)
