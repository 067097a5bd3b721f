"""`labops matches`: what programs rely on, on the second set and on files that are no good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labops.cli import main

SECOND = Path(__file__).parents[1] / "data" / "matching_second.json"
DAY = "2026-11-23"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["matches", *arguments])


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    found = run("rank", "--labs", str(SECOND), "--requests", str(SECOND), "--as-of", DAY, "--json")
    assert found.exit_code == 0, found.output
    return {one["request"]: one for one in json.loads(found.output)["results"]}


def test_every_request_is_answered_in_the_promised_form(answers: dict[str, Any]) -> None:
    data = json.loads(SECOND.read_text("utf-8"))
    names = {lab["id"] for lab in data["labs"]}
    barred = {lab["id"] for lab in data["labs"] if lab["qualification"]["status"] != "iscritto"}
    assert list(answers) == [one["id"] for one in data["requests"]]
    texts = {
        one["id"]: {"title": one["title_it"], "text": one["text_it"]} for one in data["requests"]
    }
    for request, one in answers.items():
        listed = [lab["lab"] for lab in one["labs"]]
        left = {lab["lab"] for lab in one["left_out"]}
        assert set(listed) | left == names
        assert not set(listed) & (left | barred)
        scores = [lab["score"] for lab in one["labs"]]
        assert all(
            later <= score + 0.0201 for score, later in zip(scores, scores[1:], strict=False)
        )
        for lab in one["labs"]:
            assert {"fit", "steps", "checks", "comfort", "lacking"} <= set(lab["explanation"])
        for lab in one["left_out"]:
            assert "." in lab["code"]
        for step in one["understood"]["steps"]:
            for quotes in step["quotes"].values():
                for quote in quotes:
                    if quote["part"] in texts[request]:
                        whole = texts[request][quote["part"]]
                        assert whole[quote["start"] : quote["stop"]] == quote["words"]


def test_a_second_run_gives_the_same(answers: dict[str, Any]) -> None:
    found = run("rank", "--labs", str(SECOND), "--requests", str(SECOND), "--as-of", DAY, "--json")
    assert {one["request"]: one for one in json.loads(found.output)["results"]} == answers


def test_the_second_set_is_not_answered_worse_than_before() -> None:
    found = run("evaluate", str(SECOND), "--as-of", DAY, "--json")
    assert found.exit_code == 0, found.output
    overall = json.loads(found.output)["overall"]
    assert overall["ndcg@5"] >= FLOOR
    assert overall["mrr"] >= FLOOR


FLOOR = 0.8


def test_people_read_a_table() -> None:
    found = run("evaluate", str(SECOND), "--as-of", DAY)
    assert found.exit_code == 0
    assert found.output.splitlines()[0].split() == [
        "request",
        "nDCG@5",
        "MRR",
        "recall@5",
        "P@1",
        "ineligible",
    ]
    assert "overall" in found.output
    said = run("rank", "--labs", str(SECOND), "--requests", str(SECOND), "--as-of", DAY)
    assert said.exit_code == 0
    assert "left out:" in said.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"{}", "labs must be a list."),
        (b'{"labs": [3]}', "labs[0] must be a table."),
        (b'{"labs": [{}]}', "labs[0].id must be a text."),
        (b'{"labs": [{"id": "A", "machines": [{"envelope_mm": "big"}]}]}', "labs[0].machines[0].envelope_mm must be lengths"),
        (b'{"labs": [{"id": "A", "qualification": {"valid_to": "soon"}}]}', "labs[0].qualification.valid_to must be a day"),
        (b'{"labs": [{"id": "A"}, {"id": "A"}]}', "labs must be every id once"),
        (b'{"labs": [{"id": "A", "free_hours_30d": "many"}]}', "labs[0].free_hours_30d must be a number."),
        (b"[" * 100_000, "is not JSON"),
        (b'{"labs": [], "requests": [], "qrels": []}', "no requests to judge"),
    ],
)  # fmt: skip
def test_a_bad_file_gives_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    found = run("evaluate", str(file), "--as-of", DAY)
    assert found.exit_code == 1
    assert said in found.output
    assert "Traceback" not in found.output


def test_bad_usage_is_told_apart(tmp_path: Path) -> None:
    assert run("evaluate", str(tmp_path / "none.json"), "--as-of", DAY).exit_code == 2
    assert run("evaluate", str(SECOND), "--as-of", "today").exit_code == 2


def test_requests_of_any_kind_are_answered(tmp_path: Path) -> None:
    file = tmp_path / "odd.json"
    texts = ["", "🙂🙂🙂", "a" * 50_000, "\x00\x01", None, "taglio laser " * 4000]
    rows = [{"id": str(place), "text_it": text} for place, text in enumerate(texts)]
    file.write_text(json.dumps({"requests": rows}), "utf-8")
    found = run("rank", "--labs", str(SECOND), "--requests", str(file), "--as-of", DAY, "--json")
    assert found.exit_code == 0, found.output
    assert len(json.loads(found.output)["results"]) == len(texts)
