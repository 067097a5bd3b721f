"""Letters to many: to whom, once each, whatever happens to the job that sends them."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from labops.adapters import jobs, mail, notices
from labops.app import create_app
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.circulars import queries, services
from labops.domain.circulars.models import Circular, CircularReceiver
from labops.domain.circulars.services import MOST_WAITING, SendCircular, queue_letters, send
from labops.domain.memberships.models import Membership
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.services import stop
from labops.domain.people.models import Account, Person
from labops.domain.people.selecting import Choice, Standing, chosen
from labops.domain.privacy.purposes import Purpose
from labops.domain.privacy.services import decide
from labops.kernel import outbox
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from labops.kernel.outbox import OutboxMessage
from tests.conftest import settings_for
from tests.support.people import all_want_news, members
from tests.support.world import NOW, World, slot

MHUMA = Choice(site="mhuma")


def letter(world: World, choice: Choice = MHUMA, **changes: Any) -> SendCircular:
    """Return a circular of MHUMA."""
    words = {"subject_it": "Chiusi venerdì", "body_it": "Ciao,\n\nvenerdì siamo chiusi."}
    words |= {"subject_en": "Closed on Friday", "body_en": "Hello,\n\nwe are closed on Friday."}
    site, about = world.sites["mhuma"], changes.pop("about_service", False)
    return SendCircular(site_id=site, choice=choice, about_service=about, **(words | changes))


def names_of(choice: Choice) -> set[str]:
    """Return the names of the people chosen."""
    ids = chosen(reading(), choice, now=NOW)
    return set(reading().scalars(select(Person.name).where(Person.id.in_(ids))))


def told() -> Counter[int]:
    """Return how many facts there are for each receiver."""
    reading().rollback()
    facts = reading().scalars(
        select(OutboxMessage.payload).where(OutboxMessage.kind == "CircularSent")
    )
    return Counter(fact["person_id"] for fact in facts)


def test_every_filter_chooses_whom_it_says(world: World) -> None:
    bookings.book(
        Book(machines=("printer",), slot=slot(10, 11)), actor=world.actor("charlie"), now=NOW
    )
    with unit_of_work() as session:
        rows = {
            name: session.scalars(
                select(Membership).where(Membership.person_id == world.people[name])
            ).one()
            for name in ("alice", "charlie", "sam")
        }
        rows["alice"].plan, rows["alice"].groups = "student", ["makers", "ab"]
        rows["charlie"].ends_on = date(2026, 11, 22)
        rows["sam"].state = "suspended"
    tuesday = date(2026, 11, 24)
    for choice, wanted in (
        (Choice(words="al ce"), {"Alice"}),
        (Choice(words="charlie@example"), {"Charlie"}),
        (MHUMA, {"Alice", "Charlie", "Sam"}),
        (Choice(site="smart-city-lab"), set()),
        (Choice(standing=Standing.ACTIVE), {"Alice"}),
        (Choice(standing=Standing.LAPSED), {"Charlie"}),
        (Choice(standing=Standing.SUSPENDED), {"Sam"}),
        (Choice(standing=Standing.NONE), {"Bob", "Dora", "Eva", "Nina"}),
        (Choice(plan="student"), {"Alice"}),
        (Choice(group="makers"), {"Alice"}),
        (Choice(group="a"), set()),
        (Choice(certified="laser"), {"Alice", "Bob"}),
        (Choice(booked_from=tuesday, booked_until=tuesday), {"Charlie"}),
        (Choice(booked_from=tuesday + timedelta(days=1)), set()),
        (Choice(site="mhuma", booked_until=tuesday), {"Charlie"}),
        (Choice(booked_until=tuesday - timedelta(days=1)), set()),
    ):
        assert names_of(choice) == wanted, choice
        assert Choice.read(choice.kept()) == choice


def test_who_gets_it_and_who_does_not(world: World) -> None:
    silent = services.look_at(letter(world), actor=world.actor("bob"), now=NOW)
    assert (silent.count, silent.unwilling) == (0, 3)  # nobody agreed to news yet
    all_want_news()
    alice = (
        reading()
        .scalars(select(Account.id).where(Account.person_id == world.people["alice"]))
        .one()
    )
    stop(alice, LetterKind.CIRCULAR, now=NOW)
    with unit_of_work() as session:
        # Charlie typed somebody's address and never proved it; Sam came with a list of members.
        for name, password in (("charlie", "x"), ("sam", None)):
            session.execute(
                update(Account)
                .where(Account.person_id == world.people[name])
                .values(email_confirmed_at=None, password_hash=password)
            )
    bob = world.actor("bob")
    news = services.look_at(letter(world), actor=bob, now=NOW)
    assert (news.count, news.sample, news.without_address, news.unwilling) == (1, ("Sam",), 1, 1)
    service = services.look_at(letter(world, about_service=True), actor=bob, now=NOW)
    assert (service.count, service.unwilling) == (2, 0)
    uid = send(letter(world), actor=bob, now=NOW)
    assert queue_letters(now=NOW) == 1
    assert set(told()) == {world.people["sam"]}
    fact = {"circular_uid": uid, "person_id": world.people["sam"]}
    (one,) = notices.letters_for("CircularSent", fact, key="k", now=NOW)
    assert one.unsubscribe
    assert one.subject == "Closed on Friday"
    assert "/forgotten-password" in one.text
    # Who says no after it was sent off gets none either.
    sam = (
        reading().scalars(select(Account.id).where(Account.person_id == world.people["sam"])).one()
    )
    stop(sam, LetterKind.CIRCULAR, now=NOW)
    assert notices.letters_for("CircularSent", fact, key="k", now=NOW) == []
    # Saying yes to news again, under My data, is stronger than an old link.
    for agreed, count in (((), 0), ((Purpose.NEWS,), 1)):
        decide(agreed, actor=world.actor("alice"), now=NOW)
        reading().rollback()
        found = services.look_at(letter(world), actor=bob, now=NOW)
        assert ("Alice" in found.sample) == bool(count)


def test_rights_and_words(world: World) -> None:
    all_want_news()
    bob = world.actor("bob")
    for who in ("alice", "dora", "nina"):
        with pytest.raises(Forbidden):
            send(letter(world), actor=world.actor(who), now=NOW)
    for choice in (Choice(), Choice(site="smart-city-lab"),
                   Choice(site="mhuma", standing=Standing.NONE)):  # fmt: skip
        with pytest.raises(Invalid, match=r"circular.too-wide"):
            send(letter(world, choice), actor=bob, now=NOW)
    with pytest.raises(Invalid, match=r"circular.nobody"):
        send(letter(world, Choice(site="mhuma", plan="none-such")), actor=bob, now=NOW)
    with pytest.raises(Invalid, match="body_en"):
        send(letter(world, body_en=" "), actor=bob, now=NOW)
    uid = send(letter(world, subject_en="", body_en=""), actor=bob, now=NOW)
    fact = {"circular_uid": uid, "person_id": world.people["alice"]}
    (one,) = notices.letters_for("CircularSent", fact, key="k", now=NOW)
    assert one.subject == "Chiusi venerdì"
    assert queries.by_uid(reading(), uid, bob).receiver_count == 3
    with pytest.raises(NotFound):
        queries.by_uid(reading(), uid, world.actor("dora"))
    assert reading().scalars(select(func.count()).select_from(Circular)).one() == 1


def test_letters_leave_little_by_little_and_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(world, 130)
    all_want_news()
    bob = world.actor("bob")
    uid = send(letter(world), actor=bob, now=NOW)
    assert jobs.run_job("queue-circulars", now=NOW, dry_run=True) == f"{MOST_WAITING} letters"
    assert sum(told().values()) == 0
    assert jobs.run_job("queue-circulars", now=NOW) == f"{MOST_WAITING} letters"
    # While those wait no others join them.
    assert jobs.run_job("queue-circulars", now=NOW) == "0 letters"
    sent: list[str] = []

    def deliver(one: Any, **_rest: Any) -> None:
        if "member1@" in one.email:
            raise mail.MailRefused("no such mailbox")
        sent.append(one.email)

    monkeypatch.setattr(mail, "deliver", deliver)
    for _round in range(8):
        jobs.run_job("deliver-outbox", now=NOW)
        jobs.run_job("queue-circulars", now=NOW)
    assert len(sent) == len(set(sent)) == 132
    reading().rollback()
    state = queries.by_uid(reading(), uid, bob)
    assert (state.receiver_count, state.queued_count) == (133, 133)
    assert (state.delivered_count, state.waiting_count, state.given_up_count) == (132, 0, 1)
    assert state.finished_at == NOW


def _die_half_way(url: str, folder: str, after: int) -> None:
    """Run the job in a process of its own, which is killed after so many facts."""
    app = create_app(settings_for(url, Path(folder)))
    record, done = outbox.record_once, [0]

    def counting(*args: Any, **kwargs: Any) -> bool:
        if done[0] == after:
            os._exit(9)
        done[0] += 1
        return record(*args, **kwargs)

    outbox.record_once = counting  # type: ignore[assignment]
    with app.app_context():
        queue_letters(now=NOW)


def test_a_killed_job_tells_everybody_once(world: World, tmp_path: Path) -> None:
    ids = members(world, 40)
    all_want_news()
    send(letter(world), actor=world.actor("bob"), now=NOW)
    url = db.engine.url.render_as_string(hide_password=False)
    db.session.remove()
    context = multiprocessing.get_context("spawn")
    for after in (0, 17):
        process = context.Process(target=_die_half_way, args=(url, str(tmp_path), after))
        process.start()
        process.join(60)
        assert process.exitcode == 9
        assert sum(told().values()) == 0
    assert queue_letters(now=NOW) == 43
    assert queue_letters(now=NOW) == 0
    # Even a job that forgot what it had done would double nothing.
    with unit_of_work() as session:
        session.execute(update(CircularReceiver).values(queued_at=None))
        session.execute(update(Circular).values(finished_at=None))
    assert queue_letters(now=NOW) == 43
    assert set(told().values()) == {1}
    assert set(ids) < set(told())
