"""The same job where no script runs: sign in, book by form, cancel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.calendar_page import first_free
from tests.browser.conftest import Visiting
from tests.browser.ground import Ground

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("it", 390), ("en", 1280)])
def test_maker_books_by_form_and_cancels(
    language: str, width: int, sqlite_ground: Ground, visiting: Visiting
) -> None:
    visit = visiting(sqlite_ground, language, width, java_script_enabled=False)
    page = visit.page
    visit.sign_in("maker@example.org")
    visit.go("/calendar?site=mhuma&process=laser_cutting")
    expect(page.locator("#calendar")).to_be_hidden()
    free = first_free(page)
    visit.picture("no-script-1-list")
    page.locator(f"[aria-labelledby=day-{free.machine}] .day-row--free a").first.click()
    page.locator("[name=note]").fill("Targa in compensato")
    visit.picture("no-script-2-form")
    page.locator("main form .btn-primary[type=submit]").click()

    page.wait_for_url(re.compile(r"/bookings/[0-9a-f]{32}$"))
    expect(page.locator("main")).to_contain_text("Targa in compensato")
    question = page.locator("details.confirm")
    question.locator("summary").click()
    visit.picture("no-script-3-question")
    question.locator("button[type=submit]").click()

    state = page.locator("main .state").first
    expect(state).to_have_text(re.compile({"it": "Annullata", "en": "Cancelled"}[language]))
    expect(page.locator("details.confirm")).to_have_count(0)
    visit.picture("no-script-4-cancelled")
    assert visit.misfits() == []
    assert visit.faults == []
