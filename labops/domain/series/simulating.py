"""What would be held if some changes were made: for a preview that changes nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.facts import BookingFacts, HeldBooking, SpaceFacts
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish
from labops.kernel import ledger
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation, Owner, OwnerKind


@dataclass(frozen=True, slots=True)
class _Change:
    """A booking that would be made, or moved from `was`; the spaces that count its people."""

    was: Interval | None
    held: HeldBooking
    people: int
    spaces: frozenset[int]


class Simulation:
    """Changes tried one after another, each seen by the ones after it.

    It says the same of each as making the ones before it would: whether the machines are free,
    what the person holds, how many people are in the spaces.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changes: list[_Change] = []
        self._moved: set[Owner] = set()
        self._claimed: dict[int, list[tuple[int, Interval]]] = defaultdict(list)

    def seen(self, facts: BookingFacts, wish: Wish) -> BookingFacts:
        """Return the facts as they would be after the changes so far."""
        machines = tuple(
            replace(
                machine,
                free=self._free_unit(wanted, wish) is not None,
                space=self._space(machine.space, wanted, wish),
            )
            for machine, wanted in zip(facts.machines, wish.machines, strict=True)
        )
        return replace(facts, machines=machines, held=self._held(facts.held))

    def note(self, facts: BookingFacts, wish: Wish, state: BookingState) -> None:
        """Let the wish count as fulfilled from here on."""
        held = HeldBooking(
            slot=wish.slot,
            site_id=facts.site_id,
            machines=tuple((machine.id, machine.category) for machine in facts.machines),
            slugs=tuple(machine.slug for machine in facts.machines),
            is_open=wish.slot.ends_at > wish.now,
            uses_now_or_later=True,
            state=state.value,
            booked_at=wish.previous.created_at if wish.previous else wish.now,
            walk_in=wish.walk_in,
        )
        for machine in wish.machines:
            unit = self._free_unit(machine, wish) or 0
            self._claimed[machine.id].append((unit, machine.claimed(wish.slot)))
        if wish.owner is not None:
            self._moved.add(wish.owner)
        was = wish.previous.slot if wish.previous else None
        spaces = frozenset(wish.counted_spaces)
        self._changes.append(_Change(was, held, wish.people, spaces))

    def _free_unit(self, machine: WantedMachine, wish: Wish) -> int | None:
        """Return the lowest unit that would be free, as the ledger would grant it."""
        span = machine.claimed(wish.slot)
        rows = self._session.execute(
            select(Allocation.unit, Allocation.owner_kind, Allocation.owner_id).where(
                Allocation.bookable_id == machine.id, *ledger.reaching_into(span)
            )
        )
        gone = {*self._moved, wish.owner}
        taken = {unit for unit, kind, of in rows if Owner(OwnerKind(kind), of) not in gone}
        taken |= {unit for unit, held in self._claimed[machine.id] if held.overlaps(span)}
        return next((unit for unit in range(machine.capacity) if unit not in taken), None)

    def _space(
        self, space: SpaceFacts | None, machine: WantedMachine, wish: Wish
    ) -> SpaceFacts | None:
        if space is None or machine.space_id is None:
            return space
        others = list(space.others)
        for change in self._changes:
            if machine.space_id not in change.spaces:
                continue
            if change.was is not None and (change.was, change.people) in others:
                others.remove((change.was, change.people))
            if change.held.slot.overlaps(wish.slot):
                others.append((change.held.slot, change.people))
        return replace(space, others=tuple(others))

    def _held(self, held: tuple[HeldBooking, ...]) -> tuple[HeldBooking, ...]:
        """Return the person's bookings with the changes in them, by start."""
        found = list(held)
        for change in self._changes:
            if change.was is not None:
                # Bookings of one person on the same machines at the same time are all alike.
                now_elsewhere = next(
                    (
                        one
                        for one in found
                        if one.slot == change.was and one.machines == change.held.machines
                    ),
                    None,
                )
                if now_elsewhere is not None:
                    found.remove(now_elsewhere)
            found.append(change.held)
        return tuple(sorted(found, key=lambda one: one.slot))
