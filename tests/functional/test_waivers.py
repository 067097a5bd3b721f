"""Waivers: written, published, signed, asked for again; guardians of minors."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from io import BytesIO

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from labops.adapters import letters, links, notices
from labops.adapters.jobs import run_job
from labops.adapters.markdown import safe_html
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.notifications.kinds import OFF, LetterKind
from labops.domain.notifications.services import choose
from labops.domain.people.models import Person
from labops.domain.waivers import guardians, queries, services
from labops.domain.waivers.models import Guardian, Signature
from labops.domain.waivers.policies import Asked, due_on, needed_number, same_name, suffices
from labops.domain.waivers.services import Signing, WaiverText
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot

TODAY = date(2026, 11, 23)
ENGLISH = {"Accept-Language": "en"}
DAYS = st.integers(0, 60).map(lambda n: TODAY + timedelta(days=n))
MANAGE = "/sites/mhuma/waivers"
SIGN = f"{MANAGE}/safety/1/sign"


def text(words: str) -> WaiverText:
    return WaiverText(title_it="Sicurezza", title_en="Safety", text_it=words, text_en=words)


def publish(world: World, words: str = "Be careful.", in_days: int = 0) -> queries.VersionView:
    now, site = clock.now(), world.sites["mhuma"]
    number = services.write(site, "safety", text(words), actor=SYSTEM, now=now)
    day = now.date() + timedelta(days=in_days)
    services.publish(site, "safety", asks_from=day, today=now.date(), actor=SYSTEM, now=now)
    return queries.version(reading(), site, "safety", number)


@pytest.fixture
def waiver(world: World) -> queries.VersionView:
    """Publish a waiver that every machine of MHUMA needs."""
    with unit_of_work() as session:
        data = {"grid_minutes": 30, "horizon_days": 60, "open_bookings": 9, "waiver_needed": True}
        rules = SaveRules(site_id=world.sites["mhuma"], data=data)
        add_version(session, rules, actor=SYSTEM, now=clock.now())
    return publish(world)


def sign(world: World, who: str, version: queries.VersionView) -> None:
    signing = Signing(
        version_id=version.id,
        digest=version.digest,
        name=who.title(),
        language="en",
        address="192.0.2.1",
        device="test",
    )
    actor = world.actor(who, clock.now())
    services.sign(signing, today=clock.now().date(), actor=actor, now=clock.now())


def refusals(world: World, who: str, days: int = 0) -> set[str]:
    reading().rollback()  # to see what was written meanwhile
    slot = next_slot(10)
    command = Book(
        machines=("laser",),
        slot=type(slot)(slot.starts_at + timedelta(days=days), slot.ends_at + timedelta(days=days)),
    )
    check = bookings.check_booking(command, actor=world.actor(who, clock.now()), now=clock.now())
    return {problem.code for problem in check.problems}


@given(
    st.lists(DAYS, max_size=4).map(
        lambda days: [Asked(n, day) for n, day in enumerate(sorted(days), 1)]
    ),
    st.sets(st.integers(1, 4)),
    DAYS,
)
def test_the_version_in_force_decides(versions: list[Asked], signed: set[int], day: date) -> None:
    in_force = [one.number for one in versions if one.asks_from <= day]
    assert needed_number(versions, day) == (in_force[-1] if in_force else 0)
    fine = not in_force or any(number >= in_force[-1] for number in signed)
    assert suffices(versions, signed, day) == fine
    first = due_on(versions, signed)
    assert fine == (first is None or day < first)


@pytest.mark.parametrize(
    ("typed", "name", "same"),
    [
        ("Chiara Colombo", "Chiara Colombo", True),
        ("  chiara   COLOMBO ", "Chiara Colombo", True),
        ("Nicolo Cosi", "Nicolò Così", True),
        ("Chiara", "Chiara Colombo", False),
        ("Colombo Chiara", "Chiara Colombo", False),
        ("", "", False),
    ],
)
def test_a_typed_name_is_somebodys(typed: str, name: str, *, same: bool) -> None:
    assert same_name(typed, name) == same


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://evil.example/p.png)",
        "![x](//evil.example/p.png)",
        "<img src=x onerror=alert(1)>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<style>*{display:none}</style>",
    ],
)
def test_what_staff_write_can_do_no_harm(hostile: str) -> None:
    page = safe_html(hostile).lower()
    assert not re.search(r"<script|<style|<img[^>]*(onerror|evil)|href=.?(data|javascript):", page)


def test_markdown_begins_below_the_pages_heading() -> None:
    page = safe_html("# One\n\n## Two\n\n* **a**\n\n![b](/photos/b.webp)")
    assert "<h3>One</h3>" in page
    assert "<h3>Two</h3>" in page
    assert '<img src="/photos/b.webp" alt="b">' in page


def test_nobody_books_before_signing(app: Flask, world: World, waiver: queries.VersionView) -> None:
    assert refusals(world, "alice") == {"person.waiver-missing"}
    alice = world.browser(app, "alice")
    page = alice.get(SIGN).text
    assert "Be careful." in page
    form = {"digest": waiver.digest, "name": "Somebody Else"}
    wrong = post(alice, SIGN, SIGN, form)
    assert wrong.status_code == 422
    assert 'value="Somebody Else"' in wrong.text
    assert post(alice, SIGN, SIGN, {**form, "name": "ALICE"}).status_code == 303
    assert refusals(world, "alice") == set()
    assert post(alice, "/profile", SIGN, {**form, "name": "Alice"}).status_code == 303
    reading().rollback()
    (signature,) = queries.signatures_of(reading(), world.people["alice"])
    assert (signature.digest, signature.language) == (waiver.digest, "en")
    assert signature.address


def test_the_receipt_is_for_its_signer_and_the_staff(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    sign(world, "alice", waiver)
    (signature,) = queries.signatures_of(reading(), world.people["alice"])
    url = f"/signatures/{signature.uid}.pdf"
    for who, status in (
        ("alice", 200), ("bob", 200), ("eva", 200), ("charlie", 404), ("dora", 404)
    ):  # fmt: skip
        assert world.browser(app, who).get(url).status_code == status, who
    answer = world.browser(app, "alice").get(url)
    pages = pypdfium2.PdfDocument(BytesIO(answer.data))
    words = "".join(page.get_textpage().get_text_range() for page in pages)
    assert "Alice" in words
    assert "Be careful." in words
    assert waiver.digest in words.replace("\r\n", "").replace("\n", "")
    pages.close()


def test_a_new_version_counts_from_its_day_on(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    sign(world, "alice", waiver)
    newer = publish(world, "Be more careful.", in_days=10)
    assert refusals(world, "alice") == set()
    assert refusals(world, "alice", days=14) == {"person.waiver-missing"}
    assert refusals(world, "charlie") >= {"person.waiver-missing"}
    for _ in range(2):
        run_job("ask-for-signatures", now=clock.now())
    assert asked(newer) == [(world.uids["alice"], False)]
    soon = clock.now() + timedelta(days=5)
    for _ in range(2):
        run_job("ask-for-signatures", now=soon)
    assert sorted(asked(newer)) == [(world.uids["alice"], False), (world.uids["alice"], True)]
    fact = {"person_uid": world.uids["alice"], "version_id": newer.id, "last": True}
    assert notices.letters_for("SignatureAsked", fact, key="k", now=soon)
    sign(world, "alice", newer)
    assert refusals(world, "alice", days=14) == set()
    assert not notices.letters_for("SignatureAsked", fact, key="k", now=soon)


def asked(version: queries.VersionView) -> list[tuple[str, bool]]:
    reading().rollback()
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == "SignatureAsked")
    return [(fact["person_uid"], fact["last"]) for fact in reading().scalars(query)]


def test_a_text_that_changed_while_it_was_read_is_not_signed(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    alice = world.browser(app, "alice")
    form = {"digest": "0" * 64, "name": "Alice"}
    assert post(alice, SIGN, SIGN, form).status_code == 422


def test_a_draft_is_nobodys_and_a_published_text_never_changes(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    eva, alice = world.browser(app, "eva"), world.browser(app, "alice")
    form = {"slug": "safety", "title_it": "A", "title_en": "B", "text_it": "C", "text_en": "D"}
    assert post(eva, MANAGE, MANAGE, form).status_code == 303
    assert alice.get(f"{MANAGE}/safety/2/sign").status_code == 404
    reading().rollback()
    assert queries.version(reading(), world.sites["mhuma"], "safety", 1).text_en == "Be careful."
    url = f"{MANAGE}/safety/2"
    past = (clock.now().date() - timedelta(days=1)).isoformat()
    assert post(eva, url, f"{url}/publish", {"asks_from": past}).status_code == 422
    day = (clock.now().date() + timedelta(days=3)).isoformat()
    assert post(eva, url, f"{url}/publish", {"asks_from": day}).status_code == 303
    assert post(eva, MANAGE, f"{url}/publish", {"asks_from": day}).status_code == 404
    assert post(eva, MANAGE, MANAGE, {**form, "text_it": " "}).status_code == 422
    for who, status in (("bob", 403), ("alice", 403)):
        assert world.browser(app, who).get(MANAGE).status_code == status


def born(world: World, who: str, years: int) -> None:
    today = clock.now().date()
    with unit_of_work() as session:
        day = date(today.year - years, 1, 1)
        session.execute(update(Person).where(Person.id == world.people[who]).values(born_on=day))


def guardian_of(world: World, who: str) -> str:
    reading().rollback()
    query = select(Guardian.uid).where(Guardian.child_id == world.people[who])
    return reading().scalars(query.order_by(Guardian.id.desc())).first() or ""


def page_of(guardian_uid: str) -> str:
    return links.guardian_link(guardian_uid).removeprefix("http://localhost")


def consent(waiver: queries.VersionView, guardian_uid: str) -> None:
    """Let Anna sign for the child."""
    signing = Signing(
        version_id=waiver.id,
        digest=waiver.digest,
        name="Anna",
        language="it",
        address="",
        device="",
        relation="mother",
    )
    guardians.sign_for_child(guardian_uid, signing, now=clock.now())


def test_a_guardian_signs_sees_and_takes_back(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    born(world, "alice", 15)
    alice, visitor = world.browser(app, "alice"), app.test_client()
    form = {"digest": waiver.digest, "name": "Alice"}
    assert post(alice, SIGN, SIGN, form).status_code == 409
    assert refusals(world, "alice") == {"person.waiver-missing"}
    invitation = {"name": "Anna Adult", "email": "anna@example.org"}
    assert post(alice, "/waivers", "/waivers/guardian", invitation).status_code == 303
    own = {"name": "Me", "email": "alice@example.org"}
    assert post(alice, "/waivers", "/waivers/guardian", own).status_code == 422
    page = page_of(guardian_of(world, "alice"))
    assert visitor.get(page).status_code == 200
    url = f"{page}/{waiver.id}"
    signing = {"digest": waiver.digest, "name": "Anna Adult", "relation": "mother"}
    for wrong in ({"name": "Alice"}, {"relation": ""}, {"name": "Berta"}):
        assert post(visitor, url, url, {**signing, **wrong}).status_code == 422
    assert refusals(world, "alice") == {"person.waiver-missing"}
    assert post(visitor, url, url, signing).status_code == 303
    assert refusals(world, "alice") == set()
    uid = bookings.book(
        Book(machines=("laser",), slot=next_slot(10)),
        actor=world.actor("alice", clock.now()),
        now=clock.now(),
    )
    assert uid
    assert "MHUMA" in visitor.get(page).text
    (signature,) = queries.signatures_of(reading(), world.people["alice"])
    assert visitor.get(f"{page}/{signature.uid}.pdf").status_code == 200
    assert post(visitor, page, f"{page}/withdraw").status_code == 200
    assert refusals(world, "alice", days=1) == {"person.waiver-missing"}
    assert visitor.get(page).status_code == 404
    reading().rollback()
    assert queries.signatures_of(reading(), world.people["alice"])[0].withdrawn_at
    count = select(func.count()).select_from(Signature)
    assert reading().scalar(count) == 1


def test_a_guardian_may_have_copies_of_what_the_minor_is_told(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    born(world, "alice", 15)
    now, visitor = clock.now(), app.test_client()
    alice = world.actor("alice", now)
    uid = guardians.invite("Anna", "anna@example.org", today=now.date(), actor=alice, now=now)
    page = page_of(uid)
    yes = {"wanted": "yes"}
    assert post(visitor, page, f"{page}/copies", yes).status_code == 409
    consent(waiver, uid)
    booking = Book(machines=("laser",), slot=next_slot(10), note="Secret plans")
    fact = {"booking_uid": bookings.book(booking, actor=alice, now=now), "revision": 0}

    def told() -> dict[str, letters.Letter]:
        reading().rollback()
        found = notices.letters_for("BookingConfirmed", fact, key="k", now=now)
        return {one.email: one for one in found}

    assert set(told()) == {"alice@example.org"}, "nothing unless she asks for it"
    assert post(visitor, page, f"{page}/copies", yes).status_code == 303
    assert "Stop the copies" in visitor.get(page, headers=ENGLISH).text
    assert "copies" in world.browser(app, "alice").get("/waivers", headers=ENGLISH).text
    choose({LetterKind.BOOKING: OFF}, actor=alice, now=now)
    (copy,) = told().values()
    assert (copy.email, copy.name, copy.calendar) == ("anna@example.org", "Anna", None)
    assert page.split(".", 1)[0] in copy.text
    assert "/bookings/" not in copy.text
    assert "Secret plans" not in copy.text
    reminder = {"booking_uid": fact["booking_uid"], "revision": 0}
    to = [one.email for one in notices.letters_for("ReminderDue", reminder, key="k", now=now)]
    assert to == ["alice@example.org"], "only bookings and what becomes of them"
    born(world, "alice", 18)
    assert told() == {}
    born(world, "alice", 15)
    assert post(visitor, page, f"{page}/copies", {"wanted": "no"}).status_code == 303
    assert told() == {}
    guardians.choose_copies(uid, wanted=True, now=now)
    guardians.withdraw(uid, now=now)
    assert told() == {}


def test_of_age_one_signs_oneself(app: Flask, world: World, waiver: queries.VersionView) -> None:
    born(world, "alice", 17)
    now = clock.now()
    actor = world.actor("alice", now)
    uid = guardians.invite("Anna", "anna@example.org", today=now.date(), actor=actor, now=now)
    consent(waiver, uid)
    assert refusals(world, "alice") == set()
    born(world, "alice", 19)
    assert refusals(world, "alice") == {"person.waiver-missing"}
    sign(world, "alice", waiver)
    assert refusals(world, "alice") == set()


def test_letters_to_guardians_go_to_their_address(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    born(world, "alice", 15)
    now = clock.now()
    actor = world.actor("alice", now)
    uid = guardians.invite("Anna", "Anna@example.org", today=now.date(), actor=actor, now=now)
    fact = {"guardian_uid": uid, "at": now.isoformat()}
    (letter,) = notices.letters_for("GuardianInvited", fact, key="k", now=now)
    assert letter.email == "anna@example.org"
    assert page_of(uid).split("/")[2] in letter.text
    guardians.withdraw(uid, now=now)
    assert notices.letters_for("GuardianInvited", fact, key="k", now=now) == []
    letters = notices.letters_for("GuardianWithdrew", fact, key="k", now=now)
    assert [one.email for one in letters] == ["alice@example.org", "bob@example.org"]


@pytest.mark.parametrize("path", ["guardian", "guardian/1", "guardian/x.pdf"])
def test_a_link_that_nobody_made_leads_nowhere(client: FlaskClient, path: str) -> None:
    assert client.get(f"/t/nonsense/{path}").status_code == 404


def test_who_signed_is_listed_for_staff(
    app: Flask, world: World, waiver: queries.VersionView
) -> None:
    sign(world, "alice", waiver)
    url = f"{MANAGE}/safety/signatures"
    assert "Alice" in world.browser(app, "bob").get(url).text
    assert world.browser(app, "dora").get(url).status_code == 403
    assert isinstance(queries.signed(reading(), waiver.waiver_id)[0].signed_at, datetime)
