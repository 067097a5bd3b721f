"""House rules from the shell: decided, brought in, brought out, said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from labops.cli.rules import rules as command
from labops.domain.house_rules.queries import site_rules
from labops.kernel.db import reading
from tests.support.world import World

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "rules"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def test_cases_are_decided_as_json_without_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABOPS_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    monkeypatch.setenv("LABOPS_DATA_DIR", str(tmp_path))
    done = run("check", FOLDER / "rutgers.toml", FOLDER / "rutgers.json", "--json")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert set(answer) == {"results"}
    first = answer["results"][0]
    assert first == {
        "id": "three hours are the day's limit",
        "allowed": True,
        "codes": [],
        "late": False,
    }
    assert list(tmp_path.iterdir()) == []


def test_cases_are_decided_in_words() -> None:
    done = run("check", FOLDER / "rutgers.toml", FOLDER / "rutgers.json")
    assert done.exit_code == 0
    assert "what is booked that day counts: refused" in done.stdout
    assert "booking.quota: At most 3 h a day on this machine; you have 1 h." in done.stdout


@pytest.mark.parametrize(
    ("rules", "cases", "code", "said"),
    [
        ("longest = 3", "{}", 1, "rules.toml: longest: There is no rule called “longest”."),
        ("x = ", "{}", 1, "rules.toml: This is not TOML"),
        ("", "{", 1, "cases.json: This is not JSON"),
        (
            "",
            '{"zone": "Europe/Rome", "machines": {}, "cases": [{"id": "a"}]}',
            1,
            "cases.json: case a: now: now is missing.",
        ),
        (None, "{}", 2, "does not exist"),
    ],
)
def test_bad_input_is_a_sentence_that_says_where(
    tmp_path: Path, rules: str | None, cases: str, code: int, said: str
) -> None:
    if rules is not None:
        (tmp_path / "rules.toml").write_text(rules, encoding="utf-8")
    (tmp_path / "cases.json").write_text(cases, encoding="utf-8")
    done = run("check", tmp_path / "rules.toml", tmp_path / "cases.json", "--json")
    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_bytes(b"\xff\xfe\x00")
    done = run("check", tmp_path / "rules.toml", FOLDER / "rutgers.json")
    assert (done.exit_code, "not UTF-8" in done.stderr) == (1, True)


def test_a_contradiction_between_levels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(
        "longest_minutes = 60\n[machines.laser]\nshortest_minutes = 90"
    )
    done = run("check", tmp_path / "r.toml", FOLDER / "rutgers.json")
    assert done.exit_code == 1
    assert "not above the longest" in done.stderr


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "You may have one machine at a time."),
        ("it", "Puoi avere una sola macchina alla volta."),
    ],
)
def test_a_file_is_said_in_words(language: str, said: str) -> None:
    done = run("show", FOLDER / "rutgers.toml", "--language", language)
    assert done.exit_code == 0
    assert said in done.stdout.splitlines()


def test_rules_are_brought_in_and_out(
    app: Flask, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)
    file = tmp_path / "rules.toml"
    file.write_text(
        "horizon_days = 20\n[categories.laser]\nlongest_minutes = 90\n[plans.pro]\nhorizon_days = 40\n",
        encoding="utf-8",
    )
    tried = run("import", file, "--site", "mhuma", "--dry-run")
    assert (tried.exit_code, "would be put in force" in tried.stdout) == (0, True)
    done = run("import", file, "--site", "mhuma")
    assert done.exit_code == 0, done.output
    assert "site" in done.stdout
    assert "categories.laser" in done.stdout
    assert "says all of this already" in run("import", file, "--site", "mhuma").stdout
    with app.test_request_context():
        in_force = site_rules(reading(), world.sites["mhuma"])
        reading().close()
    assert in_force.of(category="laser", machine="laser").horizon_days == 20
    assert in_force.of(category="laser", machine="laser", plan="pro").horizon_days == 40
    out = run("export", "--site", "mhuma")
    assert out.exit_code == 0
    file.write_text(out.stdout, encoding="utf-8")
    assert "says all of this already" in run("import", file, "--site", "mhuma").stdout
    assert (
        "A booking lasts at most 1 h 30 min."
        in run("show", "--site", "mhuma", "--category", "laser").stdout
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[categories.teleporter]\nlongest_minutes = 90",
            "no category or machine called “teleporter”",
        ),
        ("[machines.nowhere]\nlongest_minutes = 90", "no category or machine called “nowhere”"),
        ("longest_minutes = 60\n[machines.laser]\nshortest_minutes = 90", "not above the longest"),
    ],
)
def test_rules_that_do_not_fit_the_site_change_nothing(
    app: Flask, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)
    with app.test_request_context():
        before = dict(site_rules(reading(), world.sites["mhuma"]).levels)
        reading().close()
    file = tmp_path / "rules.toml"
    file.write_text(text, encoding="utf-8")
    refused = run("import", file, "--site", "mhuma")
    assert (refused.exit_code, said in refused.stderr) == (1, True)
    with app.test_request_context():
        assert dict(site_rules(reading(), world.sites["mhuma"]).levels) == before
        reading().close()
    assert run("import", file, "--site", "nowhere").exit_code == 1
    assert run("export").exit_code == 2
