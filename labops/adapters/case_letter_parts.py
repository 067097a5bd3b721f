"""What letters to labs are made of: the facts they speak of, and the frame of an act."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _

from labops.adapters.case_words import day_name
from labops.domain.applications import views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.views import EntryView


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What letters speak of."""

    file: CaseFile
    entry: EntryView
    officer: str

    @property
    def lab(self) -> str:
        """Return what the lab was called then."""
        known = self.file.lab.legal_name or self.file.lab.public_name
        return str(self.entry.detail.get("lab") or known)

    @property
    def call(self) -> str:
        return self.file.call.title(language_now())

    def day(self, name: str) -> str:
        said = self.entry.detail.get(name)
        return day_name(date.fromisoformat(said)) if said else ""

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the criteria that the entry names, each with what was noted about it."""
        notes = views.latest_notes(self.file)
        found = []
        for slug in self.entry.detail.get(name, ()):
            title = self.file.call.criterion(slug).title(language_now())
            said = notes.get(slug, ("", ""))[0]
            found.append(f"– {title}: {said}" if said else f"– {title}")
        return tuple(found)


Composed = tuple[str, tuple[str, ...], tuple[str, ...]]


def noted(facts: LetterFacts) -> tuple[str, ...]:
    return (facts.entry.note,) if facts.entry.note else ()


def decides(facts: LetterFacts, *decided: str) -> tuple[str, ...]:
    """Return the text of an act: its number, what is decided, and how one may object."""
    return (
        _(
            "ACT no. %(number)s of %(day)s",
            number=facts.entry.detail.get("act_number", ""),
            day=facts.day("act_on"),
        ),
        _("THE DECIDER OF THE LIST DECIDES:"),
        *decided,
        _(
            "Against this act an appeal to the regional administrative court is possible within"
            " 60 days of its receipt, or to the President of the Republic within 120 days."
        ),
        facts.entry.person,
    )


def language_now() -> str:
    locale: Any = get_locale()
    return str(locale.language) if locale is not None else "en"
