"""Series as plain lists: which bookings belong together, and where each goes with the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.support.model import GIVEN_UP, Model, Modelled, instant, wall

# Staff have to agree to these; whoever moves or cancels with others is told so beforehand.
COMING = {"requested", "confirmed"}


@dataclass(frozen=True, slots=True)
class Repeating:
    """Whose series it is, its first local start, and every how many weeks it comes again."""

    who: str
    starts: datetime
    weeks: int

    def planned(self, number: int) -> datetime:
        """Return the local start of an occurrence."""
        return self.starts + timedelta(weeks=self.weeks * (number - 1))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an occurrence is to be, and which booking is there already."""

    number: int
    machines: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    uid: str = ""


Foreseen = dict[int, tuple[str, frozenset[str]]]


class WithSeries(Model):
    """Bookings, some of which repeat."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.series: dict[str, Repeating] = {}

    def occurrences(self, uid: str) -> list[Modelled]:
        """Return the bookings of a series that are still its person's, by number."""
        who = self.series[uid].who
        found = (b for b in self.bookings.values() if b.series == uid and b.who == who)
        return sorted(found, key=lambda one: one.number)

    def scope(self, booking: Modelled, scope: str) -> list[Modelled]:
        """Return what an act on the booking and others of its series is about."""
        return [
            one
            for one in self.occurrences(booking.series)
            if self.coming(one)
            and (one.number == booking.number or scope != "one")
            and (one.number >= booking.number or scope == "all")
        ]

    def coming(self, booking: Modelled) -> bool:
        """Say whether an act on a series may touch the booking."""
        return booking.state in COMING and booking.starts_at > self.now

    def meant(self, booking: Modelled) -> datetime:
        """Return the local start that an occurrence means, though the clocks may skip it."""
        planned = self.series[booking.series].planned(booking.number)
        return planned if instant(planned) == booking.starts_at else wall(booking.starts_at)

    def foresee(self, who: str, places: Iterable[Place], left_out: Collection[int]) -> Foreseen:
        """Return what would become of each, those before it counted as done."""
        trial, found = self.trial(), {}
        for place in places:
            if place.number in left_out:
                found[place.number] = ("left-out", frozenset[str]())
                continue
            at = (place.starts_at, place.ends_at)
            problems = trial.problems(who, place.machines, *at, moving=place.uid)
            before = trial.bookings.get(place.uid)
            if before and before.starts_at != place.starts_at and self.late(before):
                problems.add("booking.cancel-too-late")
            if problems:
                found[place.number] = ("refused", frozenset(problems))
                continue
            if before:
                trial.moved(before.uid, place.machines, *at)
            else:
                trial.add(f"occurrence {place.number}", who, place.machines, *at)
            state = trial.state_for(*at)
            found[place.number] = ("request" if state == "requested" else "fine", frozenset())
        return found

    def placed(
        self, booking: Modelled, scope: str, starts_at: datetime, length: timedelta
    ) -> list[Place]:
        """Return where all in the scope go when the booking goes there, in the order of going."""
        shift = wall(starts_at) - self.meant(booking)
        resized = length != booking.ends_at - booking.starts_at
        places = []
        for one in self.scope(booking, scope):
            start = instant(self.meant(one) + shift)
            its_length = length if resized else one.ends_at - one.starts_at
            places.append(Place(one.number, one.machines, start, start + its_length, one.uid))
        # Whoever goes later leaves its time to the one before only if it goes first.
        return sorted(
            places,
            key=lambda place: self.bookings[place.uid].starts_at,
            reverse=shift > timedelta(0),
        )

    def begin(self, uid: str, who: str, starts: datetime, weeks: int) -> None:
        """Add a series; its bookings come with `add`."""
        self.series[uid] = Repeating(who, starts, weeks)
        self.wrote("series.booked", "SeriesBooked")

    def shift(self, uid: str, after: str, places: list[Place], shift: timedelta) -> None:
        """Move occurrences with others, into the series `after`, which may be the same one."""
        old, first = self.series[uid], min(place.number for place in places)
        first = 1 if after == uid else first
        self.series[after] = replace(old, starts=old.planned(first) + shift)
        for place in places:
            self.moved(place.uid, place.machines, place.starts_at, place.ends_at)
            self.bookings[place.uid] = replace(
                self.bookings[place.uid], series=after, number=place.number - first + 1
            )
        self.wrote("series.moved", "SeriesMoved")

    def stay_behind(self, uid: str, moving: Collection[int]) -> bool:
        """Say whether any occurrence that holds or held its time does not move."""
        return any(
            one.number not in moving and one.state not in GIVEN_UP - {"missed"}
            for one in self.occurrences(uid)
        )
