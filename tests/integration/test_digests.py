"""The letters of Monday morning: to whom, when, and what they tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from labops.adapters import mail
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.machines.models import Machine
from labops.domain.notifications.kinds import OFF, ON, LetterKind
from labops.domain.notifications.services import choose
from labops.domain.people.models import RoleGrant
from labops.domain.sites.models import Site
from labops.kernel.db import unit_of_work
from tests.support.world import NOW, World, at, slot

WEEK = timedelta(days=7)
MONDAY = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)  # seven in Milan, a week after NOW


@pytest.fixture
def sent(world: World) -> MemoryTransport:
    """Return where mails go."""
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    return way_out


def ask_for(
    world: World, who: str, kind: LetterKind, choice: str = ON, *, now: datetime = NOW
) -> None:
    choose({kind: choice}, actor=world.actor(who, now), now=now)


def book(world: World, hour: float, day: int, who: str = "alice", **more: object) -> str:
    command = Book(machines=("printer",), slot=slot(hour, hour + 1, day))
    return services.book(command, actor=world.actor(who), now=NOW)


def round_of_jobs(now: datetime, sent: MemoryTransport) -> list[str]:
    """Run the jobs and return the subjects of digests that left."""
    before = len(sent.sent)
    run_job("send-digests", now=now)
    run_job("deliver-outbox", now=now)
    subjects = [str(message["Subject"]) for message in sent.sent[before:]]
    return [subject for subject in subjects if subject.startswith("This week")]


def text_of(sent: MemoryTransport) -> str:
    text: str = sent.sent[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    return text


def test_once_a_week_however_often_the_job_runs(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    ask_for(world, "alice", LetterKind.DIGEST)
    run_job("deliver-outbox", now=NOW)
    assert round_of_jobs(MONDAY - timedelta(minutes=1), sent) == []
    assert round_of_jobs(MONDAY, sent) == ["This week: 1 booking"]
    for hours in (0, 1, 50, -3, 100):  # the clock may go back, too
        assert round_of_jobs(MONDAY + timedelta(hours=hours), sent) == []
    ask_for(world, "alice", LetterKind.DIGEST, OFF, now=MONDAY)
    ask_for(world, "alice", LetterKind.DIGEST, ON, now=MONDAY)
    assert round_of_jobs(MONDAY + timedelta(hours=1), sent) == []


def test_a_missed_run_is_made_up_for_within_the_week(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    book(world, 10, 10)
    ask_for(world, "alice", LetterKind.DIGEST)
    run_job("deliver-outbox", now=NOW)
    # On Wednesday only what still comes is told.
    assert round_of_jobs(at(8, 9), sent) == ["This week: 1 booking"]
    assert "Thu 3 Dec, 10:00–11:00: Printer (MHUMA)" in text_of(sent)


def test_what_waited_for_the_next_week_is_not_told(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    ask_for(world, "alice", LetterKind.DIGEST)
    run_job("send-digests", now=MONDAY)
    run_job("deliver-outbox", now=MONDAY + WEEK)
    assert not [m for m in sent.sent if str(m["Subject"]).startswith("This week")]


def test_only_who_asked_before_monday_morning(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    book(world, 10, 9, "charlie")
    book(world, 12, 9, "bob")
    ask_for(world, "charlie", LetterKind.DIGEST, now=MONDAY + timedelta(hours=2))
    ask_for(world, "bob", LetterKind.DIGEST)
    ask_for(world, "bob", LetterKind.DIGEST, OFF)
    assert round_of_jobs(MONDAY + timedelta(hours=3), sent) == []
    assert round_of_jobs(MONDAY + WEEK, sent) == []  # nothing booked for that week


def test_nobody_hears_of_an_empty_week_or_of_given_up_bookings(
    world: World, sent: MemoryTransport
) -> None:
    uid = book(world, 10, 8)
    services.cancel(uid, actor=world.actor("alice"), now=NOW)
    book(world, 10, 4)  # before that week
    ask_for(world, "alice", LetterKind.DIGEST)
    assert round_of_jobs(MONDAY, sent) == []


def test_staff_hear_what_comes_where_they_work(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    book(world, 12, 9, "charlie")
    book(world, 12, 10, "charlie")
    with unit_of_work() as session:
        session.execute(
            update(Booking).where(Booking.starts_at == at(12, 10)).values(state="requested")
        )
        session.execute(
            update(Machine)
            .where(Machine.id == world.machines["laser"])
            .values(state="out_of_service")
        )
    for who in ("bob", "dora", "eva", "alice"):
        ask_for(world, who, LetterKind.STAFF_DIGEST)
    run_job("deliver-outbox", now=NOW)
    sent.sent.clear()
    round_of_jobs(MONDAY, sent)
    told = {message["To"].addresses[0].username: message for message in sent.sent}
    assert set(told) == {"bob", "dora", "eva"}  # Alice works nowhere
    mhuma = "MHUMA: 3 bookings; 1 request waits for an answer; out of service: Laser"
    other = "Smart City Lab: 0 bookings; every machine is in service"
    for who, expected in (("bob", [mhuma]), ("dora", [other]), ("eva", [mhuma, other])):
        text = told[who].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert [line for line in text.splitlines() if "bookings;" in line] == expected


def test_who_works_there_no_more_hears_no_more(world: World, sent: MemoryTransport) -> None:
    ask_for(world, "bob", LetterKind.STAFF_DIGEST)
    run_job("send-digests", now=MONDAY)
    with unit_of_work() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == world.people["bob"]))
    run_job("deliver-outbox", now=MONDAY)
    assert sent.sent == []


def test_seven_is_seven_at_the_site(world: World, sent: MemoryTransport) -> None:
    book(world, 10, 8)
    ask_for(world, "alice", LetterKind.DIGEST)
    with unit_of_work() as session:
        session.execute(update(Site).where(Site.slug == "mhuma").values(zone="Asia/Tokyo"))
    run_job("deliver-outbox", now=NOW)
    assert round_of_jobs(MONDAY - timedelta(hours=8, minutes=1), sent) == []
    assert round_of_jobs(MONDAY - timedelta(hours=8), sent) == ["This week: 1 booking"]
