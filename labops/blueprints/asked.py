"""What house rules want to be told when booking: fields of the form that depend on the machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask_babel import gettext as _
from wtforms import Field, Form, SelectField, StringField, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.blueprints.sites.fields import Whole
from labops.domain.bookings.commands import LONGEST_FIELD, MOST_PEOPLE
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines.queries import MachineView
from labops.domain.people import queries as people
from labops.domain.spaces import queries as spaces
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.permissions import Actor

SAID = "said-"
AnyForm = TypeVar("AnyForm", bound=Form)


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that must or may be said; without `values` in one's own words."""

    name: str
    required: bool
    values: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def key(self) -> str:
        """Return the name of its form field."""
        return SAID + self.name


@dataclass(frozen=True, slots=True)
class Questions:
    """All that is asked for some machines; `people_capacity` is `None` where nobody counts."""

    fields: tuple[Asked, ...] = ()
    people_capacity: int | None = None


class _Shown:
    """Mark a field as required on the page; whether it is filled in is for the rules to judge."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept anything."""


def questions_for(machines: Sequence[MachineView], actor: Actor) -> Questions:
    """Return what is asked of whoever books these machines together."""
    capacities = spaces.people_capacities(
        reading(), [one.space_id for one in machines if one.space_id is not None]
    )
    return Questions(
        fields=asked_by(rules_for(machine, actor) for machine in machines),
        people_capacity=min(capacities, default=None),
    )


def rules_for(machine: MachineView, actor: Actor) -> HouseRules:
    """Return the rules in force for the actor on the machine."""
    plan = ""
    if actor.person_id is not None:
        own = people.memberships(reading(), actor.person_id)
        plan = next((one.plan for one in own if one.site_id == machine.site_id), "")
    return rules_in_force(
        reading(),
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
        plan=plan,
    )


def asked_by(rules: Iterable[HouseRules]) -> tuple[Asked, ...]:
    """Return what any of the rules asks; of values only those that suit all of them."""
    found: dict[str, Asked] = {}
    for one in rules:
        for rule in one.fields:
            before = found.get(rule.name)
            values, excluded, required = rule.values, rule.excluded, rule.required
            if before is not None:
                required = required or before.required
                excluded = (*before.excluded, *excluded)
                values = _common(before.values, values)
            found[rule.name] = Asked(rule.name, required, values, excluded)
    return tuple(found.values())


def form_with(base: type[AnyForm], questions: Questions) -> type[AnyForm]:
    """Return the form with a field for each question."""
    fields: dict[str, Any] = {asked.key: _field_of(asked) for asked in questions.fields}
    if questions.people_capacity is not None:
        fields["people"] = Whole(
            _("How many people come"),
            [validators.Optional()],
            default="1",
            description=_(
                "You included. The space holds %(capacity)s.", capacity=questions.people_capacity
            ),
        )
    return type(base.__name__, (base,), fields)


def said_in(values: Mapping[str, Any]) -> dict[str, str]:
    """Return what was said to the questions of a form, by the names that the house rules give."""
    said = {
        name.removeprefix(SAID): str(value or "").strip()[:LONGEST_FIELD]
        for name, value in values.items()
        if name.startswith(SAID)
    }
    return {name: text for name, text in said.items() if text}


def people_in(form: Form) -> int:
    """Return how many come, one where nobody asks; more than is possible is left to the rules."""
    typed = form["people"].data if "people" in form else None
    return min(int(typed), MOST_PEOPLE + 1) if isinstance(typed, int) else 1


def put_reasons(form: Form, problems: Iterable[Problem], sentences: Iterable[str]) -> None:
    """Say at each field what the rules have against what was said there."""
    for problem, sentence in zip(problems, sentences, strict=True):
        key = SAID + str(problem.params.get("field", ""))
        if key in form:
            form[key].errors = [*form[key].errors, sentence]


def _field_of(asked: Asked) -> Field:
    label = asked.name.replace("_", " ").replace("-", " ").capitalize()
    checks: list[Any] = [_Shown()] if asked.required else []
    excluded = {value.casefold() for value in asked.excluded}
    values = [value for value in asked.values if value and value.casefold() not in excluded]
    if asked.values:
        choices = [SelectChoice("", _("Choose")), *(SelectChoice(value, value) for value in values)]
        return SelectField(label, checks, choices=choices, validate_choice=False)
    help_ = ""
    if asked.excluded:
        help_ = _("Not possible: %(values)s.", values=", ".join(dict.fromkeys(asked.excluded)))
    return StringField(label, checks, description=help_)


def _common(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that are in both lists; a list without any allows everything."""
    if not some or not others:
        return some or others
    known = {value.casefold() for value in others}
    return tuple(value for value in some if value.casefold() in known) or ("",)
