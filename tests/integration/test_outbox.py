"""What happened is told once, however many things go wrong on the way."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from labops.adapters import links, mail, notices, outbox_rounds
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.notifications.services import try_again
from labops.domain.people import services as people
from labops.domain.people.models import Account, Person
from labops.kernel import clock, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, NotFound
from labops.kernel.outbox import MAX_ATTEMPTS, OutboxMessage
from labops.settings import Settings
from tests.support.servers import environment, free_port
from tests.support.smtp_server import Inbox, smtp_server
from tests.support.world import NOW, PASSWORD, World, at, slot

ACCOUNT_FACTS = ("SignedUp", "SignUpRepeated", "PasswordResetAsked", "PasswordChanged")


@pytest.fixture
def sent(world: World, monkeypatch: pytest.MonkeyPatch) -> MemoryTransport:
    """Return where mails go, with links that are the same on every run."""
    for name in ("confirmation_link", "reset_link"):
        monkeypatch.setattr(
            links,
            name,
            lambda account_id, revision, n=name: f"http://localhost/{n}/{revision}",
            raising=False,
        )
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    return way_out


def deliver(now: datetime = NOW) -> str:
    """Run one round of the outbox."""
    return run_job("deliver-outbox", now=now)


def book(world: World, who: str = "alice", hour: float = 10, machine: str = "laser") -> str:
    """Book an hour as somebody."""
    command = Book(machines=(machine,), slot=slot(hour, hour + 1))
    return services.book(command, actor=world.actor(who), now=NOW)


def record(kind: str, fact: dict[str, object], key: str = "test") -> int:
    """Put any fact into the outbox and return its number."""
    with unit_of_work() as session:
        values = {"kind": kind, "dedupe_key": key, "payload": fact, "attempts": 0}
        query = insert(OutboxMessage).values(**values, recorded_at=NOW, due_at=NOW)
        return session.execute(query.returning(OutboxMessage.id)).scalar_one()


def message(message_id: int) -> OutboxMessage:
    """Return a row as it stands now."""
    reading().rollback()
    return reading().get_one(OutboxMessage, message_id, populate_existing=True)


def account_id(world: World, who: str) -> int:
    """Return somebody's account."""
    query = select(Account.id).where(Account.person_id == world.people[who])
    return reading().scalars(query).one()


def subjects(sent: MemoryTransport) -> list[tuple[str, str]]:
    """Return to whom went what."""
    return [(m["To"].addresses[0].addr_spec, str(m["Subject"])) for m in sent.sent]


def test_each_fact_is_one_mail(world: World, sent: MemoryTransport) -> None:
    zoe = people.SignUp(name="Zoe", email="zoe@example.org", password=PASSWORD, language="en")
    people.sign_up(zoe, now=NOW)
    people.sign_up(people.SignUp(name="Al", email="alice@example.org", password=PASSWORD), now=NOW)
    people.ask_password_reset("bob@example.org", now=NOW)
    people.reset_password(account_id(world, "charlie"), 0, PASSWORD, now=NOW)
    book(world)
    assert deliver() == "5 delivered"
    assert subjects(sent) == [
        ("zoe@example.org", "Confirm your e-mail address"),
        ("alice@example.org", "You have an account already"),
        ("bob@example.org", "Choose a new password"),
        ("charlie@example.org", "Your password was changed"),
        ("alice@example.org", "Booking confirmed: Laser, Tue 24 Nov, 10:00"),
    ]
    assert deliver(NOW + timedelta(days=1)) == "nothing to deliver"
    assert len(sent.sent) == 5
    assert all(m["Message-ID"] for m in sent.sent)
    assert len({m["Message-ID"] for m in sent.sent}) == 5


def test_every_change_of_a_booking_is_told_to_its_owner(
    world: World, sent: MemoryTransport
) -> None:
    uid = book(world)
    deliver()
    services.move(Move(uid=uid, slot=slot(14, 15)), actor=world.actor("alice"), now=NOW)
    deliver()
    services.cancel(uid, actor=world.actor("bob"), now=NOW)  # staff
    deliver()
    book(world, "charlie", 15, "printer")
    deliver()
    late = at(16)
    assert sweeping.release_missed(now=late) == 1
    deliver(late)
    assert subjects(sent) == [
        ("alice@example.org", "Booking confirmed: Laser, Tue 24 Nov, 10:00"),
        ("alice@example.org", "Booking moved: Laser, Tue 24 Nov, 14:00"),
        ("alice@example.org", "Booking cancelled: Laser, Tue 24 Nov, 14:00"),
        ("charlie@example.org", "Booking confirmed: Printer, Tue 24 Nov, 15:00"),
        ("charlie@example.org", "Booking missed: Printer, Tue 24 Nov, 15:00"),
    ]


def test_who_stands_at_the_machine_gets_no_mail_about_it(
    world: World, sent: MemoryTransport
) -> None:
    uid = book(world)
    deliver()
    use.check_in(uid, actor=world.actor("alice"), now=at(10))
    use.finish(uid, actor=world.actor("alice"), now=at(10.5))
    assert deliver(at(10.5)) == "2 delivered"
    assert len(sent.sent) == 1


def test_what_something_newer_has_overtaken_is_not_told(
    world: World, sent: MemoryTransport
) -> None:
    uid = book(world)
    services.move(Move(uid=uid, slot=slot(14, 15)), actor=world.actor("alice"), now=NOW)
    services.cancel(uid, actor=world.actor("alice"), now=NOW)
    assert deliver() == "3 delivered"
    assert subjects(sent) == [("alice@example.org", "Booking cancelled: Laser, Tue 24 Nov, 14:00")]


def test_late_mails_stay_true(world: World, sent: MemoryTransport) -> None:
    book(world)  # its confirmation comes after its end
    people.sign_up(people.SignUp(name="Zoe", email="zoe@example.org", password=PASSWORD), now=NOW)
    zoe = reading().scalars(select(Account.id).where(Account.email == "zoe@example.org")).one()
    people.confirm_email(zoe, 0, now=NOW)  # by a link she got another way
    people.ask_password_reset("bob@example.org", now=NOW)
    assert deliver(NOW + timedelta(days=2)) == "3 delivered"
    assert sent.sent == []


def test_a_booking_of_somebody_without_an_account_troubles_nobody(
    world: World, sent: MemoryTransport
) -> None:
    uid = book(world)
    with unit_of_work() as session:
        person = Person(uid="p", name="Guest", created_at=NOW)
        session.add(person)
        session.flush()
        session.execute(update(Booking).where(Booking.uid == uid).values(person_id=person.id))
    record("BookingConfirmed", {"booking_uid": "gone", "revision": 0})
    record("SignedUp", {"account_id": 987654, "at": NOW.isoformat()}, key="gone")
    assert deliver() == "3 delivered"
    assert sent.sent == []


def test_an_unknown_kind_is_put_aside_and_logged(
    world: World, sent: MemoryTransport, caplog: pytest.LogCaptureFixture
) -> None:
    number = record("MoonLanded", {"on": "the moon"})
    assert deliver() == "1 delivered"
    assert message(number).delivered_at is not None
    assert "MoonLanded" in caplog.text


def test_a_mail_that_is_refused_for_good_is_given_up_at_once(world: World) -> None:
    book(world)
    number = reading().scalars(select(OutboxMessage.id)).one()
    with smtp_server(answers={"RCPT": "550 no such mailbox"}) as inbox:
        use_server(inbox)
        assert deliver() == "1 given up"
        row = message(number)
        assert (row.attempts, row.claimed_at, row.delivered_at) == (1, None, None)
        assert "550 no such mailbox" in (row.last_error or "")
        assert row.given_up_at is not None
        assert deliver(NOW + timedelta(hours=1)) == "nothing to deliver"
    assert sum(command.upper().startswith("RCPT") for command in inbox.commands) == 1


def test_a_fault_of_our_own_uses_up_the_attempts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(world)
    number = reading().scalars(select(OutboxMessage.id)).one()
    monkeypatch.setattr(notices, "letters_for", lambda *_args, **_more: 1 / 0)
    now = NOW
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert deliver(now) == "1 failed"
        row = message(number)
        assert (row.attempts, row.claimed_at) == (attempt, None)
        assert row.last_error == "ZeroDivisionError: division by zero"
        if attempt < MAX_ATTEMPTS:
            assert deliver(row.due_at - timedelta(seconds=1)) == "nothing to deliver"
            pauses.append(round((row.due_at - now) / timedelta(minutes=1)))
            now = row.due_at
    assert message(number).given_up_at is not None
    assert deliver(now + timedelta(days=1)) == "nothing to deliver"
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256]


@pytest.mark.parametrize("answers", [{"": "421 not now"}, {"RCPT": "450 greylisted"}])
def test_an_outage_of_days_loses_no_mail(world: World, answers: dict[str, str]) -> None:
    record("SignedUp", {"account_id": account_id(world, "alice"), "at": NOW.isoformat()})
    with unit_of_work() as session:
        session.execute(update(Account).values(email_confirmed_at=None))
    number = reading().scalars(select(OutboxMessage.id)).one()
    now, tries, ends = NOW, 0, NOW + timedelta(days=6)
    with smtp_server(answers=dict(answers)) as inbox:
        use_server(inbox)
        while now < ends:
            deliver(now)
            row = message(number)
            assert (row.attempts, row.given_up_at, row.claimed_at) == (0, None, None)
            assert row.last_error
            assert timedelta(minutes=1) <= row.due_at - now < timedelta(minutes=16)
            # Not every quarter of an hour of six days, only some.
            now, tries = (row.due_at if tries < 10 else now + timedelta(hours=12)), tries + 1
        assert tries > 15
        inbox.answers.clear()
        assert deliver(now) == "1 delivered"
    assert len(inbox.raw) == 1


def test_after_a_week_without_a_server_a_mail_is_given_up_and_staff_may_try_again(
    world: World,
) -> None:
    record("SignedUp", {"account_id": account_id(world, "alice"), "at": NOW.isoformat()})
    with unit_of_work() as session:
        session.execute(update(Account).values(email_confirmed_at=None))
    number = reading().scalars(select(OutboxMessage.id)).one()
    bob = world.actor("bob")
    with pytest.raises(NotFound):
        try_again(number, actor=bob, now=NOW)  # it still waits
    late = NOW + timedelta(days=7, minutes=1)
    with smtp_server(answers={"": "421 not now"}) as inbox:
        use_server(inbox)
        assert deliver(late) == "1 waiting for the mail server"
        assert message(number).given_up_at is not None
        assert deliver(late + timedelta(hours=1)) == "nothing to deliver"
        for stranger in ("alice", "sam"):
            with pytest.raises(Forbidden):
                try_again(number, actor=world.actor(stranger), now=late)
        try_again(number, actor=bob, now=late)
        deliver(late)
        row = message(number)
        # The week begins anew: its age alone does not end it again.
        assert (row.given_up_at, row.attempts, row.retried_at) == (None, 0, late)
        inbox.answers.clear()
        assert deliver(late + timedelta(minutes=2)) == "1 delivered"
        with pytest.raises(NotFound):
            try_again(number, actor=bob, now=late)
    assert len(inbox.raw) == 1


def test_one_postponed_mail_does_not_hold_the_others_up(world: World) -> None:
    book(world, "alice", 10)
    book(world, "bob", 12)
    with smtp_server(answers={"RCPT": "450 greylisted"}) as inbox:
        use_server(inbox)
        assert deliver() == "2 postponed"
        inbox.answers.clear()
        assert deliver(NOW + timedelta(minutes=2)) == "2 delivered"


def test_a_refused_mail_does_not_hold_the_others_up(world: World) -> None:
    book(world, "alice", 10)
    book(world, "bob", 12)
    with smtp_server() as inbox:
        use_server(inbox)
        with unit_of_work() as session:
            session.execute(
                update(Account).where(Account.email == "alice@example.org").values(email="broken")
            )
        assert deliver() == "1 given up, 1 delivered"
    assert [m["To"].addresses[0].username for m in inbox.mails] == ["bob"]


def test_while_the_server_is_away_the_others_keep_their_attempts(world: World) -> None:
    for hour in (10, 12, 14):
        book(world, hour=hour)
    with smtp_server(answers={"": "421 not now"}) as inbox:
        use_server(inbox)
        assert deliver() == "1 waiting for the mail server"
        inbox.answers.clear()
        assert deliver() == "2 delivered"
        assert deliver(NOW + timedelta(minutes=2)) == "1 delivered"
    assert len(inbox.raw) == 3
    attempts = reading().scalars(select(OutboxMessage.attempts).order_by(OutboxMessage.id))
    assert list(attempts) == [1, 1, 1]


def test_a_claim_that_nobody_ended_is_retaken_after_ten_minutes(
    world: World, sent: MemoryTransport
) -> None:
    book(world)
    number = reading().scalars(select(OutboxMessage.id)).one()
    with unit_of_work() as session:
        assert outbox.claim(session, number, now=NOW)
    assert deliver(NOW + timedelta(minutes=9)) == "nothing to deliver"
    assert deliver(NOW + timedelta(minutes=11)) == "1 delivered"
    assert len(sent.sent) == 1


def test_several_workers_at_once_tell_each_fact_once(world: World, app: Flask) -> None:
    for hour in (8, 9.5, 11, 12.5, 14):
        book(world, hour=hour)
    # By SQL, so that the test does not depend on how many bookings the rules allow.
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    surprises: list[BaseException] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            with app.app_context():
                numbers = outbox.due(reading(), now=NOW)
                start.wait()
                for number in numbers:
                    outbox_rounds.tell(number, now=NOW)
        except BaseException as error:
            surprises.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert surprises == []
    assert len(way_out.sent) == 5
    assert len({m["Message-ID"] for m in way_out.sent}) == 5


DELIVER = (
    "from labops.app import create_app\n"
    "from labops.adapters.jobs import run_job\n"
    "from labops.kernel import clock\n"
    "with create_app().app_context(): print(run_job('deliver-outbox', now=clock.now()))\n"
)


def test_a_worker_killed_half_way_loses_nothing(
    world: World, database_url: str, tmp_path: Path
) -> None:
    """Kill it after the server took a mail and before the worker could note it: the worst moment."""
    for hour in (8, 9.5, 11, 12.5, 14):
        book(world, hour=hour)
    # The worker goes by the real clock: the bookings must lie ahead, and the facts be due.
    later = timedelta(days=1 + max(0, (clock.now() - NOW).days))
    with unit_of_work() as session:
        session.execute(update(OutboxMessage).values(due_at=clock.now() - timedelta(minutes=1)))
        for booking in session.scalars(select(Booking)):
            booking.ends_at += later
            booking.starts_at += later
    taken, killed = threading.Event(), threading.Event()

    def stop_at_third(count: int) -> None:
        if count == 3:
            taken.set()
            killed.wait(20)

    with smtp_server(kept=stop_at_third) as inbox:
        variables = environment(database_url, tmp_path / "data", free_port())
        worker = subprocess.Popen(
            [sys.executable, "-c", DELIVER], env=variables | {"LABOPS_MAIL_URL": inbox.url}
        )
        try:
            assert taken.wait(30)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
            killed.set()
        reading().rollback()
        use_server(inbox)
        assert deliver(clock.now()) == "2 delivered"
        assert deliver(clock.now() + timedelta(minutes=11)) == "1 delivered"
    ids = Counter(m["Message-ID"] for m in inbox.mails)
    assert sorted(ids.values()) == [1, 1, 1, 1, 2]
    undelivered = select(func.count()).where(OutboxMessage.delivered_at.is_(None))
    assert reading().scalar(undelivered) == 0


def test_a_dry_run_only_counts(world: World, sent: MemoryTransport) -> None:
    book(world)
    assert run_job("deliver-outbox", now=NOW, dry_run=True) == "1 to deliver"
    assert sent.sent == []


def use_server(inbox: Inbox) -> None:
    """Let mails go to the test's server."""
    mail.use_transport(mail.transport_for(Settings(mail_url=inbox.url)))
