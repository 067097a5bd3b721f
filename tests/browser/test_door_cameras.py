"""What the camera at the desk reads: Chromium's own camera shows a film of each code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.ground import Ground
from tests.browser.passes import pass_of
from tests.browser.visits import Visit
from tests.support.fake_camera import film

pytestmark = pytest.mark.browser

ROSA = "rosa@example.org"
WATCHED = """() => new Promise((done) => {
  const video = document.querySelector("[data-desk-video]");
  video.addEventListener("timeupdate", () => video.currentTime > 2 && done());
})"""


@pytest.fixture
def filmed(chromium_path: str, tmp_path: Path) -> Iterator[tuple[Browser, Path]]:
    """Return a browser whose camera shows a film, and the file of the film."""
    path = tmp_path / "camera.y4m"
    film(path, "")
    flags = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={path}",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield browser, path
        browser.close()


def test_what_the_camera_at_the_desk_reads(
    sqlite_ground: Ground, filmed: tuple[Browser, Path]
) -> None:
    browser, path = filmed
    visit = Visit(browser, sqlite_ground.address, "en", 1280, None, inspects=False)
    visit.sign_in("staff@example.org")
    good = pass_of(sqlite_ground, ROSA)
    sticker = f"{sqlite_ground.address}/s/{sqlite_ground.code('mhuma-laser-1')}"
    cases = (
        ("good", good, {}, {"already_in", "checked_in"}),
        ("expired", pass_of(sqlite_ground, ROSA, age=timedelta(minutes=9)), {}, {"pass_expired"}),
        ("of a machine", sticker, {}, {"pass_unknown"}),
        ("foreign", "https://example.com/menu", {"blur": 1}, {"pass_unknown"}),
        ("blurred", good, {"blur": 14}, set()),
        ("replayed", good, {"turned": 20}, {"pass_used"}),
    )
    for name, text, held, results in cases:
        film(path, text, **held)
        # Nobody takes it for the same picture, read twice before it is taken away.
        sqlite_ground.let_scans_be_older(timedelta(seconds=10))
        page = visit.go("/desk/mhuma")
        page.locator("[data-desk-camera]").click()
        seen = page.locator("[data-desk-answer] .verdict")
        if results:
            seen.wait_for()
            assert seen.get_attribute("data-result") in results, name
        else:  # a while of looking, and nothing was read
            page.evaluate(WATCHED)
            assert seen.count() == 0, name
        page.locator("[data-desk-camera]").click()
    assert visit.faults == []
    visit.close()
