"""The form of a lab's machine, with what the catalogue knows of its model."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, ValidationError, validators, widgets

from labops.blueprints import formats
from labops.blueprints.house_rules.fields import Ticks
from labops.blueprints.labs.base import offered
from labops.blueprints.sites.fields import Choice, Millimetres, Prose, Typed, Whole, Words, needed
from labops.domain.labs.catalogue import ModelView
from labops.domain.labs.classes import CLASSES
from labops.domain.labs.commands import DescribeLabMachine
from labops.domain.labs.views import MachineView
from labops.domain.labs.vocabulary import MATERIALS, word_for
from labops.domain.machines.states import MachineState

_LENGTHS = ("width_mm", "depth_mm", "height_mm", "tolerance_mm", "thickness_mm", "power_w")


class Day(Typed):
    """A day of the calendar."""

    widget = widgets.DateInput()

    def read(self, text: str) -> date:
        """Return the day."""
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_("Write a day, such as 2026-11-26.")) from error


class LabMachineForm(Form):
    """A machine: what it is, how large a piece it takes, what it works."""

    name = Words(_l("Name"), [needed()])
    machine_class = Choice(_l("Kind of machine"))
    maker = Words(_l("Maker"), [validators.Optional()])
    model = Words(_l("Model"), [validators.Optional()])
    count = Whole(_l("How many of them"), [needed()])
    processes = Ticks(
        _l("Processes"), description=_l("None ticked: what machines of this kind usually do.")
    )
    width_mm = Millimetres(_l("Width of the largest piece, in mm"), [validators.Optional()])
    depth_mm = Millimetres(_l("Depth, in mm"), [validators.Optional()])
    height_mm = Millimetres(_l("Height, in mm"), [validators.Optional()])
    tolerance_mm = Millimetres(_l("Tolerance, plus or minus, in mm"), [validators.Optional()])
    thickness_mm = Millimetres(_l("Thickest material, in mm"), [validators.Optional()])
    power_w = Millimetres(_l("Power, in watts"), [validators.Optional()])
    materials = Prose(
        _l("Materials"),
        [validators.Optional()],
        description=_l("A line each, as Plywood, or with the thickest in mm, as Plywood 10."),
    )
    state = Choice(_l("State"))
    back_on = Day(_l("Back in service on"), [validators.Optional()])
    catalogue_model_id = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = formats.language()
        kinds = [(key, kind.name(language)) for key, kind in CLASSES.items()]
        kinds.sort(key=lambda pair: pair[1].casefold())
        self.machine_class.choices = [("", _l("Something else")), *kinds]
        self.processes.choices = offered().processes
        self.state.choices = [
            (str(MachineState.IN_SERVICE), _l("In service")),
            (str(MachineState.OUT_OF_SERVICE), _l("Out of service")),
        ]

    def validate_materials(self, field: Prose) -> None:
        """Refuse a material that has no word here, by its line."""
        for line in _lines(str(field.data or "")):
            if not _material_in(line)[0]:
                raise ValidationError(
                    _("“%(line)s” is none of the materials below.", line=line[:60])
                )

    @classmethod
    def of(cls, machine: MachineView) -> LabMachineForm:
        """Return the form that shows a machine."""
        names = ("name", "machine_class", "maker", "model", "count", "state", "back_on", *_LENGTHS)
        values: dict[str, Any] = {name: getattr(machine, name) for name in names}
        values["processes"] = list(machine.processes)
        values["materials"] = _written(dict(machine.materials))
        return cls(data=values)

    @classmethod
    def of_model(cls, model: ModelView) -> LabMachineForm:
        """Return the form for a machine of a model of the catalogue."""
        return cls(
            data={
                "name": model.name,
                "machine_class": model.machine_class,
                "maker": model.maker,
                "model": model.model,
                "count": 1,
                "width_mm": model.width_mm,
                "depth_mm": model.depth_mm,
                "height_mm": model.height_mm,
                "processes": [model.process] if model.process else [],
                "materials": _written(dict.fromkeys(model.materials)),
                "catalogue_model_id": model.id,
            }
        )

    def to_command(self) -> DescribeLabMachine:
        """Return what was typed; call it after `validate()`."""
        model_id = str(self.catalogue_model_id.data or "")
        return DescribeLabMachine(
            name=str(self.name.data),
            maker=str(self.maker.data or ""),
            model=str(self.model.data or ""),
            machine_class=str(self.machine_class.data or ""),
            processes=tuple(self.processes.data or ()),
            count=self.count.data or 0,
            state=MachineState(self.state.data),
            back_on=self.back_on.data,
            materials=dict(map(_material_in, _lines(str(self.materials.data or "")))),
            catalogue_model_id=int(model_id) if _is_number(model_id) else None,
            **{name: self[name].data for name in _LENGTHS},
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _material_in(line: str) -> tuple[str, float | None]:
    """Return the material of a line, empty for none of ours, and the thickest that is worked."""
    whole = _material_called(line)
    head, _gap, last = line.removesuffix("mm").strip().rpartition(" ")
    number = last.replace(",", ".")
    if whole or not number.isascii() or not number.replace(".", "", 1).isdecimal():
        return whole, None
    return _material_called(head), float(number)


def _material_called(words: str) -> str:
    asked = words.casefold()
    return next(
        (
            key
            for key, names in MATERIALS.items()
            if asked in {key, *(name.casefold() for name in names)}
        ),
        "",
    )


def _written(materials: dict[str, float | None]) -> str:
    language = formats.language()
    return "\n".join(
        word_for(MATERIALS, key, language) + (f" {thickness:g}" if thickness else "")
        for key, thickness in materials.items()
    )
