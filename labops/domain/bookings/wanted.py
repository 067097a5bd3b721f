"""What is wished for: machines with what claiming their time takes, and who wants them when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.plans.entries import Owner
from labops.kernel import ledger
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True)
class WantedMachine:
    """A machine with what its claim and its rules need, in the order of `statements`.

    The buffers are those of the house rules where these say any. `people_capacity` is how many
    people its space holds, `None` where nobody counts.
    """

    id: int
    slug: str
    name: str
    state: str
    capacity: int
    setup_minutes: int
    cleanup_minutes: int
    space_id: int | None
    certification_needed: bool
    type_id: int
    category: str
    site_id: int
    zone: str
    revision: int
    people_capacity: int | None

    def claim(self, slot: Interval) -> ledger.Claim:
        """Return the claim on the ledger: the slot with its buffers."""
        return ledger.Claim(self.id, self.capacity, self.claimed(slot))

    def claimed(self, slot: Interval) -> Interval:
        """Return the slot with set-up time before and clean-up time after it."""
        return slot.widened(
            before=timedelta(minutes=self.setup_minutes),
            after=timedelta(minutes=self.cleanup_minutes),
        )


@dataclass(frozen=True, slots=True)
class PartOf:
    """Which occurrence of which series a booking is, and when the series means it to start."""

    series_id: int
    number: int
    planned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who wants which machines when; `previous` is the booking being moved, with its machines.

    `owner` is who holds the time already, such as an offer that is being accepted. `people` is
    how many come; `fields` what is said besides, `None` where nobody was asked yet. A new one may
    be for a firm, `new_for_firm` its id.
    """

    person_id: int
    machines: Sequence[WantedMachine]
    slot: Interval
    now: datetime
    previous: Booking | None = None
    previous_machines: tuple[tuple[int, str], ...] = ()
    walk_in: bool = False
    people: int = 1
    fields: Mapping[str, str] | None = None
    offered: ledger.Owner | None = None
    part_of: PartOf | None = None
    new_for_firm: int | None = None

    @property
    def firm_id(self) -> int | None:
        """Return the firm under whose name it is: a booking that moves keeps its own."""
        return self.new_for_firm if self.previous is None else self.previous.firm_id

    @property
    def payer(self) -> Owner:
        """Return whose plan and account it goes by."""
        return Owner(self.person_id) if self.firm_id is None else Owner(firm_id=self.firm_id)

    @property
    def owner(self) -> ledger.Owner | None:
        """Return who holds the time already: the booking that moves, or the offer."""
        if self.previous is None:
            return self.offered
        return ledger.Owner(ledger.OwnerKind.BOOKING, self.previous.id)

    @property
    def first(self) -> WantedMachine:
        """Return the first machine: all are of its site."""
        return self.machines[0]

    @property
    def counted_spaces(self) -> dict[int, int]:
        """Return the spaces that count people, by id, with how many they hold."""
        return {
            machine.space_id: machine.people_capacity
            for machine in self.machines
            if machine.space_id is not None and machine.people_capacity is not None
        }


def wanted_machines(session: Session, slugs: Sequence[str]) -> list[WantedMachine]:
    """Return the machines in the order asked for.

    Raises `NotFound` for an unknown one and `Invalid` for none, doubles, or two sites at once.
    """
    if not slugs:
        raise Invalid.field("machines", "field.required")
    if len(set(slugs)) != len(slugs):
        raise Invalid.field("machines", "field.doubled")
    rows = [statements.WANTED_BY_SLUG.row(session, {"slug": slug}) for slug in slugs]
    if None in rows:
        raise NotFound
    machines = [_with_buffers(session, WantedMachine(*row)) for row in rows]
    if len({machine.site_id for machine in machines}) > 1:
        raise Invalid.field("machines", "field.several-sites")
    return machines


def machines_of_booking(session: Session, booking_id: int) -> list[WantedMachine]:
    """Return the machines of a booking, by id."""
    rows = statements.WANTED_BY_BOOKING.rows(session, {"booking_id": booking_id})
    return [_with_buffers(session, WantedMachine(*row)) for row in rows]


def machines_by_id(session: Session, ids: Sequence[int]) -> list[WantedMachine]:
    """Return the machines of these ids, in the order given; unknown ones are left out."""
    rows = (statements.WANTED_BY_ID.row(session, {"id_of_machine": one}) for one in ids)
    return [_with_buffers(session, WantedMachine(*row)) for row in rows if row is not None]


def _with_buffers(session: Session, machine: WantedMachine) -> WantedMachine:
    """Let the house rules say how much time goes before and after, where they do."""
    rules = rules_in_force(
        session,
        machine.site_id,
        machine.revision,
        category=machine.category,
        machine=machine.slug,
    )
    if rules.buffers_inside:
        return replace(machine, setup_minutes=0, cleanup_minutes=0)
    setup, cleanup = rules.setup, rules.cleanup
    if setup is None and cleanup is None:
        return machine
    return replace(
        machine,
        setup_minutes=machine.setup_minutes if setup is None else _minutes(setup),
        cleanup_minutes=machine.cleanup_minutes if cleanup is None else _minutes(cleanup),
    )


def _minutes(length: timedelta) -> int:
    return int(length / timedelta(minutes=1))
