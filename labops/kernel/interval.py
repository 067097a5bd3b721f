"""A half-open span of time `[starts_at, ends_at)` between two instants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A slot. Both ends are aware and kept in UTC; touching slots do not overlap."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        for name, at in (("starts_at", self.starts_at), ("ends_at", self.ends_at)):
            if at.tzinfo is None:
                raise ValueError("An interval needs aware instants.")
            if at.tzinfo is not UTC:
                # Two instants of one zone compare by wall clock, which is wrong in the hour
                # that happens twice; in UTC there is only one order.
                object.__setattr__(self, name, at.astimezone(UTC))
        if self.ends_at <= self.starts_at:
            raise ValueError("An interval must end after it starts.")

    @property
    def length(self) -> timedelta:
        """Elapsed time, whatever the clocks on the wall did meanwhile."""
        return self.ends_at - self.starts_at

    def overlaps(self, other: Interval) -> bool:
        """Say whether the two share any time."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: Interval) -> bool:
        """Say whether the other lies wholly inside this one."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def shared(self, other: Interval) -> timedelta:
        """Return how much time both have in common (zero when none)."""
        start = max(self.starts_at, other.starts_at)
        end = min(self.ends_at, other.ends_at)
        return max(end - start, timedelta(0))

    def widened(self, *, before: timedelta, after: timedelta) -> Interval:
        """Return the span with set-up time before and clean-up time after it."""
        return Interval(self.starts_at - before, self.ends_at + after)


def merged(spans: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union of the spans as sorted spans that neither overlap nor touch."""
    result: list[Interval] = []
    for span in sorted(spans):
        if result and span.starts_at <= result[-1].ends_at:
            last = result[-1]
            result[-1] = Interval(last.starts_at, max(last.ends_at, span.ends_at))
        else:
            result.append(span)
    return tuple(result)


def without(spans: Iterable[Interval], holes: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the union of the spans minus the union of the holes."""
    left: list[Interval] = []
    cuts = merged(holes)
    for span in merged(spans):
        start = span.starts_at
        for cut in cuts:
            if cut.ends_at <= start or cut.starts_at >= span.ends_at:
                continue
            if cut.starts_at > start:
                left.append(Interval(start, cut.starts_at))
            start = max(start, cut.ends_at)
        if start < span.ends_at:
            left.append(Interval(start, span.ends_at))
    return tuple(left)


def common(first: Iterable[Interval], second: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the time that lies in both unions."""
    others = merged(second)
    return tuple(
        Interval(max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at))
        for one in merged(first)
        for other in others
        if one.overlaps(other)
    )
