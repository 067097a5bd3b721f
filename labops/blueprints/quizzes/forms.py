"""The forms of whoever writes quizzes: shape and spelling only."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FileField, Form, SelectField, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types

from labops.blueprints.sites.fields import Prose, Whole, Words, needed
from labops.domain.quizzes.bank import DescribeTopic
from labops.domain.quizzes.content import Content, Option
from labops.domain.quizzes.editing import DescribeQuiz
from labops.domain.quizzes.queries import QuestionView, QuizView
from labops.domain.quizzes.states import LONGEST_TEXT, MOST_OPTIONS, QuestionKind
from labops.kernel.text import one_line

FEWEST_ROWS = 4
SPARE_ROWS = 2


def _at_most(signs: int) -> validators.Length:
    return validators.Length(max=signs, message=_l("This is too long."))


class QuizForm(Form):
    """What a quiz says of itself, and its limits."""

    title_it = Words(_l("Title, in Italian"), [needed(), _at_most(120)])
    title_en = Words(_l("Title, in English"), [needed(), _at_most(120)])
    intro_it = Prose(_l("Introduction, in Italian"), [_at_most(LONGEST_TEXT)])
    intro_en = Prose(_l("Introduction, in English"), [_at_most(LONGEST_TEXT)])
    question_count = Whole(_l("How many questions are drawn"), [needed()])
    pass_percent = Whole(_l("Right answers needed to pass, in percent"), [needed()])
    attempts_allowed = Whole(
        _l("Attempts allowed"), [needed()], description=_l("0 for as many as one likes.")
    )
    period_days = Whole(_l("Within how many days attempts are counted"), [needed()])
    cooldown_minutes = Whole(_l("Minutes to wait after a failed attempt"), [needed()])
    valid_days = Whole(
        _l("Days for which a pass counts"), [needed()], description=_l("0 for good.")
    )
    certifies = BooleanField(_l("Passing is enough for the certification"))

    def to_command(self) -> DescribeQuiz:
        """Return what was typed, once it has been validated."""
        return DescribeQuiz(
            title_it=self.title_it.data or "",
            title_en=self.title_en.data or "",
            intro_it=self.intro_it.data or "",
            intro_en=self.intro_en.data or "",
            question_count=self.question_count.data or 0,
            pass_percent=self.pass_percent.data or 0,
            attempts_allowed=self.attempts_allowed.data or 0,
            period_days=self.period_days.data or 0,
            cooldown_minutes=self.cooldown_minutes.data or 0,
            valid_days=self.valid_days.data or 0,
            certifies=bool(self.certifies.data),
        )


class NewQuizForm(QuizForm):
    """A quiz that is not there yet: what it is about is chosen once."""

    about = SelectField(_l("About"), [needed()], validate_choice=False)


class TopicForm(Form):
    """A topic of a bank."""

    slug = Words(
        _l("Short name"),
        [needed(), _at_most(40)],
        description=_l("Small letters, digits and hyphens. A known one changes that topic."),
    )
    name_it = Words(_l("Name, in Italian"), [needed(), _at_most(120)])
    name_en = Words(_l("Name, in English"), [needed(), _at_most(120)])
    minimum = Whole(_l("Questions asked at least"), [needed()])

    def to_command(self) -> DescribeTopic:
        """Return what was typed, once it has been validated."""
        return DescribeTopic(
            slug=self.slug.data or "",
            name_it=self.name_it.data or "",
            name_en=self.name_en.data or "",
            minimum=self.minimum.data or 0,
        )


class QuestionForm(Form):
    """A question; its options are rows of their own, see `OptionRow`."""

    kind = SelectField(
        _l("How many answers are right"),
        [needed()],
        choices=[
            SelectChoice(QuestionKind.SINGLE.value, _l("Exactly one")),
            SelectChoice(
                QuestionKind.MULTIPLE.value, _l("One or several: all of them must be chosen")
            ),
        ],
    )
    topic = SelectField(_l("Topic"), [validators.Optional()], validate_choice=False)
    text_it = Prose(_l("Question, in Italian"), [needed(), _at_most(LONGEST_TEXT)])
    text_en = Prose(_l("Question, in English"), [needed(), _at_most(LONGEST_TEXT)])
    explanation_it = Prose(_l("Explanation, in Italian"), [_at_most(LONGEST_TEXT)])
    explanation_en = Prose(_l("Explanation, in English"), [_at_most(LONGEST_TEXT)])
    photo = FileField(_l("Picture"), [validators.Optional()])
    alt_it = Words(_l("What the picture shows, in Italian"), [_at_most(200)])
    alt_en = Words(_l("What the picture shows, in English"), [_at_most(200)])
    # Filled by the page: what is wrong with the options as a whole.
    options = Prose(_l("Answers"), [validators.Optional()])

    def to_content(self, rows: list[Option]) -> Content:
        """Return the question with those options that say anything."""
        return Content(
            kind=QuestionKind(self.kind.data or QuestionKind.SINGLE),
            text_it=self.text_it.data or "",
            text_en=self.text_en.data or "",
            explanation_it=self.explanation_it.data or "",
            explanation_en=self.explanation_en.data or "",
            options=tuple(row for row in rows if row.it or row.en or row.correct),
        )


class ImportForm(Form):
    """A bank as a file or as pasted text."""

    file = FileField(_l("TOML file"), [validators.Optional()])
    text = Prose(_l("Or paste its text"), [validators.Optional()])


def described(quiz: QuizView) -> dict[str, Any]:
    """Return the values of a quiz as its form wants them."""
    return {name: getattr(quiz, name) for name in DescribeQuiz.__slots__}


def asked(question: QuestionView) -> dict[str, Any]:
    """Return the values of a question as its form wants them."""
    said = question.content
    return {
        "kind": said.kind.value,
        "topic": question.topic,
        "text_it": said.text_it,
        "text_en": said.text_en,
        "explanation_it": said.explanation_it,
        "explanation_en": said.explanation_en,
    }


def typed_options(sent: MultiDict[str, str]) -> list[Option]:
    """Return the rows of options as they were typed."""
    right = set(sent.getlist("right"))
    return [
        Option(
            it=one_line(sent.get(f"it-{n}", "")),
            en=one_line(sent.get(f"en-{n}", "")),
            correct=str(n) in right,
        )
        for n in range(MOST_OPTIONS)
    ]


def rows_to_show(options: list[Option]) -> list[Option]:
    """Return the options that say anything, and a few rows for more."""
    full = [one for one in options if one.it or one.en or one.correct]
    count = min(max(len(full) + SPARE_ROWS, FEWEST_ROWS), MOST_OPTIONS)
    return full + [Option(it="", en="")] * (count - len(full))
