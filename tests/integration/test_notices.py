"""Every mail, word for word, in both languages.

The files in tests/snapshots/mails are what people read. After a wanted change delete them and run
the test twice: it writes what is missing, and fails once so that nobody overlooks it.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from labops.adapters import letters, links, notices
from labops.domain.bookings import approval, services, sweeping
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.people.models import Account, Person
from labops.domain.sites.models import Site
from labops.domain.strikes import queries as strikes
from labops.domain.strikes import services as strike_services
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from labops.settings import Settings
from tests.support.world import NOW, World, at, slot

SNAPSHOTS = Path(__file__).resolve().parents[1] / "snapshots" / "mails"
UID = "0123456789abcdef0123456789abcdef"
ACCOUNT_FACTS = ("SignedUp", "SignUpRepeated", "PasswordResetAsked", "PasswordChanged")
BOOKING_FACTS = (
    "BookingConfirmed",
    "BookingRequested",
    "BookingApproved",
    "BookingRejected",
    "BookingMoved",
    "BookingCancelled",
    "BookingMissed",
)
SETTINGS = Settings(mail_from="Makerspace <labops@example.org>")


@pytest.fixture(autouse=True)
def _steady(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("confirmation_link", "reset_link"):
        monkeypatch.setattr(
            links, name, lambda account_id, revision, n=name: f"http://localhost/{n}"
        )
    with unit_of_work() as session:
        session.execute(update(Site).where(Site.slug == "mhuma").values(email="mhuma@example.org"))


def account_fact(world: World) -> dict[str, object]:
    query = select(Account).where(Account.person_id == world.people["alice"])
    account = reading().scalars(query).one()
    return {"account_id": account.id, "at": NOW.isoformat()}


def let_rules(world: World, data: dict[str, object]) -> None:
    """Add to the house rules of MHUMA."""
    rules = {"one_at_a_time": 3, "longest_minutes": 240, **data}
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=NOW)


def booking_fact(world: World, kind: str) -> dict[str, object]:
    """Bring a booking into the state that the fact tells of."""
    actor, bob = world.actor("alice"), world.actor("bob")
    if kind in {"BookingRequested", "BookingApproved", "BookingRejected"}:
        let_rules(world, {"approval": "always"})
    command = Book(machines=("laser", "printer"), slot=slot(10, 11.5))
    uid = services.book(command, actor=actor, now=NOW)
    if kind == "BookingApproved":
        approval.approve(uid, actor=bob, now=NOW)
    elif kind == "BookingRejected":
        approval.reject(uid, reason="A class is on.", actor=bob, now=NOW)
    elif kind == "BookingMoved":
        services.move(Move(uid=uid, slot=slot(14, 16)), actor=actor, now=NOW)
    elif kind == "BookingCancelled":
        services.cancel(uid, actor=actor, now=NOW)
    elif kind == "BookingMissed":
        sweeping.release_missed(now=at(11))
    with unit_of_work() as session:
        session.execute(update(Booking).values(uid=UID))
    revision = reading().scalars(select(Booking.sequence)).one()
    return {"booking_uid": UID, "revision": revision}


def speak(language: str) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(language=language))


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("how", ["missed", "forgiven", "upheld"])
def test_the_words_about_strikes(world: World, how: str, language: str) -> None:
    speak(language)
    strikes_rule = {"missed": 1, "in_days": 30, "suspended_days": 14}
    let_rules(world, {"strikes": strikes_rule})
    fact = booking_fact(world, "BookingMissed")
    kind = "BookingMissed"
    if how != "missed":
        (strike,) = strikes.own(reading(), world.actor("alice"))
        strike_services.answer(
            strike.uid,
            forgive=how == "forgiven",
            text="I asked at the desk.",
            actor=world.actor("bob"),
            now=at(12),
        )
        kind, fact = "StrikeAnswered", {"strike_uid": strike.uid}
    compare(world, kind, fact, f"Strike-{how}.{language}.txt", now=at(12))


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("kind", [*ACCOUNT_FACTS, *BOOKING_FACTS])
def test_the_words_of_every_mail(world: World, kind: str, language: str) -> None:
    speak(language)
    if kind == "SignedUp":
        with unit_of_work() as session:
            session.execute(update(Account).values(email_confirmed_at=None))
    of_booking = kind in BOOKING_FACTS
    fact = booking_fact(world, kind) if of_booking else account_fact(world)
    compare(world, kind, fact, f"{kind}.{language}.txt")


def compare(
    world: World, kind: str, fact: dict[str, object], name: str, now: datetime = NOW
) -> None:
    """Compare the letter that tells the fact with the file of that name."""
    del world  # the letter is made from what is in its database
    (letter,) = notices.letters_for(kind, fact, key="k", now=now)
    message = letters.written(letter, SETTINGS, now=now)
    head = [f"{name}: {message[name]}" for name in ("To", "Reply-To", "Subject") if message[name]]
    text = "\n".join(head) + "\n\n" + letter.text

    path = SNAPSHOTS / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path.name} was written: read it, then run again")
    assert text == path.read_text(encoding="utf-8")
    assert words_of(letter.html) == words_of(html.escape(letter.text))


def words_of(page: str) -> list[str]:
    """Return what is read, so that both forms can be compared: addresses stand only in one."""
    page = re.sub(r"<title>.*</title>|https?://[^\s\"<]+", "", page)
    text = html.unescape(re.sub(r"<[^>]*>", " ", page))
    return re.findall(r"\w+", text)


def test_names_cannot_write_html(world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(name='<a href="http://evil">x</a>\r\nBcc: e@x'))
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert '<a href="http://evil' not in letter.html
    message = letters.written(letter, SETTINGS, now=NOW)
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        # 25 October 2026 in Rome: 02:30 happens twice.
        ("2026-10-25T00:30:00+00:00", "Sunday 25 October 2026, 02:30 CEST–02:30 CET"),
        ("2026-10-24T22:30:00+00:00", "Sunday 25 October 2026, 00:30–01:30"),
        # 28 March 2027: the clocks jump from 02:00 to 03:00.
        ("2027-03-28T00:30:00+00:00", "Sunday 28 March 2027, 01:30–03:30"),
        (
            "2026-12-31T22:30:00+00:00",
            "Thursday 31 December 2026, 23:30– Friday 1 January 2027, 00:30",
        ),
    ],
)
def test_times_are_those_of_the_clock_on_the_wall(
    world: World, starts_at: str, expected: str
) -> None:
    fact = booking_fact(world, "BookingConfirmed")
    begins = datetime.fromisoformat(starts_at)
    values = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
    with unit_of_work() as session:
        session.execute(update(Booking).values(**values))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    (letter,) = notices.letters_for("BookingConfirmed", fact, key="k", now=long_ago)
    assert f"When: {expected}\n" in letter.text


def test_with_sites_in_several_zones_account_mails_say_utc(app: Flask, world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Site).where(Site.slug == "mhuma").values(zone="Asia/Tokyo"))
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert "Monday 23 November 2026, 08:00 UTC" in letter.text


def test_a_language_that_is_not_ours_becomes_italian(world: World) -> None:
    speak("fr")
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert 'lang="it"' in letter.html
    assert "novembre" in letter.text
