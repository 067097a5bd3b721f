"""The forms of a machine: shape and spelling only, the use cases decide the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, Form, SelectField, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.blueprints.machines.base import named_processes
from labops.blueprints.sites.fields import Millimetres, Prose, Whole, Words, needed
from labops.domain.machines.queries import MachineView
from labops.domain.machines.services import DescribeMachine
from labops.domain.machines.states import MachineState

MOST_SIGNS = 1_500_000


def _at_most(signs: int) -> validators.Length:
    return validators.Length(max=signs, message=_l("This is too long."))


class MachineForm(Form):
    """Everything a machine says of itself. Lengths in mm, buffers in minutes.

    The process is `process_id` here, because every form has a method called `process`.
    """

    name = Words(_l("Name"), [needed(), _at_most(120)])
    machine_type = SelectField(_l("Kind of machine"), [needed()], validate_choice=False)
    process_id = SelectField(_l("Process"), [validators.Optional()], validate_choice=False)
    maker = Words(_l("Maker"), [validators.Optional(), _at_most(80)])
    model = Words(_l("Model"), [validators.Optional(), _at_most(80)])
    serial = Words(
        _l("Serial number"),
        [validators.Optional(), _at_most(80)],
        description=_l("Only staff see it."),
    )
    width_mm = Millimetres(_l("Width of the largest piece, in mm"), [validators.Optional()])
    depth_mm = Millimetres(_l("Depth, in mm"), [validators.Optional()])
    height_mm = Millimetres(_l("Height, in mm"), [validators.Optional()])
    materials = Words(
        _l("Materials"),
        [validators.Optional(), _at_most(1000)],
        description=_l("Separated by commas."),
    )
    capacity = Whole(
        _l("How many people can use it at the same time"),
        [needed()],
        description=_l("6 for six equal benches, 1 for most machines."),
    )
    setup_minutes = Whole(_l("Minutes of set-up before a booking"), [needed()])
    cleanup_minutes = Whole(_l("Minutes of clean-up after a booking"), [needed()])
    certification_needed = BooleanField(_l("Only for people with a certification"))
    space = SelectField(_l("Space"), [validators.Optional()], validate_choice=False)
    description = Prose(_l("Description"), [validators.Optional(), _at_most(4000)])
    photo = FileField(
        _l("Photo"),
        [validators.Optional()],
        description=_l("JPEG, PNG or WebP, up to 8 MiB. Everybody can see it."),
    )
    remove_photo = BooleanField(_l("Remove the photo"))

    def __init__(
        self,
        *args: Any,
        types: Sequence[tuple[str, str]],
        spaces: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.machine_type.choices = [("", _l("Choose a kind")), *types]
        self.process_id.choices = [("", _l("As its kind")), *named_processes()]
        self.space.choices = [("", _l("No space in particular")), *spaces]

    def to_command(self) -> DescribeMachine:
        """Return what was typed; call it after `validate()`."""
        values: dict[str, Any] = dict(self.data)
        del values["photo"], values["remove_photo"]
        values["process"] = values.pop("process_id")
        for name in ("process", "maker", "model", "serial", "space", "description"):
            values[name] = str(values[name] or "")
        parts = str(values["materials"] or "").replace(";", ",").split(",")
        values["materials"] = tuple(part.strip() for part in parts if part.strip())
        return DescribeMachine(**values)


def described(machine: MachineView) -> dict[str, Any]:
    """Return the values of the form that stand for the machine."""
    values = {
        name: getattr(machine, name)
        for name in (
            *("name", "maker", "model", "serial", "width_mm", "depth_mm", "height_mm"),
            *("capacity", "setup_minutes", "cleanup_minutes", "certification_needed"),
            "description",
        )
    }
    return values | {
        "process_id": machine.process,
        "machine_type": machine.type_slug,
        "materials": ", ".join(machine.materials),
        "space": machine.space_slug or "",
    }


class StateForm(Form):
    """In service, out of service with a reason, or retired."""

    state = SelectField(choices=[SelectChoice(state.value) for state in MachineState])
    reason = Words(
        _l("Why"),
        [_at_most(300)],
        description=_l("Everybody can read this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only the form that puts it out of service shows this field, and there it is needed.
        self.reason.flags.required = True


class ImportForm(Form):
    """An inventory as a file or as pasted text."""

    file = FileField(_l("CSV file"), [validators.Optional()])
    text = Prose(_l("Or paste its lines"), [validators.Optional()])
