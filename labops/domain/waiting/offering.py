"""What time does to the waiting list: freed time is offered in order, unanswered offers lapse.

A run finds its work by query. It goes through the list when something was written since it last
did, and once a minute all the same, since the clock alone may open a day or end a suspension.
What it remembers only saves work: a process that starts anew goes through the whole list.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.policies import booking_problems
from labops.domain.waiting import holding, watching
from labops.domain.waiting.events import OfferLapsed, OfferMade, WishLapsed
from labops.domain.waiting.holding import HeldOffer
from labops.domain.waiting.matching import MOST_ASKED, Candidate, Sought, candidates, sought_by
from labops.domain.waiting.models import Offer, OfferBookable, WaitingWish
from labops.domain.waiting.policies import answer_by, could_be_accepted
from labops.domain.waiting.states import OfferState, WishState
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import SYSTEM

_looks: weakref.WeakKeyDictionary[Any, watching.Look] = weakref.WeakKeyDictionary()


class Outcome(StrEnum):
    """What became of one wish in one run; `LOST` when others were faster."""

    OFFERED = "offered"
    NOTHING = "nothing"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Run:
    """How many offers a run made, how many offers and how many wishes lapsed."""

    offered: int
    lapsed: int
    over: int


def offer_freed_time(*, now: datetime, dry_run: bool = False) -> Run:
    """Let go what nobody answered, drop wishes whose time has passed, offer what is free.

    A dry run says for how many wishes there is time now, be it the same for several.
    """
    session = reading()
    due = watching.due(session, now)
    unanswered = watching.unanswered(session, now) if due.offers else []
    passed = watching.passed(session, now) if due.wishes else []
    if dry_run:
        return Run(_could_be_offered(session, now), len(unanswered), len(passed))
    lapsed = sum(_lapse(uid, now=now) for uid in unanswered)
    over = sum(_end(wish_id, now=now) for wish_id in passed)
    offered = _look(now) if due.waiting or lapsed else 0
    return Run(offered, lapsed, over)


def _look(now: datetime) -> int:
    """Go through the list, if anything may have changed for it; return how many got an offer."""
    session = reading()
    database = session.get_bind()
    look = watching.look_again(session, _looks.get(database), now)
    if look is None:
        return 0
    outcomes = [_offer_first_fit(wish_id, now) for wish_id in watching.line(session)]
    if Outcome.LOST in outcomes:
        _looks.pop(database, None)  # the next run looks again, whatever was written
    else:
        _looks[database] = look
    return outcomes.count(Outcome.OFFERED)


def _offer_first_fit(wish_id: int, now: datetime) -> Outcome:
    """Offer the earliest slot that fits the wish, by all rules for its person."""
    session = reading()
    wish = session.get_one(WaitingWish, wish_id, populate_existing=True)
    if wish.state != WishState.WAITING:
        return Outcome.NOTHING
    sought, outcome = sought_by(session, wish), Outcome.NOTHING
    for candidate in _fitting(session, sought, now):
        try:
            made = _offer(wish_id, sought, candidate, now)
        except Refused:
            outcome = Outcome.LOST
            continue
        return Outcome.OFFERED if made else Outcome.NOTHING
    return outcome


def _fitting(session: Session, sought: Sought, now: datetime) -> Iterator[Candidate]:
    for candidate in islice(candidates(session, sought, since=now, now=now), MOST_ASKED):
        listed = all(machine.rules.waiting_list for machine in candidate.facts.machines)
        if listed and not candidate.problems and answer_by(candidate.facts) is not None:
            yield candidate


def _offer(wish_id: int, sought: Sought, candidate: Candidate, now: datetime) -> bool:
    """Claim the slot for the wish; `False` when it does not wait any more.

    Raises `Refused` when the time, or the right to it, is gone.
    """
    wanted = sought.wish(candidate.machines, candidate.slot, now)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        granting.lock(session, wanted)
        wish = session.get_one(WaitingWish, wish_id, populate_existing=True)
        if ledger.guard_is_on() and wish.state != WishState.WAITING:
            return False
        facts = gather_facts(session, wanted)
        # Whether the time is free the ledger says, as it grants it.
        problems = [p for p in booking_problems(facts) if p.code != "booking.overlap"]
        until = answer_by(facts)
        if problems or until is None:
            raise Refused(problems)
        offer = Offer(
            uid=new_uid(),
            wish_id=wish_id,
            starts_at=candidate.slot.starts_at,
            ends_at=candidate.slot.ends_at,
            answer_by=until,
            state=OfferState.HELD.value,
            created_at=now,
        )
        session.add(offer)
        session.flush()  # its claim and its machines need its id
        claims = [machine.claim(candidate.slot) for machine in candidate.machines]
        ledger.grant(session, holding.owner_of(offer.id), claims)
        session.add_all(
            OfferBookable(offer_id=offer.id, bookable_id=machine.id)
            for machine in candidate.machines
        )
        wish.state = WishState.OFFERED.value
        _write_down(session, OfferMade(offer_uid=offer.uid), "offer.made", offer, now)
    return True


def _lapse(uid: str, *, now: datetime) -> bool:
    """Give back what nobody answered in time; the wish ends, unless it could not be answered."""
    if not _is_unanswered(holding.read(reading(), uid).offer, now):
        return False
    with unit_of_work() as session:
        held = holding.locked(session, uid, now)
        if ledger.guard_is_on() and not _is_unanswered(held.offer, now):
            return False
        keeps_place = _keeps_place(session, held, now)
        ledger.release(session, held.owner)
        held.offer.state = OfferState.LAPSED.value
        held.offer.answered_at = now
        held.wish.state = (WishState.WAITING if keeps_place else WishState.LAPSED).value
        held.wish.ended_at = None if keeps_place else now
        _write_down(session, OfferLapsed(offer_uid=uid), "offer.lapsed", held.offer, now)
    return True


def _is_unanswered(offer: Offer, now: datetime) -> bool:
    return offer.state == OfferState.HELD and offer.answer_by <= now


def _keeps_place(session: Session, held: HeldOffer, now: datetime) -> bool:
    """Say whether the person could not have accepted: a closure or a fault came in between."""
    problems = booking_problems(gather_facts(session, held.booking(now)))
    return not could_be_accepted(problems) and held.wish.last_start_at > now


def _end(wish_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        wish = session.get_one(WaitingWish, wish_id, populate_existing=True)
        ledger.lock(session, people=[wish.person_id])
        session.refresh(wish)
        if wish.state != WishState.WAITING or wish.last_start_at > now:
            return False
        wish.state = WishState.LAPSED.value
        wish.ended_at = now
        outbox.record(session, WishLapsed(wish_uid=wish.uid), now=now)
        audit.record(session, SYSTEM, "wish.lapsed", f"wish:{wish.uid}", now=now)
        return True


def _write_down(
    session: Session, event: OfferMade | OfferLapsed, action: str, offer: Offer, now: datetime
) -> None:
    outbox.record(session, event, now=now)
    after = {
        "starts_at": offer.starts_at.isoformat(),
        "ends_at": offer.ends_at.isoformat(),
        "answer_by": offer.answer_by.isoformat(),
    }
    audit.record(session, SYSTEM, action, f"offer:{offer.uid}", now=now, after=after)


def _could_be_offered(session: Session, now: datetime) -> int:
    wishes = (session.get_one(WaitingWish, one) for one in watching.line(session))
    found = (next(_fitting(session, sought_by(session, wish), now), None) for wish in wishes)
    return sum(one is not None for one in found)
