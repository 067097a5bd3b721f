"""Which plan a membership is on, for whoever changes it inside a transaction of its own."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState


def membership_of(session: Session, person_id: int, site_id: int) -> Membership | None:
    """Return the person's membership at the site as it stands now, running or not."""
    return session.scalar(
        select(Membership)
        .where(Membership.person_id == person_id, Membership.site_id == site_id)
        .execution_options(populate_existing=True)
    )


def is_running(membership: Membership | None) -> bool:
    """Say whether it is a membership that was not ended or suspended."""
    return membership is not None and membership.state == MembershipState.ACTIVE


def put_on_plan(session: Session, person_id: int, site_id: int, plan: str) -> None:
    """Let the house rules know the member by this plan; empty for none."""
    membership = membership_of(session, person_id, site_id)
    if membership is not None:
        membership.plan = plan
