"""A manager changes house rules: a quota, tried on past bookings, then put in force."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visiting
from tests.browser.ground import Ground

pytestmark = pytest.mark.browser

BASE = "/sites/smart-city-lab/rules"
WORDS = {
    "it": ("Metti in vigore", "Prova", "Al massimo 1 h"),
    "en": ("Put in force", "Try it", "At most 1 h"),
}


@pytest.mark.parametrize(
    ("language", "width", "script"), [("it", 390, True), ("en", 1280, True), ("it", 1280, False)]
)
def test_rules_are_changed_tried_and_put_in_force(
    language: str, width: int, script: bool, sqlite_ground: Ground, visiting: Visiting
) -> None:
    visit = visiting(sqlite_ground, language, width, java_script_enabled=script)
    page = visit.page
    put, try_, at_most = WORDS[language]
    visit.sign_in("admin@example.org")
    visit.go(f"{BASE}/parts/waiting")
    page.locator("[name=waiting_list]").select_option("no")
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("#changes")).to_be_visible()
    visit.picture(f"rules-1-preview-{script}")

    # Something else besides: the changes go along.
    page.locator(f"form[action='{BASE}/changing'] button").click()
    page.locator(f"form[action='{BASE}/parts/limits/changing'] button").click()
    visit.picture(f"rules-2-limits-{script}")
    page.locator(f"form[action='{BASE}/entries/quotas/new/changing'] button").click()
    page.locator("[name=amount]").fill("1 h")
    page.locator("[name=window]").select_option("week")
    page.locator("[name=scope]").select_option("site")
    page.locator("main form button[type=submit]").first.click()
    main = page.locator("main")
    expect(main).to_contain_text(at_most)
    expect(main).to_contain_text(re.compile("lista d'attesa|waiting list"))
    visit.picture(f"rules-3-both-{script}")

    page.locator(f"form[action='{BASE}/replay'] button").click()
    expect(page.locator("#outcome")).to_be_visible()
    page.locator("#weeks").fill("52")
    page.get_by_role("button", name=try_, exact=True).click()
    expect(page.locator("[aria-labelledby=outcome]")).to_contain_text("52")
    expect(page.locator("main .lines a").first).to_be_visible()
    visit.picture(f"rules-4-tried-{script}")
    if script:
        assert visit.complaints() == []

    page.get_by_role("button", name=put).click()
    expect(page).to_have_url(re.compile(f"{BASE}$"))
    expect(page.locator("main")).to_contain_text(at_most)
    assert visit.misfits() == []
    visit.go(f"{BASE}/history")
    page.locator(f"main a[href='{BASE}/history/1']").click()
    page.get_by_role("button", name=put).click()
    expect(page.locator("main")).not_to_contain_text(at_most)
    assert visit.faults == []
