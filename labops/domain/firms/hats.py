"""The firm's hat: under which name a signed-in person acts, kept with her sign-in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from labops.domain.firms.models import Firm
from labops.domain.firms.placing import place_of
from labops.domain.people.models import SignIn
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor


def put_on(sign_in_id: int, firm_uid: str, *, actor: Actor, now: datetime) -> None:
    """Act under a firm's name on this device from now on; without a uid, under one's own.

    Raises `NotFound` for a firm in which the actor does not work.
    """
    person_id = actor.require_person()
    with unit_of_work() as session:
        firm_id = None
        if firm_uid:
            firm_id = session.scalar(select(Firm.id).where(Firm.uid == firm_uid))
            if firm_id is None or place_of(session, firm_id, person_id) is None:
                raise NotFound
        sign_in = session.get_one(SignIn, sign_in_id)
        if sign_in.firm_id == firm_id:
            return
        sign_in.firm_id = firm_id
        audit.record(session, actor, "hat.changed", f"firm:{firm_uid or 'own'}", now=now)
