"""Use cases: beginning, ticking, waiving, nudging, and composing the steps of a site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding import admitting, queries
from labops.domain.onboarding.events import ApplicantNudged
from labops.domain.onboarding.kinds import TICKED, WITH_SUBJECT, StepKind
from labops.domain.onboarding.models import Nudge, OnboardingMark, OnboardingStep
from labops.domain.people.models import Person
from labops.domain.quizzes import queries as quizzes
from labops.domain.sites.models import Site
from labops.kernel import audit, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission

# Nobody is reminded of the same thing twice a day.
NUDGED_AGAIN_AFTER = timedelta(hours=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStep:
    """A step to add at the end; `subject` is an induction's machine type or a quiz."""

    kind: StepKind
    subject: str = ""
    note_it: str = ""
    note_en: str = ""


def begin(site_id: int, *, today: date, actor: Actor, now: datetime) -> bool:
    """Let the actor apply at a site; `False` when she already does, or is a member there.

    `today` is the site's local date. Who was a member once applies again: what she has done stays
    done. Raises `NotSignedIn`, `Forbidden` for a reading token, `NotFound` for an unknown site,
    and `Refused` with `membership.suspended` while her membership there is suspended.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        if session.get(Site, site_id) is None:
            raise NotFound
        membership = _membership(session, person_id, site_id)
        if membership is None:
            membership = Membership(person_id=person_id, site_id=site_id)
            session.add(membership)
        elif membership.state == MembershipState.SUSPENDED:
            raise Refused([Problem("membership.suspended")])
        elif membership.state != MembershipState.ENDED:
            return False
        membership.state = MembershipState.APPLICANT
        membership.starts_on, membership.ends_on = today, None
        membership.created_at = now
        audit.record(
            session,
            actor,
            "membership.applied",
            f"person:{person.uid}",
            now=now,
            after={"site_id": site_id},
        )
        return True


def mark(
    person_uid: str, step_id: int, *, actor: Actor, now: datetime, waived_because: str = ""
) -> None:
    """Tick a step that staff see, or waive any step with a reason.

    Whoever has every step behind her is admitted at once. Raises `NotFound` for an unknown step
    or applicant, `Forbidden`, and `Invalid` for ticking what labops knows by itself.
    """
    with unit_of_work() as session:
        step = _step(session, step_id)
        actor.require(Permission.MEMBERSHIP_GRANT, step.site_id)
        reason = waived_because.strip()
        if not reason and StepKind(step.kind) not in TICKED:
            raise Invalid.field("reason", "field.required")
        person = _applicant(session, person_uid, step.site_id)
        found = _mark_of(session, person.id, step_id)
        if found is None:
            found = OnboardingMark(person_id=person.id, step_id=step_id)
            session.add(found)
        found.marked_at, found.marked_by_id = now, actor.person_id
        found.waived, found.reason = bool(reason), reason[:300]
        audit.record(
            session,
            actor,
            "onboarding.waived" if reason else "onboarding.ticked",
            f"person:{person.uid}",
            now=now,
            after={"step": step.kind, "site_id": step.site_id},
            reason=reason,
        )
        session.flush()
        admitting.admit_if_ready(session, person.id, step.site_id, actor=actor, now=now)


def unmark(person_uid: str, step_id: int, *, actor: Actor, now: datetime) -> None:
    """Take back a tick or a waiver while somebody still applies."""
    with unit_of_work() as session:
        step = _step(session, step_id)
        actor.require(Permission.MEMBERSHIP_GRANT, step.site_id)
        person = _applicant(session, person_uid, step.site_id)
        found = _mark_of(session, person.id, step_id)
        if found is None:
            return
        session.delete(found)
        audit.record(
            session,
            actor,
            "onboarding.unmarked",
            f"person:{person.uid}",
            now=now,
            before={"step": step.kind, "site_id": step.site_id},
        )


def nudge(person_uid: str, site_id: int, *, actor: Actor, now: datetime) -> bool:
    """Remind an applicant of her next step by mail; `False` when that was done today already."""
    actor.require(Permission.MEMBERSHIP_GRANT, site_id)
    with unit_of_work() as session:
        person = _applicant(session, person_uid, site_id)
        latest = select(func.max(Nudge.nudged_at)).where(
            Nudge.person_id == person.id, Nudge.site_id == site_id
        )
        before = session.scalar(latest)
        if before is not None and now - before < NUDGED_AGAIN_AFTER:
            return False
        session.add(
            Nudge(
                person_id=person.id,
                site_id=site_id,
                nudged_at=now,
                nudged_by_id=actor.person_id,
            )
        )
        fact = ApplicantNudged(person_uid=person.uid, site_id=site_id, at=now.isoformat())
        outbox.record(session, fact, now=now)
        audit.record(
            session,
            actor,
            "onboarding.nudged",
            f"person:{person.uid}",
            now=now,
            after={"site_id": site_id},
        )
        return True


def add_step(site_id: int, new: NewStep, *, actor: Actor, now: datetime) -> None:
    """Add a step at the end.

    Raises `Forbidden`, and `Invalid` for an induction without a machine type, a quiz that nobody
    can take there, or a step that is there already.
    """
    actor.require(Permission.SITE_EDIT, site_id)
    subject = new.subject if new.kind in WITH_SUBJECT else ""
    with unit_of_work() as session:
        if new.kind in WITH_SUBJECT and not _is_offered(session, site_id, new.kind, subject):
            raise Invalid.field("subject", "field.not-offered")
        steps = queries.steps_of(session, site_id)
        if any((step.kind, step.subject) == (new.kind, subject) for step in steps):
            raise Invalid.field("kind", "field.doubled")
        last = select(func.max(OnboardingStep.position)).where(OnboardingStep.site_id == site_id)
        session.add(
            OnboardingStep(
                site_id=site_id,
                position=(session.scalar(last) or 0) + 1,
                kind=new.kind.value,
                subject=subject,
                note_it=new.note_it.strip()[:300],
                note_en=new.note_en.strip()[:300],
            )
        )
        _note_change(session, site_id, "onboarding.step-added", new.kind, subject, actor, now)


def move_step(step_id: int, *, up: bool, actor: Actor, now: datetime) -> None:
    """Let a step change places with the one before it, or after it."""
    with unit_of_work() as session:
        step = _step(session, step_id)
        actor.require(Permission.SITE_EDIT, step.site_id)
        ids = [one.id for one in queries.steps_of(session, step.site_id)]
        place = ids.index(step_id)
        other = place - 1 if up else place + 1
        if not 0 <= other < len(ids):
            return
        ids[place], ids[other] = ids[other], ids[place]
        for position, one_id in enumerate(ids, start=1):
            session.get_one(OnboardingStep, one_id).position = position
        _note_change(
            session, step.site_id, "onboarding.step-moved", step.kind, step.subject, actor, now
        )


def retire_step(step_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a step out; what was ticked stays written down."""
    with unit_of_work() as session:
        step = _step(session, step_id)
        actor.require(Permission.SITE_EDIT, step.site_id)
        step.retired_at = now
        _note_change(
            session, step.site_id, "onboarding.step-retired", step.kind, step.subject, actor, now
        )


def _is_offered(session: Session, site_id: int, kind: StepKind, subject: str) -> bool:
    if kind is StepKind.QUIZ:
        offered = quizzes.listed(session, only_published=True)
        return any(one.slug == subject and one.site_id in {None, site_id} for one in offered)
    query = select(MachineType.id).where(MachineType.slug == subject)
    return session.scalar(query) is not None


def _note_change(
    session: Session,
    site_id: int,
    action: str,
    kind: str,
    subject: str,
    actor: Actor,
    now: datetime,
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"site:{site_id}",
        now=now,
        after={"kind": str(kind), "subject": subject},
    )


def _step(session: Session, step_id: int) -> OnboardingStep:
    step = session.get(OnboardingStep, step_id)
    if step is None or step.retired_at is not None:
        raise NotFound
    return step


def _applicant(session: Session, person_uid: str, site_id: int) -> Person:
    person = session.scalar(select(Person).where(Person.uid == person_uid).with_for_update())
    membership = _membership(session, person.id, site_id) if person else None
    if person is None or membership is None or membership.state != MembershipState.APPLICANT:
        raise NotFound
    return person


def _membership(session: Session, person_id: int, site_id: int) -> Membership | None:
    return session.scalar(
        select(Membership).where(Membership.person_id == person_id, Membership.site_id == site_id)
    )


def _mark_of(session: Session, person_id: int, step_id: int) -> OnboardingMark | None:
    return session.scalar(
        select(OnboardingMark).where(
            OnboardingMark.person_id == person_id, OnboardingMark.step_id == step_id
        )
    )
