"""What bookings should be, as plain lists: the oracle of the state machine.

It knows nothing of the ledger, of rules as data or of the database; it adds up intervals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
HALF_HOUR = timedelta(minutes=30)
LONGEST = timedelta(hours=4)
WITH_APPROVAL = timedelta(hours=2)
DECIDE_WITHIN = timedelta(hours=6)
DAILY = timedelta(hours=5)
GRACE = timedelta(minutes=15)
EARLY = timedelta(minutes=15)
CANCEL_NOTICE = timedelta(hours=1)
HORIZON_DAYS = 20
# Machine: how many of it there are, minutes of clean-up.
MACHINES = {"laser": (1, 15), "printer": (1, 0), "benches": (6, 0)}
HOLDING = {"requested", "confirmed", "checked_in"}


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

    @property
    def held_until(self) -> datetime:
        """Return until when it keeps others out, clean-up left out."""
        return self.ends_at if self.released_at is None else self.released_at


class Model:
    """All bookings and closures, and what is allowed."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.bookings: dict[str, Modelled] = {}
        self.closures: list[tuple[datetime, datetime]] = []
        self.changes = 0  # each is one audit entry and one message

    def problems(
        self,
        who: str,
        machines: Iterable[str],
        starts_at: datetime,
        ends_at: datetime,
        besides: str = "",
    ) -> set[str]:
        """Return the codes of every rule that the wish breaks."""
        found = set()
        machines = tuple(machines)
        before = self.bookings.get(besides)
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
        if any(not self._room(one, starts_at, ends_at, besides) for one in machines):
            found.add("booking.overlap")
        if any(
            self._over(who, machines, starts_at, ends_at, besides, day)
            for day in self._days(starts_at, ends_at)
        ):
            found.add("booking.quota")
        return found

    def claims(self) -> list[tuple[str, datetime, datetime]]:
        """Return every claim on a machine's time, clean-up included."""
        return sorted(
            (machine, booking.starts_at, booking.held_until + self._cleanup(machine))
            for booking in self.bookings.values()
            if booking.state in HOLDING | {"finished"}
            for machine in booking.machines
            if booking.state in HOLDING
            or booking.held_until + self._cleanup(machine) > booking.starts_at
        )

    def put(self, uid: str, **changes: object) -> None:
        """Change a booking, or add one."""
        old = self.bookings.get(uid)
        self.bookings[uid] = (
            replace(old, **changes) if old else Modelled(uid=uid, **changes)  # type: ignore[arg-type]
        )
        self.changes += 1

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
                self.put(uid, state="cancelled" if closed else "missed")
            elif booking.state == "checked_in" and booking.ends_at <= now:
                self.put(uid, state="finished")
            elif booking.state == "requested" and booking.decide_by <= now:
                self.put(uid, state="rejected")

    def _room(self, machine: str, starts_at: datetime, ends_at: datetime, besides: str) -> bool:
        count, minutes = MACHINES[machine]
        ends_at += timedelta(minutes=minutes)
        held = [
            (start, end)
            for uid, booking in self.bookings.items()
            if uid != besides
            for one, start, end in _claims_of(booking)
            if one == machine and start < ends_at and starts_at < end
        ]
        # Units are handed out one by one and never exchanged, so a unit must be free all along.
        moments = [starts_at, *(start for start, _end in held if start > starts_at)]
        return all(
            sum(1 for start, end in held if start <= moment < end) < count for moment in moments
        )

    def _over(
        self,
        who: str,
        machines: tuple[str, ...],
        starts_at: datetime,
        ends_at: datetime,
        besides: str,
        day: tuple[datetime, datetime],
    ) -> bool:
        wanted = _shared((starts_at, ends_at), day) * len(machines)
        used = sum(
            (
                _shared((booking.starts_at, booking.ends_at), day) * len(booking.machines)
                for uid, booking in self.bookings.items()
                if uid != besides
                and booking.who == who
                and booking.state in HOLDING | {"finished", "missed"}
            ),
            timedelta(0),
        )
        return bool(wanted) and used + wanted > DAILY

    @staticmethod
    def _days(starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
        day = starts_at.astimezone(ROME).date()
        days = []
        while day <= ends_at.astimezone(ROME).date():
            first, last = (
                datetime.combine(one, datetime.min.time(), ROME).astimezone(UTC)
                for one in (day, day + timedelta(days=1))
            )
            days.append((first, last))
            day += timedelta(days=1)
        return days

    @staticmethod
    def _cleanup(machine: str) -> timedelta:
        return timedelta(minutes=MACHINES[machine][1])


def _claims_of(booking: Modelled) -> list[tuple[str, datetime, datetime]]:
    if booking.state not in HOLDING | {"finished"}:
        return []
    return [
        (machine, booking.starts_at, booking.held_until + timedelta(minutes=MACHINES[machine][1]))
        for machine in booking.machines
    ]


def _shared(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> timedelta:
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta(0))
