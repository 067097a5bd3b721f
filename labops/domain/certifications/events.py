"""Facts about certifications that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfCertification(DomainEvent):
    certification_id: int

    @property
    def dedupe_key(self) -> str:
        """One message for each step of a certification."""
        return f"{self.kind}:{self.certification_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationGranted(_OfCertification):
    """Somebody was certified, or her certification was renewed."""

    kind: ClassVar[str] = "CertificationGranted"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRevoked(_OfCertification):
    """Somebody's certification was taken back."""

    kind: ClassVar[str] = "CertificationRevoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationEnding(_OfCertification):
    """A certification ends soon: `last_on` is its last day, `days` the notice."""

    kind: ClassVar[str] = "CertificationEnding"
    last_on: str
    days: int

    @property
    def dedupe_key(self) -> str:
        """One reminder for each notice of each end; a use that moves the end makes another."""
        return f"{self.kind}:{self.certification_id}:{self.last_on}:{self.days}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfSuspension(DomainEvent):
    suspension_id: int

    @property
    def dedupe_key(self) -> str:
        """One message for each step of a suspension."""
        return f"{self.kind}:{self.suspension_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationSuspended(_OfSuspension):
    """Somebody's certifications for a machine type do not count for a while."""

    kind: ClassVar[str] = "CertificationSuspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationResumed(_OfSuspension):
    """They count again."""

    kind: ClassVar[str] = "CertificationResumed"
