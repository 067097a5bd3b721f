"""Pages of the waiting list: joining, offers by mail and signed in, the list for staff."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from labops.adapters import links, notices
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.waiting import offering, queries, services
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.queries import OfferView
from labops.domain.waiting.services import Join
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot

FORM = "/waiting/new?machine=printer"


def taken(world: World, who: str = "charlie", start: float = 14, hours: float = 2) -> str:
    now = clock.now()
    command = Book(machines=("printer",), slot=next_slot(start, hours), note="secret lamp")
    return bookings.book(command, actor=world.actor(who, now), now=now)


def wait(world: World, who: str = "alice", start: float = 14, hours: float = 2) -> str:
    now, slot = clock.now(), next_slot(start, hours)
    command = Join(machines=("printer",), window=slot, length=slot.length)
    return services.join(command, actor=world.actor(who, now), now=now)


def offer_to(world: World, who: str = "alice") -> OfferView:
    """Let the person wait for what Charlie has, and Charlie give it up."""
    booking = taken(world)
    wait(world, who)
    now = clock.now()
    bookings.cancel(booking, actor=world.actor("charlie", now), now=now)
    assert offering.offer_freed_time(now=now).offered == 1
    (held,) = queries.held_of_person(reading(), world.people[who], now=now)
    return held


def typed(slot: Interval, **changes: str) -> dict[str, str]:
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    start, end = (at.astimezone(ZoneInfo("Europe/Rome")) for at in (slot.starts_at, slot.ends_at))
    return {
        "what": "machine:printer",
        "date": start.date().isoformat(),
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
        "minutes": str(int(slot.length.total_seconds() // 60)),
        "people": "1",
    } | changes


def bookings_of(world: World, who: str) -> int:
    query = select(func.count()).where(Booking.person_id == world.people[who])
    reading().rollback()
    return reading().scalar(query) or 0


def a_phone(app: Flask) -> FlaskClient:
    """Return a browser in English in which nobody is signed in."""
    phone = app.test_client()
    phone.set_cookie("labops_language", "en")
    return phone


def run_out(offer: OfferView) -> None:
    """Let the deadline pass."""
    with unit_of_work() as session:
        past = clock.now() - timedelta(minutes=1)
        session.execute(update(Offer).where(Offer.uid == offer.uid).values(answer_by=past))


def test_from_a_taken_slot_of_the_calendar_to_a_place_in_line(app: Flask, world: World) -> None:
    taken(world)
    alice = world.browser(app, "alice")
    day = next_slot(14).starts_at.date().isoformat()
    page = alice.get(f"/calendar?site=mhuma&date={day}").text
    href = re.search(r'href="(/waiting/new\?[^"]+)"', page)
    assert href
    address = href.group(1).replace("&amp;", "&")
    assert parse_qs(urlsplit(address).query)["minutes"] == ["120"]
    form = alice.get(address).text
    assert 'value="14:00"' in form
    assert '<option selected value="machine:printer">' in form
    answer = post(alice, address, "/waiting/new?site=mhuma", typed(next_slot(14, 2)))
    assert answer.status_code == 303
    page = alice.get("/waiting").text
    assert "You are number 1" in page
    twice = post(alice, address, "/waiting/new?site=mhuma", typed(next_slot(14, 2)))
    assert twice.status_code == 409
    assert "You already wait for this." in twice.text
    # The second learns her place, and nothing of the first.
    bob = world.browser(app, "bob")
    assert post(bob, FORM, "/waiting/new?site=mhuma", typed(next_slot(14, 2))).status_code == 303
    page = bob.get("/waiting").text
    assert "You are number 2" in page
    assert "Alice" not in page


def test_whoever_could_book_is_sent_to_book(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    answer = post(alice, FORM, "/waiting/new?site=mhuma", typed(next_slot(14, 2), note="hold"))
    assert answer.status_code == 409
    assert "You need not wait: Printer is free" in answer.text
    assert "hold</textarea>" in answer.text
    href = re.search(r'href="(/bookings/new\?[^"]+)">Book it now', answer.text)
    assert href
    form = alice.get(href.group(1).replace("&amp;", "&")).text
    assert 'value="14:00"' in form


def test_whoever_could_not_book_is_told_why(app: Flask, world: World) -> None:
    now, slot = clock.now(), next_slot(14, 2)
    command = Book(machines=("laser",), slot=slot)
    bookings.book(command, actor=world.actor("alice", now), now=now)
    charlie = world.browser(app, "charlie")
    wish = typed(slot, what="category:laser")
    answer = post(charlie, FORM, "/waiting/new?site=mhuma", wish)
    assert answer.status_code == 409
    assert "You need a certification to use Laser." in answer.text
    assert "already taken" not in answer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start": "nonsense"}, "Write the time as 14:30."),
        ({"end": "08:00"}, "The end must come after the start."),
        ({"minutes": "999"}, "must be longer than what you want of it"),
        ({"end_date": "2199-01-01"}, "Wait for a month at most."),
        ({"what": "machine:nothing"}, "There is no such machine."),
        ({"what": "category:nothing"}, "is not one of the choices"),
        ({"people": "0"}, "must lie between"),
    ],
)
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(
    app: Flask, world: World, changes: dict[str, str], sentence: str
) -> None:
    alice = world.browser(app, "alice")
    wish = typed(next_slot(14, 2), note="my lamp") | changes
    answer = post(alice, FORM, "/waiting/new?site=mhuma", wish)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "my lamp" in answer.text


def test_what_house_rules_want_to_be_told_is_asked_for(app: Flask, world: World) -> None:
    rules = {"fields": [{"name": "material", "values": ["PLA", "PETG"]}]}
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=clock.now())
    now = clock.now()
    command = Book(machines=("printer",), slot=next_slot(14, 2), fields={"material": "PLA"})
    bookings.book(command, actor=world.actor("charlie", now), now=now)
    alice = world.browser(app, "alice")
    assert 'name="field:material"' in alice.get(FORM).text
    wish = typed(next_slot(14, 2))
    assert post(alice, FORM, "/waiting/new?site=mhuma", wish).status_code == 409
    wish |= {"field:material": "PETG"}
    assert post(alice, FORM, "/waiting/new?site=mhuma", wish).status_code == 303
    assert reading().scalars(select(WaitingWish.fields)).one() == {"material": "PETG"}


def test_one_press_in_the_mail_accepts_without_signing_in(app: Flask, world: World) -> None:
    held = offer_to(world)
    fact = {"offer_uid": held.uid}
    (letter,) = notices.letters_for("OfferMade", fact, key="k", now=clock.now())
    assert letter.email == "alice@example.org"
    address = re.search(r"http://localhost(/t/[^/]+/offer)\n", letter.text)
    assert address
    phone, page = a_phone(app), address.group(1)
    assert phone.head(page).status_code == 200
    assert "Accept the offer" in phone.get(page).text
    assert bookings_of(world, "alice") == 0  # looking changes nothing
    answer = post(phone, page, f"{page}/accept")
    assert answer.status_code == 303
    assert "has become your booking" in phone.get(page).text
    assert bookings_of(world, "alice") == 1
    # Pressed again, by an impatient thumb or from the mail of yesterday.
    again = post(phone, "/sign-in", f"{page}/accept")
    assert again.status_code == 303
    assert bookings_of(world, "alice") == 1


def test_a_mail_lets_go_with_two_presses(app: Flask, world: World) -> None:
    held = offer_to(world)
    phone = a_phone(app)
    page = urlsplit(links.offer_link(held.uid, "decline")).path
    assert "Decline: it goes to the next" in phone.get(page).text
    assert post(phone, page, page.replace("/decline", "/declined")).status_code == 303
    assert "was declined" in phone.get(page).text
    # Nobody else waits, so whoever changed her mind may still book it.
    href = re.search(r'href="(/bookings/new\?[^"]+)"', phone.get(page).text)
    assert href
    assert held.starts_at.date().isoformat() in href.group(1)


def test_after_the_deadline_nothing_is_booked_and_the_page_says_so(
    app: Flask, world: World
) -> None:
    held = offer_to(world)
    page = urlsplit(links.offer_link(held.uid)).path
    phone = a_phone(app)
    with_button = phone.get(page).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', with_button)
    assert token
    run_out(held)
    late = phone.post(f"{page}/accept", data={"csrf_token": token.group(1)})
    assert late.status_code == 409
    assert "The deadline of this offer has passed" in late.text
    alice = world.browser(app, "alice")
    signed_in = post(alice, FORM, f"/offers/{held.uid}/accept")
    assert signed_in.status_code == 409
    assert "The deadline of this offer has passed" in signed_in.text
    assert bookings_of(world, "alice") == 0
    offering.offer_freed_time(now=clock.now())
    assert "It is still free: book it" in phone.get(page).text


def test_signed_in_one_accepts_from_my_bookings(app: Flask, world: World) -> None:
    held = offer_to(world)
    alice = world.browser(app, "alice")
    page = alice.get("/bookings").text
    assert "Held for you: Printer" in page
    answer = post(alice, "/bookings", f"/offers/{held.uid}/accept")
    assert answer.status_code == 303
    assert answer.location.startswith("/bookings/")
    assert "Booked" in alice.get("/waiting").text
    declined = post(alice, FORM, f"/offers/{held.uid}/decline")
    assert declined.status_code == 409
    assert "This offer was accepted." in declined.text


def test_nobody_answers_for_another(app: Flask, world: World) -> None:
    held = offer_to(world)
    wish = reading().scalars(select(WaitingWish.uid)).one()
    for who in ("charlie", "bob", "dora", "nina"):
        browser = world.browser(app, who)
        for act in (f"/offers/{held.uid}/accept", f"/offers/{held.uid}/decline"):
            assert post(browser, "/profile", act).status_code == 404, (who, act)
        assert post(browser, "/profile", f"/waiting/{wish}/withdraw").status_code == 404
        assert "Held for you" not in browser.get("/waiting").text
    assert app.test_client().get("/t/nonsense/offer").status_code == 404
    signed_for_more = urlsplit(links.sign_in_link(1, 0)).path.replace("/sign-in", "/offer")
    assert app.test_client().get(signed_for_more).status_code == 404


def test_offered_time_is_taken_for_everybody_and_names_nobody(app: Flask, world: World) -> None:
    held = offer_to(world)
    charlie = world.browser(app, "charlie")
    day = held.starts_at.date().isoformat()
    page = charlie.get(f"/calendar?site=mhuma&date={day}").text
    rows = re.findall(r'<li class="day-row day-row--(\w+)">(.*?)</li>', page, re.S)
    assert any(kind == "taken" and "14:00–16:00" in row for kind, row in rows)
    assert "Alice" not in page
    data = charlie.get(f"/calendar/data?site=mhuma&date={day}").get_json()
    assert any(span[0] == "printer" and span[1].endswith("14:00:00") for span in data["blocked"])
    window = {"from": held.starts_at.isoformat(), "to": held.ends_at.isoformat()}
    answer = charlie.get("/api/v1/machines/printer/availability", query_string=window)
    assert answer.get_json()["busy"]
    assert "Alice" not in answer.text


def test_staff_see_the_list_and_may_take_somebody_off(app: Flask, world: World) -> None:
    held = offer_to(world)
    wish = reading().scalars(select(WaitingWish.uid)).one()
    bob = world.browser(app, "bob")
    page = bob.get("/waiting/list?site=mhuma").text
    assert "Alice" in page
    assert "1 wish" in page
    assert world.browser(app, "alice").get("/waiting/list?site=mhuma").status_code == 403
    dora = world.browser(app, "dora")
    assert dora.get("/waiting/list?site=mhuma").status_code == 404
    assert "Alice" not in dora.get("/waiting/list").text
    act, reason = f"/waiting/{wish}/remove", {"reason": "Not a member any more."}
    assert post(dora, "/sites/smart-city-lab/machines/new", act, reason).status_code == 404
    assert post(bob, "/waiting/list?site=mhuma", act, {"reason": " "}).status_code == 422
    assert post(bob, "/waiting/list?site=mhuma", act, reason).status_code == 303
    reading().rollback()
    assert queries.offer(reading(), held.uid).state == "taken_back"
    assert "Not a member any more." in world.browser(app, "alice").get("/waiting").text
    message = select(OutboxMessage.payload).where(OutboxMessage.kind == "WishRemoved")
    fact = reading().scalars(message).one()
    (letter,) = notices.letters_for("WishRemoved", fact, key="k", now=clock.now())
    assert "Not a member any more." in letter.text


def test_the_ways_in(app: Flask, world: World) -> None:
    taken(world)
    alice = world.browser(app, "alice")
    assert "/waiting/new?machine=printer" in alice.get("/machines/printer").text
    slot = next_slot(14, 2)
    form = typed(slot, machines="printer", length="120")
    refused = post(alice, "/bookings/new?machine=printer", "/bookings/new?site=mhuma", form)
    assert refused.status_code == 409
    assert "Join the waiting list for this time" in refused.text
    day = slot.starts_at.date()
    search = {"length": "1440", "first": day, "last": day, "process": "fdm", "site": "mhuma"}
    nothing = alice.get("/bookings/find", query_string=search).text
    assert "No free time found" in nothing
    assert "/waiting/new?process=fdm" in nothing
    save = SaveRules(site_id=world.sites["mhuma"], data={"waiting_list": False})
    save_rules(save, actor=SYSTEM, now=clock.now())
    page = alice.get(f"/calendar?site=mhuma&date={day}").text
    assert "/waiting/new" not in page
    assert "/waiting/new?machine=printer" not in alice.get("/machines/printer").text
    off = post(alice, FORM, "/waiting/new?site=mhuma", typed(slot))
    assert off.status_code == 409
    assert "Printer has no waiting list." in off.text
