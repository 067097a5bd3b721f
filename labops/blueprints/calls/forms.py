"""The forms of whoever writes calls: shape and spelling only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, validators

from labops.blueprints.sites.fields import (
    LocalMoment,
    Prose,
    Whole,
    Words,
    instant_of,
    needed,
)
from labops.domain.calls.queries import CallView, CriterionView
from labops.domain.calls.services import DescribeCall, DescribeCriterion
from labops.domain.calls.terms import Terms


class LocalSecond(LocalMoment):
    """A date and time to the second."""

    def read(self, text: str) -> datetime:
        """Return the local date and time; raises `ValueError` with a sentence."""
        plain = super().read(text)
        return plain.replace(second=datetime.fromisoformat(text.replace(" ", "T", 1)).second)

    def written(self, value: datetime) -> str:
        """Return it as browsers want it."""
        return value.isoformat(timespec="seconds")


class CallForm(Form):
    """What a call says, when it is open, and its terms."""

    title_it = Words(_l("Title, in Italian"), [needed()])
    title_en = Words(_l("Title, in English"), [needed()])
    text_it = Prose(_l("Text, in Italian"), [needed()])
    text_en = Prose(_l("Text, in English"), [needed()])
    opens_at = LocalSecond(_l("Opens"), [needed()])
    closes_at = LocalSecond(
        _l("Closes"),
        [validators.Optional()],
        description=_l("To the second, in Milan. Left empty, the call is permanent."),
    )
    review_days = Whole(_l("Days for the review"), [needed()])
    extended_days = Whole(_l("Days in all once it was extended"), [needed()])
    supplement_days = Whole(_l("Days for a supplement"), [needed()])
    most_supplements = Whole(_l("Requests for a supplement at most"), [needed()])
    notice_days = Whole(_l("Days for observations on a rejection"), [needed()])
    resume_days = Whole(_l("Days from observations until the term goes on"), [needed()])
    valid_months = Whole(_l("Months for which a qualification holds"), [needed()])
    first_reminder_days = Whole(_l("First letter before the end, in days"), [needed()])
    second_reminder_days = Whole(_l("Second letter before the end, in days"), [needed()])
    renewal_days = Whole(_l("Renewal opens so many days before the end"), [needed()])
    change_days = Whole(_l("Days to report a change"), [needed()])
    removal_days = Whole(_l("Days for observations on a removal"), [needed()])
    alert_days = Whole(_l("Alert officers so many days before a term ends"), [needed()])
    fewest_families = Whole(_l("Families of processes at least"), [needed()])

    def to_command(self, zone: ZoneInfo) -> DescribeCall | None:
        """Return what was typed, or `None` after saying which time does not exist."""
        remarks: list[str] = []
        opens = instant_of(self, "opens_at", zone, remarks)
        closes = instant_of(self, "closes_at", zone, remarks)
        if opens is None or (self.closes_at.data is not None and closes is None):
            return None
        return DescribeCall(
            title_it=self.title_it.data or "",
            title_en=self.title_en.data or "",
            text_it=self.text_it.data or "",
            text_en=self.text_en.data or "",
            opens_at=opens,
            closes_at=closes,
            terms=Terms(**{name: self[name].data for name in Terms.__slots__}),
        )


class CriterionForm(Form):
    """What one criterion demands."""

    title_it = Words(_l("Title, in Italian"), [needed()])
    title_en = Words(_l("Title, in English"), [needed()])
    text_it = Prose(_l("What is asked, in Italian"), [needed()])
    text_en = Prose(_l("What is asked, in English"), [needed()])
    evidence = BooleanField(_l("Files must show it"))
    dated = BooleanField(_l("The evidence ends on a day"))
    merit = BooleanField(_l("A merit: it may be left out"))
    position = Whole(_l("Place in the order"), [validators.Optional()])

    def to_command(self) -> DescribeCriterion:
        """Return what was typed, once it has been validated."""
        return DescribeCriterion(
            title_it=self.title_it.data or "",
            title_en=self.title_en.data or "",
            text_it=self.text_it.data or "",
            text_en=self.text_en.data or "",
            evidence=bool(self.evidence.data),
            dated=bool(self.dated.data),
            merit=bool(self.merit.data),
            position=self.position.data or 0,
        )


def usual(now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return the values of a new call: it opens now, with the usual terms."""
    opens = now.astimezone(zone).replace(tzinfo=None, microsecond=0)
    terms = Terms()
    return {"opens_at": opens} | {name: getattr(terms, name) for name in Terms.__slots__}


def described(call: CallView, zone: ZoneInfo) -> dict[str, Any]:
    """Return the values of a call as its form wants them."""
    values: dict[str, Any] = {
        name: getattr(call, name) for name in ("title_it", "title_en", "text_it", "text_en")
    }
    for name in ("opens_at", "closes_at"):
        at = getattr(call, name)
        values[name] = at.astimezone(zone).replace(tzinfo=None) if at else None
    return values | {name: getattr(call.terms, name) for name in Terms.__slots__}


def criterion_values(criterion: CriterionView) -> dict[str, Any]:
    """Return the values of a criterion as its form wants them."""
    return {name: getattr(criterion, name) for name in CriterionView.__slots__}


def term_names() -> dict[str, str]:
    """Return what each term is called, in order."""
    form = CallForm()
    return {name: str(form[name].label.text) for name in Terms.__slots__}


def edition_name(call: CallView) -> str:
    """Return "edition 2", or that it is a draft."""
    words: str = _("edition %(number)s", number=call.edition)
    return words if call.published_at else str(_("%(edition)s, a draft", edition=words))
