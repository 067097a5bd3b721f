"""On which engines a test runs: both where engines differ, one of them in turn elsewhere.

What differs between the engines lies in locks, in constraints and in statements written for one of
them: the tests of these name their files here and run on both. All other tests take the engine
that their name falls to, so that half of a feature's tests run on each; `make drill` runs every
test on both (LABOPS_TEST_ENGINES=both).
"""

from __future__ import annotations

import os
import zlib
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
        "test_outbox",
        "test_plans",
        "test_prepared",
        "test_presence_model",
        "test_unit_of_work",
        "test_waiting",
        "test_waiting_oracle",
    }
)
"""Files whose tests run on both engines, beside all of races."""


def left_out(item: pytest.Item) -> bool:
    """Say whether the test takes one engine in turn, and this is not its own."""
    name = item.nodeid.partition("[")[0]
    file = PurePosixPath(name.partition("::")[0]).stem
    if not name.startswith(FOLDERS) or file in ON_BOTH or file.endswith("_races"):
        return False
    engine = getattr(item, "callspec", None) and item.callspec.params.get("database_url")  # type: ignore[attr-defined]
    return engine is not None and engine != ENGINES[zlib.crc32(name.encode()) % len(ENGINES)]


def choose_engines(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other engine's half of these tests, unless both are asked for."""
    if os.environ.get("LABOPS_TEST_ENGINES") == "both":
        return
    gone = [item for item in items if left_out(item)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if not left_out(item)]
