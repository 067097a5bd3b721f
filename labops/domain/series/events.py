"""Facts about series that other parts hear of, besides those about each of their bookings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _SeriesEvent(DomainEvent):
    """`numbers` are the occurrences that it is about."""

    series_uid: str
    revision: int
    numbers: tuple[int, ...]

    @property
    def dedupe_key(self) -> str:
        """One message for each revision of a series."""
        return f"{self.kind}:{self.series_uid}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBooked(_SeriesEvent):
    """A series was made, with its bookings."""

    kind: ClassVar[str] = "SeriesBooked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesMoved(_SeriesEvent):
    """Several occurrences of a series have other times."""

    kind: ClassVar[str] = "SeriesMoved"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesCancelled(_SeriesEvent):
    """Several occurrences of a series were given up."""

    kind: ClassVar[str] = "SeriesCancelled"
