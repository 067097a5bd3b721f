"""The lock: every package pinned and hashed, no address, in step with pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
PIN = re.compile(r"^([a-z0-9][a-z0-9-]*)(\[[a-z0-9,-]+\])?==([^\s;]+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins() -> dict[str, list[tuple[str, int]]]:
    """Return for each package its pinned versions, each with the number of its hashes."""
    found: dict[str, list[tuple[str, int]]] = {}
    name, version, count = "", "", 0
    for line in [*LOCK.read_text(encoding="utf-8").splitlines(), "end==0 \\"]:
        if match := PIN.match(line):
            if name:
                found.setdefault(name, []).append((version, count))
            name, version, count = match[1], match[3], 0
        else:
            assert HASH.match(line), f"neither a pin nor a hash: {line!r}"
            count += 1
    return found


def wanted() -> list[Requirement]:
    """Return what pyproject.toml asks for, extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *sum(extras, [])]]


def test_every_line_is_a_pin_with_hashes() -> None:
    locked = pins()
    assert len(locked) > 50
    assert all(count for versions in locked.values() for _version, count in versions)


@pytest.mark.parametrize("sign", ["://", "/", "@", "--index", "--extra-index", "--find-links", "#"])
def test_no_address_and_no_path_stands_in_it(sign: str) -> None:
    assert sign not in LOCK.read_text(encoding="utf-8")


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_it_is_in_step_with_what_is_asked_for(requirement: Requirement) -> None:
    versions = pins().get(canonicalize_name(requirement.name), [])
    assert versions, "missing from the lock: run `make lock`"
    for version, _count in versions:
        assert requirement.specifier.contains(version), "out of step: run `make lock`"


def test_compiled_packages_are_there_for_more_than_this_machine() -> None:
    locked = pins()
    for name in ("granian", "psycopg-binary", "greenlet", "pydantic-core", "argon2-cffi-bindings"):
        assert all(count > 10 for _version, count in locked[name]), name
