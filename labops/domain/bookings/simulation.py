"""Past bookings against changed rules: which of them would these have refused? Pure.

Each booking is decided by the same registry of rules as any other, with the facts as they stood
when it was made: only the person's bookings made before count, in the states that they had then.
A booking that the changed rules refuse was not made, so it does not count for later ones.

What cannot be known: which bookings other rules would have allowed that nobody tried, what people
would have booked instead, and where a booking lay before it was moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date, datetime

from labops.domain.bookings.facts import BookingFacts, HeldBooking, MachineFacts
from labops.domain.bookings.past import (
    Outcome,
    Past,
    PastBooking,
    PastMachine,
    PastPerson,
    Progress,
    Refusal,
    RulesOf,
    Use,
)
from labops.domain.bookings.policies import RULES, Rule
from labops.domain.bookings.policies.binding import Verdict
from labops.domain.bookings.policies.windows import held_since
from labops.domain.house_rules.values import HouseRules
from labops.kernel import local_time
from labops.kernel.interval import Interval

# What people would simply have answered, had they been asked.
_ANSWERABLE = frozenset({"field.required"})
# Rules about what no house rule can change: the past is taken as it was, so they always pass.
_AS_IT_WAS = frozenset(
    {"free", "past", "people-inside", "moving", "member", "suspended", "restriction", "in-service"}
)
_LOOKED_AT = tuple(rule for rule in RULES if rule.name not in _AS_IT_WAS)


def simulate(past: Past, progress: Progress = iter) -> Outcome:
    """Decide every booking by the changed rules, in the order in which each person made hers."""
    found = Outcome()
    replay = _Replay(past)
    in_order = sorted(past.decided, key=lambda one: (one.person_id, one.booked_at, one.uid))
    for booking in progress(in_order):
        refusal = replay.decide(booking, found)
        _add(found, booking, refused=refusal is not None)
        if refusal is not None:
            found.refused.append(refusal)
    found.refused.sort(key=lambda one: one.booking.slot, reverse=True)
    return found


def _add(found: Outcome, booking: PastBooking, *, refused: bool) -> None:
    found.looked_at += 1
    for slug in booking.slugs:
        use = found.by_machine.setdefault(slug, Use())
        use.bookings += 1
        use.time += booking.slot.length
        if refused:
            use.refused += 1
            use.refused_time += booking.slot.length


@dataclass(frozen=True, slots=True)
class _Lived:
    """A booking of the past, and what it was to others before and after all that happened to it."""

    booking: PastBooking
    begins: datetime
    ends: datetime
    before: HeldBooking | None
    after: HeldBooking | None

    def held_at(self, moment: datetime) -> HeldBooking | None:
        """Return what it was to other bookings at the moment; `None` when no limit counts it."""
        if self.ends <= moment:
            return self.after
        return self.before if moment < self.begins else self.booking.held_at(moment)


def _lived(one: PastBooking) -> _Lived:
    first, last = min(changes := one.changes()), max(changes)
    return _Lived(one, first, last, one.held_at(first - datetime.resolution), one.held_at(last))


class _Replay:
    """The past with what is worked out of it only once."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._history: dict[int, list[_Lived]] = defaultdict(list)
        every = {one.uid: one for one in (*past.others, *past.decided)}
        for one in sorted(every.values(), key=lambda one: (one.booked_at, one.uid)):
            self._history[one.person_id].append(_lived(one))
        self._refused: set[str] = set()
        self._pairs: dict[tuple[tuple[tuple[int, str], ...], str], tuple[_Side, _Side] | None] = {}
        self._open: dict[tuple[date, date], tuple[Interval, ...]] = {}

    def decide(self, booking: PastBooking, found: Outcome) -> Refusal | None:
        """Return why the changed rules refuse it, when today's do not; counts the rest."""
        person = self._past.people.get(booking.person_id, PastPerson())
        sides = self._sides(booking, person.plan)
        if sides is None:
            return None
        before, after = sides
        new = list(_against(self._facts(booking, person, after, self._refused), _LOOKED_AT))
        if not new:
            return None
        # What refuses it now most likely did so before, and then nobody asks the other rules.
        failed = {rule for rule, _verdict in new}
        rules = sorted(_LOOKED_AT, key=lambda rule: rule.name not in failed)
        old = _against(self._facts(booking, person, before, besides=frozenset()), rules)
        problems = tuple(verdict.problem for _rule, verdict in new if not verdict.approval)
        if not problems:
            found.asked += next(old, None) is None
            return None
        if not all(verdict.approval for _rule, verdict in old):
            found.known += 1
            return None
        self._refused.add(booking.uid)
        refusing = dict.fromkeys(rule for rule, verdict in new if not verdict.approval)
        return Refusal(booking, tuple(refusing), problems)

    def _sides(self, booking: PastBooking, plan: str) -> tuple[_Side, _Side] | None:
        """Return the machines with the rules of today and the changed ones; `None` when equal."""
        key = (booking.machines, plan)
        if key not in self._pairs:
            machines = [self._past.machines[machine_id] for machine_id, _kind in booking.machines]
            before = _side(machines, plan, self._past.before)
            after = _side(machines, plan, self._past.after)
            self._pairs[key] = None if before.rules == after.rules else (before, after)
        return self._pairs[key]

    def _facts(
        self,
        booking: PastBooking,
        person: PastPerson,
        side: _Side,
        besides: AbstractSet[str],
    ) -> BookingFacts:
        past, slot = self._past, booking.slot
        day = slot.starts_at.astimezone(past.zone).date()
        if day not in side.since:
            # Any slot of the day: what can matter depends on its local date only.
            side.since[day] = held_since(
                side.rules, local_time.local_day(day, past.zone), past.zone
            )
        return BookingFacts(
            slot=slot,
            now=booking.booked_at,
            zone=past.zone,
            site_id=past.site_id,
            machines=side.machines,
            person=person.at(day, booking.booked_at),
            opening=self._opening(slot),
            held=self._held_before(booking, min(booking.booked_at, side.since[day]), besides),
            walk_in=booking.walk_in,
            holidays=past.holidays,
            people=booking.people,
            fields=booking.fields,
        )

    def _held_before(
        self, booking: PastBooking, since: datetime, besides: AbstractSet[str]
    ) -> tuple[HeldBooking, ...]:
        moment, held = booking.booked_at, []
        for lived in self._history[booking.person_id]:
            one = lived.booking
            if one is booking or one.booked_at > moment:
                break
            if one.slot.ends_at > since and one.uid not in besides:
                held.append(lived.held_at(moment))
        return tuple(one for one in held if one is not None)

    def _opening(self, slot: Interval) -> tuple[Interval, ...]:
        """Return the opening hours around the slot, worked out once for its days."""
        days = local_time.days_touched(slot, self._past.zone)
        key = (days[0], days[-1])
        if key not in self._open:
            window = Interval(
                local_time.at_minute(days[0], 0, self._past.zone),
                local_time.at_minute(days[-1], local_time.DAY_MINUTES, self._past.zone),
            )
            self._open[key] = self._past.opening(window, self._past.zone)
        return self._open[key]


@dataclass(frozen=True, slots=True)
class _Side:
    """The machines of a booking under one set of rules; `since` is filled in day by day."""

    rules: tuple[HouseRules, ...]
    machines: tuple[MachineFacts, ...]
    since: dict[date, datetime] = field(default_factory=dict, compare=False)


def _side(machines: Sequence[PastMachine], plan: str, rules_of: RulesOf) -> _Side:
    rules = tuple(rules_of(machine, plan) for machine in machines)
    # Whatever the rules cannot change is taken as it was: in service, and free for this booking.
    facts = tuple(
        MachineFacts(
            id=machine.id,
            slug=machine.slug,
            category=machine.category,
            state="in_service",
            rules=one,
            free=True,
            certification_needed=machine.certification_needed,
        )
        for machine, one in zip(machines, rules, strict=True)
    )
    return _Side(rules, facts)


def _against(facts: BookingFacts, rules: Iterable[Rule]) -> Iterator[tuple[str, Verdict]]:
    """Yield what does not pass, with the name of its rule, as long as somebody wants more."""
    for rule in rules:
        for verdict in rule.check(facts):
            if not verdict.passed and verdict.code not in _ANSWERABLE:
                yield rule.name, verdict
