"""Rules of merging where moving rows is not enough: memberships, profiles, quizzes, visits."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Person, Profile
from labops.domain.quizzes.models import QuizAnswer, QuizAttempt
from labops.domain.visits.models import Visit


def at_one_site(
    session: Session, stays_id: int, goes_id: int
) -> list[tuple[Membership, Membership, bool]]:
    """Return the memberships both have at one site, and whether that of whoever stays is kept."""
    own = {
        (row.person_id, row.site_id): row
        for row in session.scalars(
            select(Membership).where(Membership.person_id.in_([stays_id, goes_id]))
        )
    }
    found = []
    for (person_id, site_id), mine in own.items():
        other = own.get((goes_id, site_id))
        if person_id == stays_id and other is not None:
            found.append((mine, other, _rank(mine) >= _rank(other)))
    return found


def _rank(membership: Membership) -> tuple[int, date]:
    """Return how long a membership holds: one that ended counts least, one without end most."""
    standing = {MembershipState.ENDED: 0, MembershipState.APPLICANT: 1}
    return standing.get(MembershipState(membership.state), 2), membership.ends_on or date.max


def merge_memberships(session: Session, stays: Person, goes: Person) -> None:
    for mine, other, mine_stays in at_one_site(session, stays.id, goes.id):
        kept, dropped = (mine, other) if mine_stays else (other, mine)
        starts_on = min(kept.starts_on, dropped.starts_on)
        groups = sorted({*kept.groups, *dropped.groups})
        ends = [one.suspended_until for one in (kept, dropped) if one.suspended_until]
        suspended = MembershipState.SUSPENDED in (kept.state, dropped.state)
        session.delete(dropped)
        session.flush()
        kept.person_id = stays.id
        kept.starts_on, kept.groups = starts_on, groups
        kept.plan = kept.plan or dropped.plan
        # A suspension is not shaken off by having a second account.
        kept.suspended_until = max(ends, default=None)
        if suspended:
            kept.state = MembershipState.SUSPENDED
        session.flush()


def merge_profiles(session: Session, stays: Person, goes: Person, now: datetime) -> None:
    mine, other = session.get(Profile, stays.id), session.get(Profile, goes.id)
    if other is None:
        return
    if mine is None:
        other.person_id = stays.id
    else:
        for column in Profile.__table__.columns:
            if column.name not in {"person_id", "revised_at"} and not getattr(mine, column.name):
                setattr(mine, column.name, getattr(other, column.name))
        mine.revised_at = now
        session.delete(other)
    session.flush()


def drop_open_attempts(session: Session, goes: Person) -> None:
    """Drop the quizzes that whoever goes has begun: of one quiz a person has one open at most."""
    unfinished = select(QuizAttempt.id).where(
        QuizAttempt.person_id == goes.id, QuizAttempt.submitted_at.is_(None)
    )
    session.execute(delete(QuizAnswer).where(QuizAnswer.attempt_id.in_(unfinished)))
    session.execute(
        delete(QuizAttempt).where(
            QuizAttempt.person_id == goes.id, QuizAttempt.submitted_at.is_(None)
        )
    )


def end_second_visit(session: Session, stays: Person, goes: Person, now: datetime) -> None:
    """End the visit of whoever goes when both are in: nobody is in two places."""
    inside = select(Visit.person_id).where(
        Visit.person_id.in_([stays.id, goes.id]), Visit.ends_at.is_(None)
    )
    if len(session.scalars(inside).all()) > 1:
        session.execute(
            update(Visit)
            .where(Visit.person_id == goes.id, Visit.ends_at.is_(None))
            .values(ends_at=now)
        )
