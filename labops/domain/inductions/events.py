"""Facts about inductions that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _SessionEvent(DomainEvent):
    session_uid: str
    revision: int

    @property
    def dedupe_key(self) -> str:
        """One message for each revision of a session."""
        return f"{self.kind}:{self.session_uid}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionPlanned(_SessionEvent):
    """A session can be signed up for."""

    kind: ClassVar[str] = "InductionPlanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionChanged(_SessionEvent):
    """A session is at another time or place, or has another teacher: whoever is in it is told."""

    kind: ClassVar[str] = "InductionChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionCancelled(_SessionEvent):
    """A session will not take place."""

    kind: ClassVar[str] = "InductionCancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignUpEvent(DomainEvent):
    session_uid: str
    person_id: int
    revision: int

    @property
    def dedupe_key(self) -> str:
        """One message for each revision of a sign-up."""
        return f"{self.kind}:{self.session_uid}:{self.person_id}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionSignedUp(_SignUpEvent):
    """A person has a place, or waits for one."""

    kind: ClassVar[str] = "InductionSignedUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionMovedUp(_SignUpEvent):
    """Somebody who waited has a place."""

    kind: ClassVar[str] = "InductionMovedUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionGivenUp(_SignUpEvent):
    """A person does not come, or does not wait any more."""

    kind: ClassVar[str] = "InductionGivenUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionPassed(_SignUpEvent):
    """A person was certified after a session."""

    kind: ClassVar[str] = "InductionPassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionNotPassed(_SignUpEvent):
    """A person is to come again, or did not come."""

    kind: ClassVar[str] = "InductionNotPassed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionReminderDue(_SignUpEvent):
    """A session begins soon; `revision` is the sum of the session's and the sign-up's."""

    kind: ClassVar[str] = "InductionReminderDue"
