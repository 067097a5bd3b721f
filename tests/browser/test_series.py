"""A series from the form to its end, on a phone without script and on a desk with it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visiting
from tests.browser.ground import Ground

pytestmark = pytest.mark.browser
SERIES = re.compile(r"/series/[0-9a-f]{32}$")


def next_weekday(number: int) -> date:
    """Return the first such weekday (Monday is 0) after tomorrow, by the clock of the server."""
    day = date.today() + timedelta(days=2)  # noqa: DTZ011 - any zone's day will do
    return day + timedelta(days=(number - day.weekday()) % 7)


@pytest.mark.parametrize(
    ("language", "width", "script", "hour"),
    [("it", 390, False, "15:00"), ("en", 1280, True, "16:30")],
)
def test_staff_book_move_and_cancel_a_series(
    language: str, width: int, script: bool, hour: str, sqlite_ground: Ground, visiting: Visiting
) -> None:
    visit = visiting(sqlite_ground, language, width, java_script_enabled=script)
    page, tuesday = visit.page, next_weekday(1)
    visit.sign_in("admin@example.org")
    what = f"machine=mhuma-banchi&date={tuesday}&start={hour}&length=60&repeat=1&count=4"
    visit.go(f"/bookings/new?{what}")
    page.locator("#repeat").select_option("1")
    page.locator("main form button.btn-primary").click()
    expect(page).not_to_have_url(re.compile(r"\?machine="))
    look(visit, "series-0-refused", script=script)
    page.go_back()
    page.locator("[name=override_reason]").fill("Corso")
    visit.picture("series-1-form")
    page.locator("main form button.btn-primary").click()
    expect(page.locator("main form.form--wide")).to_be_visible()
    look(visit, "series-2-preview", script=script)
    page.locator("button[value=confirm]").click()

    page.wait_for_url(SERIES)
    look(visit, "series-3-page", script=script)
    page.locator('a[href*="/move?number=2"]').click()
    page.locator("[name=start]").fill("17:30")
    page.locator("[name=override_reason]").fill("Corso")
    look(visit, "series-4-move", script=script)
    page.locator("main form button.btn-primary").click()
    expect(page.locator("button[value=confirm]")).to_be_visible()
    look(visit, "series-5-moving", script=script)
    page.locator("button[value=confirm]").click()

    page.wait_for_url(SERIES)
    visit.picture("series-6-moved")
    page.locator('main a[href*="/cancel?scope=all"]').click()
    page.wait_for_url("**/cancel?*")
    look(visit, "series-7-cancelling", script=script)
    page.locator("button[value=confirm]").click()
    page.wait_for_url(SERIES)
    visit.picture("series-8-cancelled")
    assert visit.faults == []


def look(visit: object, name: str, *, script: bool) -> None:
    """Keep a picture; where a script can run, accept nothing wrong with the page."""
    from tests.browser.visits import Visit  # noqa: PLC0415

    assert isinstance(visit, Visit)
    visit.picture(name)
    assert (visit.complaints() if script else visit.misfits()) == []
