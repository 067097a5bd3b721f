"""What becomes of certifications, for tests of letters and of pages."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from labops.domain.certifications import services
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.services import Certify, Suspend
from labops.domain.certifications.settings import DescribeType, describe_type
from labops.domain.certifications.states import Renewal
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World

Fact = dict[str, object]


def laser_asks(
    months: int | None = None, unused: int | None = None, *ways: Renewal, levels: int = 0
) -> None:
    """Say what certifications for lasers get from now on."""
    names = tuple((f"Livello {number}", f"Grade {number}") for number in range(1, levels + 1))
    command = DescribeType(
        slug="laser",
        name_it="Laser",
        name_en="Laser",
        valid_months=months,
        unused_days=unused,
        renewal=ways,
        levels=names,
    )
    describe_type(command, actor=SYSTEM, now=NOW)


def certify(world: World, who: str, starts_on: date, **more: object) -> int:
    """Let Bob certify somebody for lasers; return the certification's id."""
    command = Certify(
        person_uid=world.uids[who],
        machine_type="laser",
        starts_on=starts_on,
        **more,  # type: ignore[arg-type]
    )
    services.certify(command, actor=world.actor("bob"), now=NOW)
    return latest(world, who)


def latest(world: World, who: str) -> int:
    """Return the last certification of somebody."""
    query = select(Certification.id).where(Certification.person_id == world.people[who])
    return reading().scalars(query.order_by(Certification.id.desc())).first() or 0


def suspend(world: World, who: str, ends_on: date | None = None) -> int:
    """Let Bob suspend somebody's right to lasers from today on; return the suspension's id."""
    command = Suspend(
        person_uid=world.uids[who],
        machine_type="laser",
        reason="The lid was left open.",
        ends_on=ends_on,
    )
    services.suspend(command, actor=world.actor("bob"), now=NOW)
    return reading().scalars(select(CertificationSuspension.id)).all()[-1]


def granted(world: World) -> Fact:
    laser_asks(12, None, levels=2)
    made = certify(world, "charlie", date(2026, 11, 23), level=2, evidence="Course of 21 November")
    return {"certification_id": made}


def renewed(world: World) -> Fact:
    laser_asks(12, None)
    return {"certification_id": certify(world, "alice", date(2026, 11, 23))}


def revoked(world: World) -> Fact:
    made = latest(world, "alice")
    services.revoke(made, reason="Fire in the lab.", actor=world.actor("bob"), now=NOW)
    return {"certification_id": made}


def suspended(world: World) -> Fact:
    return {"suspension_id": suspend(world, "alice", date(2026, 12, 31))}


def resumed(world: World) -> Fact:
    fact = suspended(world)
    bob = world.actor("bob")
    services.resume(world.uids["alice"], "laser", reason="We talked.", actor=bob, now=NOW)
    return fact


def ending(world: World) -> Fact:
    laser_asks(12, None, *Renewal)
    made = certify(world, "charlie", date(2025, 12, 23))
    return {"certification_id": made, "last_on": "2026-12-23", "days": 30}


def ending_unused(world: World) -> Fact:
    laser_asks(None, 90)
    made = certify(world, "charlie", date(2026, 9, 1))
    return {"certification_id": made, "last_on": "2026-11-30", "days": 7}
