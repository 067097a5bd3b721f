"""The page where people choose their letters, and the address that makes one stop."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.adapters import links, mail
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import (
    ALWAYS,
    AUTOMATIC,
    KINDS,
    OFF,
    ON,
    ONE_DAY,
    TWO_HOURS,
    LetterKind,
)
from labops.domain.notifications.models import LetterChoice
from labops.domain.people.models import Account
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from tests.support.forms import post
from tests.support.world import NOW, World, at, slot


def choices_of(world: World, who: str = "alice") -> dict[LetterKind, str]:
    reading().rollback()
    return queries.choices_of(reading(), world.people[who])


def account_id(world: World, who: str = "alice") -> int:
    query = select(Account.id).where(Account.person_id == world.people[who])
    return reading().scalars(query).one()


def path(url: str) -> str:
    return url.removeprefix("http://localhost")


USUAL = {"wanted": ["booking"], "reminder": ONE_DAY, "invitation": AUTOMATIC}


def test_choices_are_kept_and_shown(app: Flask, world: World) -> None:
    browser = world.browser(app, "alice")
    assert 'href="/letters"' in browser.get("/profile").text
    data = {"wanted": ["digest"], "reminder": TWO_HOURS, "invitation": ALWAYS}
    answer = post(browser, "/letters", "/letters", data)
    assert (answer.status_code, answer.location) == (303, "/letters")
    chosen = choices_of(world)
    assert chosen[LetterKind.BOOKING] == OFF
    assert chosen[LetterKind.DIGEST] == ON
    assert chosen[LetterKind.REMINDER] == TWO_HOURS
    assert chosen[LetterKind.INVITATION] == ALWAYS
    page = browser.get("/letters").text
    ticked = re.findall(r'<input[^>]* checked[^>]* value="([^"]+)"', page)
    assert sorted(ticked) == sorted(["digest", TWO_HOURS, ALWAYS])
    entries = reading().scalars(select(AuditEntry).where(AuditEntry.action == "letters.chosen"))
    (entry,) = entries
    assert entry.after == {
        "booking": OFF,
        "circular": OFF,
        "certification": OFF,
        "digest": ON,
        "reminder": "2h",
        "statement": OFF,
        "invitation": "always",
    }
    assert entry.before["reminder"] == ONE_DAY
    # The same once more changes nothing; nor did it touch anybody else's.
    post(browser, "/letters", "/letters", data)
    assert len(reading().scalars(select(LetterChoice)).all()) == 7
    assert choices_of(world, "charlie")[LetterKind.BOOKING] == ON


@pytest.mark.parametrize(
    "change",
    [
        {"reminder": "1w"},
        {"reminder": ""},
        {"invitation": "yes please"},
        {"wanted": ["account"]},
        {"wanted": ["reminder"]},
        {"wanted": ["moon"]},
    ],
)
def test_what_is_not_offered_is_refused_with_a_sentence(
    app: Flask, world: World, change: dict[str, object]
) -> None:
    before = choices_of(world)
    browser = world.browser(app, "alice")
    answer = post(browser, "/letters", "/letters", {**USUAL, **change})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert choices_of(world) == before


def test_the_page_says_what_cannot_be_switched_off(app: Flask, world: World) -> None:
    page = world.browser(app, "alice").get("/letters").text
    offered = set(re.findall(r'<input[^>]* name="wanted"[^>]* value="([^"]+)"', page))
    assert offered == {"booking", "certification", "circular", "digest", "statement"}
    assert "cannot be switched off" in page
    assert "Your account: confirmation of the address, passwords" in page
    staff = world.browser(app, "bob").get("/letters").text
    assert 'value="staff-digest"' in staff


def test_who_ceased_to_be_staff_keeps_her_other_choices(app: Flask, world: World) -> None:
    post(world.browser(app, "bob"), "/letters", "/letters", {**USUAL, "wanted": ["staff-digest"]})
    assert choices_of(world, "bob")[LetterKind.STAFF_DIGEST] == ON
    assert choices_of(world, "bob")[LetterKind.BOOKING] == OFF


@pytest.fixture
def reminder(world: World) -> mail.MemoryTransport:
    """Return a mailbox with a reminder for Alice as its last mail."""
    way_out = MemoryTransport()
    mail.use_transport(way_out)
    command = Book(machines=("printer",), slot=slot(10, 11, 4))
    services.book(command, actor=world.actor("alice"), now=NOW)
    for job in ("remind", "deliver-outbox"):
        run_job(job, now=at(10, 3))
    assert str(way_out.sent[-1]["Subject"]).startswith("Reminder")
    return way_out


def test_one_click_by_a_mail_program_stops_the_letter(
    app: Flask, world: World, reminder: MemoryTransport
) -> None:
    """As RFC 8058 says: a post without cookies or form token, answered without a redirect."""
    message = reminder.sent[-1]
    url = str(message["List-Unsubscribe"]).strip("<>")
    assert url in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stranger = app.test_client()
    # Opening it, as programs that look for malware do, changes nothing.
    assert stranger.get(path(url)).status_code == 200
    assert choices_of(world)[LetterKind.REMINDER] == ONE_DAY
    for _twice in range(2):
        answer = stranger.post(
            path(url),
            data="List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
            headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"},
        )
        assert answer.status_code == 200
    chosen = choices_of(world)
    assert chosen[LetterKind.REMINDER] == OFF
    assert {kind for kind, choice in chosen.items() if choice != KINDS[kind].choices[0]} == {
        LetterKind.REMINDER
    }
    run_job("remind", now=at(10, 3) + timedelta(hours=1))
    run_job("deliver-outbox", now=at(10, 3) + timedelta(hours=1))
    assert reminder.sent[-1] is message


def test_the_button_on_the_page_does_it_too(
    app: Flask, world: World, reminder: MemoryTransport
) -> None:
    url = path(str(reminder.sent[-1]["List-Unsubscribe"]).strip("<>"))
    browser = app.test_client()
    page = browser.get(url).text
    assert f'<form method="post" action="{url}"' in page
    assert 'name="List-Unsubscribe" value="One-Click"' in page
    english = {"Accept-Language": "en"}
    answer = browser.post(url, data={"List-Unsubscribe": "One-Click"}, headers=english)
    assert "This letter is stopped" in answer.text
    assert choices_of(world)[LetterKind.REMINDER] == OFF


def tampered(world: World) -> list[str]:
    good = path(links.stop_link(account_id(world), LetterKind.REMINDER))
    return [
        good.replace("/t/", "/t/x"),
        path(links.stop_link(987654, LetterKind.REMINDER)),
        path(links.stop_link(account_id(world), LetterKind.ACCOUNT)),
        path(links.stop_link(account_id(world), LetterKind.BOOKING)),
        path(links.reset_link(account_id(world), 0)).replace("/reset", "/letters"),
        "/t/nonsense/letters",
    ]


def test_no_other_address_stops_anything(client: FlaskClient, world: World) -> None:
    for url in tampered(world):
        assert client.post(url).status_code == 404, url
    assert choices_of(world)[LetterKind.REMINDER] == ONE_DAY
    # And it opens nothing else.
    good = path(links.stop_link(account_id(world), LetterKind.REMINDER))
    for purpose in ("reset", "confirm", "sign-in"):
        assert client.get(good.replace("/letters", f"/{purpose}")).status_code == 404


def test_stopping_what_is_off_writes_nothing(app: Flask, world: World) -> None:
    url = path(links.stop_link(account_id(world), LetterKind.DIGEST))
    assert app.test_client().post(url).status_code == 200
    assert reading().scalars(select(LetterChoice)).all() == []
