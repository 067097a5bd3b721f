"""Sentences about quizzes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "quiz.too-many-attempts": lambda p: ngettext(
        "One attempt is allowed within %(days)s days. You may try again on %(at)s.",
        "%(num)d attempts are allowed within %(days)s days. You may try again on %(at)s.",
        p["limit"],
        days=p["days"],
        at=p["at"],
    ),
    "quiz.cooling-down": lambda p: _(
        "Read it up in peace: you may try again on %(at)s.", at=p["at"]
    ),
    "quiz.submitted": lambda _p: _("This attempt was handed in already."),
    "quiz.unanswered": lambda p: _(
        "Some questions have no answer yet: %(numbers)s.", numbers=p["numbers"]
    ),
    "quiz.too-few-questions": lambda p: (
        ngettext(
            "The topic “%(topic)s” lacks one question.",
            "The topic “%(topic)s” lacks %(num)d questions.",
            p["count"],
            topic=p["topic"],
        )
        if p["topic"]
        else ngettext(
            "The bank lacks one question for what is drawn, or the topics ask for one too many.",
            "The bank lacks %(num)d questions for what is drawn, or the topics ask for too many.",
            p["count"],
        )
    ),
    "quiz.wrong-option-count": lambda p: _(
        "A question has from %(lowest)s to %(highest)s answers.",
        lowest=p["lowest"],
        highest=p["highest"],
    ),
    "quiz.no-right-option": lambda _p: _("Mark which answer is right."),
    "quiz.one-right-option": lambda _p: _("Exactly one answer may be right."),
    "quiz.option-in-one-language": lambda _p: _("Each answer needs both languages."),
    "quiz.not-toml": lambda p: _("This is no TOML: %(why)s.", why=p["why"]),
    "quiz.not-tables": lambda _p: _("This must be a list of tables."),
    "quiz.not-text": lambda _p: _("This must be a text in quotation marks."),
}
