"""The main job: a maker books a laser, finds it in her calendar, checks in; staff see it."""

from __future__ import annotations

import io
import re
import urllib.request

import pytest
import zxingcpp
from icalendar import Calendar
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.calendar_page import drag_to_book, first_free, move_by_dragging, my_slot
from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

MAKER, MAKER_NAME = "maker@example.org", "Chiara Colombo"
STAFF = "staff@example.org"
CALENDAR = "/calendar?site=mhuma&process=laser_cutting"
GROUNDS = [
    ("sqlite_ground", "it", 390),
    ("postgresql_ground", "en", 1280),
    pytest.param("sqlite_ground", "en", 390, marks=pytest.mark.drill),
    pytest.param("postgresql_ground", "it", 1280, marks=pytest.mark.drill),
]


@pytest.mark.parametrize(("ground_name", "language", "width"), GROUNDS)
def test_maker_books_and_checks_in_and_staff_see_it(
    ground_name: str,
    language: str,
    width: int,
    request: pytest.FixtureRequest,
    visiting: Visiting,
) -> None:
    ground: Ground = request.getfixturevalue(ground_name)
    inspects = (ground_name, language, width) in GROUNDS[:2]
    maker = visiting(ground, language, width, inspects=inspects)
    staff = visiting(ground, language, width, inspects=inspects)

    uid, machine = sign_in_and_book(maker)
    subscribe(maker, uid, machine)
    staff.sign_in(STAFF)
    code = scan_label(staff, machine)
    ground.let_begin(uid)
    check_in(maker, code)
    see_today(staff, "running", "staff-2-today")
    finish(maker)
    see_today(staff, "finished", "staff-3-finished")

    assert maker.faults == []
    assert staff.faults == []


def sign_in_and_book(maker: Visit) -> tuple[str, str]:
    """Go from the front page to a confirmed booking; return its identifier and its machine's."""
    page = maker.go("/")
    page.locator(".site-enter").click()
    maker.look("maker-1-sign-in")
    maker.sign_in(MAKER)
    maker.go(CALENDAR)
    free = first_free(page)
    if maker.wide:
        drag_to_book(page, free)
        maker.look("maker-2-book", whole=False)
        page.locator("#book-panel [type=submit]").click()
        expect(my_slot(page, free.hour)).to_be_visible()
        expect(page.locator("#calendar-status")).not_to_be_empty()
        move_by_dragging(page, free)
        maker.picture("maker-3-booked")
        my_slot(page, free.hour + 1).locator("[role=button]").click()
        page.locator("#booking-panel [data-open]").click()
    else:
        maker.picture("maker-2-calendar", whole=False)
        page.locator(f"[aria-labelledby=day-{free.machine}] .day-row--free a").first.tap()
        expect(page.locator(f"#machine-{free.machine}")).to_be_checked()
        maker.look("maker-2-book")
        page.locator("main form .btn-primary[type=submit]").tap()
    page.wait_for_url(re.compile(r"/bookings/[0-9a-f]{32}$"))
    expect(page.locator("main .state").first).to_be_visible()
    maker.look("maker-3-booking")
    return page.url.rpartition("/")[2], free.machine


def subscribe(maker: Visit, uid: str, machine: str) -> None:
    """Make an address and read the booking from it as a calendar program would."""
    page = maker.go(CALENDAR)
    page.locator("main a[href='/feeds']").click()
    page.locator("main [name=label]").fill(f"{maker.language} {maker.width}")
    page.locator("main form.form button[type=submit]").click()
    address = page.locator(".secret__address").inner_text()
    maker.look("maker-4-subscribe")
    with urllib.request.urlopen(address, timeout=10) as answer:
        feed = Calendar.from_ical(answer.read())
    found = [event for event in feed.walk("VEVENT") if str(event["UID"]).startswith(f"b-{uid}@")]
    assert len(found) == 1
    name = maker.go(f"/machines/{machine}").locator("h1").inner_text()
    assert name in str(found[0]["SUMMARY"])


def scan_label(staff: Visit, machine: str) -> str:
    """Read the printed label as a phone's camera does; return the path that it opens."""
    page = staff.go(f"/machines/{machine}")
    page.locator(".staff a[href$='label.svg']").click()
    page.wait_for_url("**/label.svg")
    picture = Image.open(io.BytesIO(page.screenshot()))
    staff.picture("staff-1-label", whole=False)
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text.startswith(f"{staff.address}/s/")
    return code.text.removeprefix(staff.address)


def check_in(maker: Visit, code: str) -> None:
    """Open what the label says and check in."""
    page = maker.go(code)
    maker.look("maker-5-station")
    press(page, ".station__act .btn-big")
    expect(page.locator(".station__done")).to_be_focused()
    maker.look("maker-6-checked-in")


def finish(maker: Visit) -> None:
    """End the use at the machine."""
    press(maker.page, ".station__act form[action$='/finish'] button")
    expect(maker.page.locator(".station__done")).to_be_visible()
    maker.look("maker-7-finished")


def see_today(staff: Visit, section: str, name: str) -> None:
    """See the maker in a section of the staff's page."""
    page = staff.go("/today?site=mhuma")
    expect(page.locator(f"section[aria-labelledby={section}]")).to_contain_text(MAKER_NAME)
    staff.look(name)


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).click()
