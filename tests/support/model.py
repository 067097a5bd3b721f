"""What bookings should be, as plain lists: the oracle of the state machine.

It knows nothing of the ledger, of rules as data or of the database; it adds up intervals.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
HALF_HOUR = timedelta(minutes=30)
LONGEST = timedelta(hours=4)
WITH_APPROVAL = timedelta(hours=2)
DECIDE_WITHIN = timedelta(hours=6)
DAILY, WEEKLY = timedelta(hours=5), timedelta(hours=7)
BOOKINGS_A_WEEK = 3  # on each machine
MOST_OPEN, MOST_AT_ONCE = 6, 2
GRACE = timedelta(minutes=15)
EARLY = timedelta(minutes=15)
CANCEL_NOTICE = timedelta(hours=1)
HORIZON_DAYS = 20
REMEMBERED = timedelta(days=30)  # how long feeds show what was given up
# Machine: how many of it there are, minutes of clean-up.
MACHINES = {"laser": (1, 15), "printer": (1, 0), "second": (1, 0), "benches": (6, 0)}
HOLDING = {"requested", "confirmed", "checked_in"}
GIVEN_UP = {"cancelled", "missed", "rejected"}
SHOWN = {"requested": "TENTATIVE"} | dict.fromkeys(GIVEN_UP, "CANCELLED")
# Calendars show the same after these.
UNSEEN = {"booking.checked-in", "booking.finished", "booking.kept"}


@dataclass(frozen=True, slots=True)
class Modelled:
    """A booking as the model sees it."""

    uid: str
    who: str
    machines: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    state: str
    check_in_by: datetime
    decide_by: datetime
    released_at: datetime | None = None  # when a finished one gave its time back
    given_up_at: datetime | None = None
    sequence: int = 0
    series: str = ""
    number: int = 0

    @property
    def held_until(self) -> datetime:
        """Return until when it keeps others out, clean-up left out."""
        return self.ends_at if self.released_at is None else self.released_at


@dataclass(slots=True)
class Held:
    """Time that is held for somebody who waits, until she answers."""

    uid: str
    wish: str
    who: str
    machines: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    until: datetime


class Model:
    """All bookings and closures, what is allowed, and what was written down."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.bookings: dict[str, Modelled] = {}
        self.closures: list[tuple[datetime, datetime]] = []
        self.offers: list[Held] = []
        self.entries: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()

    def problems(
        self,
        who: str,
        machines: Iterable[str],
        starts_at: datetime,
        ends_at: datetime,
        *,
        moving: str = "",
        given: str = "",
    ) -> set[str]:
        """Return the codes of every rule that the wish breaks.

        A booking that is `moving` makes way for itself; so does the time of a booking or an
        offer that is `given`, but the wish is a new one.
        """
        found = set()
        machines = tuple(machines)
        before = self.bookings.get(moving)
        keeps_start = before is not None and before.starts_at == starts_at
        if (ends_at <= self.now) if keeps_start else (starts_at < self.now):
            found.add("booking.past")
        if ends_at - starts_at > LONGEST:
            found.add("booking.too-long")
        last = self.now.astimezone(ROME).date() + timedelta(days=HORIZON_DAYS)
        if not keeps_start and starts_at.astimezone(ROME).date() > last:
            found.add("booking.too-far")
        if any(start < ends_at and starts_at < end for start, end in self.closures):
            found.add("booking.closed")
        if any(not self._room(one, starts_at, ends_at, moving or given) for one in machines):
            found.add("booking.overlap")
        mine = [one for uid, one in self.bookings.items() if one.who == who and uid != moving]
        if self._uses_up(mine, machines, starts_at, ends_at):
            found.add("booking.quota")
        live = [one for one in mine if one.state in HOLDING]
        if not moving and sum(one.ends_at > self.now for one in live) >= MOST_OPEN:
            found.add("booking.too-many-open")
        if len(machines) + _most_at_once(live, starts_at, ends_at) > MOST_AT_ONCE:
            found.add("booking.one-at-a-time")
        return found

    def claims(self) -> list[tuple[str, str, datetime, datetime]]:
        """Return every claim on a machine's time and for what, clean-up included."""
        bookings = [("booking", *claim) for one in self.bookings.values() for claim in _claims(one)]
        offers = [
            ("offer", machine, one.starts_at, one.ends_at + cleanup(machine))
            for one in self.offers
            for machine in one.machines
        ]
        return sorted(bookings + offers)

    def feed(self, who: str) -> Iterator[tuple[str, datetime, datetime, str, int]]:
        """Yield what the person's calendar shows."""
        day = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        for one in self.bookings.values():
            until = max(one.ends_at, one.given_up_at or one.ends_at)
            if one.who == who and (one.state not in GIVEN_UP or until > day - REMEMBERED):
                state = SHOWN.get(one.state, "CONFIRMED")
                yield one.uid, one.starts_at, one.ends_at, state, one.sequence

    def wrote(self, entry: str, *messages: str) -> None:
        """Count one audit entry, and the messages that go with it."""
        self.entries[entry] += 1
        self.messages.update(messages)

    def add(
        self,
        uid: str,
        who: str,
        machines: tuple[str, ...],
        *at: datetime,
        series: str = "",
        number: int = 0,
    ) -> None:
        """Make a booking that begins and ends `at` these moments."""
        starts_at, ends_at = at
        state = self.state_for(starts_at, ends_at)
        self.bookings[uid] = Modelled(
            uid=uid,
            who=who,
            machines=machines,
            starts_at=starts_at,
            ends_at=ends_at,
            state=state,
            check_in_by=self.check_in_by(starts_at, ends_at),
            decide_by=self.decide_by(starts_at),
            series=series,
            number=number,
        )
        self.wrote(f"booking.{state}", f"Booking{state.title()}")

    def change(self, uid: str, entry: str, *messages: str, **changes: object) -> None:
        """Change a booking."""
        old = self.bookings[uid]
        new = replace(old, **changes)  # type: ignore[arg-type]
        if entry not in UNSEEN:
            new = replace(new, sequence=old.sequence + 1)
        if new.state in GIVEN_UP:
            new = replace(new, given_up_at=self.now)
        self.bookings[uid] = new
        self.wrote(entry, *messages)

    def moved(self, uid: str, machines: tuple[str, ...], *at: datetime) -> None:
        """Let a booking begin and end `at` other moments; a running one just goes on."""
        starts_at, ends_at = at
        before = self.bookings[uid]
        running = before.state == "checked_in"
        self.change(
            uid,
            "booking.moved",
            "BookingMoved",
            machines=machines,
            starts_at=starts_at,
            ends_at=ends_at,
            state="checked_in" if running else self.state_for(starts_at, ends_at),
            check_in_by=self.check_in_by(
                starts_at, ends_at, before if starts_at == before.starts_at else None
            ),
            decide_by=self.decide_by(starts_at),
        )

    def late(self, booking: Modelled) -> bool:
        """Say whether it comes too late to give its start up."""
        return booking.starts_at - self.now < CANCEL_NOTICE

    def trial(self) -> Model:
        """Return a model in which one may try something out."""
        other = copy.copy(self)
        other.bookings = dict(self.bookings)
        other.entries, other.messages = Counter(), Counter()
        return other

    def state_for(self, starts_at: datetime, ends_at: datetime) -> str:
        """Return what a booking of that length becomes."""
        return "requested" if ends_at - starts_at > WITH_APPROVAL else "confirmed"

    def check_in_by(
        self, starts_at: datetime, ends_at: datetime, before: Modelled | None = None
    ) -> datetime:
        """Return the end of the grace for what is booked now; a start that stays keeps its own."""
        if before is not None:
            return min(max(starts_at + GRACE, before.check_in_by), ends_at)
        return min(max(starts_at, self.now) + GRACE, ends_at)

    def decide_by(self, starts_at: datetime) -> datetime:
        """Return when a request made now lapses."""
        return min(self.now + DECIDE_WITHIN, starts_at)

    def time_passes(self, now: datetime) -> None:
        """Let the clock run and the sweeps do their work."""
        self.now = now
        for uid, booking in list(self.bookings.items()):
            if booking.state == "confirmed" and booking.check_in_by <= now:
                closed = any(
                    start < max(booking.check_in_by, booking.starts_at) and booking.starts_at < end
                    for start, end in self.closures
                )
                state = "cancelled" if closed else "missed"
                self.change(uid, f"booking.{state}", f"Booking{state.title()}", state=state)
            elif booking.state == "checked_in" and booking.ends_at <= now:
                self.change(uid, "booking.finished", "BookingFinished", state="finished")
            elif booking.state == "requested" and booking.decide_by <= now:
                self.change(uid, "booking.rejected", "BookingRejected", state="rejected")

    def _room(self, machine: str, starts_at: datetime, ends_at: datetime, besides: str) -> bool:
        count, _minutes = MACHINES[machine]
        ends_at += cleanup(machine)
        claims = [
            claim for uid, one in self.bookings.items() if uid != besides for claim in _claims(one)
        ]
        claims += [
            (name, one.starts_at, one.ends_at + cleanup(name))
            for one in self.offers
            if one.uid != besides
            for name in one.machines
        ]
        held = [
            (start, end)
            for name, start, end in claims
            if name == machine and start < ends_at and starts_at < end
        ]
        # Units are handed out one by one and never exchanged, so a unit must be free all along.
        moments = [starts_at, *(start for start, _end in held if start > starts_at)]
        return all(
            sum(1 for start, end in held if start <= moment < end) < count for moment in moments
        )

    def _uses_up(
        self,
        mine: list[Modelled],
        machines: tuple[str, ...],
        starts_at: datetime,
        ends_at: datetime,
    ) -> bool:
        """Say whether it is more than one may have in a day, a week, or on a machine a week."""
        counted = [one for one in mine if one.state in HOLDING | {"finished", "missed"}]
        for days, limit in ((1, DAILY), (7, WEEKLY)):
            for period in _periods(starts_at, ends_at, days):
                wanted = _shared((starts_at, ends_at), period) * len(machines)
                used = sum(
                    (
                        _shared((one.starts_at, one.ends_at), period) * len(one.machines)
                        for one in counted
                    ),
                    timedelta(0),
                )
                if wanted and used + wanted > limit:
                    return True
        return any(
            _shared((starts_at, ends_at), week)
            and sum(
                machine in one.machines and bool(_shared((one.starts_at, one.ends_at), week))
                for one in counted
            )
            >= BOOKINGS_A_WEEK
            for week in _periods(starts_at, ends_at, 7)
            for machine in machines
        )


def cleanup(machine: str) -> timedelta:
    """Return how long a machine is cleaned after each use."""
    return timedelta(minutes=MACHINES[machine][1])


def wall(at: datetime) -> datetime:
    """Return what the clock on the wall shows."""
    return at.astimezone(ROME).replace(tzinfo=None, fold=0)


def instant(local: datetime) -> datetime:
    """Return when the wall shows that: the first of two times, or as much after the jump."""
    return local.replace(tzinfo=ROME).astimezone(UTC)


def _periods(starts_at: datetime, ends_at: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """Return the local days, or the weeks from Monday on, that the span may touch."""
    first = starts_at.astimezone(ROME).date()
    if days == 7:
        first -= timedelta(days=first.weekday())
    periods = []
    while first <= ends_at.astimezone(ROME).date():
        after = first + timedelta(days=days)
        begins, ends = (instant(datetime.combine(d, datetime.min.time())) for d in (first, after))
        periods.append((begins, ends))
        first = after
    return periods


def _most_at_once(live: list[Modelled], starts_at: datetime, ends_at: datetime) -> int:
    meeting = [one for one in live if one.starts_at < ends_at and starts_at < one.ends_at]
    moments = [starts_at, *(one.starts_at for one in meeting if one.starts_at > starts_at)]
    return max(
        sum(len(one.machines) for one in meeting if one.starts_at <= moment < one.ends_at)
        for moment in moments
    )


def _claims(booking: Modelled) -> list[tuple[str, datetime, datetime]]:
    if booking.state not in HOLDING | {"finished"}:
        return []
    claims = (
        (machine, booking.starts_at, booking.held_until + cleanup(machine))
        for machine in booking.machines
    )
    # Whoever finishes before the start, clean-up done, held nothing in the end.
    return [one for one in claims if booking.state in HOLDING or one[2] > one[1]]


def _shared(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta(0))
