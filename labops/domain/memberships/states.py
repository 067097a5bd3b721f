"""How far a membership is."""

from __future__ import annotations

from enum import StrEnum


class MembershipState(StrEnum):
    """From applicant to active to suspended or ended."""

    APPLICANT = "applicant"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
