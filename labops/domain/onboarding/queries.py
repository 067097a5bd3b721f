"""Reads of steps and of how far applicants are: as many for one applicant as for a thousand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from labops.domain.certifications.models import Certification
from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding.kinds import StepKind
from labops.domain.onboarding.models import Nudge, OnboardingMark, OnboardingStep
from labops.domain.onboarding.policies import (
    Known,
    Mark,
    Step,
    StepStanding,
    is_ready,
    next_step,
    standings,
    stuck_since,
)
from labops.domain.people.models import Account, Person
from labops.domain.quizzes import queries as quizzes
from labops.domain.waivers import queries as waivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one applicant is at one site."""

    person_id: int
    person_uid: str
    name: str
    steps: tuple[StepStanding, ...]
    began_at: datetime
    nudged_at: datetime | None

    @property
    def at(self) -> StepStanding | None:
        """Return the step she is at; `None` when all are over."""
        return next_step(self.steps)

    @property
    def since(self) -> datetime:
        """Return since when nothing has happened."""
        return stuck_since(self.steps, self.began_at)

    @property
    def ready(self) -> bool:
        """Say whether every step is over."""
        return is_ready(self.steps)


def steps_of(session: Session, site_id: int) -> list[Step]:
    """Return the steps of a site in order."""
    rows = session.scalars(
        select(OnboardingStep)
        .where(OnboardingStep.site_id == site_id, OnboardingStep.retired_at.is_(None))
        .order_by(OnboardingStep.position, OnboardingStep.id)
    )
    return [Step(row.id, StepKind(row.kind), row.subject, row.note_it, row.note_en) for row in rows]


def sites_with_applicants(session: Session) -> list[int]:
    """Return the sites where somebody applies."""
    query = select(Membership.site_id).where(Membership.state == MembershipState.APPLICANT)
    return list(session.scalars(query.distinct().order_by(Membership.site_id)))


def applicants(session: Session, site_id: int, *, today: date) -> list[Progress]:
    """Return everybody who applies at the site, whoever has been stuck longest first."""
    found = _progress(session, site_id, None, today=today)
    return sorted(found, key=lambda one: (one.since, one.person_uid))


def progress_of(session: Session, person_id: int, site_id: int, *, today: date) -> Progress | None:
    """Return how far one person is; `None` when she does not apply there."""
    found = _progress(session, site_id, [person_id], today=today)
    return found[0] if found else None


def _progress(
    session: Session, site_id: int, only: Collection[int] | None, *, today: date
) -> list[Progress]:
    query = (
        select(
            Person.id,
            Person.uid,
            Person.name,
            Person.born_on,
            Membership.created_at,
            Membership.plan,
            Account.email_confirmed_at,
        )
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Membership.site_id == site_id, Membership.state == MembershipState.APPLICANT)
    )
    if only is not None:
        query = query.where(Person.id.in_(only))
    people = session.execute(query).all()
    if not people:
        return []
    steps = steps_of(session, site_id)
    ids = [row.id for row in people]
    certified = _certified(session, ids, today)
    asked = [step.subject for step in steps if step.kind is StepKind.QUIZ]
    passed = quizzes.passes(session, ids, asked, today=today)
    marks = _marks(session, ids, [step.id for step in steps])
    nudged = _nudged(session, site_id, ids)
    born = {row.id: row.born_on for row in people}
    signed = waivers.done_signing(session, site_id, born, today=today)
    found = []
    for row in people:
        known = Known(
            began_at=row.created_at,
            email_confirmed_at=row.email_confirmed_at,
            born_on=row.born_on,
            plan=row.plan,
            signed=row.id in signed,
            signed_at=signed.get(row.id),
            certified=certified.get(row.id, {}),
            passed=passed.get(row.id, {}),
            marks=marks.get(row.id, {}),
        )
        progress = Progress(
            person_id=row.id,
            person_uid=row.uid,
            name=row.name,
            steps=standings(steps, known),
            began_at=row.created_at,
            nudged_at=nudged.get(row.id),
        )
        found.append(progress)
    return found


def _certified(session: Session, ids: Sequence[int], today: date) -> dict[int, dict[str, datetime]]:
    rows = session.execute(
        select(Certification.person_id, MachineType.slug, Certification.granted_at)
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(
            Certification.person_id.in_(ids),
            Certification.revoked_at.is_(None),
            or_(Certification.ends_on.is_(None), Certification.ends_on >= today),
            or_(Certification.lapses_on.is_(None), Certification.lapses_on >= today),
        )
        .order_by(Certification.granted_at.desc())
    )
    found: dict[int, dict[str, datetime]] = {}
    for person_id, slug, granted_at in rows:
        found.setdefault(person_id, {})[slug] = granted_at
    return found


def _marks(
    session: Session, ids: Sequence[int], steps: Sequence[int]
) -> dict[int, dict[int, Mark]]:
    by = aliased(Person)
    rows = session.execute(
        select(
            OnboardingMark.person_id,
            OnboardingMark.step_id,
            OnboardingMark.marked_at,
            by.name,
            OnboardingMark.waived,
            OnboardingMark.reason,
        )
        .outerjoin(by, by.id == OnboardingMark.marked_by_id)
        .where(OnboardingMark.person_id.in_(ids), OnboardingMark.step_id.in_(steps))
    )
    found: dict[int, dict[int, Mark]] = {}
    for person_id, step_id, at, name, waived, reason in rows:
        found.setdefault(person_id, {})[step_id] = Mark(at, name or "", waived, reason)
    return found


def _nudged(session: Session, site_id: int, ids: Sequence[int]) -> dict[int, datetime]:
    rows = session.execute(
        select(Nudge.person_id, func.max(Nudge.nudged_at))
        .where(Nudge.site_id == site_id, Nudge.person_id.in_(ids))
        .group_by(Nudge.person_id)
    )
    return {row[0]: row[1] for row in rows}
