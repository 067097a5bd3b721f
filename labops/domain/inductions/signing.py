"""Use cases of people: sign up for a session, wait for a place, give it up."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.person_facts import standing
from labops.domain.certifications import queries as certifications
from labops.domain.inductions import fees, line
from labops.domain.inductions.commands import LONGEST_SESSION
from labops.domain.inductions.events import InductionGivenUp, InductionSignedUp
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.policies import SignUpFacts, sign_up_problems
from labops.domain.inductions.states import (
    PRESENT,
    Audience,
    SessionState,
    SignUpState,
)
from labops.domain.machines.models import MachineType
from labops.domain.people import queries as people
from labops.domain.quizzes import queries as quizzes
from labops.domain.quizzes.models import Quiz
from labops.domain.sites.models import Site
from labops.kernel import ledger, local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission


def sign_up(
    uid: str,
    *,
    actor: Actor,
    now: datetime,
    waits: bool = False,
    person_uid: str | None = None,
    seen_price: Decimal | None = None,
) -> SignUpState:
    """Sign the actor up, or with the right to plan sessions somebody else; return how she stands.

    Who `waits` is content with the waiting list when every place is taken; she is asked for the
    price once she has one. `seen_price` is what she was shown, in euro. Raises `NotFound`,
    `Forbidden`, and `Refused` with every reason, with `induction.price-changed` when it costs her
    something else by now.
    """
    actor.require_write()
    person_id, induction = _who(reading(), uid, actor, person_uid)
    _refuse(facts_of(reading(), induction, person_id, now=now), waits=waits)
    with unit_of_work() as session:
        ledger.lock(session, people=[person_id])
        found = line.find(session, uid)
        if found is None:
            raise NotFound
        line.lock(session, found)
        facts = facts_of(session, found, person_id, now=now)
        if ledger.guard_is_on():
            # What was decided by a plain read may have changed before the locks were ours.
            _refuse(facts, waits=waits)
        if seen_price is not None:
            _refuse_other_price(fees.cost_of(session, found, person_id), seen_price)
        state = SignUpState.WAITING if facts.is_full and waits else SignUpState.SIGNED_UP
        _put(session, found, person_id, state, actor=actor, now=now)
        return state


def give_up(uid: str, *, actor: Actor, now: datetime, person_uid: str | None = None) -> bool:
    """Give up a place or the wait for one; the next who waits moves up. Twice is once.

    Return whether it was late: after it was decided that the session takes place. What it cost is
    given back unless it was late and nobody takes the place. Raises `NotFound` for who is not in
    it, and `Refused` once it has begun.
    """
    actor.require_write()
    person_id, _induction = _who(reading(), uid, actor, person_uid)
    with unit_of_work() as session:
        found = line.find(session, uid)
        if found is None:
            raise NotFound
        line.lock(session, found)
        mine = of_person(session, found, person_id)
        if mine is None:
            raise NotFound
        if mine.state == SignUpState.CANCELLED:
            return mine.late
        if found.starts_at <= now or mine.state not in PRESENT:
            raise Refused([Problem("induction.begun")])
        before = mine.state
        mine.late = before == SignUpState.SIGNED_UP and now >= found.decide_at
        line.put(mine, SignUpState.CANCELLED, now)
        line.touch(found, now)
        event = InductionGivenUp(session_uid=uid, person_id=person_id, revision=mine.revision)
        outbox.record(session, event, now=now)
        line.note(session, found, mine, "given-up", actor, now, before=before)
        taken_over = line.move_up(session, found, actor=actor, now=now)
        if before == SignUpState.SIGNED_UP and (taken_over or not mine.late):
            fees.give_back(session, found, [mine], now=now)
        return mine.late


def problems_of(
    session: Session, uid: str, person_id: int, *, now: datetime
) -> tuple[Problem, ...]:
    """Return what stands against a sign-up now, places included; raises `NotFound`."""
    induction = line.find(session, uid)
    if induction is None:
        raise NotFound
    return sign_up_problems(facts_of(session, induction, person_id, now=now), waits=False)


def cost_for(session: Session, uid: str, person_id: int) -> Decimal:
    """Return what a place would cost the person now, in euro; raises `NotFound`."""
    induction = line.find(session, uid)
    if induction is None:
        raise NotFound
    return fees.cost_of(session, induction, person_id)


def facts_of(
    session: Session, induction: InductionSession, person_id: int, *, now: datetime
) -> SignUpFacts:
    """Gather all that decides about a person's sign-up."""
    site = session.get_one(Site, induction.site_id)
    zone = local_time.zone(site.zone)
    day = induction.starts_at.astimezone(zone).date()
    mine = of_person(session, induction, person_id)
    _revision, person = standing(session, person_id, site.id, induction.span, zone)
    needs = ""
    if induction.needs_type_id is not None:
        needs = session.get_one(MachineType, induction.needs_type_id).slug
    certified = bool(needs) and any(
        one.type_slug == needs and one.valid_on(day)
        for one in certifications.of_person(session, person_id)
    )
    quiz, passed = _quiz(session, induction, person_id)
    return SignUpFacts(
        uid=induction.uid,
        now=now,
        span=induction.span,
        state=SessionState(induction.state),
        places=induction.places,
        taken_count=line.taken_count(session, induction),
        audience=Audience(induction.audience),
        site_slug=site.slug,
        needs=needs,
        quiz=quiz,
        quiz_passed=passed,
        youngest=induction.youngest,
        mine=SignUpState(mine.state) if mine is not None else None,
        teaches=induction.teacher_id == person_id,
        is_member=person.is_member,
        suspended_until=person.suspended_until,
        certified=certified,
        age=person.age,
        elsewhere=_elsewhere(session, induction, person_id),
    )


def _quiz(session: Session, induction: InductionSession, person_id: int) -> tuple[str, bool]:
    """Return the slug of the quiz that it needs, and whether a pass counts when it begins."""
    if induction.needs_quiz_id is None:
        return "", False
    slug = session.get_one(Quiz, induction.needs_quiz_id).slug
    quiz = quizzes.by_slug(session, slug)
    standing_now = quizzes.standing_of(quiz, quizzes.attempts_of(session, person_id, quiz.id))
    until = standing_now.until
    passed = standing_now.passed_at is not None and (until is None or induction.starts_at < until)
    return slug, passed


def of_person(
    session: Session, induction: InductionSession, person_id: int
) -> InductionSignUp | None:
    """Return the person's sign-up, given up or not."""
    return session.scalar(
        select(InductionSignUp)
        .where(InductionSignUp.session_id == induction.id, InductionSignUp.person_id == person_id)
        .execution_options(populate_existing=True)
    )


def _who(
    session: Session, uid: str, actor: Actor, person_uid: str | None
) -> tuple[int, InductionSession]:
    """Return whom it is about; raises `Forbidden` for somebody else without the right."""
    own = actor.require_person()
    induction = line.find(session, uid)
    if induction is None:
        raise NotFound
    if person_uid is None:
        return own, induction
    actor.require(Permission.INDUCTION_EDIT, induction.site_id)
    ids = people.ids_of_uids(session, [person_uid])
    if person_uid not in ids:
        raise NotFound
    return ids[person_uid], induction


def _refuse(facts: SignUpFacts, *, waits: bool) -> None:
    problems = sign_up_problems(facts, waits=waits)
    if problems:
        raise Refused(problems)


def _refuse_other_price(cost: Decimal, seen: Decimal) -> None:
    if cost != seen:
        raise Refused([Problem("induction.price-changed", {"price": cost})])


def _put(
    session: Session,
    induction: InductionSession,
    person_id: int,
    state: SignUpState,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Let the person stand so, at the end of the line; who gave up before starts anew."""
    mine = of_person(session, induction, person_id)
    turn = line.next_turn(session, induction)
    before = mine.state if mine is not None else ""
    if mine is None:
        mine = InductionSignUp(
            session_id=induction.id,
            person_id=person_id,
            state=state,
            turn=turn,
            late=False,
            signed_at=now,
            changed_at=now,
            revision=0,
            note="",
        )
        session.add(mine)
    else:
        mine.turn, mine.late, mine.signed_at = turn, False, now
        line.put(mine, state, now)
    line.touch(induction, now)
    session.flush()
    if state is SignUpState.SIGNED_UP:
        fees.charge(session, induction, [mine], now=now)
    event = InductionSignedUp(
        session_uid=induction.uid, person_id=person_id, revision=mine.revision
    )
    outbox.record(session, event, now=now)
    line.note(session, induction, mine, "signed-up", actor, now, before=before)


def _elsewhere(
    session: Session, induction: InductionSession, person_id: int
) -> tuple[Interval, ...]:
    """Return the spans of other sessions at that time that the person is in or teaches."""
    ids = select(InductionSignUp.session_id).where(
        InductionSignUp.person_id == person_id, InductionSignUp.state.in_(sorted(PRESENT))
    )
    rows = session.execute(
        select(InductionSession.starts_at, InductionSession.ends_at).where(
            InductionSession.id.in_(ids) | (InductionSession.teacher_id == person_id),
            InductionSession.id != induction.id,
            InductionSession.state != SessionState.CANCELLED,
            InductionSession.ends_at > induction.starts_at,
            InductionSession.ends_at <= induction.ends_at + LONGEST_SESSION,
            InductionSession.starts_at < induction.ends_at,
        )
    )
    return tuple(Interval(row.starts_at, row.ends_at) for row in rows)
