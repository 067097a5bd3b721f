"""Firms for tests."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select, update

from labops.domain.firms import people, services
from labops.domain.firms.commands import DescribeFirm
from labops.domain.firms.models import Firm, FirmInvitation
from labops.domain.firms.states import FirmRole
from labops.domain.plans import services as plans
from labops.domain.plans import subscribing
from labops.domain.plans.services import DescribePlan
from labops.domain.plans.states import Period
from labops.domain.plans.subscribing import Subscribe
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World

VAT_NUMBER = "12345670017"
MAIL = "bottega@example.org"
JOINERY = DescribeFirm(legal_name="Falegnameria Prova", email=MAIL, vat_number=VAT_NUMBER)


def a_firm(world: World, *colleagues: str, speaker: str = "alice") -> str:
    """Return a proven firm for which somebody speaks, with colleagues who joined."""
    actor = world.actor(speaker)
    uid = services.found(JOINERY, actor=actor, now=NOW)
    services.prove(uid, MAIL, now=NOW)
    for name in colleagues:
        people.invite(uid, f"{name}@example.com", FirmRole.MEMBER, actor=actor, now=NOW)
        people.accept(newest_invitation(), actor=world.actor(name), now=NOW)
    return uid


def newest_invitation() -> str:
    """Return the uid of the invitation that was written down last."""
    reading().rollback()
    return (
        reading().scalars(select(FirmInvitation.uid).order_by(FirmInvitation.id.desc())).first()
        or ""
    )


def on_plan(world: World, uid: str, *, most: int = 3, minutes: int = 240) -> None:
    """Put the firm on a plan for firms at MHUMA, with hours at printers."""
    plans.describe_plan(
        DescribePlan(
            site_id=world.sites["mhuma"],
            slug="firms",
            name_it="Imprese",
            name_en="Firms",
            price=Decimal(100),
            period=Period.MONTH,
            hours={"printer-fdm": minutes},
            firm_people=most,
        ),
        actor=SYSTEM,
        now=NOW,
    )
    subscribing.subscribe(
        Subscribe(firm_uid=uid, site_id=world.sites["mhuma"], plan="firms"),
        actor=world.actor("alice"),
        now=NOW,
    )


def told(world: World, *, act: str) -> dict[str, object]:
    """Let something happen to a firm, and return the last fact of it."""
    services.found(JOINERY, actor=world.actor("alice"), now=NOW)
    uid = "f" * 32  # the same in every snapshot
    with unit_of_work() as session:
        session.execute(update(Firm).values(uid=uid))
    fact: dict[str, object] = {"firm_uid": uid, "at": NOW.isoformat()}
    if act == "founded":
        return fact
    people.invite(uid, "charlie@example.com", FirmRole.MEMBER, actor=world.actor("alice"), now=NOW)
    invitation = newest_invitation()
    if act == "invited":
        return {"invitation_uid": invitation, "at": NOW.isoformat()}
    people.accept(invitation, actor=world.actor("charlie"), now=NOW)
    if act == "left":
        people.leave(uid, world.uids["charlie"], actor=world.actor("charlie"), now=NOW)
    return fact | {"person_uid": world.uids["charlie"], "removed": False}
