"""Changed rules tried on past bookings: in the browser, with a bar, and from the shell."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from labops.cli.rules import rules as command
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.house_rules.queries import site_rules
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.forms import csrf_token, post
from tests.support.world import World, next_slot

URL = "/sites/mhuma/rules"
DRAFT = {"draft": "longest_minutes = 90\none_at_a_time = 3\n", "seen": "1", "weeks": "8"}
FILE = (
    'start_from = "usual"\nlongest_minutes = 90\none_at_a_time = 3\n'
    "[categories.laser]\nlongest_minutes = 120\n"
)
KIND = "application/x-ndjson"


@pytest.fixture
def booked(app: Flask, world: World) -> dict[str, str]:
    """Return the uids of three bookings of Alice's: of 1, 2 and 2 hours."""
    now = clock.now()
    alice = world.actor("alice", now)
    slots = {
        "short": (("printer",), next_slot(9)),
        "long": (("printer",), next_slot(11, 2)),
        "laser": (("laser",), next_slot(14, 2)),
    }
    return {
        name: services.book(Book(machines=machines, slot=slot), actor=alice, now=now)
        for name, (machines, slot) in slots.items()
    }


@pytest.fixture
def eva(app: Flask, world: World) -> FlaskClient:
    """Return the browser of the admin."""
    return world.browser(app, "eva")


def what_is_said(page: str, booked: dict[str, str]) -> None:
    """Check the outcome: the long one on the printer is refused, the laser has its own rule."""
    assert "Of 3 bookings: one would have been refused" in page
    assert f'href="/bookings/{booked["long"]}"' in page
    assert booked["short"] not in page
    assert booked["laser"] not in page
    assert "The longest booking is 1 h 30 min." in page
    assert '<td data-label="Rule">Longest booking</td>' in page
    assert '<td class="number" data-label="Refused hours">2 h</td>' in page
    assert '<td class="number" data-label="All hours">3 h</td>' in page
    assert "Which bookings these rules would allow" in page


def test_a_change_is_tried_before_it_is_saved(
    eva: FlaskClient, world: World, booked: dict[str, str]
) -> None:
    before = dict(site_rules(reading(), world.sites["mhuma"]).levels)
    tried = post(eva, URL, f"{URL}/replay", DRAFT)
    assert tried.status_code == 200
    what_is_said(tried.text, booked)
    assert "Put in force" in tried.text
    reading().rollback()
    assert dict(site_rules(reading(), world.sites["mhuma"]).levels) == before
    preview = post(eva, URL, f"{URL}/preview", DRAFT)
    assert "Try it on past bookings first" in preview.text


def test_a_whole_file_is_tried(eva: FlaskClient, world: World, booked: dict[str, str]) -> None:
    tried = post(eva, f"{URL}/file", f"{URL}/file/replay", {"text": FILE, "weeks": "1"})
    assert tried.status_code == 200
    what_is_said(tried.text, booked)
    wrong = post(eva, f"{URL}/file", f"{URL}/file/replay", {"text": "longest = 1", "weeks": "1"})
    assert wrong.status_code == 422
    assert "There is no rule called “longest”." in wrong.text


def test_the_bar_moves_and_the_outcome_comes_last(
    eva: FlaskClient, world: World, booked: dict[str, str]
) -> None:
    data = {"csrf_token": csrf_token(eva, URL), **DRAFT}
    answer = eva.post(f"{URL}/replay", data=data, headers={"Accept": KIND})
    assert (answer.status_code, answer.content_type) == (200, KIND)
    *steps, last = [json.loads(line) for line in answer.text.splitlines()]
    assert steps == [{"done": number, "total": 3} for number in (1, 2, 3)]
    assert set(last) == {"page"}
    assert "<html" not in last["page"]
    what_is_said(last["page"], booked)


@pytest.mark.parametrize("weeks", ["0", "53", "-1", "many", "", "9999999", "²"])
def test_other_weeks_are_refused_and_kept(eva: FlaskClient, world: World, weeks: str) -> None:
    for headers in ({}, {"Accept": KIND}):
        data = {"csrf_token": csrf_token(eva, URL), **DRAFT, "weeks": weeks}
        answer = eva.post(f"{URL}/replay", data=data, headers=headers)
        assert answer.status_code == 422
        assert "Write a number of weeks between 1 and 52." in answer.text
        assert 'name="draft" value="longest_minutes = 90' in answer.text


def test_rules_that_cannot_hold_are_not_tried(eva: FlaskClient, world: World) -> None:
    wrong = post(eva, URL, f"{URL}/replay", DRAFT | {"draft": "shortest_minutes = 150"})
    assert wrong.status_code == 422
    assert "This does not fit together with the rules of Laser" in wrong.text


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_the_shell_says_the_same(
    app: Flask,
    world: World,
    booked: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)
    file = tmp_path / "rules.toml"
    file.write_text(FILE)
    done = run("simulate", file, "--site", "mhuma", "--weeks", "1", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [one["uid"] for one in answer["refused"]] == [booked["long"]]
    assert answer["refused"][0]["codes"] == ["booking.too-long"]
    assert answer["machines"]["printer"] == {
        "bookings": 2,
        "hours": 3.0,
        "refused": 1,
        "refused_hours": 2.0,
    }
    assert (answer["looked_at"], answer["refused_already"]) == (3, 0)
    words = run("simulate", file, "--site", "mhuma")
    assert "The longest booking is 1 h 30 min." in words.stdout
    assert "1 of 3 bookings would have been refused." in words.stdout
    assert run("simulate", file, "--site", "nowhere").exit_code == 1
    assert run("simulate", file, "--site", "mhuma", "--weeks", "99").exit_code == 2
    file.write_text("longest = 1")
    assert "There is no rule called" in run("simulate", file, "--site", "mhuma").output
    file.write_text("shortest_minutes = 60\n[machines.laser]\nlongest_minutes = 30")
    assert run("simulate", file, "--site", "mhuma").exit_code == 1


def test_what_was_booked_long_ago_is_left_out(
    world: World, eva: FlaskClient, booked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later = clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    one_week = post(eva, URL, f"{URL}/replay", DRAFT | {"weeks": "1"})
    assert "Of 0 bookings" in one_week.text
    assert booked["long"] not in one_week.text
    assert booked["long"] in post(eva, URL, f"{URL}/replay", DRAFT | {"weeks": "2"}).text
