"""How a wish repeats: local starts, and the instants that they mean. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.kernel import local_time
from labops.kernel.errors import Invalid
from labops.kernel.interval import Interval
from labops.kernel.local_time import LocalReading, NoSuchLocalTime, WallClock

FEWEST, MOST = 2, 52
WEEKS = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One occurrence as the series means it: its local start, and the slot that this is.

    `clock` says whether the clocks skip that local start on its night, or show it twice.
    """

    number: int
    wall: datetime
    slot: Interval
    clock: WallClock

    @property
    def shifted(self) -> bool:
        """Say whether it starts later by the clock because its hour does not exist that night."""
        return self.clock is WallClock.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The same local start every so many weeks, for an elapsed length; numbers count from 1.

    `starts` is naive: the local start of the first occurrence.
    """

    starts: datetime
    length: timedelta
    weeks: int
    zone: str

    def wall(self, number: int) -> datetime:
        """Return the local start of an occurrence, be there such a time that night or not."""
        return self.starts + timedelta(weeks=self.weeks) * (number - 1)

    def planned(self, number: int) -> Planned:
        """Return one occurrence."""
        wall = self.wall(number)
        read = placed(wall, local_time.zone(self.zone))
        slot = Interval(read.instant, read.instant + self.length)
        return Planned(number=number, wall=wall, slot=slot, clock=read.clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """How a wish repeats, and when it ends: after so many times, or with a day, the earlier."""

    weeks: int
    count: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.weeks not in WEEKS:
            raise Invalid.field("repeat", "field.not-offered", value=self.weeks)

    def count_from(self, first: date) -> int:
        """Return how many occurrences there are when the first is on that local day.

        Raises `Invalid` for an end that is missing, or means fewer than 2 or more than 52.
        """
        ends = []
        if self.count is not None:
            if not FEWEST <= self.count <= MOST:
                raise Invalid.field("count", "field.out-of-range", lowest=FEWEST, highest=MOST)
            ends.append(self.count)
        if self.until is not None:
            step = timedelta(weeks=self.weeks)
            count = (self.until - first) // step + 1
            if count < FEWEST or (count > MOST and not ends):
                lowest, highest = first + step * (FEWEST - 1), first + step * (MOST - 1)
                raise Invalid.field("until", "field.out-of-range", lowest=lowest, highest=highest)
            ends.append(count)
        if not ends:
            raise Invalid.field("count", "field.required")
        return min(ends)


def placed(wall: datetime, tz: ZoneInfo) -> LocalReading:
    """Return the instant of a local start: the first of two; after the jump when there is none."""
    try:
        return local_time.read_local(wall, tz)
    except NoSuchLocalTime as never:
        return LocalReading(local_time.read_local(never.suggestion, tz).instant, WallClock.NEVER)


def wall_of(at: datetime, tz: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows, as a naive time."""
    return at.astimezone(tz).replace(tzinfo=None, fold=0)
