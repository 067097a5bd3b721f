"""Letters of the city to a lab, each made from one entry of the history.

A letter has a subject, a body, and where something is decided the text of the act. It is made anew
whenever it is wanted: the history never changes, so neither does the letter.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _

from labops.adapters import case_letters_of_list, case_letters_of_review
from labops.adapters.case_letter_parts import LetterFacts
from labops.adapters.case_words import day_name
from labops.domain.applications import casefile, views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.states import Action
from labops.domain.applications.views import EntryView

LETTERS = {**case_letters_of_review.LETTERS, **case_letters_of_list.LETTERS}
WRITTEN = frozenset(LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLetter:
    """What is sent: paragraphs of the body, then those of the act, empty where nothing is."""

    to: str
    number: str
    subject: str
    body: tuple[str, ...]
    act: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Return the letter as plain text."""
        head = [self.to, *([self.number] if self.number else [])]
        parts = ["\n".join(head), _("Subject: %(subject)s", subject=self.subject), *self.body]
        return "\n\n".join([*parts, *self.act]) + "\n"


def letter_of(file: CaseFile, entry: EntryView, officer: str) -> CaseLetter | None:
    """Return the letter of an entry in the language that is set; `None` where none is written.

    `officer` is the name of who is responsible for the case.
    """
    facts = LetterFacts(_until(file, entry), entry, officer)
    compose = LETTERS.get(entry.action)
    if compose is None:
        return None
    subject, body, act = compose(facts)
    number = ""
    if entry.protocol:
        number = _(
            "Protocol %(number)s of %(day)s", number=entry.protocol, day=day_name(entry.happened_on)
        )
    return CaseLetter(
        to=_("To %(lab)s", lab=facts.lab),
        number=number,
        subject=subject,
        body=(*_seen(facts), *body),
        act=act,
    )


def _until(file: CaseFile, entry: EntryView) -> CaseFile:
    """Return the case as it stood with the entry, so that later notes change no letter."""
    entries = [each for each in file.entries if each.number <= entry.number]
    return CaseFile(
        row=file.row,
        lab=file.lab,
        call=file.call,
        entries=entries,
        case=casefile.standing(file.call, entries),
        capacities=file.capacities,
    )


def _seen(facts: LetterFacts) -> tuple[str, ...]:
    """Return what every letter begins with: the call, and the application it answers."""
    found = [_("Having regard to the call “%(call)s”;", call=facts.call)]
    first = next((each for each in facts.file.entries if each.action == Action.SUBMIT), None)
    if first is not None:
        found.append(
            _(
                "having regard to the application of %(lab)s, protocol %(number)s of %(day)s;",
                lab=facts.lab,
                number=views.protocol(first),
                day=day_name(first.happened_on),
            )
        )
    return tuple(found)
