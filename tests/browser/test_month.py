"""A month at the machines: booking, waiting for taken time, an offer, a course, a late cancellation."""

from __future__ import annotations

import re
import urllib.request

import pytest
from icalendar import Calendar
from playwright.sync_api import Locator, Page, expect

from tests.browser.calendar_page import Free, drag_to_book, first_free, my_slot
from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.visits import CALENDAR_IS_DRAWN, Visit

pytestmark = pytest.mark.browser

MAKER, STAFF, ADMIN = (f"{name}@example.org" for name in ("maker", "staff", "admin"))
CALENDAR = "/calendar?site=mhuma&process=laser_cutting"
BOOKING = re.compile(r"/bookings/([0-9a-f]{32})$")
OFFER = re.compile(r"http://\S+?(/t/\S+?/offer)\b")
PATIENCE = 60_000
COURSE_WEEKS = "3"


@pytest.mark.parametrize(
    ("ground_name", "language", "width", "other"),
    [
        ("sqlite_ground", "it", 390, "sofia@example.org"),
        pytest.param("postgresql_ground", "en", 1280, "wei@example.org", marks=pytest.mark.drill),
    ],
)
def test_a_month_of_real_use(
    ground_name: str,
    language: str,
    width: int,
    other: str,
    request: pytest.FixtureRequest,
    visiting: Visiting,
) -> None:
    ground: Ground = request.getfixturevalue(ground_name)
    ground.begin_anew(MAKER)
    ground.begin_anew(other)
    maker, waiting, staff, admin = (visiting(ground, language, width) for _ in range(4))
    for visit, email in ((maker, MAKER), (waiting, other), (staff, STAFF), (admin, ADMIN)):
        visit.sign_in(email)

    day, free, taken = book(maker)
    ask_why_not(waiting, day, free)
    wait_for_it(waiting, day, free)
    see_who_waits(staff, ground.person(other))
    give_up(maker, taken)
    offered = mailed_offer(admin, other)
    uid = accept(waiting, offered)
    assert uid in feed_of(waiting)
    repeat_a_course(staff, day, free)
    give_up_the_course(staff)
    ground.let_begin(uid, in_minutes=60)
    give_up(waiting, uid)
    see_the_strike(waiting, staff, ground.person(other))

    assert [visit.faults for visit in (maker, waiting, staff, admin)] == [[], [], [], []]


def book(maker: Visit) -> tuple[str, Free, str]:
    """Book the first free hour of a laser; return the day's address, the hour and the booking."""
    page = maker.go(CALENDAR)
    free = first_free(page)
    day = page.url.removeprefix(maker.address)
    if maker.wide:
        drag_to_book(page, free)
        page.locator("#book-panel [type=submit]").click()
        my_slot(page, free.hour).locator("[role=button]").click()
        page.locator("#booking-panel [data-open]").click()
    else:
        link = page.locator(f"[aria-labelledby=day-{free.machine}] .day-row--free a").first
        page.goto(with_hour(link, free.hour))
        page.locator("main form .btn-primary[type=submit]").tap()
    page.wait_for_url(BOOKING)
    return day, free, uid_of(page)


def with_hour(link: Locator, hour: int) -> str:
    """Return the address of a free row's form with a full hour in it."""
    address = link.get_attribute("href") or ""
    address = re.sub(r"start=[^&]*", f"start={hour:02}%3A00", address)
    return re.sub(r"length=[^&]*", "length=60", address)


def ask_why_not(waiting: Visit, day: str, free: Free) -> None:
    """See that the hour is taken, and ask why she cannot have it."""
    in_the_way(waiting, day, free, "why-not").click()
    page = waiting.page
    page.wait_for_url("**/bookings/why-not?*")
    expect(page.locator(".rule-list__line--no").first).to_be_visible()
    expect(page.locator("main a[href*='/waiting/new?']")).to_be_visible()
    waiting.look("month-1-why-not")


def wait_for_it(waiting: Visit, day: str, free: Free) -> None:
    """Join the waiting list for the hour, from where it is seen to be taken."""
    in_the_way(waiting, day, free, "waiting/new").click()
    page = waiting.page
    waiting.look("month-2-join")
    page.locator("main form.form [type=submit]").click()
    page.wait_for_url(re.compile(r"/waiting\b(?!/new)"))
    expect(page.locator("main table").first).to_contain_text("1")
    waiting.look("month-3-waits")


def in_the_way(waiting: Visit, day: str, free: Free, to: str) -> Locator:
    """Return a link of what has the hour: in its panel at a desk, in its row on a phone."""
    page = waiting.go(day)
    hour = f"{free.hour:02}:00–{free.hour + 1:02}:00"
    if waiting.wide:
        page.locator(CALENDAR_IS_DRAWN).wait_for()
        page.locator(".slot", has_text=hour).first.locator("[role=button]").click()
        place = page.locator("#booking-panel[open]")
    else:
        list_of_day = page.locator(f"[aria-labelledby=day-{free.machine}]")
        place = list_of_day.locator(".day-row--taken", has_text=hour)
    link = place.locator(f"a[href*='/{to}?']")
    link.scroll_into_view_if_needed()
    waiting.look(f"month-0-taken-{to.replace('/', '-')}", whole=False)
    return link


def see_who_waits(staff: Visit, person: str) -> None:
    """See as staff who waits for what."""
    page = staff.go("/waiting/list?site=mhuma")
    expect(page.locator(f"main table a[href$='{person}']")).to_be_visible()
    staff.look("month-3-list")


def give_up(visit: Visit, uid: str) -> None:
    """Cancel a booking on its page."""
    page = visit.go(f"/bookings/{uid}")
    page.locator("details.confirm:has(form[action$='/cancel']) > summary").click()
    page.locator("form[action$='/cancel'] button").click()
    expect(page.locator(".alert-success")).to_be_visible()


def mailed_offer(admin: Visit, to: str) -> str:
    """Wait for the mail with the offer among those that were written; return where it leads."""
    page = admin.go("/messages")
    mail = page.locator("details.mail", has_text=to).filter(has_text=OFFER)
    for _ in range(PATIENCE // 1_000):
        if mail.count():
            break
        page.wait_for_timeout(1_000)  # the scheduler works while nobody looks
        page.reload()
    found = OFFER.search(mail.first.text_content() or "")
    assert found is not None
    return found.group(1)


def accept(waiting: Visit, offered: str) -> str:
    """Follow the link of the mail, take the offer, and return the booking's identifier."""
    page = waiting.go("/waiting")
    waiting.look("month-4-held")
    waiting.go(f"{offered}/decline")
    waiting.look("month-5-declining")
    page.locator("main .actions a[href$='/offer']").click()
    waiting.look("month-5-offer")
    page.locator("form[action$='/offer/accept'] button").click()
    page.wait_for_url(BOOKING)
    waiting.look("month-6-mine")
    uid = uid_of(page)
    waiting.go(offered)
    expect(page.locator(f"main a[href$='/bookings/{uid}']")).to_be_visible()
    waiting.look("month-6-accepted")
    waiting.go("/bookings")
    expect(page.locator(f"main a[href$='/bookings/{uid}']").first).to_be_visible()
    waiting.look("month-6-bookings")
    return uid


def feed_of(visit: Visit) -> set[str]:
    """Return the identifiers of the bookings in one's own calendar."""
    page = visit.go("/feeds")
    page.locator("main [name=label]").fill(f"month {visit.language}")
    page.locator("main form.form button[type=submit]").click()
    address = page.locator(".secret__address").inner_text()
    with urllib.request.urlopen(address, timeout=10) as answer:
        feed = Calendar.from_ical(answer.read())
    return {str(event["UID"])[2:34] for event in feed.walk("VEVENT")}


def repeat_a_course(staff: Visit, day: str, free: Free) -> None:
    """Book a weekly course whose first week is taken: the other weeks are booked, that one not."""
    date = re.search(r"date=([0-9-]+)", day)
    assert date is not None
    wish = f"machine={free.machine}&date={date.group(1)}&start={free.hour:02}:00&length=60"
    page = staff.go(f"/bookings/new?{wish}&repeat=1&count={COURSE_WEEKS}")
    page.locator("#repeat").select_option("1")
    page.locator("[name=override_reason]").fill("Corso di taglio laser")
    page.locator("main form button.btn-primary").click()
    expect(page.locator("input[name=take][value='1']")).to_have_count(0)
    expect(page.locator("input[name=take][value='2']")).to_be_checked()
    staff.look("month-7-course")
    page.locator("button[value=confirm]").click()
    page.wait_for_url(re.compile(r"/series/[0-9a-f]{32}$"))
    staff.look("month-8-series")


def give_up_the_course(staff: Visit) -> None:
    """Give up every week that is to come, on the series' page."""
    page = staff.page
    page.locator('main a[href*="/cancel?scope=all"]').click()
    page.locator("button[value=confirm]").click()
    expect(page.locator(".alert-success")).to_be_visible()


def see_the_strike(waiting: Visit, staff: Visit, person: str) -> None:
    """See what giving it up so late leads to, as its person and as staff."""
    page = waiting.go("/strikes")
    expect(page.locator("section.part")).to_have_count(1)
    waiting.look("month-9-strike")
    staff.go(f"/people/{person}")
    expect(staff.page.locator("section[aria-labelledby=strikes]")).to_contain_text("MHUMA")
    staff.look("month-10-person")


def uid_of(page: Page) -> str:
    return page.url.rpartition("/")[2]
