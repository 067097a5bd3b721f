"""What a place in a session costs somebody: entered and given back in the caller's transaction.

The caller has locked the session. An induction is always asked of the person who learns, not of a
firm whose hat she wears: a certification is hers. What was agreed when she got the place stays,
whatever becomes of the session's price or of her plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.policies import price_for
from labops.domain.machines.models import MachineType
from labops.domain.memberships.models import Membership
from labops.domain.plans import entries
from labops.domain.plans.entries import Entry, Owner
from labops.domain.plans.models import Plan
from labops.domain.plans.states import EntryKind
from labops.kernel import money


def cost_of(session: Session, induction: InductionSession, person_id: int) -> Decimal:
    """Return what a place would cost the person now, in euro, on the plan that she is on."""
    if not induction.price:
        return Decimal(0)
    slug = session.scalar(
        select(Membership.plan).where(
            Membership.person_id == person_id, Membership.site_id == induction.site_id
        )
    )
    percent = session.scalar(
        select(Plan.induction_percent).where(
            Plan.site_id == induction.site_id, Plan.slug == (slug or "")
        )
    )
    return price_for(
        induction.price, free_plan=induction.free_plan, plan=slug or "", percent=percent or 0
    )


def charge(
    session: Session,
    induction: InductionSession,
    sign_ups: Sequence[InductionSignUp],
    *,
    now: datetime,
) -> None:
    """Ask everybody who just got a place for its price; who pays for it already, nothing more."""
    if not induction.price:
        return
    site_id = induction.site_id
    owed = [
        (one, money.cents(cost_of(session, induction, one.person_id)))
        for one in sign_ups
        if one.entry_uid is None
    ]
    owed = [(one, cents) for one, cents in owed if cents]
    accounts = [entries.balance(site_id, Owner(one.person_id)) for one, _cents in owed]
    # All at first and in one order: those who move up elsewhere may be the same people.
    entries.open_accounts(session, [*accounts, entries.income(site_id)] if owed else [])
    kind = session.get_one(MachineType, induction.machine_type_id)
    for (one, cents), account in zip(owed, accounts, strict=True):
        entry = Entry(
            site_id=site_id,
            kind=EntryKind.INDUCTION,
            amounts={account: cents, entries.income(site_id): -cents},
            detail={
                "session_uid": induction.uid,
                "starts_at": induction.starts_at.isoformat(),
                "name_it": kind.name_it,
                "name_en": kind.name_en,
                "price": str(induction.price),
            },
        )
        one.entry_uid = entries.enter(session, entry, now=now)


def give_back(
    session: Session,
    induction: InductionSession,
    sign_ups: Iterable[InductionSignUp],
    *,
    now: datetime,
) -> None:
    """Give back what these people were asked for; what staff took back before is not again."""
    charged = {one.entry_uid: one for one in sign_ups if one.entry_uid is not None}
    for uid in sorted(charged):
        if entries.stands(session, uid):
            entries.reverse(session, uid, site_id=induction.site_id, now=now)
        charged[uid].entry_uid = None
