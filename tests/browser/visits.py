"""Somebody at a browser: where they go, what they see, and everything that went wrong meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.browser.ground import PASSWORD

HEIGHTS = {320: 640, 390: 844, 1280: 900}
LOCALES = {"it": "it-IT", "en": "en-GB"}
# Where a list of machines is drawn as a table or a time line instead of cards.
WIDE = 768
CLIENT_ERROR = 400
CALENDAR_IS_DRAWN = "#calendar[data-ready=yes]"

STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN_AXE = """async ([tags, contrast]) => (await axe.run(document, {
  resultTypes: ["violations"],
  runOnly: tags,
  rules: { "color-contrast": { enabled: contrast } },
})).violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" | ")}`)"""

# Links inside a sentence may be as high as their line; what only screen readers see has no size.
SMALL_TARGETS = """([least, inCalendar]) => {
  const inSentence = (element) => getComputedStyle(element).display === "inline" && element.localName === "a";
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]";
  return [...document.querySelectorAll(wanted)].filter((element) => {
    if (!element.checkVisibility({ visibilityProperty: true }) || inSentence(element)) return false;
    if (element.closest(inCalendar) || element.closest(".visually-hidden, .visually-hidden-focusable")) return false;
    const target = element.matches("[type=checkbox], [type=radio]") ? element.closest(".check, .attendance__choice") ?? element : element;
    const { width, height } = target.getBoundingClientRect();
    return width && (height < least || width < least);
  }).map((element) => {
    const { width, height } = element.getBoundingClientRect();
    return `${Math.round(width)}x${Math.round(height)} ${element.outerHTML.slice(0, 120)}`;
  });
}"""

STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => element.outerHTML.slice(0, 120)).slice(0, 5).concat(`page wider than ${width}`);
}"""


class Visit:
    """One person in one browser window, in a language and at a width."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        language: str,
        width: int,
        screenshots: Path | None,
        *,
        inspects: bool = True,
        **more: Any,
    ) -> None:
        self.address, self.language, self.width = address, language, width
        self.inspects = inspects
        self.faults: list[str] = []
        self._screenshots = screenshots
        self._context = browser.new_context(
            base_url=address,
            locale=LOCALES[language],
            timezone_id="America/New_York",  # nothing may depend on where the reader is
            viewport={"width": width, "height": HEIGHTS[width]},
            has_touch=width < WIDE,
            **more,
        )
        self._context.set_default_timeout(10_000)
        self._context.on("request", self._note_request)
        self._context.on("response", self._note_response)
        self._context.on("console", self._note_console)
        self._context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        self.page: Page = self._context.new_page()

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    @property
    def wide(self) -> bool:
        """Say whether the time line is shown, not the list."""
        return self.width >= WIDE

    def go(self, path: str) -> Page:
        """Open a path of the server."""
        self.page.goto(path)
        return self.page

    def sign_in(self, email: str) -> None:
        """Sign in by the form, and choose the language if the account had chosen another."""
        page = self.page
        if "/sign-in" not in page.url:
            page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
        page.locator("details.menu").wait_for()
        self.choose_language()

    def choose_language(self) -> None:
        """Press the language in the header if the page speaks another."""
        if self.page.locator("html").get_attribute("lang") != self.language:
            self.page.locator(f"button.language__choice[value={self.language}]").click()
            self.page.locator(f"html[lang={self.language}]").wait_for(state="attached")

    def resize(self, width: int) -> None:
        """Turn the window into one of another width."""
        self.width = width
        self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        if self.wide and self.page.locator("#calendar").is_visible():
            self.page.locator(CALENDAR_IS_DRAWN).wait_for()

    def picture(self, name: str, *, whole: bool = True) -> None:
        """Keep a screenshot, of the window or of the whole page, where somebody wants to see them.

        A loaded machine may fail to take one, which says nothing about the page.
        """
        if self._screenshots:
            file = self._screenshots / f"{name}-{self.language}-{self.width}.png"
            self.page.screenshot(path=file, full_page=whole)

    def look(self, name: str, *, whole: bool = True) -> None:
        """Keep a picture and, where this visit inspects, accept nothing wrong with the page."""
        self.picture(name, whole=whole)
        if self.inspects:
            complaints = self.complaints(whole=self.language == "it")
            assert complaints == [], complaints

    def complaints(self, *, whole: bool = True) -> list[str]:
        """Return what is wrong with the page for its readers at this width.

        Contrast and good practice take most of the time and are the same in every language:
        without `whole` they are left out.
        """
        page = self.page
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        tags = [*STANDARD, "best-practice"] if whole else STANDARD
        found: list[str] = page.evaluate(RUN_AXE, [tags, whole])
        found += self.misfits()
        if page.locator("html").get_attribute("lang") != self.language:
            found.append("another language than asked for")
        return found

    def misfits(self) -> list[str]:
        """Return what sticks out of the window or is too small to be hit."""
        found = [f"sticks out: {part}" for part in self.page.evaluate(STICKS_OUT)]
        # A booking on the time line is as wide as it is long; the list says the same in rows.
        small = self.page.evaluate(SMALL_TARGETS, [24, ".ec"])
        small += self.page.evaluate(
            SMALL_TARGETS, [44, ".ec, .breadcrumb, p, td, th, dd, li:not(:has(.btn))"]
        )
        return found + [f"too small: {part}" for part in small]

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"asked another host: {request.url}")

    def _note_response(self, response: Response) -> None:
        # A browser that shows a bare file, such as a label, asks for this one of its own accord.
        if response.status >= CLIENT_ERROR and not response.url.endswith("/favicon.ico"):
            self.faults.append(f"{response.status} of {response.url}")

    def _note_console(self, message: ConsoleMessage) -> None:
        told_already = message.text.startswith("Failed to load resource")
        if message.type in {"error", "warning"} and not told_already:
            self.faults.append(f"console: {message.text}")
