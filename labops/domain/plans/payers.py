"""Whose plan and account it is: a person's or a firm's, and who may act for either."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm
from labops.domain.firms.placing import place_of
from labops.domain.firms.states import FirmRole
from labops.domain.people.models import Person
from labops.domain.plans.entries import Owner
from labops.kernel import ledger
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission


def owner_named(session: Session, person_uid: str, firm_uid: str = "") -> Owner:
    """Return the firm of that uid, or else the person; raises `NotFound`."""
    column, table, uid = (Firm.id, Firm, firm_uid) if firm_uid else (Person.id, Person, person_uid)
    found = session.scalar(select(column).where(table.uid == uid))
    if found is None:
        raise NotFound
    return Owner(firm_id=found) if firm_uid else Owner(found)


def may_act(session: Session, owner: Owner, site_id: int, actor: Actor) -> bool:
    """Say whether the actor may act for the owner: herself, her firm, or staff of the site."""
    if actor.may(Permission.PAYMENT_RECORD, site_id):
        return True
    if owner.person_id is not None:
        return actor.owns(owner.person_id)
    if owner.firm_id is None or actor.person_id is None:
        return False
    place = place_of(session, owner.firm_id, actor.person_id)
    return place is not None and place.role == FirmRole.REPRESENTATIVE


def lock(session: Session, *owners: Owner) -> None:
    """Make everybody else wait who changes what these owners have."""
    people: Iterable[int | None] = (one.person_id for one in owners)
    firms: Iterable[int | None] = (one.firm_id for one in owners)
    ledger.lock(
        session,
        people=[one for one in people if one is not None],
        firms=[one for one in firms if one is not None],
    )
