"""Why not? What every rule says to a wish, and which time would pass a rule that it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import changing, granting, queries, services
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.gathering import gather_facts, gather_for_search
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.policies import Explained, explained
from labops.domain.bookings.solving import Ground, solutions
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import Wish, wanted_machines
from labops.domain.machines import queries as inventory
from labops.domain.plans import charging
from labops.domain.plans.policies import Cost
from labops.kernel import ledger
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor

# Nobody knows these of whoever has not signed in; of the others only what a stranger fails too.
_OF_THE_PERSON = frozenset(
    {"waiver", "certification", "member", "suspended", "restriction", "youngest", "oldest"}
)
_OF_HER_BOOKINGS = frozenset(
    {"gap", "one-at-a-time", "quota", "run", "open-bookings", "next", "approval"}
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What every rule says, failed ones first, the nearest to solvable first of all.

    `slots` holds, by the step of a failed rule, a slot that passes that rule; a rule that no
    other time would pass has none. `cost` is what a new booking would cost, `None` where nothing
    costs anything.
    """

    machines: tuple[str, ...]
    slot: Interval
    zone: str
    rules: tuple[Explained, ...]
    allowed: bool
    slots: Mapping[str, Interval] = field(default_factory=dict)
    cost: Cost | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return every reason against it."""
        return tuple(one.problem for one in self.rules if not one.passed and not one.approval)


def explain(command: Book, *, actor: Actor, now: datetime) -> Answer:
    """Say what stands against a booking and what would solve it, without making it.

    Whoever has not signed in hears of the machines and the hours only. Raises `NotFound` for an
    unknown machine or person and `Invalid` for an unusable wish.
    """
    session = reading()
    if actor.person_id is None:
        return _for_anybody(session, command, now)
    wish = services.wish_of(session, command, actor=actor, now=now)
    return _answer(session, wish, Consent(actor, command.override_reason))


def explain_move(command: Move, *, actor: Actor, now: datetime) -> Answer:
    """Say what stands against giving a booking another time, without doing it.

    Raises `NotFound`, `Changed` and `Refused` as moving it does for any other reason than the
    rules.
    """
    session = reading()
    booking = queries.booking_to_change(session, command.uid, actor)
    wish = changing.moving_wish_of(session, booking, command, now=now)
    return _answer(session, wish, Consent(actor, command.override_reason))


def _answer(session: Session, wish: Wish, consent: Consent) -> Answer:
    first = gather_facts(session, wish)
    rules = explained(first)
    new = wish.previous is None

    def ask(slot: Interval) -> tuple[Explained, ...]:
        return explained(gather_facts(session, replace(wish, slot=slot)))

    running = wish.previous is not None and wish.previous.state == BookingState.CHECKED_IN
    ground = Ground(
        machines=first.machines,
        zone=first.zone,
        slot=wish.slot,
        now=wish.now,
        person_id=wish.person_id,
        keeps_start=running,
    )
    problems = [one.problem for one in rules if not one.passed and not one.approval]
    standing = granting.standing_problems(problems, consent, wish.first.site_id)
    return Answer(
        machines=tuple(machine.slug for machine in wish.machines),
        slot=wish.slot,
        zone=wish.first.zone,
        rules=rules,
        allowed=not standing,
        slots=solutions(session, ground, rules, ask),
        cost=charging.foresee(session, first, wish.payer) if new else None,
    )


def _for_anybody(session: Session, command: Book, now: datetime) -> Answer:
    machines = wanted_machines(session, command.machines)
    views = [inventory.by_slug(session, machine.slug) for machine in machines]

    def ask(slot: Interval) -> tuple[Explained, ...]:
        found = gather_for_search(session, None, views, slot, now=now)
        facts = replace(
            found[machines[0].id],
            people=command.people,
            machines=tuple(
                replace(
                    found[machine.id].machines[0],
                    free=ledger.has_free_unit(session, machine.claim(slot)),
                )
                for machine in machines
            ),
            closures=tuple({one for facts in found.values() for one in facts.closures}),
        )
        return tuple(one for one in explained(facts) if _is_known(one))

    rules = ask(command.slot)
    found = gather_for_search(session, None, views, command.slot, now=now)
    ground = Ground(
        machines=tuple(found[machine.id].machines[0] for machine in machines),
        zone=found[machines[0].id].zone,
        slot=command.slot,
        now=now,
        person_id=None,
    )
    return Answer(
        machines=command.machines,
        slot=command.slot,
        zone=machines[0].zone,
        rules=rules,
        allowed=False,
        slots=solutions(session, ground, rules, ask),
    )


def _is_known(one: Explained) -> bool:
    return one.rule not in _OF_THE_PERSON and not (one.passed and one.rule in _OF_HER_BOOKINGS)


Ask = Callable[[Interval], tuple[Explained, ...]]
