"""Past bookings against changed rules: which of them would these have refused? Pure.

Each booking is decided by the same registry of rules as any other, with the facts as they stood
when it was made: only the person's bookings made before count, in the states that they had then.
A booking that the changed rules refuse was not made, so it does not count for later ones.

What cannot be known: which bookings other rules would have allowed that nobody tried, what people
would have booked instead, and where a booking lay before it was moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import (
    BookingFacts,
    CertifiedDays,
    HeldBooking,
    MachineFacts,
    PersonFacts,
    age_on,
)
from labops.domain.bookings.policies import RULES
from labops.domain.bookings.policies.windows import held_since
from labops.domain.bookings.states import OPEN_STATES, QUOTA_STATES, BookingState
from labops.domain.house_rules.values import HouseRules
from labops.kernel import local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval

# What people would simply have answered, had they been asked.
_ANSWERABLE = frozenset({"field.required"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastBooking:
    """A booking as it was made, and what became of it when."""

    uid: str
    person_id: int
    site_id: int
    slot: Interval
    booked_at: datetime
    state: str
    machines: tuple[tuple[int, str], ...]
    slugs: tuple[str, ...]
    check_in_by: datetime
    checked_in_at: datetime | None = None
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None
    decided_at: datetime | None = None
    cancelled_late: bool = False
    walk_in: bool = False
    people: int = 1
    fields: Mapping[str, str] | None = None

    def state_at(self, moment: datetime) -> str:
        """Return in which state it was at the moment."""
        became = {
            BookingState.CHECKED_IN: self.checked_in_at,
            BookingState.CANCELLED: self.cancelled_at,
            BookingState.REJECTED: self.decided_at,
            BookingState.MISSED: self.check_in_by,
            BookingState.FINISHED: self.finished_at or self.slot.ends_at,
        }.get(BookingState(self.state))
        if became is None or became <= moment:
            return self.state
        if self.checked_in_at is not None and self.checked_in_at <= moment:
            return BookingState.CHECKED_IN
        return BookingState.CONFIRMED

    def held_at(self, moment: datetime) -> HeldBooking | None:
        """Return what it was to other bookings at the moment; `None` when no limit counts it."""
        state = self.state_at(moment)
        late = self.cancelled_late and state == BookingState.CANCELLED
        if state not in QUOTA_STATES and not late:
            return None
        return HeldBooking(
            slot=self.slot,
            site_id=self.site_id,
            machines=self.machines,
            slugs=self.slugs,
            is_open=state in OPEN_STATES and self.slot.ends_at > moment,
            uses_now_or_later=state in OPEN_STATES,
            state=state,
            booked_at=self.booked_at,
            cancelled_late=late,
            walk_in=self.walk_in,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMachine:
    """A machine of the site, as the rules see it."""

    id: int
    slug: str
    category: str
    certification_needed: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """A certification with the instants between which it stood."""

    category: str
    days: CertifiedDays
    granted_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToppedUp:
    """What a person had besides a quota, and from when until when."""

    quota: str
    amount: timedelta | int
    days: CertifiedDays


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPerson:
    """What the rules ask of a person. Her plan and groups are those of today."""

    plan: str = ""
    groups: frozenset[str] = frozenset()
    born_on: date | None = None
    certified: tuple[Granted, ...] = ()
    top_ups: tuple[ToppedUp, ...] = ()

    def at(self, day: date, moment: datetime) -> PersonFacts:
        """Return the person who books at the moment for the local day."""
        certified: dict[str, tuple[CertifiedDays, ...]] = {}
        for one in self.certified:
            if one.granted_at <= moment and (one.revoked_at is None or one.revoked_at > moment):
                certified[one.category] = (*certified.get(one.category, ()), one.days)
        top_ups: dict[str, timedelta | int] = {}
        for top_up in self.top_ups:
            if top_up.days.covers(day):
                before = top_ups.get(top_up.quota)
                # Both are of one kind: counts, or lengths of time.
                top_ups[top_up.quota] = (
                    top_up.amount if before is None else before + top_up.amount  # type: ignore[operator]
                )
        return PersonFacts(
            is_member=True,
            plan=self.plan,
            groups=self.groups,
            age=None if self.born_on is None else age_on(day, self.born_on),
            certified=certified,
            top_ups=top_ups or None,
        )


RulesOf = Callable[[PastMachine, str], HouseRules]
Opening = Callable[[Interval, ZoneInfo], tuple[Interval, ...]]
Progress = Callable[[Sequence[PastBooking]], Iterable[PastBooking]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that was read: the site's bookings to decide, and everybody's around them.

    `others` holds the same people's further bookings, also at other sites. `before` and `after`
    give the rules of a machine for a plan.
    """

    site_id: int
    zone: ZoneInfo
    decided: tuple[PastBooking, ...]
    others: tuple[PastBooking, ...]
    people: Mapping[int, PastPerson]
    machines: Mapping[int, PastMachine]
    opening: Opening
    before: RulesOf
    after: RulesOf
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A booking that the changed rules refuse: the rules by name, and why."""

    booking: PastBooking
    rules: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Use:
    """How many bookings a machine had and how long, and how much of that would be refused."""

    bookings: int = 0
    time: timedelta = timedelta(0)
    refused: int = 0
    refused_time: timedelta = timedelta(0)


@dataclass(slots=True)
class Outcome:
    """What the changed rules would have made of the past.

    `known` counts bookings that today's rules refuse as well, `asked` those for which staff would
    have had to agree, which they have not to by today's rules.
    """

    looked_at: int = 0
    known: int = 0
    asked: int = 0
    refused: list[Refusal] = field(default_factory=list)
    by_machine: dict[str, Use] = field(default_factory=dict)


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
class _Found:
    """What the rules say to one booking."""

    rules: tuple[str, ...]
    problems: tuple[Problem, ...]
    asked: bool


class _Replay:
    """The past with what is worked out of it only once."""

    def __init__(self, past: Past) -> None:
        self._past = past
        self._history: dict[int, list[PastBooking]] = defaultdict(list)
        every = {one.uid: one for one in (*past.others, *past.decided)}
        for one in sorted(every.values(), key=lambda one: (one.booked_at, one.uid)):
            self._history[one.person_id].append(one)
        self._refused: set[str] = set()
        self._held: dict[tuple[str, str, bool], HeldBooking | None] = {}
        self._pairs: dict[tuple[tuple[int, ...], str], tuple[_Side, _Side]] = {}
        self._open: dict[tuple[date, date], tuple[Interval, ...]] = {}

    def decide(self, booking: PastBooking, found: Outcome) -> Refusal | None:
        """Return why the changed rules refuse it, when today's do not; counts the rest."""
        person = self._past.people.get(booking.person_id, PastPerson())
        before, after = self._sides(booking, person.plan)
        if before.rules == after.rules:
            return None
        facts = self._facts(booking, person, after)
        new = _look(facts)
        if not new.problems and not new.asked:
            return None
        old = _look(self._facts(booking, person, before, besides=frozenset()))
        if not new.problems:
            found.asked += not old.problems and not old.asked
            return None
        if old.problems:
            found.known += 1
            return None
        self._refused.add(booking.uid)
        return Refusal(booking, new.rules, new.problems)

    def _sides(self, booking: PastBooking, plan: str) -> tuple[_Side, _Side]:
        """Return the machines with the rules of today, and with the changed ones."""
        ids = tuple(machine_id for machine_id, _category in booking.machines)
        key = (ids, plan)
        if key not in self._pairs:
            machines = [self._past.machines[machine_id] for machine_id in ids]
            self._pairs[key] = (
                _side(machines, plan, self._past.before),
                _side(machines, plan, self._past.after),
            )
        return self._pairs[key]

    def _facts(
        self,
        booking: PastBooking,
        person: PastPerson,
        side: _Side,
        besides: frozenset[str] | set[str] | None = None,
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
            held=self._held_before(
                booking,
                min(booking.booked_at, side.since[day]),
                self._refused if besides is None else besides,
            ),
            walk_in=booking.walk_in,
            holidays=past.holidays,
            people=booking.people,
            fields=booking.fields,
        )

    def _held_before(
        self, booking: PastBooking, since: datetime, besides: frozenset[str] | set[str]
    ) -> tuple[HeldBooking, ...]:
        moment, held = booking.booked_at, []
        for one in self._history[booking.person_id]:
            if one is booking or one.booked_at > moment:
                break
            if one.slot.ends_at > since and one.uid not in besides:
                state = one.state_at(moment)
                key = (one.uid, state, one.slot.ends_at > moment)
                if key not in self._held:
                    self._held[key] = one.held_at(moment)
                if (found := self._held[key]) is not None:
                    held.append(found)
        return tuple(held)

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


def _look(facts: BookingFacts) -> _Found:
    names: list[str] = []
    problems: list[Problem] = []
    asked = False
    for rule in RULES:
        for verdict in rule.check(facts):
            if verdict.passed or verdict.code in _ANSWERABLE:
                continue
            if verdict.approval:
                asked = True
                continue
            problems.append(verdict.problem)
            if rule.name not in names:
                names.append(rule.name)
    return _Found(tuple(names), tuple(problems), asked)
