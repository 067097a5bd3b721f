"""At the door as people see it: passes, the screen with and without a net, cameras, the list."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.people.models import Person
from labops.domain.visits.models import Visit as Stay
from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.passes import pass_of
from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

SOFIA, WEI = "sofia@example.org", "wei@example.org"


def stays(ground: Ground, email: str) -> int:
    """Return how often the person has been in."""
    with Session(ground.engine) as session:
        query = select(func.count(Stay.id)).join(Person, Person.id == Stay.person_id)
        return session.scalar(query.where(Person.uid == ground.person(email))) or 0


def screen(ground: Ground, visiting: Visiting, language: str, width: int) -> Visit:
    """Let staff make a screen of a browser, and sign out of it."""
    visit = visiting(ground, language, width)
    visit.sign_in("staff@example.org")
    visit.go("/door/mhuma")
    visit.look("door-enrol")
    visit.page.locator("#name").fill(f"Tablet {language} {width}")
    visit.page.locator("form[action$='/enrol'] button[type=submit]").click()
    expect(visit.page.locator("[data-door]")).to_be_visible()
    visit.page.context.clear_cookies(name="labops_sign_in")
    return visit


@pytest.mark.parametrize(("language", "width"), [("it", 390), ("en", 1280)])
def test_the_pages_of_the_door(
    sqlite_ground: Ground, visiting: Visiting, language: str, width: int
) -> None:
    member = visiting(sqlite_ground, language, width)
    member.sign_in(SOFIA)
    member.go("/pass")
    expect(member.page.locator("[data-pass] svg")).to_be_visible()
    member.look("pass")
    staff = visiting(sqlite_ground, language, width)
    staff.sign_in("staff@example.org")
    staff.go("/desk/mhuma?q=sofia")
    staff.look("desk")
    # Whatever the hour: whoever comes after closing is not swept out before the next one.
    staff.page.locator("[aria-labelledby=guests] summary").first.click()
    guests = staff.page.locator("form[action$='/guests']")
    guests.locator("#name").fill("Class 3B")
    guests.locator("#host").fill("Davide Ferrari")
    guests.locator("button[type=submit]").click()
    expect(staff.page.locator("[aria-labelledby=inside]")).to_contain_text("Class 3B")
    staff.go("/evacuation/mhuma")
    staff.look("evacuation")
    staff.page.locator("form[action$='/start'] button").click()
    found = staff.page.locator("form[action$='/found'] button")
    expect(found.first).to_be_visible()
    before = found.count()
    staff.look("roll-call")
    found.first.click()
    expect(found).to_have_count(before - 1)
    staff.page.locator("summary", has_text="appello" if language == "it" else "roll call").click()
    staff.page.locator("form[action$='/end'] button").click()
    expect(staff.page.locator("form[action$='/start'] button")).to_be_visible()
    assert member.faults == staff.faults == []


def test_the_screen_works_through_a_cut(sqlite_ground: Ground, visiting: Visiting) -> None:
    visit = screen(sqlite_ground, visiting, "en", 1280)
    page, before = visit.page, stays(sqlite_ground, WEI)
    answer, field = page.locator("[data-door-answer] .verdict"), page.locator("#text")
    visit.look("door")
    field.fill("https://example.com/menu")
    field.press("Enter")
    expect(answer).to_have_attribute("data-result", "pass_unknown")
    page.context.set_offline(True)
    field.fill(pass_of(sqlite_ground, WEI))  # as a USB reader types it
    field.press("Enter")
    expect(answer).to_have_attribute("data-result", "kept")
    expect(page.locator("[data-door-queue]")).to_contain_text("1")
    page.locator("[data-door-list] summary").click()
    expect(page.locator("[data-door-inside] li").first).to_be_visible()
    visit.picture("door-cut-off")
    assert stays(sqlite_ground, WEI) == before
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-door-queue]")).to_have_text("")
    assert stays(sqlite_ground, WEI) == before + 1
    assert not [one for one in visit.faults if "ERR_INTERNET" not in one]
