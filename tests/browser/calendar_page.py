"""A hand on the calendar page: finding a free stretch and dragging over it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.visits import CALENDAR_IS_DRAWN

FREE_ROWS = """lists => lists.map((list) => [
  list.getAttribute("aria-labelledby").replace("day-", ""),
  [...list.querySelectorAll(".day-row--free .when")].map((when) => when.textContent),
])"""
SPAN = re.compile(r"(\d\d):(\d\d)–(\d\d):(\d\d)")
HOURS_WANTED = 3
DAYS_TO_LOOK = 10


@dataclass(frozen=True)
class Free:
    """A machine, and a full hour with two more free hours behind it."""

    machine: str
    hour: int


def first_free(page: Page) -> Free:
    """Leaf from tomorrow on until a machine has time; the rows of the day say so in words."""
    for _ in range(DAYS_TO_LOOK):
        page.locator("a[rel=next]").click()
        page.locator(".day-list").first.wait_for(state="attached")
        for machine, spans in page.eval_on_selector_all(".day-list", FREE_ROWS):
            # The phone takes the first row of a machine, so that one must be long enough.
            match = SPAN.match(spans[0]) if spans else None
            if match is None:
                continue
            first_hour, minutes, last_hour, _ = map(int, match.groups())
            hour = first_hour + (minutes > 0)
            if hour + HOURS_WANTED <= last_hour:
                return Free(machine, hour)
    raise AssertionError("no machine is free within ten days")


def drag_to_book(page: Page, free: Free) -> None:
    """Drag over one hour of the machine's row, and see the window that asks to confirm."""
    page.locator(CALENDAR_IS_DRAWN).wait_for()
    left, right = across(page, free.hour)
    drag(page, left + 4, right - 4, middle(row_of(page, free.machine)))
    panel = page.locator("#book-panel[open]")
    expect(panel).to_be_visible()
    expect(panel.locator("[name=start]")).to_have_value(re.compile(f"T{free.hour:02}:00"))
    expect(panel.locator("[name=end]")).to_have_value(re.compile(f"T{free.hour + 1:02}:00"))


def move_by_dragging(page: Page, free: Free) -> None:
    """Drag one's own booking one hour later."""
    mine = my_slot(page, free.hour)
    expect(mine).to_be_visible()
    left, right = across(page, free.hour)
    drag(page, (left + right) / 2, (left + right) / 2 + right - left, middle(mine))
    expect(my_slot(page, free.hour + 1)).to_be_visible()


def my_slot(page: Page, hour: int) -> Locator:
    """Return one's own booking of an hour: there may be others on that day."""
    return page.locator(".slot--mine", has_text=f"{hour:02}:00–{hour + 1:02}:00")


def row_of(page: Page, machine: str) -> Locator:
    """Return the row of a machine, whose name stands at the same place in the sidebar."""
    links = page.locator(".ec-row-head a").evaluate_all("links => links.map((link) => link.href)")
    index = next(i for i, link in enumerate(links) if link.endswith(f"/machines/{machine}"))
    return page.locator(".ec-body .ec-grid .ec-day").nth(index)


def across(page: Page, hour: int) -> tuple[float, float]:
    """Return from where to where on the screen an hour reaches."""
    box = page.locator(f".ec-slot:has(time[datetime$='T{hour:02}:00:00'])").bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def middle(place: Locator) -> float:
    """Return the height on the screen at which something stands."""
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


def drag(page: Page, start: float, end: float, y: float) -> None:
    """Press, move in a few steps as a hand does, let go."""
    page.mouse.move(start, y)
    page.mouse.down()
    page.mouse.move((start + end) / 2, y, steps=4)
    page.mouse.move(end, y, steps=4)
    page.mouse.up()
