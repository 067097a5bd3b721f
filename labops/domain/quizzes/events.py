"""Facts about quizzes that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizPassed(DomainEvent):
    """Somebody passed. `machine_type_id` is 0 for a site's own quiz; `score` is in percent.

    `certifies` is whether passing was meant to certify when the attempt was handed in.
    """

    kind: ClassVar[str] = "QuizPassed"

    person_id: int
    quiz_id: int
    machine_type_id: int
    score: int
    at: str
    certifies: bool
    attempt_uid: str

    @property
    def dedupe_key(self) -> str:
        """One message for each attempt."""
        return f"{self.kind}:{self.attempt_uid}"
