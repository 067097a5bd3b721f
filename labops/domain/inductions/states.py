"""How a session stands, how a person stands in it, and who may come."""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """How far a session is."""

    PLANNED = "planned"
    CANCELLED = "cancelled"
    HELD = "held"


class SignUpState(StrEnum):
    """How a person stands in a session; the last three are outcomes."""

    SIGNED_UP = "signed_up"
    WAITING = "waiting"
    CANCELLED = "cancelled"
    ABSENT = "absent"
    CERTIFIED = "certified"
    AGAIN = "again"


class Audience(StrEnum):
    """Who may sign up: members of the site, or everybody with an account."""

    MEMBERS = "members"
    ALL = "all"


class Cause(StrEnum):
    """Why a session does not take place."""

    STAFF = "staff"
    TOO_FEW = "too-few"


OUTCOMES = frozenset({SignUpState.CERTIFIED, SignUpState.AGAIN, SignUpState.ABSENT})
# Who takes a place: those who come, and those who came or ought to have.
PLACED = frozenset({SignUpState.SIGNED_UP, *OUTCOMES})
# Who is in it now, be it as one who waits.
PRESENT = frozenset({SignUpState.WAITING, *PLACED})
