"""What a question says, and what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from labops.domain.quizzes.states import (
    LONGEST_OPTION,
    LONGEST_TEXT,
    MOST_OPTIONS,
    QuestionKind,
)
from labops.kernel.errors import Problem

FEWEST_OPTIONS = 2
TEXTS = ("text_it", "text_en", "explanation_it", "explanation_en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing that may be chosen, in both languages."""

    it: str
    en: str
    correct: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that is asked, and explained afterwards. The texts are Markdown."""

    kind: QuestionKind
    text_it: str
    text_en: str
    explanation_it: str = ""
    explanation_en: str = ""
    options: tuple[Option, ...] = ()

    @property
    def digest(self) -> str:
        """Return what differs as soon as anything that people read differs."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def right(self) -> frozenset[int]:
        """Return the places of the right options."""
        return frozenset(n for n, option in enumerate(self.options) if option.correct)


def in_rows(content: Content) -> list[dict[str, Any]]:
    """Return the options as they are kept."""
    return [asdict(option) for option in content.options]


def from_rows(rows: list[dict[str, Any]]) -> tuple[Option, ...]:
    """Return the options that were kept."""
    return tuple(Option(it=row["it"], en=row["en"], correct=row["correct"]) for row in rows)


def problems_of(content: Content) -> list[Problem]:
    """Return everything that is wrong with a question, each with its field."""
    problems = []
    for name in TEXTS:
        text: str = getattr(content, name)
        if not text and name.startswith("text"):
            problems.append(_wrong(name, "field.required"))
        if len(text) > LONGEST_TEXT:
            problems.append(_wrong(name, "field.too-long", longest=LONGEST_TEXT))
    return problems + _problems_of_options(content)


def _problems_of_options(content: Content) -> list[Problem]:
    problems = []
    count, right = len(content.options), len(content.right)
    if not FEWEST_OPTIONS <= count <= MOST_OPTIONS:
        params = {"lowest": FEWEST_OPTIONS, "highest": MOST_OPTIONS}
        problems.append(_wrong("options", "quiz.wrong-option-count", **params))
    elif not right:
        problems.append(_wrong("options", "quiz.no-right-option"))
    elif right > 1 and content.kind is QuestionKind.SINGLE:
        problems.append(_wrong("options", "quiz.one-right-option"))
    words = [word for option in content.options for word in (option.it, option.en)]
    if not all(words):
        problems.append(_wrong("options", "quiz.option-in-one-language"))
    if max(map(len, words), default=0) > LONGEST_OPTION:
        problems.append(_wrong("options", "field.too-long", longest=LONGEST_OPTION))
    if any(
        len({getattr(option, language) for option in content.options}) < count
        for language in ("it", "en")
    ):
        problems.append(_wrong("options", "field.doubled"))
    return problems


def _wrong(field: str, code: str, **params: Any) -> Problem:
    return Problem(code, {"field": field, **params})
