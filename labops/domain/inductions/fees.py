"""What an induction costs: entered in the books in the transaction that gives or takes a place.

A place costs the price of the session, nothing on the plan that includes it. Given up in time it is
given back, and so it is when the session is cancelled; late, or absent, it stays.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.states import PLACED, SessionState, SignUpState
from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.plans import entries
from labops.domain.plans.entries import Entry, Owner
from labops.domain.plans.models import LedgerEntry
from labops.domain.plans.states import EntryKind
from labops.kernel import money


def settle(
    session: Session, induction: InductionSession, sign_up: InductionSignUp, *, now: datetime
) -> None:
    """Bring the books to what the sign-up now says; twice is once."""
    if not induction.price:
        return
    session.flush()
    prefix = f"induction:{induction.id}:{sign_up.id}:"
    standing = _standing(session, prefix)
    kept = sign_up.state == SignUpState.CANCELLED and sign_up.late
    owed = induction.state != SessionState.CANCELLED and (sign_up.state in PLACED or kept)
    if owed and standing is None and not kept and not _is_free(session, induction, sign_up):
        _enter(session, induction, sign_up, f"{prefix}{sign_up.revision}", now=now)
    elif not owed and standing is not None:
        entries.reverse(session, standing, site_id=induction.site_id, now=now)


def _standing(session: Session, prefix: str) -> str | None:
    """Return the entry for the place that was not taken back."""
    reversal = aliased(LedgerEntry)
    return session.scalar(
        select(LedgerEntry.uid).where(
            LedgerEntry.key.startswith(prefix, autoescape=True),
            ~exists().where(reversal.reverses_uid == LedgerEntry.uid),
        )
    )


def _is_free(session: Session, induction: InductionSession, sign_up: InductionSignUp) -> bool:
    if not induction.free_plan:
        return False
    plan = session.scalar(
        select(Membership.plan).where(
            Membership.person_id == sign_up.person_id, Membership.site_id == induction.site_id
        )
    )
    return plan == induction.free_plan


def _enter(
    session: Session,
    induction: InductionSession,
    sign_up: InductionSignUp,
    key: str,
    *,
    now: datetime,
) -> None:
    cents = money.cents(induction.price or Decimal(0))
    site_id, owner = induction.site_id, Owner(sign_up.person_id)
    kind = session.get(MachineType, induction.machine_type_id)
    entries.enter(
        session,
        Entry(
            site_id=site_id,
            kind=EntryKind.INDUCTION,
            amounts={
                entries.balance(site_id, owner): cents,
                entries.income(site_id): -cents,
            },
            key=key,
            detail={
                "name_it": kind.name_it if kind else "",
                "name_en": kind.name_en if kind else "",
                "induction": induction.uid,
            },
        ),
        now=now,
    )
