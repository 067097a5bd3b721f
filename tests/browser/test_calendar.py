"""The calendar where it says no, and where somebody has only a keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.calendar_page import across, drag_to_book, first_free, middle, row_of
from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.visits import CALENDAR_IS_DRAWN

pytestmark = pytest.mark.browser

HIGHEST = """buttons => {
  const heights = buttons.map((button) => button.getBoundingClientRect().top);
  return heights.indexOf(Math.min(...heights));
}"""


def test_what_is_refused_says_why_and_keeps_what_was_typed(
    sqlite_ground: Ground, visiting: Visiting
) -> None:
    visit = visiting(sqlite_ground, "en", 1280)
    page = visit.page
    visit.sign_in("maker@example.org")
    visit.go("/calendar?site=mhuma&process=cnc_routing")
    drag_to_book(page, first_free(page))
    panel = page.locator("#book-panel")
    expect(panel.locator("[data-lines]")).to_contain_text("certification")
    panel.locator("[name=note]").fill("A shelf")
    panel.locator("[type=submit]").click()

    expect(panel.locator("[data-problems]")).to_be_focused()
    expect(panel.locator("[data-problems]")).to_contain_text("certification")
    step = panel.locator("[data-problems] a").first
    expect(step).to_have_text(re.compile("Book the induction on"))
    expect(panel.locator("[name=note]")).to_have_value("A shelf")
    visit.look("calendar-refused", whole=False)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".slot--mine")).to_have_count(0)
    assert visit.faults == [f"409 of {sqlite_ground.address}/api/v1/bookings"]


def test_a_tap_asks_every_rule_and_another_time_is_asked_at_once(
    sqlite_ground: Ground, visiting: Visiting
) -> None:
    visit = visiting(sqlite_ground, "en", 1280)
    page = visit.page
    visit.sign_in("maker@example.org")
    visit.go("/calendar?site=mhuma&process=laser_cutting")
    free = first_free(page)
    page.locator(CALENDAR_IS_DRAWN).wait_for()
    left, _right = across(page, free.hour)
    page.mouse.click(left + 6, middle(row_of(page, free.machine)))
    panel = page.locator("#book-panel")
    expect(panel).to_be_visible()
    expect(panel.locator("[data-verdict]")).to_have_text("You can book this.")
    start = panel.locator("[name=start]").input_value()
    panel.locator("[name=end]").fill(start[:11] + "23:45")
    panel.locator("[name=end]").blur()
    expect(panel.locator("[data-verdict]")).to_have_text("As it is, you cannot book this:")
    expect(panel.locator("[data-lines] a").first).to_contain_text("Take ")
    visit.look("calendar-why-not", whole=False)
    panel.locator("[data-every-rule]").click()
    page.wait_for_url("**/bookings/why-not?*")
    expect(page.locator(".rule-list__line--no").first).to_be_visible()
    page.locator(".rule-list__line--no a").first.click()
    expect(page.locator("#machines [type=checkbox]:checked")).to_have_count(1)
    visit.look("new-booking-solved")
    assert visit.faults == []


def test_keyboard_goes_from_booking_to_booking(sqlite_ground: Ground, visiting: Visiting) -> None:
    visit = visiting(sqlite_ground, "it", 1280)
    page = visit.page
    visit.sign_in("rosa@example.org")
    visit.go("/calendar?site=mhuma&view=week")
    page.locator(CALENDAR_IS_DRAWN).wait_for()
    buttons = page.locator(".ec-event [role=button]")
    highest = buttons.nth(buttons.evaluate_all(HIGHEST))
    highest.focus()
    page.keyboard.press("ArrowDown")
    expect(highest).not_to_be_focused()
    page.keyboard.press("Enter")
    panel = page.locator("#booking-panel")
    expect(panel).to_be_visible()
    visit.look("calendar-booking", whole=False)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert visit.faults == []
