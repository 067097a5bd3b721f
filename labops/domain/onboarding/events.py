"""Facts about applicants that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApplicantEvent(DomainEvent):
    person_uid: str
    site_id: int
    at: str

    @property
    def dedupe_key(self) -> str:
        """One message for each time it happened."""
        return f"{self.kind}:{self.person_uid}:{self.site_id}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantNudged(_ApplicantEvent):
    """Staff reminded an applicant of what is left to do."""

    kind: ClassVar[str] = "ApplicantNudged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantAdmitted(_ApplicantEvent):
    """Every step is over: the applicant is a member."""

    kind: ClassVar[str] = "ApplicantAdmitted"
