"""Strikes counted, inside the transaction of whoever causes or forgives one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.bookings.policies import suspended_until
from labops.domain.house_rules.parts import LateCancel, Strikes
from labops.domain.house_rules.values import HouseRules
from labops.domain.memberships.models import Membership
from labops.domain.strikes.models import Strike
from labops.domain.strikes.states import StrikeKind
from labops.kernel.ids import new_uid


def strictest(rules: Iterable[HouseRules]) -> Strikes | None:
    """Return the rule on strikes that suspends soonest, or `None` where nobody counts."""
    found = (one.strikes for one in rules if one.strikes is not None)
    return min(found, key=lambda strikes: (strikes.missed, -strikes.suspended_days), default=None)


def counts_late(rules: Sequence[HouseRules]) -> bool:
    """Say whether giving a booking up late counts as a strike."""
    strikes = strictest(rules)
    return strikes is not None and (
        strikes.late_cancelled or any(one.late_cancel is LateCancel.MISSED for one in rules)
    )


def add(
    session: Session,
    kind: StrikeKind,
    *,
    booking_id: int,
    person_id: int,
    site_id: int,
    rules: Sequence[HouseRules],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Count a strike, once a booking, and suspend its person when these are too many.

    Does nothing where the house rules know no strikes.
    """
    strikes = strictest(rules)
    known = session.scalar(select(Strike.id).where(Strike.booking_id == booking_id))
    if strikes is None or known is not None:
        return
    session.add(
        Strike(
            uid=new_uid(),
            person_id=person_id,
            site_id=site_id,
            booking_id=booking_id,
            kind=kind.value,
            at=now,
            contest_text="",
            answer_text="",
        )
    )
    session.flush()  # the count below sees it
    settle(session, person_id, site_id, strikes, zone)


def settle(
    session: Session, person_id: int, site_id: int, strikes: Strikes | None, zone: ZoneInfo
) -> datetime | None:
    """Write down until when the strikes that stand suspend the person at the site; return that."""
    until = None
    if strikes is not None:
        moments = session.scalars(
            select(Strike.at).where(
                Strike.person_id == person_id,
                Strike.site_id == site_id,
                Strike.forgiven_at.is_(None),
            )
        )
        until = suspended_until(strikes, moments, zone)
    session.execute(
        update(Membership)
        .where(Membership.person_id == person_id, Membership.site_id == site_id)
        .values(suspended_until=until)
    )
    return until
