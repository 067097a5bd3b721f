"""Which other time would pass the rules that a wish fails: tried out, not guessed.

A failed rule names a step, such as `shorten:60`. Each step gives a few slots to try; whichever
passes that rule and fails the fewest others is the one that is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings.facts import MachineFacts
from labops.domain.bookings.finding import TimeSearch, find_times
from labops.domain.bookings.policies import Explained
from labops.domain.bookings.timetable import next_on_grid
from labops.kernel.interval import Interval

# How far ahead a free time is looked for, how many are tried, and how many tries in all.
AHEAD = timedelta(days=28)
MOST_FOUND = 4
MOST_TRIED = 24
MOST_ASKED = 120
_MINUTE = timedelta(minutes=1)

Ask = Callable[[Interval], tuple[Explained, ...]]
# What is wrong, whatever the words: which rule, of which machine, with which code.
Fault = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The wish from which another time is looked for.

    A booking in use `keeps_start`. Without a person nothing is known of her.
    """

    machines: tuple[MachineFacts, ...]
    zone: ZoneInfo
    slot: Interval
    now: datetime
    person_id: int | None
    keeps_start: bool = False

    @property
    def grid(self) -> timedelta:
        """Return the widest steps on which the machines are booked."""
        return max(machine.rules.grid for machine in self.machines)

    @property
    def fitting_length(self) -> timedelta:
        """Return the wished length, or the nearest one that the machines are booked for."""
        rules = [machine.rules for machine in self.machines]
        listed = [one.lengths for one in rules if one.lengths]
        if listed:
            return min(listed[0], key=lambda length: abs(length - self.slot.length))
        longest = min(one.longest for one in rules)
        shortest = max(one.shortest for one in rules)
        length = max(min(self.slot.length, longest), shortest)
        return max(length - length % self.grid, self.grid)

    def shorter_lengths(self, least: timedelta) -> list[timedelta]:
        """Return the fitting length and shorter ones that quotas may still allow."""
        rules = [machine.rules for machine in self.machines]
        listed = [one.lengths for one in rules if one.lengths]
        fitting = self.fitting_length
        if listed:
            return [fitting, *sorted((one for one in listed[0] if one < fitting), reverse=True)]
        shortest = max(one.shortest for one in rules)
        wanted = [fitting, least, fitting / 2, shortest + (-shortest) % self.grid]
        on_grid = (one - one % self.grid for one in wanted)
        return list(dict.fromkeys(one for one in on_grid if shortest <= one <= fitting))


def solutions(
    session: Session, ground: Ground, rules: Sequence[Explained], ask: Ask
) -> dict[str, Interval]:
    """Return by its step a slot that passes each failed rule that another time may pass."""
    tries = _Tries(session, ground, ask)
    found: dict[str, Interval] = {}
    for one in rules:
        fix = one.problem.fix
        if one.passed or one.approval or fix in found or not is_about_time(fix):
            continue
        slot = tries.best_for(one)
        if slot is not None:
            found[fix] = slot
    return found


def is_about_time(fix: str) -> bool:
    """Say whether another start or length may be the way out."""
    return fix.partition(":")[0] in _STEPS


class _Tries:
    """Slots that were tried, with what each of them fails."""

    def __init__(self, session: Session, ground: Ground, ask: Ask) -> None:
        self._session, self._ground, self._ask = session, ground, ask
        self._faults: dict[Interval, frozenset[Fault]] = {}
        self._later: dict[tuple[datetime, timedelta], list[Interval]] = {}

    def best_for(self, one: Explained) -> Interval | None:
        """Return the slot that passes the rule and fails the fewest others."""
        fault, best, least = fault_of(one), None, 0
        for slot in self._candidates(one.problem.fix):
            faults = self._faults_of(slot)
            if faults is None or any(same[:2] == fault[:2] for same in faults):
                continue
            if best is None or len(faults) < least:
                best, least = slot, len(faults)
            if not any(is_about_time(fix) for _rule, _machine, fix in faults):
                break  # what is left is about the person: no other time is better
        return best

    def _faults_of(self, slot: Interval) -> frozenset[Fault] | None:
        """Return what the slot fails; `None` for what nobody could type or enough was tried."""
        if slot not in self._faults:
            if len(self._faults) >= MOST_TRIED or not _can_be_typed(slot, self._ground.zone):
                return None
            if slot.starts_at != self._ground.slot.starts_at and self._ground.keeps_start:
                return None
            answers = self._ask(slot)
            self._faults[slot] = frozenset(
                fault_of(one) for one in answers if not one.passed and not one.approval
            )
        return self._faults[slot]

    def _candidates(self, fix: str) -> Iterator[Interval]:
        kind, _colon, of = fix.partition(":")
        yield from _STEPS[kind](self._ground, of)
        after = self._ground.now if kind == "wait-until" else self._ground.slot.starts_at
        if kind == "move-after":
            after = datetime.fromisoformat(of)
        yield from _sessions(self._ground, after)
        if self._ground.keeps_start or self._ground.machines[0].rules.sessions:
            return
        least = timedelta(minutes=int(of)) if kind == "shorten" else self._ground.fitting_length
        for length in self._ground.shorter_lengths(least):
            for start in dict.fromkeys((max(after, self._ground.now), self._ground.now)):
                yield from self._free_from(start, length)

    def _free_from(self, after: datetime, length: timedelta) -> list[Interval]:
        if (after, length) not in self._later:
            search = TimeSearch(
                length=length,
                period=Interval(after, after + AHEAD),
                machine=self._ground.machines[0].slug,
                limit=MOST_FOUND,
                most_asked=MOST_ASKED,
            )
            found = find_times(self._session, search, self._ground.person_id, now=self._ground.now)
            self._later[after, length] = [time.slot for time in found]
        return self._later[after, length]


def fault_of(one: Explained) -> Fault:
    """Return what tells this failed rule from the others: its name, machine and step."""
    return one.rule, str(one.problem.params.get("machine", "")), one.problem.fix


def _of_length(ground: Ground, of: str) -> Iterator[Interval]:
    """Keep the start and try the length, whole steps of the grid first."""
    length, start = timedelta(minutes=int(of)), ground.slot.starts_at
    below = length - length % ground.grid
    above = length + (-length) % ground.grid
    lengths = (below, length, above) if length < ground.slot.length else (above, length, below)
    for one in lengths:
        if one >= _MINUTE:
            yield Interval(start, start + one)


def _of_lengths(ground: Ground, of: str) -> Iterator[Interval]:
    wanted = ground.slot.length
    start = ground.slot.starts_at
    lengths = [timedelta(minutes=int(text)) for text in of.split(", ")]
    for length in sorted(lengths, key=lambda one: abs(one - wanted)):
        yield Interval(start, start + length)


def _of_start(ground: Ground, of: str) -> Iterator[Interval]:
    """Keep the length, or the nearest that fits, and try the start; on the grid."""
    start = next_on_grid(datetime.fromisoformat(of), ground.grid, ground.zone)
    for length in dict.fromkeys((ground.slot.length, ground.fitting_length)):
        for begin in (start, start + ground.grid):
            if begin >= ground.now:
                yield Interval(begin, begin + length)


def _anywhere(ground: Ground, _of: str) -> Iterable[Interval]:
    """Keep the start and try the length that fits: what is shorter may end in time."""
    return (Interval(ground.slot.starts_at, ground.slot.starts_at + ground.fitting_length),)


_STEPS: dict[str, Callable[[Ground, str], Iterable[Interval]]] = {
    "shorten": _of_length,
    "lengthen": _of_length,
    "lengths": _of_lengths,
    "move-to": _of_start,
    "move-after": _of_start,
    "wait-until": lambda _ground, _of: (),
    "times": _anywhere,
}


def _sessions(ground: Ground, after: datetime) -> Iterator[Interval]:
    """Yield the named sessions that are booked as a whole, soonest first."""
    rules = ground.machines[0].rules
    if not rules.sessions:
        return
    window = Interval(after, after + AHEAD)
    found = {span for session in rules.sessions for span in session.during(window, ground.zone)}
    for span in sorted(found)[:MOST_FOUND]:
        if span.starts_at >= ground.now:
            yield span


def _can_be_typed(slot: Interval, zone: ZoneInfo) -> bool:
    """Say whether a form that asks for a day and a time of the site can mean the slot."""
    for at in (slot.starts_at, slot.ends_at):
        local = at.astimezone(zone)
        if local.second or local.microsecond or local.fold:
            return False
    return True
