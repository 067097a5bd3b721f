"""Use cases of those who wait: joining the list, leaving it, being taken off it by staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.commands import (
    EARLIEST,
    LATEST,
    LONGEST_FIELD,
    MOST_FIELDS,
    MOST_PEOPLE,
)
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.policies import booking_problems
from labops.domain.bookings.wanted import WantedMachine, wanted_machines
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.sites.queries import find_site
from labops.domain.waiting import matching
from labops.domain.waiting.events import WishJoined, WishRemoved, WishWithdrawn
from labops.domain.waiting.matching import MOST_ASKED, Sought, candidates
from labops.domain.waiting.models import Offer, WaitingWish, WaitingWishBookable
from labops.domain.waiting.policies import besides_taken
from labops.domain.waiting.states import OPEN_WISHES, OfferState, WishState
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

MOST_WISHES = 10
LONGEST_WINDOW = timedelta(days=31)
LONGEST_NOTE, LONGEST_REASON = 500, 300
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """A wish for time that is taken: so long, inside the window.

    Either all of the `machines` (by slug) together, or any one machine of a `category` or
    `process` at the `site`. The rest is what the booking will say.
    """

    window: Interval
    length: timedelta
    machines: tuple[str, ...] = ()
    site: str = ""
    category: str = ""
    process: str = ""
    people: int = 1
    fields: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        for name, at in (("earliest", self.window.starts_at), ("latest", self.window.ends_at)):
            if not EARLIEST <= at <= LATEST:
                raise Invalid.field(
                    name, "field.out-of-range", lowest=EARLIEST.date(), highest=LATEST.date()
                )
        if not _MINUTE <= self.length <= self.window.length:
            raise Invalid.field("length", "waiting.window-too-short")
        if self.window.length > LONGEST_WINDOW:
            raise Invalid.field("latest", "waiting.window-too-long", longest=LONGEST_WINDOW)
        if not 1 <= self.people <= MOST_PEOPLE:
            raise Invalid.field("people", "field.out-of-range", lowest=1, highest=MOST_PEOPLE)
        if len(self.fields) > MOST_FIELDS or any(
            len(text) > LONGEST_FIELD for said in self.fields.items() for text in said
        ):
            raise Invalid.field("fields", "field.too-long", longest=LONGEST_FIELD)


def join(command: Join, *, actor: Actor, now: datetime) -> str:
    """Put the actor on the waiting list and return the wish's uid.

    Raises `NotFound` for an unknown machine or site, `Invalid` for an unusable wish, and
    `Refused`: with `waiting.free-now` when she could simply book, with `waiting.off` where there
    is no list, with every broken rule when she could not book even if nobody else had the time.
    """
    actor.require_write()
    sought = _sought(reading(), command, actor)
    _require_taken(reading(), sought, now)
    with unit_of_work() as session:
        ledger.lock(session, people=[sought.person_id])
        machine = sought.options[0][0]
        wish = WaitingWish(
            uid=new_uid(),
            person_id=sought.person_id,
            site_id=machine.site_id,
            category=command.category,
            process=command.process,
            earliest_at=command.window.starts_at,
            latest_at=command.window.ends_at,
            last_start_at=command.window.ends_at - command.length,
            minutes=command.length // _MINUTE,
            people_count=command.people,
            fields=dict(command.fields),
            note=command.note.strip()[:LONGEST_NOTE],
            state=WishState.WAITING.value,
            created_at=now,
        )
        named = [one.id for one in sought.options[0]] if command.machines else []
        _require_new(session, wish, named)
        session.add(wish)
        session.flush()  # its machines need its id
        session.add_all(WaitingWishBookable(wish_id=wish.id, bookable_id=one) for one in named)
        outbox.record(session, WishJoined(wish_uid=wish.uid), now=now)
        told = {
            "machines": list(command.machines),
            "kind": command.category or command.process,
            "earliest_at": wish.earliest_at.isoformat(),
            "latest_at": wish.latest_at.isoformat(),
            "minutes": wish.minutes,
        }
        audit.record(session, actor, "wish.joined", f"wish:{wish.uid}", now=now, after=told)
        return wish.uid


def withdraw(uid: str, *, actor: Actor, now: datetime) -> None:
    """Leave the list; an offer that is held is given back. Leaving twice is the same as once.

    Raises `NotFound` for somebody else's wish.
    """
    actor.require_write()
    with unit_of_work() as session:
        wish = _locked(session, uid)
        if not actor.owns(wish.person_id):
            raise NotFound
        if wish.state not in OPEN_WISHES:
            return
        _end(session, wish, now=now)
        outbox.record(session, WishWithdrawn(wish_uid=uid), now=now)
        audit.record(session, actor, "wish.withdrawn", f"wish:{uid}", now=now)


def remove(uid: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take somebody off the list of a site where the actor works, with a reason she reads.

    Raises `NotFound` elsewhere, and `Invalid` without a reason.
    """
    actor.require_write()
    reason = reason.strip()[:LONGEST_REASON]
    with unit_of_work() as session:
        wish = _locked(session, uid)
        if not actor.may(Permission.BOOKING_EDIT_OTHERS, wish.site_id):
            raise NotFound
        if not reason:
            raise Invalid.field("reason", "field.required")
        if wish.state not in OPEN_WISHES:
            return
        _end(session, wish, now=now)
        wish.reason = reason
        outbox.record(session, WishRemoved(wish_uid=uid), now=now)
        audit.record(session, actor, "wish.removed", f"wish:{uid}", now=now, reason=reason)


def _sought(session: Session, command: Join, actor: Actor) -> Sought:
    """Return what the command asks for, on machines that have a waiting list."""
    if command.machines:
        options: tuple[matching.Machines, ...] = (
            tuple(wanted_machines(session, command.machines)),
        )
    else:
        site = find_site(session, command.site)
        if site is None:
            raise NotFound
        if not (command.category or command.process):
            raise Invalid.field("machines", "field.required")
        options = matching.of_kind(
            session, site.id, category=command.category, process=command.process
        )
        if not options:
            kind = command.category or command.process
            raise Invalid.field("machines", "field.not-offered", value=kind)
    listed = tuple(one for one in options if all(has_list(session, m) for m in one))
    if not listed:
        raise Refused([Problem("waiting.off", {"machine": options[0][0].slug})])
    return Sought(
        person_id=actor.require_person(),
        options=listed,
        window=command.window,
        length=command.length,
        people=command.people,
        fields=command.fields,
    )


def has_list(session: Session, machine: WantedMachine) -> bool:
    """Say whether one can wait for the machine, by the house rules."""
    return rules_in_force(
        session,
        machine.site_id,
        machine.revision,
        category=machine.category,
        machine=machine.slug,
    ).waiting_list


def _require_taken(session: Session, sought: Sought, now: datetime) -> None:
    """Refuse a wish for time that she can book now, or could not book even if it were free."""
    zone = sought.options[0][0].zone
    for one in islice(candidates(session, sought, since=now, now=now), MOST_ASKED):
        if not one.problems:
            params = {
                "machine": one.machines[0].slug,
                "starts_at": one.slot.starts_at,
                "ends_at": one.slot.ends_at,
            }
            raise Refused([Problem("waiting.free-now", params)], zone=zone)
    nearest: list[Problem] | None = None
    every = candidates(session, sought, since=now, now=now, taken_too=True)
    for one in islice(every, MOST_ASKED):
        against = besides_taken(one.problems)
        if not against:
            return
        if nearest is None or len(against) < len(nearest):
            nearest = against
    raise Refused(nearest or _against_the_first(session, sought, now), zone=zone)


def _against_the_first(session: Session, sought: Sought, now: datetime) -> list[Problem]:
    """Return what speaks against the first time of a window in which nobody can ever be there."""
    start = sought.window.starts_at
    slot = Interval(start, start + sought.length)
    facts = gather_facts(session, sought.wish(sought.options[0], slot, now))
    machine = sought.options[0][0].slug
    return besides_taken(booking_problems(facts)) or [
        Problem("booking.outside-hours", {"machine": machine}, fix=f"times:{machine}")
    ]


def _require_new(session: Session, wish: WaitingWish, named: list[int]) -> None:
    """Refuse the same wish twice, and more wishes than anybody needs."""
    mine = WaitingWish.person_id == wish.person_id, WaitingWish.state.in_(sorted(OPEN_WISHES))
    if (session.scalar(select(func.count()).where(*mine)) or 0) >= MOST_WISHES:
        raise Refused([Problem("waiting.too-many", {"limit": MOST_WISHES})])
    alike = session.scalars(
        select(WaitingWish.id).where(
            *mine,
            WaitingWish.site_id == wish.site_id,
            WaitingWish.category == wish.category,
            WaitingWish.process == wish.process,
            WaitingWish.earliest_at == wish.earliest_at,
            WaitingWish.latest_at == wish.latest_at,
            WaitingWish.minutes == wish.minutes,
        )
    ).all()
    for other in alike:
        machines = session.scalars(
            select(WaitingWishBookable.bookable_id).where(WaitingWishBookable.wish_id == other)
        )
        if set(machines) == set(named):
            raise Refused([Problem("waiting.known")])


def _locked(session: Session, uid: str) -> WaitingWish:
    """Return a wish while nobody else can change it, or an offer of it; raises `NotFound`."""
    query = select(WaitingWish).where(WaitingWish.uid == uid)
    wish = session.scalar(query.execution_options(populate_existing=True))
    if wish is None:
        raise NotFound
    ledger.lock(session, people=[wish.person_id])
    session.refresh(wish)
    return wish


def _end(session: Session, wish: WaitingWish, *, now: datetime) -> None:
    """Withdraw the wish, and give back what is held for it."""
    held = session.scalar(
        select(Offer).where(Offer.wish_id == wish.id, Offer.state == OfferState.HELD.value)
    )
    if held is not None:
        ledger.release(session, ledger.Owner(ledger.OwnerKind.OFFER, held.id))
        held.state = OfferState.TAKEN_BACK.value
        held.answered_at = now
    wish.state = WishState.WITHDRAWN.value
    wish.ended_at = now
