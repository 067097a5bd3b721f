"""Promises of the whole tree, read from its code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from flask import Flask

from labops.blueprints.access import access_of
from labops.blueprints.messages import SENTENCES
from labops.kernel.permissions import Permission

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "labops"
SOURCES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def test_every_route_says_who_may_use_it(app: Flask) -> None:
    allowed = {"public", "signed-in", *Permission}
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and access_of(app.view_functions[rule.endpoint]) not in allowed
    ]
    assert silent == []


CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
# Codes that the contract promises and that later rules will raise.
PROMISED = {
    "booking.gap",
    "person.waiver-missing",
    "person.too-young",
    "site.full",
    "pass.expired",
    "pass.used",
    "pass.unknown",
}


def raised_codes(source: str) -> set[str]:
    """Return the codes inside the calls that make refusals."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in {"Problem", "field", "ValueError", "get"}:
            continue
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                if CODE.fullmatch(part.value):
                    found.add(part.value)
    return found


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    raised = set().union(*(raised_codes(source) for source in SOURCES.values()))
    families = {code.split(".")[0] for code in SENTENCES}
    raised = {code for code in raised if code.split(".")[0] in families}
    assert {code for code in raised if not code.endswith(".id")} - set(SENTENCES) == set()
    unused = set(SENTENCES) - PROMISED
    assert {
        code
        for code in unused
        if not any(f'"{code}"' in s for p, s in SOURCES.items() if p.name != "messages.py")
    } == set()


def test_only_the_unit_of_work_commits() -> None:
    commits = [
        str(path.relative_to(ROOT))
        for path, source in SOURCES.items()
        if re.search(r"\.commit\(", source)
    ]
    assert sorted(commits) == ["labops/kernel/db.py", "labops/kernel/migrations.py"]


def test_policies_read_no_clock() -> None:
    for path, source in SOURCES.items():
        if path.name == "policies.py":
            assert "clock" not in re.findall(r"import (\w+)", source), path


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path, source in SOURCES.items()
        if re.search(r"os\.(environ|getenv)", source)
    }
    # The web server hands one variable on to a library that looks for it nowhere else.
    assert readers <= {"labops/settings.py", "labops/web_server.py"}
