"""Whoever leaves a stopped machine late is neither kept from it nor counted as late."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.incidents import alternatives, queries
from labops.domain.incidents import services as incidents
from labops.domain.incidents.services import ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.machines.services import DescribeMachine, add_machine
from labops.domain.strikes.models import Strike
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot


def test_late_is_forgiven_only_while_the_machine_is_stopped(world: World) -> None:
    site, alice, bob, now = world.sites["mhuma"], world.actor("alice"), world.actor("bob"), at(10)
    with unit_of_work() as session:
        second = DescribeMachine(name="Two", slug="two", machine_type="printer-fdm")
        add_machine(session, site, second, actor=SYSTEM, now=NOW)
        rules = {"grid_minutes": 30, "horizon_days": 14, "cancel_notice_minutes": 720}
        add_version(session, SaveRules(site_id=site, data=rules), actor=SYSTEM, now=NOW)
    uid = services.book(Book(machines=("printer",), slot=slot(11, 12)), actor=alice, now=NOW)
    with pytest.raises(Refused, match="cancel-too-late"):
        services.move(Move(uid=uid, machines=("two",), slot=slot(14, 15)), actor=alice, now=now)
    with pytest.raises(Refused, match="back-in-service"):
        alternatives.accept(uid, ("two",), slot(14, 15), actor=alice, now=now)
    fault = ReportFault(machine="printer", severity=Severity.STOPS, text="Smoke", nonce="1")
    report = incidents.report(fault, actor=alice, now=now)
    with pytest.raises(Refused, match="out-of-service"):
        alternatives.accept(uid, ("printer",), slot(14, 15), actor=alice, now=now)
    with pytest.raises(Refused, match="outside-hours"):
        alternatives.accept(uid, ("two",), slot(21, 22), actor=alice, now=now)
    assert alternatives.accept(uid, ("two",), slot(14, 15), actor=alice, now=now)
    reading().rollback()
    booking = reading().scalars(select(Booking).where(Booking.uid == uid)).one()
    assert (booking.state, booking.slot, booking.cancelled_late) == (
        "confirmed",
        slot(14, 15),
        False,
    )
    assert reading().scalars(select(Strike.id)).all() == []
    incidents.solve(report, "Fuse", back=True, actor=bob, now=now)
    assert queries.open_for_machine(reading(), world.machines["printer"]) == []
