"""How dependable a machine is: pure sums over the spans during which it was stopped.

The words are those of IEC 60050-192 (International Electrotechnical Vocabulary, dependability).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from labops.kernel.interval import Interval, merged


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependability:
    """What a period says of a machine; spans of being stopped that overlap count once.

    `failures` are the stops that began in the period.
    """

    period: timedelta
    down: timedelta
    failures: int

    @property
    def up(self) -> timedelta:
        """Return for how long it was not stopped."""
        return self.period - self.down

    @property
    def availability(self) -> float:
        """Return the part of the period it was up, 0 to 1.

        Operational availability, up time over up time plus down time (IEC 60050-192, 192-08-05,
        as the mean over the period).
        """
        return self.up / self.period

    @property
    def mtbf(self) -> timedelta | None:
        """Return the mean up time between failures; `None` when nothing failed.

        Up time over the number of failures (IEC 60050-192, 192-05-13, estimated over the period).
        """
        return self.up / self.failures if self.failures else None


def dependability(stops: Iterable[Interval], period: Interval) -> Dependability:
    """Sum up the stops of a machine in a period.

    Stops that touch or overlap are one failure. One that began before the period takes away from
    its up time and is no failure of it.
    """
    down, failures = timedelta(0), 0
    for stop in merged(list(stops)):
        if not stop.overlaps(period):
            continue
        failures += stop.starts_at >= period.starts_at
        down += min(stop.ends_at, period.ends_at) - max(stop.starts_at, period.starts_at)
    return Dependability(period=period.length, down=down, failures=failures)
