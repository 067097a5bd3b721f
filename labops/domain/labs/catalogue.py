"""The catalogue of machine models: read from CSV, searched when a lab adds a machine.

What cannot be read is listed with its line, never guessed; the rest is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.labs.cells import Table
from labops.domain.labs.classes import CLASSES
from labops.domain.labs.classifying import class_of, plain
from labops.domain.labs.material_words import read_materials
from labops.domain.labs.models import CatalogueModel
from labops.domain.labs.sizes import Size, read_size
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

MOST_LINES = 20_000
MOST_PROPOSED = 12
MOST_WORDS = 6
_MODEL, _MAKER = 120, 80
# How columns are called, in small letters: what they hold.
_COLUMNS: Mapping[str, str] = {
    "model": "model",
    "brand": "maker",
    "maker": "maker",
    "technology": "technology",
    "laser type": "laser_type",
    "build size": "size",
    "working area": "size",
    "materials": "materials",
}
_TECHNOLOGIES: Mapping[str, str] = {
    "fdm": "fdm_printer",
    "fff": "fdm_printer",
    "lpd": "fdm_printer",
    "dup": "resin_printer",
    "sla": "resin_printer",
    "dlp": "resin_printer",
    "mjp": "resin_printer",
    "polyjet": "resin_printer",
    "clip": "resin_printer",
    "sls": "powder_printer",
    "mjf": "powder_printer",
    "dmls": "powder_printer",
    "slm": "powder_printer",
    "ebm": "powder_printer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model of the catalogue; lengths in mm."""

    id: int = 0
    maker: str
    model: str
    machine_class: str
    process: str
    technology: str
    width_mm: float | None
    depth_mm: float | None
    height_mm: float | None
    materials: Sequence[str]

    @property
    def name(self) -> str:
        """Return maker and model, the maker once."""
        double = plain(self.model).startswith(plain(self.maker))
        return self.model if double or not self.maker else f"{self.maker} {self.model}"


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that was not read: `why` is a code, `text` what stood there."""

    line: int
    column: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class CatalogueImport:
    """What an import did, or would do, and what it could not read."""

    added: int
    changed: int
    unchanged: int
    unread: Sequence[Unread]


@dataclass(slots=True)
class _Read:
    models: dict[tuple[str, str, str], ModelView] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


def import_catalogue(
    text: str,
    *,
    actor: Actor,
    now: datetime,
    unit: str = "",
    dry_run: bool = False,
    progress: Callable[[Iterable[ModelView]], Iterable[ModelView]] = iter,
) -> CatalogueImport:
    """Add or change the models of a CSV file, and return what could not be read.

    `unit` is what work areas without one are in. Raises `Invalid` when no column tells models.
    """
    actor.require(Permission.CATALOGUE_IMPORT, None)
    read = _read(text, unit)
    with unit_of_work() as session:
        known = {
            (row.maker, row.model, row.machine_class): row
            for row in session.scalars(select(CatalogueModel))
        }
        counts = {"added": 0, "changed": 0, "unchanged": 0}
        for model in progress(list(read.models.values())):
            row = known.get((model.maker, model.model, model.machine_class))
            if row is None:
                counts["added"] += 1
            elif all(getattr(row, name) == value for name, value in _values(model).items()):
                counts["unchanged"] += 1
                continue
            else:
                counts["changed"] += 1
            if not dry_run:
                _write(session, row, model, now)
        if not dry_run:
            audit.record(session, actor, "catalogue.imported", "catalogue", now=now, after=counts)
    return CatalogueImport(
        counts["added"], counts["changed"], counts["unchanged"], tuple(read.unread)
    )


def proposed(session: Session, words: str) -> list[ModelView]:
    """Return models whose maker and name hold every word, the shortest names first."""
    asked = plain(words).split()[:MOST_WORDS]
    if not asked:
        return []
    found = session.scalars(
        select(CatalogueModel)
        .where(*(CatalogueModel.words.contains(word, autoescape=True) for word in asked))
        .order_by(CatalogueModel.words, CatalogueModel.id)
        .limit(MOST_PROPOSED * 4)
    )
    views = sorted(map(_view, found), key=lambda model: (len(model.name), model.name))
    return views[:MOST_PROPOSED]


def model_of(session: Session, model_id: int) -> ModelView | None:
    """Return a model of the catalogue, if there is one of that number."""
    row = session.get(CatalogueModel, model_id)
    return _view(row) if row else None


def model_count(session: Session) -> int:
    """Return how many models the catalogue holds."""
    return len(session.scalars(select(CatalogueModel.id)).all())


def _read(text: str, unit: str) -> _Read:
    table = Table(text)
    called = {
        heading: _COLUMNS[heading.strip().casefold()]
        for heading in table.headings
        if heading.strip().casefold() in _COLUMNS
    }
    if "model" not in called.values():
        raise Invalid([Problem("inventory.missing-column", {"line": 1, "field": "model"})])
    read = _Read()
    for line, row in table:
        if line > MOST_LINES:
            raise Invalid([Problem("inventory.too-long", {"line": line, "field": ""})])
        cells = {held: one_line(row.get(heading) or "") for heading, held in called.items()}
        if any(cells.values()):
            _read_row(read, cells, line, unit)
    return read


def _read_row(read: _Read, cells: Mapping[str, str], line: int, unit: str) -> None:
    maker, name = cells.get("maker", "")[:_MAKER], cells.get("model", "")
    if not name or len(name) > _MODEL:
        read.unread.append(Unread(line, "model", name, "empty" if not name else "too-long"))
        return
    machine_class = _class_of(cells)
    if not machine_class:
        read.unread.append(Unread(line, "model", f"{maker} {name}".strip(), "class"))
        return
    process = CLASSES[machine_class].process
    if not process:
        read.unread.append(Unread(line, "technology", cells.get("technology", ""), "process"))
    size = read_size(cells.get("size", ""), unit=unit)
    if size.unread:
        read.unread.append(Unread(line, "size", cells.get("size", ""), size.unread))
    materials = read_materials(cells.get("materials", ""))
    read.unread += [Unread(line, "materials", each, "material") for each in materials.unread]
    width, depth, height = _three(size)
    key = (maker, name, machine_class)
    if key in read.models:
        read.unread.append(Unread(line, "model", name, "doubled"))
        return
    read.models[key] = ModelView(
        maker=maker,
        model=name,
        machine_class=machine_class,
        process=process,
        technology=(cells.get("technology") or cells.get("laser_type", ""))[:80],
        width_mm=width,
        depth_mm=depth,
        height_mm=height,
        materials=list(materials.known),
    )


def _class_of(cells: Mapping[str, str]) -> str:
    """Return the class that a row's technology tells, else the one that its name does."""
    if "laser_type" in cells:
        marker = "mark" in cells["model"].casefold()
        return "laser_marker" if marker else "laser_cutter"
    if "technology" in cells:
        sign = (cells["technology"].casefold().split() or [""])[0]
        return _TECHNOLOGIES.get(sign, "printer_3d")
    return class_of(cells.get("model", ""), cells.get("maker", ""))


def _three(size: Size) -> tuple[float | None, float | None, float | None]:
    sides: list[float | None] = [*size.sides_mm, None, None, None]
    return sides[0], sides[1], sides[2]


def _values(model: ModelView) -> dict[str, object]:
    return {name: value for name, value in asdict(model).items() if name != "id"}


def _write(session: Session, row: CatalogueModel | None, model: ModelView, now: datetime) -> None:
    if row is None:
        row = CatalogueModel()
        session.add(row)
    for name, value in _values(model).items():
        setattr(row, name, value)
    row.words = plain(f"{model.maker} {model.model}")[:210]
    row.imported_at = now


def _view(row: CatalogueModel) -> ModelView:
    return ModelView(
        id=row.id,
        maker=row.maker,
        model=row.model,
        machine_class=row.machine_class,
        process=row.process,
        technology=row.technology,
        width_mm=row.width_mm,
        depth_mm=row.depth_mm,
        height_mm=row.height_mm,
        materials=row.materials,
    )
