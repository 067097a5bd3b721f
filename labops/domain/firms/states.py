"""Words about firms that are kept in the database."""

from __future__ import annotations

from enum import StrEnum


class FirmRole(StrEnum):
    """What a person is to a firm: a representative speaks for it, a member works under its name."""

    REPRESENTATIVE = "representative"
    MEMBER = "member"


class FirmSize(StrEnum):
    """How large a firm is, by Recommendation 2003/361/EC of the Commission, annex, article 2."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class FirmFlag(StrEnum):
    """What a firm says it is; several may hold."""

    CRAFT = "craft"
    START_UP = "start_up"
    SCHOOL = "school"
    ASSOCIATION = "association"
    PRISON_WORKSHOP = "prison_workshop"
