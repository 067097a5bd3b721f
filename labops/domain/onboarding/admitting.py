"""Who has every step behind her becomes a member: at once where staff tick, else by a job."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding import queries
from labops.domain.onboarding.events import ApplicantAdmitted
from labops.domain.sites.models import Site
from labops.kernel import audit, local_time, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM, Actor


def admit_ready(*, now: datetime, dry_run: bool = False) -> int:
    """Admit every applicant whose steps are all over; return how many.

    Steps end in many places (a mail confirmed, a certification granted), so this asks how things
    stand instead of being told.
    """
    count = 0
    for site_id in queries.sites_with_applicants(reading()):
        today = _today(reading(), site_id, now)
        for progress in queries.applicants(reading(), site_id, today=today):
            if not progress.ready:
                continue
            count += 1
            if not dry_run:
                with unit_of_work() as session:
                    admit_if_ready(session, progress.person_id, site_id, actor=SYSTEM, now=now)
    return count


def admit_if_ready(
    session: Session, person_id: int, site_id: int, *, actor: Actor, now: datetime
) -> bool:
    """Make an applicant a member if nothing is left to do; say whether that was so."""
    membership = session.scalar(
        select(Membership)
        .where(
            Membership.person_id == person_id,
            Membership.site_id == site_id,
            Membership.state == MembershipState.APPLICANT,
        )
        .with_for_update()
    )
    today = _today(session, site_id, now)
    progress = queries.progress_of(session, person_id, site_id, today=today)
    if membership is None or progress is None or not progress.ready:
        return False
    membership.state = MembershipState.ACTIVE
    membership.starts_on = today
    uid = progress.person_uid
    fact = ApplicantAdmitted(person_uid=uid, site_id=site_id, at=now.isoformat())
    outbox.record(session, fact, now=now)
    audit.record(
        session,
        actor,
        "membership.started",
        f"person:{uid}",
        now=now,
        after={"site_id": site_id, "ends_on": None},
    )
    return True


def _today(session: Session, site_id: int, now: datetime) -> date:
    zone = local_time.zone(session.get_one(Site, site_id).zone)
    return now.astimezone(zone).date()
