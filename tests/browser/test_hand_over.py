"""A booking goes from one person to another, and what the form asks is asked, as people see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visiting
from tests.browser.ground import Ground

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("it", 390), ("en", 1280)])
def test_a_booking_is_offered_and_taken(
    sqlite_ground: Ground, visiting: Visiting, language: str, width: int
) -> None:
    giver = visiting(sqlite_ground, language, width)
    giver.sign_in("rosa@example.org")
    url = f"/bookings/{sqlite_ground.coming_booking('rosa@example.org')}"
    giver.go(url)
    giver.page.locator("#give-email").fill("maker@example.org")
    giver.page.locator("form[action$='/hand-over'] [type=submit]").click()
    expect(giver.page.locator("[aria-labelledby=hand-over] > p")).to_contain_text("maker@")
    giver.look("booking-offered")

    receiver = visiting(sqlite_ground, language, width)
    receiver.sign_in("maker@example.org")
    receiver.go("/bookings")
    receiver.look("bookings-offered")
    receiver.page.locator("[aria-labelledby=offers] a.btn").first.click()
    expect(receiver.page.locator("h1")).to_be_visible()
    receiver.look("hand-over")
    receiver.page.locator("button[value=accept]").click()
    expect(receiver.page).to_have_url(f"{sqlite_ground.address}{url}")
    giver.go(url)
    expect(giver.page.locator("#hand-over")).to_have_count(0)
    assert receiver.faults == []
    assert giver.faults == [f"404 of {sqlite_ground.address}{url}"]
