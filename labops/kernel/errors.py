"""The few ways in which a use case says no. The web turns them into answers in one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One coded reason for a refusal.

    `code` is stable and public; `params` fill its sentence; `overridable` says whether staff
    may say yes anyway; `fix` names the step that would solve it (`certification:laser`,
    `move-after:2026-11-26T15:00:00Z`), empty when there is none.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    overridable: bool = False
    fix: str = ""


class LabopsError(Exception):
    """Base of what a use case raises on purpose."""


class NotFound(LabopsError):
    """There is no such thing, or it is not for this actor to know about."""


class Forbidden(LabopsError):
    """The actor may see the thing but not do this to it."""


class NotSignedIn(LabopsError):
    """Nobody is signed in, and this needs somebody."""


class Changed(LabopsError):
    """The thing was changed by somebody else since the caller read it."""


class Refused(LabopsError):
    """The rules or the state say no, for every reason in `problems`.

    `zone` is the IANA name of the zone whose wall time the reasons are told in, when there is one.
    """

    def __init__(self, problems: Iterable[Problem], *, zone: str = "") -> None:
        self.problems = tuple(problems)
        self.zone = zone
        super().__init__(", ".join(problem.code for problem in self.problems))


class Invalid(LabopsError):
    """What was sent is incomplete or wrong; each problem names its field in `params`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(str(p.params.get("field", p.code)) for p in self.problems))

    @classmethod
    def field(cls, name: str, code: str, **params: Any) -> Invalid:
        """Make the refusal of a single field."""
        return cls([Problem(code, {"field": name, **params})])
