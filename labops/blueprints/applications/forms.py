"""The forms of a case: shape and spelling only. Which fields an act needs is `FIELDS`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, Form, RadioField, validators, widgets

from labops.adapters.case_words import verdict_name
from labops.blueprints.sites.fields import Choice, Prose, Typed, Words
from labops.domain.applications.policies import NUMBERED
from labops.domain.applications.services import Said
from labops.domain.applications.states import Action, Capacity, Verdict


class Day(Typed):
    """A day."""

    widget = widgets.DateInput()

    def read(self, text: str) -> date:
        """Return the day; raises `ValueError` with a sentence."""
        try:
            found = date.fromisoformat(text)
        except ValueError as error:
            raise ValueError(_("Write a day, such as 2026-11-26.")) from error
        if not 2000 <= found.year <= 2200:  # noqa: PLR2004
            raise ValueError(_("Write a day, such as 2026-11-26."))
        return found

    def written(self, value: date) -> str:
        """Return it as browsers want it."""
        return value.isoformat()


class ActForm(Form):
    """Everything that may be said with an act."""

    note = Prose(_l("To be read by both sides"), [validators.Optional()])
    internal_note = Prose(
        _l("Internal note"),
        [validators.Optional()],
        description=_l("The lab never reads it."),
    )
    act_number = Words(_l("Number of the act"), [validators.Length(max=60)])
    act_on = Day(_l("Date of the act"), [validators.Optional()])
    valid_from = Day(
        _l("Valid from"), [validators.Optional()], description=_l("Left empty: from today.")
    )
    happened_on = Day(_l("Day on which it happened"), [validators.Optional()])

    def to_said(self) -> Said:
        """Return what was typed, once it has been validated."""
        return Said(
            note=self.note.data or "",
            internal_note=self.internal_note.data or "",
            act_number=self.act_number.data or "",
            act_on=self.act_on.data,
            valid_from=self.valid_from.data,
            happened_on=self.happened_on.data,
        )


_CITY = ("note", "internal_note")
_OWN_FIELDS: Mapping[Action, tuple[str, ...]] = {
    Action.NOTE: ("internal_note",),
    Action.CHANGE: ("happened_on", "note"),
    Action.QUALIFY: ("act_number", "act_on", "valid_from", *_CITY),
}


def fields_of(action: Action, by: frozenset[Capacity]) -> tuple[str, ...]:
    """Return which fields the form of an act shows."""
    if action in _OWN_FIELDS:
        return _OWN_FIELDS[action]
    if Capacity.REPRESENTATIVE in by:
        return ("note",)
    return ("act_number", "act_on", *_CITY) if action in NUMBERED else _CITY


class AnswerForm(Form):
    """What is said about one criterion."""

    text = Prose(_l("Your answer"), [validators.Optional()])


class EvidenceForm(Form):
    """A file, and until when it holds."""

    file = FileField(
        _l("File"), [validators.Optional()], description=_l("PDF, JPEG or PNG, up to 10 MB.")
    )
    valid_to = Day(_l("Holds until"), [validators.Optional()])


class LabForm(Form):
    """For which lab one applies: one that one speaks for, or a new one by its name."""

    lab = Choice(_l("Lab"), [validators.Optional()])
    name = Words(_l("Or the name of a lab that is not recorded yet"), [validators.Length(max=160)])


class VerdictForm(Form):
    """What an officer found about one criterion."""

    verdict = RadioField(_l("Verdict"), [validators.InputRequired(_l("Choose one from the list."))])
    note = Prose(_l("To be read by both sides"), [validators.Optional()])
    internal_note = Prose(_l("Internal note"), [validators.Optional()])

    def offer(self) -> VerdictForm:
        """Offer every verdict in words; return the form."""
        self.verdict.choices = [(str(each), verdict_name(each)) for each in Verdict]
        return self
