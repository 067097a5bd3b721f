"""What one can ask of series, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from labops.domain.bookings.commands import Book
from labops.domain.series.states import Scope
from labops.domain.series.values import Repeat
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSeries:
    """A wish and how it repeats; `left_out` are the numbers of occurrences not wanted."""

    first: Book
    repeat: Repeat
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSeries:
    """Another slot for one occurrence, and the same shift by the clock for others.

    A length other than the one it had becomes the length of all of them.
    """

    uid: str
    number: int
    slot: Interval
    scope: Scope
    override_reason: str = ""
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSeries:
    """Occurrences to give up: one, that one and the following, or all that are to come."""

    uid: str
    number: int
    scope: Scope
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a person agreed to: the digest of the preview she saw, and the numbers she chose."""

    digest: str
    chosen: frozenset[int]
