"""What quizzes and questions can be, and the bounds of what one may set."""

from __future__ import annotations

from enum import StrEnum


class QuestionKind(StrEnum):
    """How many answers may be chosen."""

    SINGLE = "single"
    MULTIPLE = "multiple"


MOST_QUESTIONS = 60
MOST_OPTIONS = 10
LONGEST_TEXT = 4000
LONGEST_OPTION = 500
