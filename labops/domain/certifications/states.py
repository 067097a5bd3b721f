"""The words of certifications: how one was earned, how it stands, how it may be renewed."""

from __future__ import annotations

from enum import StrEnum


class EarnedBy(StrEnum):
    """What a certification was granted for."""

    GRANT = "grant"
    IMPORT = "import"
    INDUCTION = "induction"
    QUIZ = "quiz"
    USE = "use"


class Renewal(StrEnum):
    """A way in which certifications for a machine type may be renewed, besides by staff."""

    QUIZ = "quiz"
    SESSION = "session"
    USE = "use"


class Standing(StrEnum):
    """How a certification stands on a day."""

    VALID = "valid"
    NOT_YET = "not_yet"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    UNUSED = "unused"
    REVOKED = "revoked"


class Act(StrEnum):
    """What happened to a certification, as its history lists it."""

    GRANTED = "granted"
    RENEWED = "renewed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REVOKED = "revoked"


class ShownName(StrEnum):
    """How much of her name a person's card tells whoever checks it."""

    NONE = "none"
    INITIALS = "initials"
    FIRST = "first"
    FULL = "full"
