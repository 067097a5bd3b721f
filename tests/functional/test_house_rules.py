"""House rules in the browser: every level, small forms, text, files, history, on both engines."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from labops.domain.house_rules.files import read_file
from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.queries import site_rules
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.house_rules.values import HouseRules, Level
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM
from tests.support.forms import csrf_token, post
from tests.support.world import World, at

URL = "/sites/mhuma/rules"
LASER = f"{URL}/category/laser"
QUOTA = {
    "amount": "3 h",
    "amount_unit": "minutes",
    "window": "day",
    "scope": "machine",
    "sums": "person",
    "week_starts": "mon",
    "missed_counts": "y",
    "beyond": "refuse",
}
HIDDEN = re.compile(r'<input type="hidden" name="(draft|seen)" value="([^"]*)">')


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock at nine on a Tuesday in Milan."""
    monkeypatch.setattr(clock, "now", lambda: at(9))


@pytest.fixture
def eva(app: Flask, world: World) -> FlaskClient:
    """Return the browser of the admin."""
    return world.browser(app, "eva")


def levels(world: World) -> dict[tuple[str, str], Any]:
    """Return what every level of MHUMA says."""
    reading().rollback()
    return dict(site_rules(reading(), world.sites["mhuma"]).levels)


def in_force(world: World, plan: str = "") -> HouseRules:
    """Return the rules for the laser."""
    reading().rollback()
    rules = site_rules(reading(), world.sites["mhuma"])
    return rules.of(category="laser", machine="laser", plan=plan)


def versions() -> int:
    """Return how many versions there are of all levels."""
    reading().rollback()
    return reading().scalar(select(func.count()).select_from(HouseRulesVersion)) or 0


def carried(answer: TestResponse) -> dict[str, str]:
    """Return the changes that a page carries on, as its forms would send them."""
    import html  # noqa: PLC0415

    return {name: html.unescape(value) for name, value in HIDDEN.findall(answer.text)}


def put_in_force(browser: FlaskClient, preview: TestResponse, base: str = URL) -> TestResponse:
    """Press "Put in force" on a preview."""
    assert preview.status_code == 200, preview.text
    return post(browser, base, f"{base}/save", carried(preview))


def test_a_card_is_changed_looked_at_and_put_in_force(eva: FlaskClient, world: World) -> None:
    before = versions()
    page = eva.get(f"{URL}/parts/length").text
    assert re.search(r'name="longest_minutes"[^>]*value="4 h"', page)
    assert "Empty means: 30 min." in page
    preview = post(
        eva,
        f"{URL}/parts/length",
        f"{URL}/parts/length",
        {"grid_minutes": "15", "longest_minutes": "6 h", "lengths_minutes": "1 h, 90 min"},
    )
    assert preview.status_code == 200
    for text in (
        "Until now",
        "A booking lasts from 30 min to 4 h, in steps of 30 min.",
        "From now on",
        "A booking lasts 1 h or 1 h 30 min.",
        "-longest_minutes = 240",
        "+longest_minutes = 360",
        "Nothing is saved yet.",
    ):
        assert text in preview.text, text
    assert versions() == before
    assert put_in_force(eva, preview).status_code == 303
    assert levels(world)["site", ""]["longest_minutes"] == 360
    assert levels(world)["site", ""]["lengths_minutes"] == [60, 90]
    assert levels(world)["site", ""]["horizon_days"] == 14
    assert "A booking lasts 1 h or 1 h 30 min." in eva.get(URL).text


def test_changes_are_collected_before_they_are_put_in_force(eva: FlaskClient, world: World) -> None:
    before = versions()
    first = post(eva, URL, f"{URL}/parts/waiting", {"waiting_list": "no"})
    level = post(eva, URL, f"{URL}/changing", carried(first))
    assert "Changes so far: not in force yet" in level.text
    assert "There is no waiting list." in level.text
    form = post(eva, URL, f"{URL}/entries/quotas/new/changing", carried(level))
    second = post(eva, URL, f"{URL}/entries/quotas/new", QUOTA | carried(form))
    assert "At most 3 h a day on one machine." in second.text
    assert "There is no waiting list." in second.text
    part = post(eva, URL, f"{URL}/parts/limits/changing", carried(second))
    assert "At most 3 h a day on one machine." in part.text
    assert versions() == before
    assert put_in_force(eva, second).status_code == 303
    assert versions() == before + 1
    rules = in_force(world)
    assert not rules.waiting_list
    assert len(rules.quotas) == 1


def test_a_quota_is_added_edited_and_removed(eva: FlaskClient, world: World) -> None:
    put_in_force(eva, post(eva, URL, f"{URL}/entries/quotas/new", QUOTA))
    weekly = QUOTA | {
        "window": "rolling",
        "rolling_days": "7",
        "amount": "2",
        "amount_unit": "days",
    }
    put_in_force(
        eva, post(eva, URL, f"{URL}/entries/quotas/new", weekly | {"exempt__walk_in": "y"})
    )
    form = eva.get(f"{URL}/entries/quotas/2").text
    assert re.search(r'name="amount"[^>]*value="2"', form)
    assert re.search(r'<details class="more part" open>', form)
    changed = post(eva, URL, f"{URL}/entries/quotas/2", weekly | {"plans": "pro, student"})
    assert "This is for the plan pro and student." in changed.text
    put_in_force(eva, changed)
    assert levels(world)["site", ""]["quotas"] == [
        {"minutes": 180, "window": "day", "scope": "machine"},
        {
            "days": 2,
            "window": "rolling",
            "scope": "machine",
            "rolling_days": 7,
            "plans": ["pro", "student"],
        },
    ]
    removed = post(eva, URL, f"{URL}/entries/quotas/1/remove")
    assert "At most 3 h a day on one machine." in removed.text
    put_in_force(eva, removed)
    assert len(in_force(world).quotas) == 1
    assert post(eva, URL, f"{URL}/entries/quotas/2/remove").status_code == 404
    assert eva.get(f"{URL}/entries/quotas/7").status_code == 404
    assert eva.get(f"{URL}/entries/planets/new").status_code == 404


def test_levels_above_the_site_add_replace_and_silence(eva: FlaskClient, world: World) -> None:
    put_in_force(eva, post(eva, URL, f"{URL}/entries/quotas/new", QUOTA))
    page = eva.get(f"{LASER}/parts/limits").text
    assert "From the levels below:" in page
    assert "At most 3 h a day on one machine." in page
    more = QUOTA | {"amount": "2", "amount_unit": "bookings", "window": "week"}
    put_in_force(eva, post(eva, LASER, f"{LASER}/entries/add_quotas/new", more), LASER)
    assert len(in_force(world).quotas) == 2
    put_in_force(eva, post(eva, LASER, f"{LASER}/entries/quotas/none/remove"), LASER)
    assert levels(world)["category", "laser"]["quotas"] == []
    assert len(in_force(world).quotas) == 1
    put_in_force(eva, post(eva, LASER, f"{LASER}/entries/quotas/as-below/remove"), LASER)
    assert len(in_force(world).quotas) == 2


def test_a_plan_has_rules_for_everything_one_kind_and_one_machine(
    eva: FlaskClient, world: World
) -> None:
    for about, url in (
        ("", f"{URL}/plan/pro"),
        ("category:laser", f"{URL}/plan/pro:category:laser"),
        ("machine:laser", f"{URL}/plan/pro:machine:laser"),
    ):
        led = eva.get(f"{URL}/go?plan=pro&about={about}")
        assert (led.status_code, led.location) == (303, url)
        assert eva.get(url).status_code == 200
    base = f"{URL}/plan/pro"
    put_in_force(eva, post(eva, base, f"{base}/parts/length", {"longest_minutes": "3 h"}), base)
    base = f"{URL}/plan/pro:machine:laser"
    form = eva.get(f"{base}/parts/length").text
    assert "Empty means: 3 h." in form
    put_in_force(eva, post(eva, base, f"{base}/parts/length", {"longest_minutes": "1 h"}), base)
    assert in_force(world).longest.total_seconds() == 2 * 3600
    assert in_force(world, "pro").longest.total_seconds() == 3600
    assert "plan pro, Laser" in eva.get(URL).text
    for wrong in (
        "plan/a b",
        "plan/pro:planet:x",
        "plan/pro:machine:laser-scl",
        "machine/laser-scl",
    ):
        assert eva.get(f"{URL}/{wrong}").status_code == 404, wrong
    for wrong in ("category/teleporter", "planet/laser", "go?plan=a b", "plan/pro:category:none"):
        assert eva.get(f"{URL}/{wrong}").status_code == 404, wrong


def test_a_timetable_is_written_by_days_bound_and_renamed(eva: FlaskClient, world: World) -> None:
    hours = {"name": "peak", "hours_0": "9-13, 14:00-18:30", "hours_4": "20:00-02:00"}
    made = post(eva, URL, f"{URL}/entries/timetables/new", hours | {"holidays": "off"})
    bound = post(
        eva, URL, f"{URL}/parts/hours", {"open_hours": "peak", "closed_days": "-"} | carried(made)
    )
    assert "Bookable only at: Monday 09:00–13:00" in bound.text
    put_in_force(eva, bound)
    assert levels(world)["site", ""]["timetables"]["peak"] == {
        "hours": ["mon 09:00-13:00", "mon 14:00-18:30", "fri 20:00-02:00"],
        "holidays": "off",
    }
    form = eva.get(f"{URL}/entries/timetables/peak").text
    assert 'value="09:00-13:00, 14:00-18:30"' in form
    put_in_force(eva, post(eva, URL, f"{URL}/entries/timetables/peak", hours | {"name": "rush"}))
    assert in_force(world).open_hours is not None
    assert levels(world)["site", ""]["open_hours"] == "rush"
    gone = post(eva, URL, f"{URL}/entries/timetables/rush/remove")
    assert gone.status_code == 422
    assert "There is no timetable called “rush”." in gone.text


@pytest.mark.parametrize(
    ("page", "typed", "sentence"),
    [
        ("parts/length", {"longest_minutes": "a while"}, "Write a length of time"),
        ("parts/length", {"longest_minutes": "60 days"}, "No booking may be longer than 30 days."),
        ("parts/length", {"longest_minutes": "9" * 60}, "This is too long."),
        ("parts/length", {"shortest_minutes": "6 h"}, "not above the longest"),
        ("parts/length", {"grid_minutes": "7"}, "Choose one from the list."),
        ("parts/length", {"lengths_minutes": "1 h, many"}, "Write a length of time"),
        # The laser's longest, two hours, would end up below the site's shortest.
        ("parts/length", {"shortest_minutes": "3 h"}, "fit together with the rules of Laser"),
        ("parts/ahead", {"horizon_days": "-1"}, "Write a whole number"),
        ("parts/ahead", {"notice_until": "25:00"}, "Write a time of day"),
        ("parts/hours", {"closed_days": "2026-02-30"}, "is no date such as"),
        ("parts/hours", {"staffed_only": "yes"}, "This field must be filled in."),
        ("parts/hours", {"open_hours": "never"}, "Choose one from the list."),
        ("entries/quotas/new", QUOTA | {"amount": ""}, "This field must be filled in."),
        ("entries/quotas/new", QUOTA | {"amount": "3 parsecs"}, "Write a length of time"),
        (
            "entries/quotas/new",
            QUOTA | {"amount": "x", "amount_unit": "days"},
            "Write a whole number",
        ),
        ("entries/quotas/new", QUOTA | {"window": "rolling"}, "A rolling window needs"),
        ("entries/quotas/new", QUOTA | {"plans": "a b"}, "write it without spaces"),
        (
            "entries/limits/new",
            {"rule": "run", "amount": "2", "amount_unit": "bookings"},
            "This can only be counted in: days and working days.",
        ),
        (
            "entries/releases/new",
            {"on": "mon", "on_day_of_month": "3", "days": "2"},
            "Fill in exactly one of: “On each” and “Or on this day of each month”.",
        ),
        ("entries/timetables/new", {"name": "t", "hours_3": "9 to 5"}, "cannot be read"),
        ("entries/timetables/new", {"name": "t", "seasons": "summer"}, "is no season such as"),
        ("entries/audiences/new", {"plans": "pro"}, "This field must be filled in."),
        ("entries/prices/new", {"per_hour": "free"}, "Write an amount in euro"),
        ("entries/strikes/new", {"missed": "0", "in_days": "1"}, "This field must be filled in."),
        ("entries/fields/new", {"name": "two words"}, "a name without spaces"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_stays_as_it_was_typed(
    eva: FlaskClient, world: World, page: str, typed: dict[str, str], sentence: str
) -> None:
    before = versions()
    answer = post(eva, f"{URL}/{page}", f"{URL}/{page}", typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    for name, value in typed.items():
        kept = re.search(rf'name="{name}"[^>]*value="{re.escape(value)}"', answer.text)
        chosen = re.search(rf'<option selected value="{re.escape(value)}">', answer.text)
        lines = f">{value}</textarea>" in re.sub(r">\s+", ">", answer.text)
        unknown = sentence == "Choose one from the list."
        assert kept or chosen or lines or value == "" or unknown, (name, value)
    assert versions() == before


def test_a_level_is_written_as_text_with_the_line_of_each_mistake(
    eva: FlaskClient, world: World
) -> None:
    url = f"{LASER}/text"
    assert "longest_minutes = 120" in eva.get(url).text
    text = (
        "# ours\nlongest_minutes = 90\nlongest_minuts = 1\nadd_quotas = [\n"
        '  { hours = 2, window = "day", scope = "site" },\n'
        '  { hours = 2, window = "fortnight", scope = "site", during = "peak" },\n]\n'
    )
    wrong = post(eva, url, url, {"text": text})
    assert wrong.status_code == 422
    for line, place in (
        (3, "longest_minuts"),
        (6, "add_quotas[2].window"),
        (6, "add_quotas[2].during"),
    ):
        assert f"<strong>Line {line}</strong> <code>{place}</code>" in wrong.text
    assert "longest_minuts = 1" in wrong.text
    broken = post(eva, url, url, {"text": "a = 1\nb = \n<&>"})
    assert "<strong>Line 2</strong>" in broken.text
    assert "&lt;&amp;&gt;" in broken.text
    elsewhere = post(eva, f"{URL}/text", f"{URL}/text", {"text": "shortest_minutes = 180"})
    assert elsewhere.status_code == 422
    assert "fit together with the rules of Laser" in elsewhere.text
    right = text.replace("longest_minuts = 1\n", "").replace("fortnight", "week")
    right = right.replace(', during = "peak"', ', during = "peak"') + (
        '[timetables.peak]\nhours = "mon-fri 09:00-18:00"\n'
    )
    put_in_force(eva, post(eva, url, url, {"text": right}), LASER)
    rules = in_force(world)
    assert (len(rules.quotas), rules.longest.total_seconds()) == (2, 90 * 60)
    emptied = post(eva, url, url, {"text": "# nothing of our own"})
    put_in_force(eva, emptied, LASER)
    assert levels(world)["category", "laser"] == {}


def test_who_was_slower_sees_what_the_change_would_be_now(eva: FlaskClient, world: World) -> None:
    preview = post(eva, URL, f"{URL}/parts/waiting", {"waiting_list": "no"})
    meanwhile = {**levels(world)["site", ""], "horizon_days": 21}
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=meanwhile), actor=SYSTEM, now=at(9))
    late = put_in_force(eva, preview)
    assert late.status_code == 409
    assert "Somebody else changed these rules meanwhile." in late.text
    assert "Book up to 21 days ahead." in late.text
    assert in_force(world).waiting_list
    post(eva, URL, f"{URL}/save", carried(late))
    assert not in_force(world).waiting_list
    assert in_force(world).horizon_days == 14
    same = post(eva, URL, f"{URL}/save", carried(late) | {"seen": "4"}, follow_redirects=True)
    assert "Nothing was different, so nothing was saved." in same.text


def test_every_version_can_be_seen_and_used_again(eva: FlaskClient, world: World) -> None:
    first = levels(world)["site", ""]
    put_in_force(eva, post(eva, URL, f"{URL}/parts/waiting", {"waiting_list": "no"}))
    put_in_force(eva, post(eva, URL, f"{URL}/entries/quotas/new", QUOTA))
    page = eva.get(f"{URL}/history").text
    assert re.findall(r"<h2>Version (\d)", page) == ["3", "2", "1"]
    assert "Eva" in page
    assert "There is no waiting list." in page
    old = eva.get(f"{URL}/history/1")
    assert "At most 3 h a day on one machine." in old.text
    assert levels(world)["site", ""] != first
    put_in_force(eva, old)
    assert levels(world)["site", ""] == first
    assert eva.get(f"{URL}/history/9").status_code == 404
    saved = select(AuditEntry).where(AuditEntry.action == "house-rules.saved")
    assert list(reading().scalars(saved.order_by(AuditEntry.id)))[-1].after == first


def test_all_rules_go_out_and_come_in_as_a_file(eva: FlaskClient, world: World) -> None:
    out = eva.get(f"{URL}.toml")
    assert "attachment" in out.headers["Content-Disposition"]
    assert read_file(out.text).levels["category", "laser"] == {"longest_minutes": 120}
    text = out.text.replace("longest_minutes = 120", "longest_minutes = 60\nlongest = 3")
    url = f"{URL}/file"
    wrong = post(eva, url, url, {"text": text, "act": "import"})
    assert wrong.status_code == 422
    line = text.splitlines().index("longest = 3") + 1
    assert f"<strong>Line {line}</strong> <code>categories.laser.longest</code>" in wrong.text
    text = text.replace("longest = 3\n", "") + "[plans.pro]\nhorizon_days = 30\n"
    before = versions()
    upload = {"file": (io.BytesIO(text.encode()), "rules.toml"), "act": "check", "text": ""}
    looked = post(eva, url, url, upload)
    assert looked.status_code == 200
    for said in (
        "<h3>Laser</h3>",
        "from 30 min to 1 h",
        "<h3>plan pro</h3>",
        "Book up to 30 days ahead.",
    ):
        assert said in looked.text
    assert versions() == before
    assert post(eva, url, url, {"text": text, "act": "import"}).status_code == 303
    assert in_force(world).longest.total_seconds() == 3600
    assert in_force(world, "pro").horizon_days == 30
    assert "The site says all of this already." in post(eva, url, url, {"text": text}).text
    assert post(eva, url, url, {"text": " "}).status_code == 422
    nobody = post(eva, url, url, {"text": text + "[machines.gone]\ngrace_minutes = 1\n"})
    assert "no category or machine called “gone”" in nobody.text


READ = (
    "", "/parts/length", "/entries/quotas/new", "/text", "/history", "/history/1",
    "/category/laser", "/machine/laser", "/plan/pro", "/file", ".toml", "/go?plan=pro",
)  # fmt: skip
WRITE = (
    "/changing", "/parts/length", "/parts/length/changing", "/entries/quotas/new",
    "/entries/quotas/new/changing", "/entries/quotas/1/remove", "/text", "/text/changing",
    "/preview", "/save", "/replay", "/file", "/file/replay",
)  # fmt: skip


@pytest.mark.parametrize("who", [None, "alice", "bob", "dora"])
def test_only_managers_reach_them(app: Flask, world: World, who: str | None) -> None:
    browser = world.browser(app, who) if who else app.test_client()
    refused = 403 if who else 401
    for path in READ:
        assert browser.get(f"{URL}{path}").status_code == refused, path
    token = csrf_token(browser, "/profile" if who else "/sign-in")
    for path in WRITE:
        data = {"csrf_token": token, "draft": "grace_minutes = 1", "weeks": "8", "text": "a = 1"}
        assert browser.post(f"{URL}{path}", data=data).status_code == refused, path
    assert versions() == 4


def test_nothing_is_saved_that_cannot_be_read(eva: FlaskClient, world: World) -> None:
    for draft in ("longest_minuts = 1", "grid_minutes = 7", "a = ", "shortest_minutes = 180"):
        answer = post(eva, URL, f"{URL}/save", {"draft": draft, "seen": "1"})
        assert answer.status_code == 422, draft
    assert versions() == 4


def test_a_contradiction_that_was_there_before_does_not_forbid_others(
    eva: FlaskClient, world: World
) -> None:
    with_contradiction = HouseRulesVersion(
        site_id=world.sites["mhuma"],
        level=Level.MACHINE,
        key="laser",
        version=1,
        data={"shortest_minutes": 600},
        created_at=datetime.fromisoformat("2026-01-01T00:00+00:00"),
    )
    reading().add(with_contradiction)
    reading().commit()
    put_in_force(eva, post(eva, URL, f"{URL}/parts/waiting", {"waiting_list": "no"}))
    assert levels(world)["site", ""]["waiting_list"] is False
