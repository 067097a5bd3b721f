"""From stranger to certified maker, at a phone: an adult, and a fifteen-year-old with her mother."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.browser.calendar_page import first_free
from tests.browser.conftest import Visiting
from tests.browser.ground import PASSWORD, Ground
from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

STAFF, TEACHER = "staff@example.org", "teacher@example.org"
STEPS = "/join/mhuma"
PHONE = 390
ITALIAN, ENGLISH = ("sqlite_ground", "it"), ("postgresql_ground", "en")

IN_DRILL = pytest.mark.drill
"""`make drill` tries the other language on the other engine, as well."""


@pytest.mark.parametrize(
    ("ground_name", "language"), [ITALIAN, pytest.param(*ENGLISH, marks=IN_DRILL)]
)
def test_an_adult_books_her_first_laser(
    ground_name: str, language: str, request: pytest.FixtureRequest, visiting: Visiting
) -> None:
    ground: Ground = request.getfixturevalue(ground_name)
    nadia = visiting(ground, language, PHONE)
    staff = visiting(ground, language, PHONE, inspects=False)
    name, email = "Nadia Neri", f"nadia.{language}@example.org"

    sign_up(nadia, ground, name, email)
    apply(nadia, born=(1991, 5, 4))
    sign_waiver(nadia, name)
    staff.sign_in(STAFF)
    be_seen(staff, name)
    take_quiz(nadia, ground)
    choose_plan(nadia)
    expect(nadia.page.locator("main [role=status]").first).to_be_visible()

    induction = be_sent_to_an_induction(nadia)
    ground.let_induction_begin(induction)
    teacher = visiting(ground, language, PHONE)
    teacher.sign_in(TEACHER)
    certify(teacher, induction, name)
    book_a_laser(nadia)
    assert nadia.faults == []
    assert teacher.faults == []


@pytest.mark.parametrize(
    ("ground_name", "language"), [pytest.param(*ITALIAN, marks=IN_DRILL), ENGLISH]
)
def test_a_minor_books_once_her_mother_has_signed(
    ground_name: str, language: str, request: pytest.FixtureRequest, visiting: Visiting
) -> None:
    ground: Ground = request.getfixturevalue(ground_name)
    mia, mother = visiting(ground, language, PHONE), visiting(ground, language, PHONE)
    staff = visiting(ground, language, PHONE, inspects=False)
    name, email = "Mia Moretti", f"mia.{language}@example.org"
    parent, address = "Marta Moretti", f"marta.{language}@example.org"

    sign_up(mia, ground, name, email)
    apply(mia, born=(datetime.now(UTC).year - 15, 1, 2))
    page = mia.go("/waivers")
    mia.look("minor-1-waivers")
    assert page.locator("a[href*='/sign']").count() == 0  # she cannot sign for herself
    page.locator("main [name=name]").fill(parent)
    page.locator("main [name=email]").fill(address)
    page.locator("main form.form button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(address)

    consent = ground.link_to(address, "/guardian")
    sign_for_child(mother, consent, parent)
    staff.sign_in(STAFF)
    be_seen(staff, name)
    take_quiz(mia, ground)
    choose_plan(mia)

    uid = book(mia, "fdm")
    mother.go(consent)
    expect(mother.page.locator("section[aria-labelledby=bookings] li")).to_have_count(1)
    mother.look("minor-4-guardian-sees")
    mother.page.locator("section[aria-labelledby=withdraw] summary").click()
    mother.page.locator("section[aria-labelledby=withdraw] form button[type=submit]").click()
    expect(mother.page.locator("main [role=status]")).to_be_visible()

    page = mia.go("/bookings/new?machine=mhuma-prusa-2")
    page.locator("main form .btn-primary[type=submit]").first.click()
    expect(page.locator("main a[href*='/waivers']").first).to_be_visible()
    mia.look("minor-5-refused")
    mia.faults.clear()  # the refusal itself
    assert mia.go(f"/bookings/{uid}").locator("main .state").count() > 0
    assert (mia.faults, mother.faults) == ([], [])


def sign_up(visit: Visit, ground: Ground, name: str, email: str) -> None:
    """Make an account, confirm the address by the link in the mail, and be signed in."""
    page = visit.go("/sign-in")
    page.locator("main a[href='/sign-up']").click()
    visit.look("newcomer-1-sign-up")
    for field, text in (("name", name), ("email", email), ("password", PASSWORD)):
        page.locator(f"main [name={field}]").fill(text)
    page.locator("main form button[type=submit]").click()
    page.wait_for_load_state()
    visit.go(ground.link_to(email, "/confirm"))
    page.locator("main form button[type=submit]").click()
    page.wait_for_load_state()
    if not page.locator("details.menu").count():
        visit.sign_in(email)
    visit.choose_language()


def apply(visit: Visit, born: tuple[int, int, int]) -> None:
    """Choose the site, see the steps, and say when one was born."""
    page = visit.go("/join")
    visit.look("newcomer-2-join")
    page.locator(f"main a[href='{STEPS}']").click()
    page.locator("main form button[type=submit]").click()
    visit.look("newcomer-3-steps")
    page.locator("main a[href='/profile']").click()
    page.locator("main [name=born_on]").fill("{:04}-{:02}-{:02}".format(*born))
    page.locator("main form[action='/profile'] button[type=submit]").click()
    page.wait_for_load_state()


def sign_waiver(visit: Visit, name: str) -> None:
    """Read the waiver, sign it with one's name, and keep the receipt."""
    page = visit.go(STEPS)
    page.locator("main a[href='/waivers']").click()
    page.locator("main a[href*='/sites/mhuma/waivers/']").first.click()
    visit.look("newcomer-4-sign")
    page.locator("main [name=name]").fill(name)
    page.locator("main form.form button[type=submit]").click()
    expect(page.locator("main a[href^='/signatures/']").first).to_be_visible()


def sign_for_child(mother: Visit, path: str, name: str) -> None:
    """Follow the link of the mail without an account, read, and sign for the child."""
    page = mother.go(path)
    mother.choose_language()
    mother.look("minor-2-guardian")
    while (due := page.locator("section[aria-labelledby=papers] a.btn-primary")).count():
        due.first.click()
        page.locator("main [name=name]").fill(name)
        if page.locator("main [name=relation]").count():
            page.locator("main [name=relation]").fill("madre")
        mother.look("minor-3-guardian-signs")
        page.locator("main form.form button[type=submit]").click()
        page.wait_for_load_state()


def be_seen(staff: Visit, name: str) -> None:
    """Let staff tick what they see with their own eyes: who somebody is, and the first visit."""
    page = staff.go("/applicants?site=mhuma")
    staff.look("newcomer-5-applicants")
    part = page.locator("section.part", has=page.locator("h2", has_text=name))
    for _tick in range(2):
        part.locator("form:has(input[name=act][value=tick]) button").first.click()
        page.wait_for_load_state()


def take_quiz(visit: Visit, ground: Ground) -> None:
    """Answer every question as somebody does who has read the rules."""
    page = visit.go(STEPS)
    page.locator("main a[href*='/quizzes/']").click()
    page.locator("main form button[type=submit]").click()
    for number in range(1, 100):
        page.wait_for_url(re.compile(rf"/questions/{number}$"))
        if number == 1:
            visit.look("newcomer-6-quiz")
        attempt = page.locator("main [name=attempt]").first.get_attribute("value")
        for place in ground.right_answers(attempt or "", number):
            page.locator(f"#choice-{place}").check()
        button = page.locator("main button[name=act]").first
        last = button.get_attribute("value") == "review"
        button.click()
        if last:
            break
    page.wait_for_url(re.compile("/review$"))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile("/attempts/"))
    visit.look("newcomer-7-passed")


def choose_plan(visit: Visit) -> None:
    """Choose a plan, which is the last step, and be a member."""
    page = visit.go(STEPS)
    page.locator("main a[href^='/account']").click()
    visit.look("newcomer-8-plan")
    page.locator("main form[action='/account/subscribe'] button[type=submit]").click()
    page.wait_for_load_state()
    page = visit.go(STEPS)
    expect(page.locator("main a[href^='/calendar']")).to_be_visible()
    visit.look("newcomer-9-member")


def be_sent_to_an_induction(visit: Visit) -> str:
    """Be refused a laser for want of a certification, follow the advice, and sign up."""
    page = visit.go("/bookings/new?machine=mhuma-laser-2")
    page.locator("main form .btn-primary[type=submit]").first.click()
    visit.look("newcomer-10-refused")
    page.locator("main a[href*='/inductions']").first.click()
    visit.faults.clear()  # the refusal itself
    page.wait_for_url(re.compile("/inductions"))
    visit.look("newcomer-11-inductions")
    page = visit.go("/inductions?type=laser&site=mhuma&free=1")
    page.locator("main table a").first.click()
    page.locator("main form[action$='/sign-up'] button[type=submit]").click()
    page.wait_for_load_state()
    visit.look("newcomer-12-signed-up")
    return page.url.rpartition("/")[2]


def certify(teacher: Visit, induction: str, name: str) -> None:
    """Let the teacher write down on the attendance list that she passed."""
    page = teacher.go(f"/inductions/{induction}/attendance")
    person = page.locator("fieldset", has=page.locator("legend", has_text=name))
    person.locator("label").first.click()
    teacher.look("newcomer-13-attendance")
    page.locator("main form .btn-primary[type=submit]").click()
    page.wait_for_load_state()


def book_a_laser(visit: Visit) -> None:
    """Book a laser, now that she may."""
    visit.go("/skills")
    visit.look("newcomer-14-skills")
    book(visit, "laser_cutting")
    visit.look("newcomer-15-booked")


def book(visit: Visit, process: str) -> str:
    """Book whatever time is free next on such a machine; return the booking's identifier."""
    page = visit.go(f"/calendar?site=mhuma&process={process}")
    free = first_free(page)
    page.locator(f"[aria-labelledby=day-{free.machine}] .day-row--free a").first.tap()
    page.locator("main form .btn-primary[type=submit]").tap()
    page.wait_for_url(re.compile(r"/bookings/[0-9a-f]{32}$"))
    return page.url.rpartition("/")[2]
