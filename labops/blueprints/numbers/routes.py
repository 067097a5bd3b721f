"""Numbers: use by machine, hour and weekday; every figure opens its records, CSV beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from babel.numbers import format_decimal
from flask import Response, render_template
from flask.typing import ResponseReturnValue

from labops.blueprints import formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.numbers.base import Asked, asked_for, bp
from labops.blueprints.sites.base import asked
from labops.domain.incidents import queries as incidents
from labops.domain.maintenance.figures import Dependability, dependability
from labops.domain.numbers import policies, queries
from labops.domain.numbers.policies import MachineNumbers
from labops.domain.numbers.queries import Numbers, Record
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval

HOUR = timedelta(hours=1)
SHADES = 4
DAYS = 7
MOST_SHOWN = 500
KINDS: dict[str, Callable[[Record, datetime], bool]] = {
    "used": lambda one, _now: one.used is not None,
    "missed": lambda one, now: one.counted and one.booking.missed(now=now),
    "walk-ins": lambda one, _now: one.counted and one.booking.came() and one.booking.walk_in,
    "bookings": lambda one, now: (
        one.counted and (one.booking.came() or one.booking.missed(now=now))
    ),
}


@bp.get("/numbers")
@requires(queries.SEEN_BY)
def index() -> ResponseReturnValue:
    """Show what the days come to, machine by machine and hour by hour."""
    now = clock.now()
    wanted = asked_for(now)
    found = _numbers(wanted, now)
    return render_template(
        "numbers/index.html",
        asked=wanted,
        numbers=found,
        total=found.total,
        hours=_shown_hours,
        percent=_percent,
        heat=_heat(found),
        days=[formats.weekday(one) for one in range(DAYS)],
        repairs=list(_repairs(wanted, found, now)),
        zones=sorted({one.zone for one in wanted.among if one.id in wanted.period.site_ids}),
    )


@bp.get("/numbers.csv")
@requires(queries.SEEN_BY)
def index_csv() -> Response:
    """Answer with the numbers of each machine; hours and shares with a point."""
    now = clock.now()
    rows = (
        [
            name.slug,
            name.name,
            _hours(one.used),
            _hours(one.used_while_open),
            _hours(one.open),
            *_shares(one),
            str(one.bookings),
            str(one.missed),
            str(one.walk_ins),
        ]
        for name, one in _numbers(asked_for(now), now).machines
    )
    columns = ["machine", "name", "hours_used", "hours_used_while_open", "hours_open"]
    columns += ["utilisation", "missed_share", "bookings", "missed", "walk_ins"]
    return csv_answer("numbers", columns, rows)


@bp.get("/numbers/hours.csv")
@requires(queries.SEEN_BY)
def hours_csv() -> Response:
    """Answer with the hours of use in each hour of the week; Monday is 1."""
    now = clock.now()
    heat = _numbers(asked_for(now), now).heat
    rows = (
        [str(day + 1), str(hour), _hours(heat.get((day, hour), timedelta(0)))]
        for day in range(DAYS)
        for hour in range(24)
    )
    return csv_answer("numbers-hours", ["weekday", "hour", "hours_used"], rows)


@bp.get("/numbers/records")
@requires(queries.SEEN_BY)
def records() -> ResponseReturnValue:
    """Show the bookings behind a number."""
    now = clock.now()
    wanted = asked_for(now)
    found = list(_records(wanted, now))
    same = {"kind": _kind(), "weekday": asked("weekday"), "hour": asked("hour")}
    return render_template(
        "numbers/records.html",
        asked=wanted,
        kind=_kind(),
        records=found[:MOST_SHOWN],
        count=len(found),
        hours=_shown_hours,
        csv_url=wanted.url(".records_csv", **same),
    )


@bp.get("/numbers/records.csv")
@requires(queries.SEEN_BY)
def records_csv() -> Response:
    """Answer with the bookings behind a number."""
    now = clock.now()
    rows = (
        [
            one.booking.starts_at.isoformat(),
            one.booking.ends_at.isoformat(),
            one.machine,
            one.booking.person,
            one.booking.state,
            "yes" if one.booking.walk_in else "no",
            _hours(one.used.length) if one.used else "0.00",
        ]
        for one in _records(asked_for(now), now)
    )
    columns = ["starts_at", "ends_at", "machine", "person", "state", "walk_in", "hours_used"]
    return csv_answer(f"numbers-{_kind()}", columns, rows)


@bp.get("/numbers/members")
@requires(queries.SEEN_BY)
def members() -> ResponseReturnValue:
    """Show the members who came or used a machine."""
    wanted = asked_for(clock.now())
    return render_template(
        "numbers/members.html",
        asked=wanted,
        members=_members(wanted),
        csv_url=wanted.url(".members_csv"),
    )


@bp.get("/numbers/members.csv")
@requires(queries.SEEN_BY)
def members_csv() -> Response:
    """Answer with the members who came or used a machine."""
    found = _members(asked_for(clock.now()))
    return csv_answer("numbers-members", ["name"], ([name] for _uid, name in found))


def _numbers(wanted: Asked, now: datetime) -> Numbers:
    actor = current_actor()
    return queries.of_period(reading(), wanted.period, wanted.among, actor=actor, now=now)


def _members(wanted: Asked) -> list[tuple[str, str]]:
    actor, now = current_actor(), clock.now()
    return queries.members(reading(), wanted.period, wanted.among, actor=actor, now=now)


def _kind() -> str:
    return asked("kind") if asked("kind") in KINDS else "used"


def _records(wanted: Asked, now: datetime) -> Iterator[Record]:
    """Yield the bookings of the kind, in the hour of the week that is asked for if one is."""
    actor = current_actor()
    found = queries.records(reading(), wanted.period, wanted.among, actor=actor, now=now)
    belongs, cell = KINDS[_kind()], _cell()
    for one in found:
        if belongs(one, now) and (cell is None or _in_cell(one, cell)):
            yield one


def _in_cell(one: Record, cell: tuple[int, int]) -> bool:
    spans = [one.used] if one.used else []
    return cell in policies.by_hour(spans, local_time.zone(one.zone))


def _cell() -> tuple[int, int] | None:
    day, hour = asked("weekday"), asked("hour")
    if day in map(str, range(DAYS)) and hour in map(str, range(24)):
        return int(day), int(hour)
    return None


def _heat(found: Numbers) -> list[list[tuple[str, int]]]:
    """Return hours and shade (0 to 4, by the busiest) of each hour of each weekday."""
    most = max(found.heat.values(), default=timedelta(0))
    zero = timedelta(0)
    return [
        [
            (_shown_hours(length), -(-length * SHADES // most) if most else 0)
            for hour in range(24)
            for length in [found.heat.get((day, hour), zero)]
        ]
        for day in range(DAYS)
    ]


def _hours(length: timedelta) -> str:
    return f"{length / HOUR:.2f}"


def _shown_hours(length: timedelta) -> str:
    return str(format_decimal(length / HOUR, format="0.00", locale=formats.language()))


def _repairs(
    wanted: Asked, found: Numbers, now: datetime
) -> Iterator[tuple[queries.MachineName, Dependability]]:
    """Yield the machines that a fault stopped in these days, with what that came to."""
    for site in wanted.among:
        if site.id not in wanted.period.site_ids:
            continue
        names = [name for name, _one in found.machines if name.site_id == site.id]
        days = wanted.period.at(site)
        period = Interval(days.starts_at, max(min(days.ends_at, now), days.starts_at + HOUR))
        stops = incidents.stops_by_machine(reading(), [name.id for name in names], period, now=now)
        yield from (
            (name, dependability(stops[name.id], period)) for name in names if name.id in stops
        )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _shares(one: MachineNumbers) -> list[str]:
    return [
        "" if share is None else f"{share:.4f}" for share in (one.utilisation, one.missed_share)
    ]
