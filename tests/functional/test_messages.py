"""What staff can do about messages that did not leave."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from tests.support.forms import post
from tests.support.world import World, next_slot


@pytest.fixture
def given_up(world: World) -> int:
    """Return the number of a message that the mail server refused for good."""
    actor = world.actor("alice", clock.now())
    services.book(Book(machines=("laser",), slot=next_slot(10)), actor=actor, now=clock.now())
    with unit_of_work() as session:
        session.execute(
            update(OutboxMessage).values(
                given_up_at=clock.now(), attempts=1, last_error="550 no such mailbox"
            )
        )
    return reading().scalars(select(OutboxMessage.id)).one()


def message(number: int) -> OutboxMessage:
    reading().rollback()
    return reading().get_one(OutboxMessage, number, populate_existing=True)


def test_staff_have_a_given_up_message_tried_again(app: Flask, world: World, given_up: int) -> None:
    bob, page = world.browser(app, "bob"), "/messages?which=given-up"
    shown = bob.get(page).text
    assert "550 no such mailbox" in shown
    assert f'action="/messages/{given_up}/again"' in shown
    done = post(bob, page, f"/messages/{given_up}/again", {"which": "given-up"})
    assert (done.status_code, done.location) == (303, page)
    row = message(given_up)
    assert (row.given_up_at, row.attempts) == (None, 0)
    assert row.due_at <= clock.now()
    assert "The message is tried again now." in bob.get(page).text
    assert "Next try:" in bob.get("/messages?which=waiting").text
    assert "again" not in bob.get("/messages?which=waiting").text.partition("<table")[2]
    actions = reading().scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(1))
    assert list(actions) == ["message.retried"]
    # It waits now: there is nothing to take up.
    assert post(bob, page, f"/messages/{given_up}/again").status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999999999999999", "-1", "x"])
def test_other_numbers_are_not_found(app: Flask, world: World, given_up: int, number: str) -> None:
    bob = world.browser(app, "bob")
    assert post(bob, "/messages", f"/messages/{number}/again").status_code == 404
    assert message(given_up).given_up_at is not None


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("alice", 403), ("sam", 403)])
def test_nobody_else_may(
    app: Flask, world: World, given_up: int, who: str | None, status: int
) -> None:
    browser = world.browser(app, who) if who else app.test_client()
    page = "/machines" if who else "/sign-in"
    assert post(browser, page, f"/messages/{given_up}/again").status_code == status
    assert message(given_up).given_up_at is not None
