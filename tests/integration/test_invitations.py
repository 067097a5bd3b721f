"""Mails that invite: what a calendar program finds in them, and who gets which."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage

import pytest
from flask import Flask
from icalendar import Calendar, Event
from sqlalchemy import select, update

from labops.adapters import mail
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.calendars.models import Feed
from labops.domain.calendars.services import open_feed
from labops.domain.machines.models import Machine
from labops.domain.notifications.kinds import ALWAYS, NEVER, OFF, LetterKind
from labops.domain.notifications.models import Invited
from labops.domain.notifications.services import choose
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel.db import reading, unit_of_work
from labops.kernel.instance import instance_id
from labops.settings import Settings
from tests.support.smtp_server import smtp_server
from tests.support.world import NOW, World, at, slot


@pytest.fixture
def sent(world: World) -> MemoryTransport:
    """Return where mails go."""
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    return way_out


def book(world: World, who: str = "alice", note: str = "") -> str:
    command = Book(machines=("printer",), slot=slot(10, 11, 3), note=note)
    return services.book(command, actor=world.actor(who), now=NOW)


def move(world: World, uid: str, *, who: str = "alice") -> None:
    services.move(Move(uid=uid, slot=slot(14, 15, 3)), actor=world.actor(who), now=NOW)


def deliver() -> None:
    run_job("deliver-outbox", now=NOW)


def choose_as_alice(world: World, kind: LetterKind, choice: str) -> None:
    choose({kind: choice}, actor=world.actor("alice"), now=NOW)


def part_of(message: EmailMessage) -> EmailMessage | None:
    """Return the calendar part."""
    found = [part for part in message.iter_parts() if part.get_content_type() == "text/calendar"]
    assert len(found) <= 1
    return found[0] if found else None  # type: ignore[return-value]


def event_of(message: EmailMessage) -> tuple[str, Event]:
    """Return method and event of the calendar part, read by the library."""
    part = part_of(message)
    assert part is not None
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (event,) = calendar.events
    assert str(calendar["METHOD"]) == part.get_param("method")
    return str(calendar["METHOD"]), event


def methods(sent: MemoryTransport) -> list[str]:
    """Return the methods of the mails, in order; a mail without an invitation is a dash."""
    return [event_of(mail)[0] if part_of(mail) else "-" for mail in sent.sent]


def poll(world: World, *, days_ago: float, who: str = "alice") -> None:
    """Let the person's calendar program have fetched her feed so long ago."""
    open_feed(actor=world.actor(who), now=NOW - timedelta(days=30))
    with unit_of_work() as session:
        session.execute(update(Feed).values(polled_at=NOW - timedelta(days=days_ago)))


def test_a_booking_goes_into_the_calendar_moves_there_and_leaves_it(
    world: World, sent: MemoryTransport, app: Flask
) -> None:
    uid = book(world, note="two, or; three")
    deliver()
    move(world, uid)
    deliver()
    services.cancel(uid, actor=world.actor("alice"), now=NOW)
    deliver()
    told = [event_of(message) for message in sent.sent]
    assert [method for method, _event in told] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [event["SEQUENCE"] for _method, event in told] == [0, 1, 2]
    assert [str(event["STATUS"]) for _method, event in told] == [
        *("CONFIRMED", "CONFIRMED", "CANCELLED")
    ]
    assert {str(event["UID"]) for _method, event in told} == {f"b-{uid}@{instance_id(reading())}"}
    assert [event.start for _method, event in told] == [at(10, 3), at(14, 3), at(14, 3)]
    for message, (_method, event) in zip(sent.sent, told, strict=True):
        # RFC 6047: the organizer is the sender, or programs warn; nobody waits for an answer.
        assert event["ORGANIZER"] == f"mailto:{message['From'].addresses[0].addr_spec}"
        assert event["ORGANIZER"].params["CN"] == "MHUMA"
        attendee = event["ATTENDEE"]
        assert attendee == "mailto:alice@example.org"
        assert attendee.params["PARTSTAT"] == "ACCEPTED"
        assert attendee.params["RSVP"] == "FALSE"
        assert str(event["DESCRIPTION"]) == "two, or; three"


@pytest.mark.parametrize("act", ["book", "move", "cancel"])
def test_the_invitation_says_what_the_feed_says(
    world: World, sent: MemoryTransport, app: Flask, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr("labops.kernel.clock.now", lambda: NOW)
    choose_as_alice(world, LetterKind.INVITATION, ALWAYS)
    uid = book(world, note="wood")
    if act != "book":
        move(world, uid)
    if act == "cancel":
        services.cancel(uid, actor=world.actor("alice"), now=NOW)
    deliver()
    (message,) = sent.sent
    secret = open_feed(actor=world.actor("alice"), now=NOW)
    answer = app.test_client().get(f"/feeds/{secret}.ics")
    (in_feed,) = Calendar.from_ical(answer.data).events
    _method, event = event_of(message)
    for people in ("ORGANIZER", "ATTENDEE"):
        del event[people]
    assert event.to_ical() == in_feed.to_ical()


def test_a_missed_booking_leaves_the_calendar(world: World, sent: MemoryTransport) -> None:
    book(world)
    deliver()
    sweeping.release_missed(now=at(11, 3))
    run_job("deliver-outbox", now=at(11, 3))
    assert methods(sent) == ["REQUEST", "CANCEL"]
    assert event_of(sent.sent[-1])[1]["SEQUENCE"] == 1


@pytest.mark.parametrize(
    ("choice", "polled", "expected"),
    [
        (None, None, "REQUEST"),
        (None, 6.9, "-"),
        (None, 7.1, "REQUEST"),
        (ALWAYS, 0.1, "REQUEST"),
        (NEVER, None, "-"),
    ],
)
def test_who_uses_a_feed_is_not_invited_unless_she_wants(
    world: World, sent: MemoryTransport, choice: str | None, polled: float | None, expected: str
) -> None:
    if choice:
        choose_as_alice(world, LetterKind.INVITATION, choice)
    if polled:
        poll(world, days_ago=polled)
    book(world)
    deliver()
    assert methods(sent) == [expected]


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"scope": "machine:laser"}])
def test_a_feed_without_ones_bookings_does_not_count(
    world: World, sent: MemoryTransport, change: dict[str, object]
) -> None:
    poll(world, days_ago=1)
    with unit_of_work() as session:
        session.execute(update(Feed).values(**change))
    book(world)
    deliver()
    assert methods(sent) == ["REQUEST"]


def test_what_an_invitation_put_into_the_calendar_is_followed_though_a_feed_came(
    world: World, sent: MemoryTransport
) -> None:
    first = book(world)
    deliver()
    poll(world, days_ago=0)
    second = services.book(
        Book(machines=("benches",), slot=slot(16, 17, 3)), actor=world.actor("alice"), now=NOW
    )
    for uid in (first, second):
        services.cancel(uid, actor=world.actor("alice"), now=NOW)
    deliver()
    assert methods(sent) == ["REQUEST", "CANCEL", "-"]
    assert reading().scalars(select(Invited)).all() == []


def test_what_did_not_leave_is_in_no_calendar(world: World) -> None:
    book(world)
    with smtp_server(answers={"RCPT": "550 no such mailbox"}) as inbox:
        mail.use_transport(mail.transport_for(Settings(mail_url=inbox.url)))
        deliver()
    assert reading().scalars(select(Invited)).all() == []


def test_letters_about_ones_own_acts_can_be_off_but_not_about_others(
    world: World, sent: MemoryTransport
) -> None:
    choose_as_alice(world, LetterKind.BOOKING, OFF)
    uid = book(world)
    move(world, uid)
    deliver()
    assert sent.sent == []
    services.cancel(uid, actor=world.actor("bob"), now=NOW)
    deliver()
    assert [str(message["Subject"])[:17] for message in sent.sent] == ["Booking cancelled"]


def test_whoever_goes_on_using_the_machine_still_cancelled_it_herself(
    world: World, sent: MemoryTransport
) -> None:
    """What happens at the machine, by whomever, does not count as a change of the booking."""
    choose_as_alice(world, LetterKind.BOOKING, OFF)
    uid = book(world)
    use.check_in(uid, actor=world.actor("bob", at(9.9, 3)), now=at(9.9, 3))
    deliver()
    assert sent.sent == []


HOSTILE = (
    '"x"\r\nMETHOD:REPLY\r\nATTENDEE:mailto:eve@example.org\nBcc: eve@example.org; C:\\New, ^n é'
)


def test_names_and_notes_add_nothing_to_head_or_calendar(world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(name=HOSTILE))
        session.execute(update(Site).values(name=HOSTILE))
        session.execute(
            update(Bookable).where(Bookable.id.in_(select(Machine.id))).values(name=HOSTILE)
        )
    uid = book(world)
    with unit_of_work() as session:
        session.execute(update(Booking).values(note=HOSTILE))
    with smtp_server() as inbox:
        mail.use_transport(mail.transport_for(Settings(mail_url=inbox.url)))
        deliver()
    (message,) = inbox.mails
    assert message["Bcc"] is None
    assert [to.addr_spec for to in message["To"].addresses] == ["alice@example.org"]
    part = part_of(message)
    assert part is not None
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    lines = raw.replace(b"\r\n ", b"").split(b"\r\n")
    names = [line.split(b":")[0].split(b";")[0] for line in lines if line]
    once = [name for name in names if name not in {b"BEGIN", b"END"}]
    assert sorted(once) == sorted(set(once))  # METHOD, ATTENDEE and all others stand there once
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    method, event = event_of(message)
    assert method == "REQUEST"
    assert event["ATTENDEE"] == "mailto:alice@example.org"
    assert str(event["UID"]).startswith(f"b-{uid}@")
    # What was typed arrives as text, each kind of line break as one line or a gap.
    assert str(event["DESCRIPTION"]) == HOSTILE.replace("\r\n", "\n")
    assert "METHOD:REPLY" in str(event["LOCATION"])


def test_a_server_gets_the_three_forms_of_a_letter(world: World) -> None:
    book(world)
    with smtp_server() as inbox:
        mail.use_transport(mail.transport_for(Settings(mail_url=inbox.url)))
        deliver()
    (message,) = inbox.mails
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    part = part_of(message)
    assert part is not None
    assert part.get_param("method") == "REQUEST"
    assert part.get_content_charset() == "utf-8"
    assert part.get_payload(decode=True).startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")  # type: ignore[union-attr]
