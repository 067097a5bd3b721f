"""When a machine is taken and when one can be there, day by day and without names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.timetable import MachineTimes, full_spans
from labops.domain.closures import queries as closures
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines.queries import MachineView
from labops.kernel import ledger, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval, merged

DAYS = 7
# A horizon may be a year; whoever looks for the next free time wants it soon.
FARTHEST = timedelta(days=60)
DRAWN_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a drawn day: where it begins and how wide it is, of `DRAWN_WIDTH`."""

    kind: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: when one can be there, when no unit is left, and both as a drawing."""

    date: date
    open: tuple[Interval, ...]
    taken: tuple[Interval, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Diary:
    """Some days of a machine, from which clock hour to which they are drawn."""

    days: tuple[Day, ...]
    first_hour: int
    last_hour: int


def times_of(machine: MachineView, rules: HouseRules, window: Interval) -> MachineTimes:
    """Return when the machine is open and full in the window; bookings are left out."""
    session = reading()
    opening = closures.open_during(
        session,
        machine.site_id,
        window,
        revision=machine.site_revision,
        zone=local_time.zone(machine.zone),
        space_id=machine.space_id,
    )
    claimed = ledger.busy(session, [machine.id], window)[machine.id]
    return MachineTimes(
        machine=machine,
        rules=rules,
        open=_within(opening, window),
        full=_within(full_spans(claimed, machine.capacity), window),
        bookings=(),
    )


def next_free(machine: MachineView, rules: HouseRules, *, now: datetime) -> Interval | None:
    """Return the next span in which the machine can be booked, if there is one in sight."""
    ahead = min(FARTHEST, timedelta(days=rules.horizon_days + 1))
    window = Interval(now, now + ahead)
    zone = local_time.zone(machine.zone)
    free = times_of(machine, rules, window).free(window, now=now, zone=zone)
    return free[0] if free else None


def diary_of(machine: MachineView, rules: HouseRules, first: date) -> Diary:
    """Return a week of the machine from a local day on."""
    zone = local_time.zone(machine.zone)
    dates = [first + timedelta(days=n) for n in range(DAYS)]
    window = Interval(
        local_time.local_day(dates[0], zone).starts_at,
        local_time.local_day(dates[-1], zone).ends_at,
    )
    times = times_of(machine, rules, window)
    first_hour, last_hour = _drawn_hours([*times.open, *times.full], zone)
    return Diary(
        tuple(_day(on, times, zone, first_hour, last_hour) for on in dates), first_hour, last_hour
    )


def _day(on: date, times: MachineTimes, zone: ZoneInfo, first: int, last: int) -> Day:
    whole = local_time.local_day(on, zone)
    open_, taken = _within(times.open, whole), _within(times.full, whole)
    drawn = Interval(
        local_time.at_minute(on, first * 60, zone), local_time.at_minute(on, last * 60, zone)
    )
    bars = [*_bars("open", open_, drawn), *_bars("taken", taken, drawn)]
    return Day(on, open_, taken, tuple(bars))


def _bars(kind: str, spans: tuple[Interval, ...], drawn: Interval) -> list[Bar]:
    def place(at: datetime) -> int:
        return round((at - drawn.starts_at) / drawn.length * DRAWN_WIDTH)

    return [
        Bar(kind, place(span.starts_at), max(place(span.ends_at) - place(span.starts_at), 4))
        for span in _within(spans, drawn)
    ]


def _drawn_hours(spans: list[Interval], zone: ZoneInfo) -> tuple[int, int]:
    """Return the first and last clock hour that hold everything; a whole day when in doubt."""
    first, last = 24, 0
    for span in merged(spans):
        start, end = (at.astimezone(zone) for at in (span.starts_at, span.ends_at))
        until = (end - timedelta(microseconds=1)).replace(tzinfo=None)
        if start.date() != until.date():
            return 0, 24
        first, last = min(first, start.hour), max(last, until.hour + 1)
    return (first, last) if first < last else (8, 20)


def _within(spans: tuple[Interval, ...], window: Interval) -> tuple[Interval, ...]:
    return tuple(
        Interval(max(span.starts_at, window.starts_at), min(span.ends_at, window.ends_at))
        for span in spans
        if span.overlaps(window)
    )
