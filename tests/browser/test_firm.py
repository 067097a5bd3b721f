"""A craft firm with three people, at a phone: founded, proven, on a plan, and booking by its hat."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.test_newcomers import ENGLISH, IN_DRILL, ITALIAN, PHONE, sign_up
from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

MACHINE = "mhuma-prusa-2"


@pytest.mark.parametrize(
    ("ground_name", "language"), [ITALIAN, pytest.param(*ENGLISH, marks=IN_DRILL)]
)
def test_a_craft_firm_of_three_books_on_its_plan(
    ground_name: str, language: str, request: pytest.FixtureRequest, visiting: Visiting
) -> None:
    ground: Ground = request.getfixturevalue(ground_name)
    owner, joiner = visiting(ground, language, PHONE), visiting(ground, language, PHONE)
    mails = [f"{name}.{language}@example.org" for name in ("olga", "luca", "third")]

    sign_up(owner, ground, "Olga Officina", mails[0])
    firm = found(owner, f"bottega.{language}@example.org")
    prove(owner, ground, f"bottega.{language}@example.org")
    take_a_plan(owner, firm)
    for mail in mails[1:]:
        invite(owner, firm, mail)

    sign_up(joiner, ground, "Luca Legno", mails[1])
    join(joiner, ground, mails[1])
    sign_what_is_asked(joiner, "Luca Legno")
    page = joiner.go(f"/bookings/new?machine={MACHINE}")
    expect(page.locator("main")).to_contain_text("Bottega Officina")
    joiner.look("firm-5-book")
    page.locator("main form .btn-primary[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/bookings/[0-9a-f]{32}$"))
    expect(page.locator("main")).to_contain_text("Bottega Officina")

    page = owner.go(firm)
    expect(page.locator("section[aria-labelledby=bookings] tbody tr")).to_contain_text("Luca Legno")
    owner.look("firm-6-seen")
    page = owner.go(f"{firm}/account?site=mhuma")
    expect(page.locator("section[aria-labelledby=statement-part] tbody tr")).to_have_count(5)
    owner.look("firm-7-account")
    take_off(joiner)
    assert (owner.faults, joiner.faults) == ([], [])


def found(owner: Visit, mail: str) -> str:
    """Write the firm down; a number that cannot be is said, and nothing typed is lost."""
    page = owner.go("/firms")
    owner.look("firm-1-none")
    page.locator("main a[href='/firms/new']").click()
    for field, text in (
        ("legal_name", "Bottega Officina"),
        ("vat_number", "99999981007"),
        ("email", mail),
        ("ateco_code", "31.09"),
    ):
        page.locator(f"main [name={field}]").fill(text)
    page.locator("main [name=flags][value=craft]").check()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("#vat_number-error")).to_be_visible()
    owner.look("firm-2-refused")
    owner.faults.clear()  # the refusal itself
    expect(page.locator("main [name=email]")).to_have_value(mail)
    page.locator("main [name=vat_number]").fill("IT 99999981006")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/firms/[0-9a-f]{32}$"))
    owner.look("firm-3-founded")
    return "/firms/" + page.url.rsplit("/", 1)[1]


def prove(owner: Visit, ground: Ground, mail: str) -> None:
    """Press the button that the mailed link leads to."""
    page = owner.go(ground.link_to(mail, "/firm-mail"))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/firms/[0-9a-f]{32}$"))
    expect(page.locator("main form[action$='/proof']")).to_have_count(0)


def take_a_plan(owner: Visit, firm: str) -> None:
    """Begin with the plan for firms."""
    page = owner.go(f"{firm}/account?site=mhuma")
    page.locator("main [name=plan]").select_option("firms")
    page.locator("main form[action='/account/subscribe'] button[type=submit]").click()
    expect(page.locator("main form[action$='/let-end']")).to_be_visible()


def invite(owner: Visit, firm: str, mail: str) -> None:
    """Invite a colleague."""
    page = owner.go(firm)
    page.locator("main form[action$='/invitations'] [name=email]").fill(mail)
    page.locator("main form[action$='/invitations'] button[type=submit]").click()
    expect(page.locator("section[aria-labelledby=people]")).to_contain_text(mail)


def join(joiner: Visit, ground: Ground, mail: str) -> None:
    """Accept the invitation and put the hat on."""
    page = joiner.go(ground.link_to(mail, "/firm-invitation"))
    joiner.look("firm-4-invited")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/firms/[0-9a-f]{32}$"))
    page.locator("main form[action='/hat'] button").first.click()
    expect(page.locator(".menu__name")).to_contain_text("Bottega Officina")


def sign_what_is_asked(joiner: Visit, name: str) -> None:
    """Be refused, since the waiver is each person's own, and sign it where the refusal leads."""
    page = joiner.go(f"/bookings/new?machine={MACHINE}")
    page.locator("main form .btn-primary[type=submit]").first.click()
    page.locator("main a[href*='/waivers']").first.click()
    joiner.faults.clear()  # the refusal itself
    page.locator("main a[href*='/sites/mhuma/waivers/']").first.click()
    page.locator("main [name=name]").fill(name)
    page.locator("main form.form button[type=submit]").click()
    expect(page.locator("main a[href^='/signatures/']").first).to_be_visible()


def take_off(joiner: Visit) -> None:
    """Act in one's own name again, from the menu."""
    page = joiner.go("/bookings")
    page.locator("details.menu summary").click()
    page.locator("details.menu form[action='/hat'] button").click()
    expect(page.locator("main [role=status]").first).to_be_visible()
    expect(page.locator(".menu__name")).not_to_contain_text("Bottega Officina")
