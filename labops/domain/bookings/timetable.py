"""What a site's machines do in a window: open, taken, free. The ground of calendar and day list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings import queries
from labops.domain.bookings.facts import BookingFacts, PersonFacts
from labops.domain.bookings.gathering import gather_for_search, kept_holidays
from labops.domain.bookings.policies import open_spans, person_problems, spans
from labops.domain.bookings.queries import BookingView, Search
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.inductions import queries as inductions
from labops.domain.inductions.views import SessionView
from labops.domain.machines import queries as machine_queries
from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import queries as maintenance
from labops.domain.maintenance.queries import MaintenanceView
from labops.domain.sites.queries import find_site, weekly_hours
from labops.kernel import ledger, local_time
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval, common, merged, without
from labops.kernel.permissions import Actor

MOST_BOOKINGS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineTimes:
    """One machine in the window.

    `open` is when one can be there; `full` when no unit is left, buffers and maintenance
    included; `bookings` are those that hold time on it, `maintenance` the work on it, and
    `inductions` what is taught on it, by start.
    """

    machine: MachineView
    rules: HouseRules
    open: tuple[Interval, ...]
    full: tuple[Interval, ...]
    bookings: tuple[BookingView, ...]
    holidays: frozenset[date] = frozenset()
    maintenance: tuple[MaintenanceView, ...] = ()
    inductions: tuple[SessionView, ...] = ()

    @property
    def blocked(self) -> tuple[Interval, ...]:
        """Return when it is taken by something that is shown nowhere else, such as buffers."""
        if self.machine.capacity > 1:
            return ()
        shown = [shown_slot(booking) for booking in self.bookings]
        shown += [block.span for block in self.maintenance]
        return without(self.full, [*shown, *(one.span for one in self.inductions)])

    def closed(self, window: Interval) -> tuple[Interval, ...]:
        """Return when nobody can be there."""
        return without([window], self.open)

    def free(self, window: Interval, *, now: datetime, zone: ZoneInfo) -> tuple[Interval, ...]:
        """Return the spans that can still be booked, long enough, starting on the grid."""
        if self.machine.state != MachineState.IN_SERVICE:
            return ()
        facts = self._facts(window, now, zone)
        buffers = {
            "before": timedelta(minutes=self.cleanup_minutes),
            "after": timedelta(minutes=self.setup_minutes),
        }
        # A new booking brings its own buffers, so what is left beside a taken span is shorter.
        holes = [span.widened(**buffers) for span in self.full]
        usable = without(spans.usable_spans(facts, self.rules), holes)
        left = common(usable, spans.start_spans(facts, self.rules))
        if self.rules.sessions:
            whole = spans.session_spans(facts, self.rules)
            return merged(one for one in whole if any(span.contains(one) for span in left))
        found = []
        for span in left:
            start = next_on_grid(span.starts_at, self.rules.grid, zone)
            end = span.ends_at - (span.ends_at - start) % self.rules.grid
            if start < end and end - start >= self.rules.shortest:
                found.append(Interval(start, end))
        return tuple(found)

    @property
    def setup_minutes(self) -> int:
        """Return how long it is kept free before a booking, by the house rules or its own."""
        return _buffer(self.rules, self.rules.setup, self.machine.setup_minutes)

    @property
    def cleanup_minutes(self) -> int:
        """Return how long it is kept free after a booking, by the house rules or its own."""
        return _buffer(self.rules, self.rules.cleanup, self.machine.cleanup_minutes)

    def _facts(self, window: Interval, now: datetime, zone: ZoneInfo) -> BookingFacts:
        """Return what spans of time depend on: nothing about any person."""
        return BookingFacts(
            slot=window,
            now=now,
            zone=zone,
            site_id=self.machine.site_id,
            machines=(),
            person=PersonFacts(is_member=True),
            opening=self.open,
            holidays=self.holidays,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Only:
    """What a timetable is narrowed to.

    `free` leaves out machines without any free time from now on in the window; `usable` those
    that the actor may not use, whatever the hour.
    """

    process: str | None = None
    free: bool = False
    usable: bool = False


EVERYTHING = Only()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """All machines of a site in a window."""

    site_id: int
    zone: ZoneInfo
    window: Interval
    machines: tuple[MachineTimes, ...]
    bookings: tuple[BookingView, ...]


def of_site(
    session: Session,
    slug: str,
    window: Interval,
    actor: Actor,
    *,
    now: datetime,
    only: Only = EVERYTHING,
) -> Timetable:
    """Read the window: the same few statements for one machine and for sixty.

    Raises `NotFound` for an unknown site.
    """
    site = find_site(session, slug)
    if site is None:
        raise NotFound
    zone = local_time.zone(site.zone)
    machines = machine_queries.search(session, site=site.slug, process=only.process)
    if only.usable:
        machines = _usable(session, machines, window, actor, now=now)
    bookings, _ = queries.listed(
        session, Search(window=window, site=site.slug, limit=MOST_BOOKINGS), actor
    )
    spaces = {machine.space_id for machine in machines if machine.space_id}
    shut = closures.during(session, site.id, window, space_ids=sorted(spaces))
    opening = weekly_hours(session, site.id, site.revision).open_during(window, zone)
    claimed = ledger.busy(session, [machine.id for machine in machines], window)
    by_machine = _by_machine(bookings)
    work = maintenance.during(session, site.id, window)
    taught = inductions.during(session, site.id, window)
    times = tuple(
        MachineTimes(
            machine=machine,
            rules=rules_in_force(
                session,
                site.id,
                site.revision,
                category=machine.type_slug,
                machine=machine.slug,
            ),
            open=_within(
                open_spans(
                    opening,
                    tuple(
                        Interval(closure.starts_at, closure.ends_at)
                        for closure in shut
                        if closure.space_id in {None, machine.space_id}
                    ),
                ),
                window,
            ),
            full=full_spans(claimed[machine.id], machine.capacity),
            bookings=tuple(by_machine.get(machine.slug, ())),
            holidays=kept_holidays(session, [machine], "", window, now, zone),
            maintenance=tuple(one for one in work if machine.id in one.machine_ids),
            inductions=tuple(one for one in taught if machine.id in one.machine_ids),
        )
        for machine in machines
    )
    if only.free:
        times = tuple(one for one in times if one.free(window, now=now, zone=zone))
    shown = {one.machine.slug for one in times}
    return Timetable(
        site_id=site.id,
        zone=zone,
        window=window,
        machines=times,
        bookings=tuple(booking for booking in bookings if shown & set(booking.machines)),
    )


def _buffer(rules: HouseRules, ruled: timedelta | None, own_minutes: int) -> int:
    if rules.buffers_inside:
        return 0
    return own_minutes if ruled is None else int(ruled / timedelta(minutes=1))


def _usable(
    session: Session,
    machines: Sequence[MachineView],
    window: Interval,
    actor: Actor,
    *,
    now: datetime,
) -> list[MachineView]:
    """Return the machines that are in service and that nothing about the actor keeps her from."""
    facts = gather_for_search(session, actor.require_person(), machines, window, now=now)
    return [
        machine
        for machine in machines
        if machine.state == MachineState.IN_SERVICE and not person_problems(facts[machine.id])
    ]


def shown_slot(booking: BookingView) -> Interval:
    """Return the span in which a booking keeps others out: less than its slot once finished."""
    end = booking.finished_at
    if end is None or not booking.starts_at < end < booking.ends_at:
        end = booking.ends_at
    return Interval(booking.starts_at, end)


def full_spans(claims: Iterable[Interval], capacity: int) -> tuple[Interval, ...]:
    """Return when as many claims as the capacity run at once."""
    edges = sorted(edge for claim in claims for edge in ((claim.starts_at, 1), (claim.ends_at, -1)))
    spans: list[Interval] = []
    running, since = 0, None
    for at, step in edges:  # at one instant ends sort before starts: touching is not overlapping
        running += step
        if running >= capacity and since is None:
            since = at
        elif running < capacity and since is not None:
            if since < at:
                spans.append(Interval(since, at))
            since = None
    return merged(spans)


def _within(spans: Sequence[Interval], window: Interval) -> tuple[Interval, ...]:
    return tuple(
        Interval(max(span.starts_at, window.starts_at), min(span.ends_at, window.ends_at))
        for span in spans
        if span.overlaps(window)
    )


def _by_machine(bookings: Sequence[BookingView]) -> dict[str, list[BookingView]]:
    found: dict[str, list[BookingView]] = {}
    for booking in bookings:
        for slug in booking.machines:
            found.setdefault(slug, []).append(booking)
    return found


def next_on_grid(at: datetime, grid: timedelta, zone: ZoneInfo) -> datetime:
    """Return the first instant from `at` on that lies on the grid of its local day."""
    local = at.astimezone(zone)
    past_midnight = timedelta(
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return at + (-past_midnight) % grid
