"""Reminders: once for each revision of a booking, never late, whatever happens meanwhile."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from labops.adapters import mail
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.notifications import due
from labops.domain.notifications.events import REMINDER_DUE
from labops.domain.notifications.kinds import KINDS, OFF, ONE_DAY, TWO_HOURS, LetterKind
from labops.domain.notifications.models import Invited, LetterChoice
from labops.domain.notifications.policies import LEADS
from labops.domain.notifications.services import choose
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from tests.support.smtp_server import smtp_server
from tests.support.world import NOW, World, at, slot

DAY = timedelta(days=1)
CHOICES = KINDS[LetterKind.REMINDER].choices


@pytest.fixture
def sent(world: World) -> MemoryTransport:
    """Return where mails go."""
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    return way_out


def reminded(sent: MemoryTransport) -> list[str]:
    """Return the bookings of which somebody was reminded, in the order of the mails."""
    texts = [
        message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for message in sent.sent
        if str(message["Subject"]).startswith("Reminder")
    ]
    return [re.findall(r"/bookings/(\w+)", text)[0] for text in texts]


def round_of_jobs(now: datetime) -> None:
    run_job("remind", now=now)
    run_job("deliver-outbox", now=now)


def book(world: World, span: Interval, *, now: datetime = NOW, machine: str = "printer") -> str:
    command = Book(machines=(machine,), slot=span)
    return services.book(command, actor=world.actor("alice", now), now=now)


def choose_reminder(world: World, choice: str, *, now: datetime = NOW) -> None:
    choose({LetterKind.REMINDER: choice}, actor=world.actor("alice", now), now=now)


@dataclass
class Known:
    """What the test itself knows of a booking."""

    starts_at: datetime
    revised_at: datetime
    revision: int = 0
    stands: bool = True


@dataclass
class Model:
    """Reminders as the specification says them, in a few lines of plain Python."""

    now: datetime = NOW
    choice: str = CHOICES[0]
    bookings: dict[str, Known] = field(default_factory=dict)
    recorded: dict[tuple[str, int], datetime] = field(default_factory=dict)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def remind(self) -> None:
        for uid, booking in self.bookings.items():
            lead = LEADS.get(self.choice)
            revision = (uid, booking.revision)
            if (
                lead
                and booking.stands
                and revision not in self.recorded
                and booking.starts_at - lead <= self.now < booking.starts_at
                and booking.starts_at - booking.revised_at > 2 * lead
            ):
                self.recorded[revision] = self.now
                self.waiting.append(revision)

    def deliver(self) -> None:
        ready = [revision for revision in self.waiting if self.recorded[revision] <= self.now]
        for revision in ready:
            self.waiting.remove(revision)
            booking = self.bookings[revision[0]]
            if (
                booking.stands
                and booking.revision == revision[1]
                and booking.starts_at > self.now
                and self.choice != OFF
            ):
                self.sent.append(revision[0])


DAYS, HOURS = st.integers(0, 7), st.sampled_from([8, 10.5, 13, 17, 19])
WHICH = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(st.just("book"), DAYS, HOURS),
    st.tuples(st.just("move"), WHICH, DAYS, HOURS),
    st.tuples(st.just("cancel"), WHICH),
    st.tuples(st.just("choose"), st.sampled_from(CHOICES)),
    # In tens of minutes; the clock may also go back.
    st.tuples(st.just("pass"), st.sampled_from([-12, 1, 6, 60, 250])),
    # To so many tens of minutes before a booking: where something is to happen, or not any more.
    st.tuples(st.just("near"), WHICH, st.sampled_from([150, 144, 100, 12, 1, 0])),
    st.tuples(st.just("near"), WHICH, st.sampled_from([144, 90, 11])),
    st.tuples(st.sampled_from(["remind", "deliver", "round", "round"])),
)


@settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.generate],  # making a failure shorter takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(steps=[("near", 0, 144), ("remind",), ("choose", OFF), ("deliver",)])
@example(steps=[("near", 0, 144), ("remind",), ("cancel", 0), ("deliver",)])
@example(steps=[("near", 0, 144), ("round",), ("move", 0, 7, 8), ("near", 0, 90), ("round",)])
@example(steps=[("near", 0, 1), ("remind",), ("near", 0, 0), ("deliver",), ("pass", -12)])
@given(steps=st.lists(STEPS, min_size=8, max_size=30))
def test_whatever_happens_each_revision_is_told_once_and_never_late(
    world: World, steps: list[tuple[object, ...]]
) -> None:
    forget_everything()
    way_out, model = MemoryTransport(), Model()
    mail.use_transport(way_out)
    # A booking of which everybody is reminded, so that no example is empty.
    for step in [("book", 4, 17), *steps, ("round",), ("pass", 250), ("round",)]:
        for single in [("remind",), ("deliver",)] if step == ("round",) else [step]:
            take(world, model, single)
        assert sorted(reminded(way_out)) == sorted(model.sent)
    assert len(set(model.recorded)) == count_of_reminders()


def take(world: World, model: Model, step: tuple[object, ...]) -> None:
    """Take one step in the application and in the model."""
    act, *values = step
    actor = world.actor("alice", model.now)
    if act == "pass":
        model.now += values[0] * timedelta(minutes=10)  # type: ignore[operator]
    elif act == "near":
        if model.bookings:
            known = list(model.bookings.values())[values[0] % len(model.bookings)]  # type: ignore[operator]
            model.now = known.starts_at - values[1] * timedelta(minutes=10)  # type: ignore[operator]
    elif act == "choose":
        model.choice = str(values[0])
        choose_reminder(world, model.choice, now=model.now)
    elif act == "remind":
        run_job("remind", now=model.now)
        model.remind()
    elif act == "deliver":
        while run_job("deliver-outbox", now=model.now) != "nothing to deliver":
            pass
        model.deliver()
    elif act == "book":
        day, hour = values
        try:
            span = slot_after(model.now, day, hour)  # type: ignore[arg-type]
            uid = book(world, span, now=model.now)
        except Refused:
            return
        model.bookings[uid] = Known(span.starts_at, model.now)
    elif model.bookings:
        uid = list(model.bookings)[values[0] % len(model.bookings)]  # type: ignore[operator]
        known = model.bookings[uid]
        try:
            if act == "cancel":
                services.cancel(uid, actor=actor, now=model.now)
                known.stands = False
            else:
                span = slot_after(model.now, *values[1:])  # type: ignore[arg-type]
                services.move(Move(uid=uid, slot=span), actor=actor, now=model.now)
                known.starts_at, known.revised_at = span.starts_at, model.now
                known.revision += 1
        except Refused:
            return


def slot_after(now: datetime, days: int, hour: float) -> Interval:
    """Return an hour so many days after today."""
    return slot(hour, hour + 1, (now.date() - datetime(2026, 11, 23).date()).days + days)  # noqa: DTZ001


def forget_everything() -> None:
    with unit_of_work() as session:
        for table in (
            *(OutboxMessage, Invited, LetterChoice),
            *(Allocation, BookingBookable, Booking),
        ):
            session.execute(delete(table))


def count_of_reminders() -> int:
    reading().rollback()
    query = select(func.count()).where(OutboxMessage.kind == REMINDER_DUE)
    return reading().scalars(query).one()


def test_a_run_that_was_missed_loses_nothing_but_what_is_too_late(
    world: World, sent: MemoryTransport
) -> None:
    near, far = book(world, slot(10, 11, 4)), book(world, slot(18, 19, 4))
    round_of_jobs(at(9.9, 3))
    assert reminded(sent) == []
    # Nothing ran for a night and a morning.
    round_of_jobs(at(12, 4))
    round_of_jobs(at(12.1, 4))
    assert reminded(sent) == [far]
    assert near not in reminded(sent)


def test_a_reminder_that_the_mail_server_kept_waiting_expires_with_the_start(
    world: World, sent: MemoryTransport
) -> None:
    book(world, slot(10, 11, 4))
    with smtp_server(answers={"": "421 not now"}) as inbox:
        mail.use_transport(mail.transport_for(mail_settings(inbox.url)))
        round_of_jobs(at(9.5, 4))
        inbox.answers.clear()
        round_of_jobs(at(10, 4))
        subjects = [str(message["Subject"]) for message in inbox.mails]
    assert [subject for subject in subjects if subject.startswith("Reminder")] == []


def mail_settings(url: str) -> object:
    from labops.settings import Settings  # noqa: PLC0415

    return Settings(mail_url=url)


@pytest.mark.parametrize("state", ["requested", "cancelled", "missed", "rejected", "checked_in"])
def test_only_of_what_stands_somebody_is_reminded(
    world: World, sent: MemoryTransport, state: str
) -> None:
    book(world, slot(10, 11, 4))
    with unit_of_work() as session:
        session.execute(update(Booking).values(state=state))
    assert due.record_reminders(now=at(9, 4)) == 0
    # And what changed after it was recorded is not told.
    with unit_of_work() as session:
        session.execute(update(Booking).values(state="confirmed"))
    assert due.record_reminders(now=at(9, 4), dry_run=True) == 1
    assert due.record_reminders(now=at(9, 4)) == 1
    with unit_of_work() as session:
        session.execute(update(Booking).values(state=state))
    run_job("deliver-outbox", now=at(9, 4))
    assert reminded(sent) == []


def test_the_choice_made_last_counts(world: World, sent: MemoryTransport) -> None:
    uid = book(world, slot(18, 19, 4))
    choose_reminder(world, TWO_HOURS)
    round_of_jobs(at(15, 4))
    assert reminded(sent) == []
    choose_reminder(world, ONE_DAY, now=at(15, 4))
    round_of_jobs(at(15, 4))
    choose_reminder(world, TWO_HOURS, now=at(15.5, 4))
    round_of_jobs(at(16.5, 4))
    assert reminded(sent) == [uid]


def test_who_is_at_the_machine_is_not_reminded(world: World, sent: MemoryTransport) -> None:
    uid = book(world, slot(10, 11, 4))
    run_job("remind", now=at(9.9, 4))
    use.check_in(uid, actor=world.actor("alice", at(9.95, 4)), now=at(9.95, 4))
    run_job("deliver-outbox", now=at(9.95, 4))
    assert reminded(sent) == []


@pytest.fixture
def crowd(app: Flask) -> Iterator[list[BaseException]]:
    """Return what went wrong in threads; none may have."""
    surprises: list[BaseException] = []
    yield surprises
    assert surprises == []


def test_several_at_once_record_each_reminder_once(
    world: World, app: Flask, crowd: list[BaseException]
) -> None:
    for hour in (9, 11, 13, 15):
        book(world, slot(hour, hour + 1, 4))
    start, counts = threading.Barrier(4), []

    def work() -> None:
        try:
            with app.app_context():
                # All have found the same work before one of them writes it down.
                events = due._reminders(reading(), now=at(18, 3))
                assert len(events) == 4
                start.wait()
                counts.append(due._record(events, now=at(18, 3), dry_run=False))
        except BaseException as error:  # noqa: BLE001 - a thread must report, not vanish
            crowd.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    assert count_of_reminders() == 4
