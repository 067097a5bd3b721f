"""Offering, taking, declining and extending in the browser, without a script."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from labops.adapters import links, notices
from labops.domain.bookings import hand_overs, queries, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking, HandOver
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from tests.support.feeds import fetched, opened
from tests.support.forms import csrf_token, post
from tests.support.world import World, next_slot


def booked(world: World, machine: str = "printer", who: str = "alice") -> str:
    command = Book(machines=(machine,), slot=next_slot(10), note="my secret")
    return services.book(command, actor=world.actor(who, clock.now()), now=clock.now())


def offer(app: Flask, world: World, uid: str, email: str) -> str:
    """Offer Alice's booking on its page; return what the page then says."""
    alice, url = world.browser(app, "alice"), f"/bookings/{uid}"
    answer = post(alice, url, f"{url}/hand-over", {"email": email})
    assert answer.status_code == 303, answer.text
    return alice.get(url).text


def owner(uid: str) -> int:
    reading().rollback()  # see what the browsers' own transactions have done
    query = select(Booking.person_id).where(Booking.uid == uid)
    return reading().scalars(query).one()


def letter_link() -> str:
    """Return the link of the letter that tells of the one open offer."""
    uid = reading().scalars(select(HandOver.uid).where(HandOver.outcome == "offered")).one()
    (letter,) = notices.letters_for(
        "HandOverOffered", {"hand_over_uid": uid}, key="k", now=clock.now()
    )
    return re.findall(r"http://localhost(/t/\S+)", letter.text)[0]


def answer(browser: FlaskClient, url: str, act: str) -> int:
    page = browser.get(url).text
    sequence = re.findall(r'name="sequence" value="(\d+)"', page)[0]
    token = csrf_token(browser, url)
    form = {"csrf_token": token, "act": act, "sequence": sequence}
    return browser.post(url, data=form).status_code


def test_the_page_answers_the_same_for_known_and_unknown_addresses(
    app: Flask, world: World
) -> None:
    pages = []
    for who in ("charlie@example.org", "nobody@example.org"):
        text = offer(app, world, booked(world), who)
        assert f"Offered to {who}" in text
        text = re.sub(r"[0-9a-f]{32}|csrf.*", "", text.replace(who, "WHO"))
        pages.append(re.sub(r"value=\"[^\"]*\"", "", text))
        with unit_of_work() as session:  # the next one starts from the same ground
            session.execute(update(Booking).values(state="cancelled"))
            session.query(Allocation).delete()
    assert pages[0] == pages[1]


def test_the_receiver_sees_it_among_her_bookings_and_takes_it(app: Flask, world: World) -> None:
    uid = booked(world)
    offer(app, world, uid, "charlie@example.org")
    charlie = world.browser(app, "charlie")
    listed = charlie.get("/bookings").text
    assert "See the offer of Alice" in listed
    url = re.findall(r'href="(/hand-overs/[0-9a-f]+)"', listed)[0]
    page = charlie.get(url).text
    assert "Alice offers you this booking." in page
    assert "my secret" not in page
    assert answer(charlie, url, "accept") == 303
    assert owner(uid) == world.people["charlie"]
    assert charlie.get(f"/bookings/{uid}").status_code == 200
    assert world.browser(app, "alice").get(f"/bookings/{uid}").status_code == 404
    assert "This booking is yours." in charlie.get(url).text


def test_calendars_let_go_of_it_and_take_it_up(app: Flask, world: World) -> None:
    uid = booked(world)
    feeds = {who: opened(world, who, "me") for who in ("alice", "charlie")}
    client = app.test_client()
    assert [len(fetched(client, feeds[who])) for who in ("alice", "charlie")] == [1, 0]
    offer(app, world, uid, "charlie@example.org")
    assert answer(client, letter_link(), "accept") == 303
    assert [len(fetched(client, feeds[who])) for who in ("alice", "charlie")] == [0, 1]
    (event,) = fetched(client, feeds["charlie"])
    assert (int(event["SEQUENCE"]), "secret" in str(event.get("DESCRIPTION"))) == (1, False)


def test_the_link_of_the_mail_answers_without_a_sign_in(app: Flask, world: World) -> None:
    uid = booked(world)
    offer(app, world, uid, "charlie@example.org")
    browser, link = app.test_client(), letter_link()
    assert owner(uid) == world.people["alice"]  # opening it changed nothing
    assert answer(browser, link, "accept") == 303
    assert owner(uid) == world.people["charlie"]
    english = {"Accept-Language": "en"}
    assert "This booking is yours." in browser.get(link, headers=english).text
    assert browser.get(link.replace("/t/", "/t/x")).status_code == 404


def test_a_link_opens_its_own_offer_to_its_own_reader_only(app: Flask, world: World) -> None:
    uid = booked(world)
    offer(app, world, uid, "charlie@example.org")
    offer_id = reading().scalars(select(HandOver.id)).one()
    for person in ("nina", "alice"):
        with app.test_request_context():
            forged = links.hand_over_link(offer_id, world.people[person])
        assert app.test_client().get(forged.removeprefix("http://localhost")).status_code == 404
    with app.test_request_context():
        confirm = links.confirmation_link(offer_id, world.people["charlie"])
    other = confirm.removeprefix("http://localhost").replace("/confirm", "/hand-over")
    assert app.test_client().get(other).status_code == 404


def test_who_may_not_use_the_machine_reads_why_and_how(app: Flask, world: World) -> None:
    uid = booked(world, "laser")
    offer(app, world, uid, "charlie@example.org")
    charlie = world.browser(app, "charlie")
    url = re.findall(r'href="(/hand-overs/[0-9a-f]+)"', charlie.get("/bookings").text)[0]
    page = charlie.get(url).text
    assert "You need a certification to use Laser." in page
    assert "/machines/laser#needs" in page
    assert "Take the booking" not in page
    assert answer(charlie, url, "accept") == 409
    assert owner(uid) == world.people["alice"]
    assert answer(charlie, url, "decline") == 303
    reading().rollback()
    assert hand_overs.open_offer_of(reading(), uid) is None


def test_it_is_offered_taken_back_and_typed_text_stays(app: Flask, world: World) -> None:
    uid, alice = booked(world), world.browser(app, "alice")
    url = f"/bookings/{uid}"
    wrong = post(alice, url, f"{url}/hand-over", {"email": "no address"})
    assert wrong.status_code == 422
    assert 'value="no address"' in wrong.text
    assert "This is not an e-mail address." in wrong.text
    own = post(alice, url, f"{url}/hand-over", {"email": "alice@example.org"})
    assert own.status_code == 422
    offer(app, world, uid, "charlie@example.org")
    link = letter_link()
    assert post(alice, url, f"{url}/hand-over/take-back").status_code == 303
    assert "Offered to" not in alice.get(url).text
    assert app.test_client().get(link).status_code == 404
    assert "Offered to you" not in world.browser(app, "charlie").get("/bookings").text


def test_staff_give_it_away_with_a_reason(app: Flask, world: World) -> None:
    uid = booked(world)
    bob, url = world.browser(app, "bob"), f"/bookings/{uid}"
    form = {"to": "charlie@example.org", "reason": ""}
    missing = post(bob, url, f"{url}/hand-over/direct", form)
    assert missing.status_code == 422
    assert 'value="charlie@example.org"' in missing.text
    unknown = post(bob, url, f"{url}/hand-over/direct", {"to": "x@example.org", "reason": "ill"})
    assert "There is nobody with this address or identifier." in unknown.text
    assert post(bob, url, f"{url}/hand-over/direct", form | {"reason": "ill"}).status_code == 303
    assert owner(uid) == world.people["charlie"]
    alice = world.browser(app, "alice")
    page = "/bookings/new?site=mhuma"
    assert post(alice, page, f"{url}/hand-over/direct", form).status_code == 403
    dora = world.browser(app, "dora")
    assert post(dora, page, f"{url}/hand-over/direct", form).status_code == 404


@pytest.mark.parametrize("where", ["booking", "list", "station"])
def test_a_booking_in_use_is_extended_from_where_one_stands(
    app: Flask, world: World, where: str
) -> None:
    uid = in_use(world)
    alice = world.browser(app, "alice")
    pages = {
        "booking": f"/bookings/{uid}",
        "list": "/bookings",
        "station": f"/s/{world.laser_code}",
    }
    page = alice.get(pages[where]).text
    assert "Extend by 30 min" in page
    assert "At most until" in page
    form = {
        "csrf_token": csrf_token(alice, pages[where]),
        "minutes": "30",
        "sequence": re.findall(r'name="sequence" value="(\d+)"', page)[0],
        "next": pages[where],
    }
    view = queries.one(reading(), uid, world.actor("alice"))
    done = alice.post(f"/bookings/{uid}/extend", data=form)
    assert done.status_code == 303
    assert done.headers["Location"] == pages[where]
    reading().rollback()
    longer = queries.one(reading(), uid, world.actor("alice"))
    assert longer.ends_at - view.ends_at == timedelta(minutes=30)
    # The finger slipped: the same button again does not extend again.
    assert alice.post(f"/bookings/{uid}/extend", data=form).status_code == 412
    reading().rollback()
    same = queries.one(reading(), uid, world.actor("alice"))
    assert same.ends_at == longer.ends_at


def in_use(world: World) -> str:
    """Return a booking of Alice's on the laser that began on this half hour, and runs."""
    uid = booked(world, "laser")
    now = clock.now()
    start = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    slot = Interval(start, start + timedelta(minutes=60))
    with unit_of_work() as session:
        from sqlalchemy import text  # noqa: PLC0415

        session.execute(text("UPDATE opening_hours SET opens_minute = 0, closes_minute = 1440"))
        session.execute(text("UPDATE site SET revision = revision + 1"))
        times = {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
        session.execute(update(Booking).values(**times, state="checked_in", checked_in_at=now))
        session.execute(update(Allocation).values(**times))
    return uid


def test_when_somebody_follows_the_page_says_so(app: Flask, world: World) -> None:
    uid = booked(world)
    services.book(
        Book(machines=("printer",), slot=next_slot(11)),
        actor=world.actor("bob", clock.now()),
        now=clock.now(),
    )
    alice, url = world.browser(app, "alice"), f"/bookings/{uid}"
    page = alice.get(url).text
    assert "It cannot be extended: Printer is already taken at that time." in unescape(page)
    form = {"minutes": "30", "sequence": "0", "next": "//evil.example"}
    refused = post(alice, url, f"{url}/extend", form)
    assert refused.status_code == 409
    assert "already taken" in refused.text
    assert "Bob" not in refused.text
    for wrong in ("0", "-5", "x", "99999"):
        assert post(alice, url, f"{url}/extend", form | {"minutes": wrong}).status_code == 422


def test_strangers_neither_extend_nor_hand_over(app: Flask, world: World) -> None:
    uid = booked(world)
    url, page = f"/bookings/{uid}", "/bookings/new?site=mhuma"
    for who in ("charlie", "dora", "nina"):
        browser = world.browser(app, who)
        for act, form in (
            ("extend", {"minutes": "30", "sequence": "0"}),
            ("hand-over", {"email": "nina@example.org"}),
            ("hand-over/take-back", {}),
        ):
            assert post(browser, page, f"{url}/{act}", form).status_code == 404, (who, act)
    # Staff may see it, yet an offer in its owner's name is hers to make.
    bob = world.browser(app, "bob")
    answered = post(bob, url, f"{url}/hand-over", {"email": "nina@example.org"})
    assert answered.status_code == 404
