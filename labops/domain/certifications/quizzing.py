"""What passing a quiz does for certifications: the first one where it certifies, or a renewal."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.events import CertificationGranted
from labops.domain.certifications.granting import Grant, grant_certification
from labops.domain.certifications.models import Certification, CertificationRule
from labops.domain.certifications.policies import RENEWAL_WINDOW, earlier, months_later
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.states import EarnedBy, Renewal
from labops.kernel import outbox
from labops.kernel.permissions import SYSTEM


def certify_by_quiz(
    session: Session,
    person_id: int,
    machine_type_id: int,
    *,
    certifies: bool,
    evidence: str,
    now: datetime,
) -> int | None:
    """Grant or renew what a passed quiz earns; return the certification's id, `None` for nothing.

    A quiz that `certifies` gives the first level to whoever has none. Whoever was certified has
    her highest level renewed, where the quiz certifies or the type's rule lets a quiz renew, and
    only if that makes it last longer. Who had it revoked talks to the staff: no quiz brings it
    back. The caller holds the person's row or the attempt's, so that one pass counts once.
    """
    latest = _latest(session, person_id, machine_type_id)
    if latest is None:
        return _grant(session, person_id, machine_type_id, 1, evidence, now) if certifies else None
    rule = session.get(CertificationRule, machine_type_id)
    renews = certifies or (rule is not None and Renewal.QUIZ in rule.renewal)
    if latest.revoked_at is not None or not renews:
        return None
    if not _lasts_longer(latest, rule, local_today(session, now=now)):
        return None
    return _grant(session, person_id, machine_type_id, latest.level, evidence, now)


def _latest(session: Session, person_id: int, machine_type_id: int) -> Certification | None:
    """Return the grant of the highest level, of these the one that was made last."""
    return session.scalar(
        select(Certification)
        .where(
            Certification.person_id == person_id, Certification.machine_type_id == machine_type_id
        )
        .order_by(
            Certification.revoked_at.is_not(None),
            Certification.level.desc(),
            Certification.id.desc(),
        )
        .limit(1)
    )


def _lasts_longer(latest: Certification, rule: CertificationRule | None, today: date) -> bool:
    last_on = earlier(latest.ends_on, latest.lapses_on)
    if last_on is None:
        return False
    if rule is None or rule.valid_months is None:
        return today >= last_on - RENEWAL_WINDOW  # an end that staff chose is not waved away early
    return months_later(today, rule.valid_months) > last_on


def _grant(
    session: Session,
    person_id: int,
    machine_type_id: int,
    level: int,
    evidence: str,
    now: datetime,
) -> int:
    grant = Grant(
        person_id=person_id,
        machine_type_id=machine_type_id,
        level=level,
        starts_on=local_today(session, now=now),
        evidence=evidence,
        earned_by=EarnedBy.QUIZ,
    )
    made = grant_certification(session, grant, actor=SYSTEM, now=now)
    outbox.record_once(session, CertificationGranted(certification_id=made), now=now)
    return made
