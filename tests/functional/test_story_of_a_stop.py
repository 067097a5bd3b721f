"""A laser breaks at ten with five bookings ahead: within a minute everybody has an alternative.

Through pages, mails and jobs, until the machine is back and the numbers agree.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.adapters import mail
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.bookings.queries import one as one_booking
from labops.domain.certifications.services import Certify, add_certification
from labops.domain.incidents import queries
from labops.domain.machines.models import Machine
from labops.domain.machines.services import DescribeMachine, add_machine
from labops.domain.maintenance import history, parts
from labops.domain.maintenance.parts import DescribePart
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.functional.test_photos import send_to
from tests.support.forms import post
from tests.support.people import members
from tests.support.pictures import picture
from tests.support.world import NOW, World, at, slot

TEN = at(10)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at ten on a Tuesday in Milan; the story moves it."""
    hands = {"now": TEN}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


@pytest.fixture
def lasers(world: World) -> list[int]:
    """Add a second laser, let two more members and Charlie use lasers, and return the five."""
    people = [*(world.people[name] for name in ("alice", "bob", "charlie")), *members(world, 2)]
    with unit_of_work() as session:
        second = DescribeMachine(name="Laser Two", slug="laser-two", machine_type="laser")
        add_machine(session, world.sites["mhuma"], second, actor=SYSTEM, now=NOW)
    from labops.domain.people.queries import uid_of  # noqa: PLC0415

    for person in people[2:]:
        command = Certify(
            person_uid=uid_of(reading(), person),
            machine_type="laser",
            starts_on=NOW.date().replace(month=1),
        )
        with unit_of_work() as session:
            add_certification(session, command, actor=SYSTEM, now=NOW)
    return people


def machine(slug: str = "laser") -> Machine:
    reading().rollback()
    return reading().scalars(select(Machine).where(Machine.slug == slug)).one()


def booking(uid: str) -> Booking:
    reading().rollback()
    return reading().scalars(select(Booking).where(Booking.uid == uid)).one()


def taken(page: str) -> dict[str, str]:
    """Return what the first button of the page sends."""
    first = page.partition('name="machine"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(starts_at|ends_at)" value="([^"]+)"', first))
    return fields | {"machine": re.findall(r'value="([^"]+)"', first)[0]}


def report(browser: FlaskClient, slug: str = "laser", **changes: str) -> str:
    """Report from the machine's page and return the report's uid."""
    data = {"text": "The tube is dark", "severity": "stops", "nonce": str(uuid4()), **changes}
    page = f"/machines/{slug}/report"
    answer = send_to(browser, page, data, picture(), "tube.jpg")
    assert answer.status_code == 303, answer.text
    return str(answer.location).rpartition("/")[2]


def test_a_laser_breaks_and_comes_back(
    app: Flask, world: World, lasers: list[int], hands: dict[str, datetime]
) -> None:
    outbox = MemoryTransport()
    mail.use_transport(outbox)
    from labops.domain.people.queries import actor_of  # noqa: PLC0415

    uids = [
        services.book(
            Book(machines=("laser",), slot=slot(11 + hour, 12 + hour - 0.5)),
            actor=actor_of(reading(), person, now=NOW),
            now=NOW,
        )
        for hour, person in enumerate(lasers)
    ]
    run_job("deliver-outbox", now=NOW)
    outbox.sent.clear()

    # Ten o'clock: anybody at the machine reports it from the page of its code.
    nina = world.browser(app, "nina")
    assert "/machines/laser/report" in nina.get(f"/s/{world.laser_code}").text
    incident = report(nina)
    assert (machine().state, machine().state_reason) == ("out_of_service", "The tube is dark")
    with pytest.raises(Refused, match="out-of-service"):
        services.book(
            Book(machines=("laser",), slot=slot(17, 18)), actor=world.actor("alice"), now=TEN
        )
    hands["now"] = TEN + timedelta(minutes=1)
    run_job("deliver-outbox", now=hands["now"])
    letters = [
        one for one in outbox.sent if re.search(r"(your|tua) (booking|pren)", one["Subject"])
    ]
    assert len({str(one["To"]) for one in letters}) == 5
    for one in letters:
        assert "Laser Two" in one.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert any(str(one["Subject"]).startswith("Fault: Laser") for one in outbox.sent)

    # Two accept, one of them twice; somebody else's booking is nobody's business.
    alice, charlie = world.browser(app, "alice"), world.browser(app, "charlie")
    for browser, uid in ((alice, uids[0]), (charlie, uids[2])):
        page = f"/instead/{uid}"
        choice = taken(browser.get(page).text)
        for _twice in range(2):
            assert browser.post(page, data=choice).status_code == 400  # without the form's token
            answer = post(browser, "/profile", page, choice)
            assert (answer.status_code, answer.location) == (303, f"/bookings/{uid}")
        reading().rollback()
        moved = one_booking(reading(), uid, world.actor("bob"))
        assert moved.machines == ("laser-two",)
        assert booking(uid).sequence == 1  # moved once
        assert not booking(uid).cancelled_late
    assert booking(uids[0]).slot == slot(11, 11.5)
    assert alice.get(f"/instead/{uids[2]}").status_code == 404
    assert post(alice, "/profile", f"/instead/{uids[2]}", taken_of(uids[2])).status_code == 404

    # Charlie met it too, reports it again, and Bob links the two.
    post(charlie, f"/incidents/{incident}", f"/incidents/{incident}/me-too")
    again = report(charlie, text="No beam", severity="careful")
    bob = world.browser(app, "bob")
    assert "The tube is dark" in bob.get("/sites/mhuma/incidents").text
    page = f"/incidents/{again}"
    linked = post(bob, page, f"{page}/link", {"original": incident})
    assert (linked.status_code, linked.location) == (303, f"/incidents/{incident}")

    # Bob writes the repair down, with a part that leaves the stock, and solves it at noon.
    tube = parts.add_part(
        world.sites["mhuma"],
        DescribePart(name="Tube", price=Decimal("300.50"), stock=2, minimum=2),
        actor=world.actor("bob"),
        now=NOW,
    )
    hands["now"] = TEN + timedelta(hours=2)
    work = f"/machines/laser/work/new?incident={incident}"
    data = {"title": "New tube", "minutes": "90", "cost": "40", f"part-{tube}": "1"}
    data["nonce"] = str(uuid4())
    for _twice in range(2):
        assert send_to(bob, work, data, picture(), "done.jpg").status_code == 303
    shown = bob.get("/machines/laser/history").text
    assert "New tube" in shown
    assert "340.50 € in all" in shown
    (part,) = parts.of_site(reading(), world.sites["mhuma"])
    assert (part.stock, part.to_order) == (1, 3)
    file = bob.get("/sites/mhuma/parts?format=csv&which=to-order").text
    assert file.splitlines()[1] == "Tube,,300.50,1,2,3"
    outbox.sent.clear()
    solved = post(
        bob,
        f"/incidents/{incident}",
        f"/incidents/{incident}/solve",
        {"solution": "New tube", "back": "yes"},
    )
    assert solved.status_code == 303
    assert machine().state == "in_service"
    run_job("deliver-outbox", now=hands["now"])
    heard = sorted(str(one["To"]) for one in outbox.sent if "Solved" in one["Subject"])
    # Nina reported it; Charlie met it, and reported it again.
    assert [name for name in ("nina", "charlie") if any(name in one for one in heard)] == [
        "nina",
        "charlie",
    ]
    assert "Your booking stands" in bob.get(f"/instead/{uids[1]}").text

    # The numbers agree: two hours of a day, one failure, nobody charged, nothing left over.
    reading().rollback()
    laser, period = world.machines["laser"], Interval(TEN - timedelta(hours=12), at(22))
    figures = history.dependability_of(reading(), laser, period, now=at(22))
    assert (figures.failures, figures.down) == (1, timedelta(hours=2))
    assert figures.availability == pytest.approx(22 / 24)
    assert figures.mtbf == timedelta(hours=22)
    assert queries.open_for_machine(reading(), laser) == []
    states = {booking(uid).state for uid in uids}
    assert states == {"confirmed"}
    trail = set(reading().scalars(select(AuditEntry.action)))
    assert {"machine.out-of-service", "machine.in-service", "upkeep.done"} <= trail


def taken_of(uid: str) -> dict[str, str]:
    """Return what a button for the booking would send."""
    found = booking(uid)
    return {
        "machine": "laser-two",
        "starts_at": (found.starts_at + timedelta(hours=3)).isoformat(),
        "ends_at": (found.ends_at + timedelta(hours=3)).isoformat(),
    }
