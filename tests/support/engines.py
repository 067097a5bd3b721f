"""On which engines a test runs: both where engines differ, one of them in turn elsewhere.

What differs between the engines lies in locks, in constraints and in statements written for one of
them: the tests of these name their files here and run on both. All other tests take the engine
that their name falls to, so that half of a feature's tests run on each; `make drill` runs every
test on both (LABOPS_TEST_ENGINES=both).
"""

from __future__ import annotations

import os
import zlib
from collections import defaultdict
from pathlib import PurePosixPath

import pytest

ENGINES = ("sqlite", "postgresql")
FOLDERS = ("tests/functional/", "tests/integration/")
ON_BOTH = frozenset(
    {
        "test_access_matrix",
        "test_backups",
        "test_bookings",
        "test_life_of_bookings",
        "test_maintenance_life",
        "test_migrations",
        "test_numbers_oracle",
        "test_outbox",
        "test_plans",
        "test_prepared",
        "test_presence_model",
        "test_story_of_a_stop",
        "test_unit_of_work",
        "test_waiting",
        "test_waiting_oracle",
    }
)
"""Files whose tests run on both engines, beside all of races."""


def choose_engines(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is the other engine's, unless both are asked for."""
    if os.environ.get("LABOPS_TEST_ENGINES") == "both":
        return
    engines: dict[str, set[str]] = defaultdict(set)
    for item in items:
        engines[_name(item)].add(_engine(item))
    gone = {item for item in items if len(engines[_name(item)]) == len(ENGINES) and _left_out(item)}
    if gone:
        config.hook.pytest_deselected(items=list(gone))
        items[:] = [item for item in items if item not in gone]


def _left_out(item: pytest.Item) -> bool:
    """Say whether a test that is there for both engines takes one in turn, and this is not it."""
    name = _name(item)
    file = PurePosixPath(name.partition("::")[0]).stem
    if not name.startswith(FOLDERS) or file in ON_BOTH or file.endswith("_races"):
        return False
    return _engine(item) != ENGINES[zlib.crc32(name.encode()) % len(ENGINES)]


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _engine(item: pytest.Item) -> str:
    """Return the engine that the test asks for, nothing for none."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.params.get("database_url", "")) if callspec else ""
