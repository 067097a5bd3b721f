"""On which engines a test runs: every one on both, but those of pages on one of them in turn.

Pages go through the services and queries that integration tests try on both engines, and the access
matrix opens every page on both. So a test of pages takes the engine that its name falls to, and
`make drill` runs them on both (LABOPS_TEST_ENGINES=both).
"""

from __future__ import annotations

import os
import zlib

import pytest

ENGINES = ("sqlite", "postgresql")
FOLDER = "tests/functional/"
ON_BOTH = ("test_access_matrix.py",)


def left_out(item: pytest.Item) -> bool:
    """Say whether the test is one of pages, on the engine that is not its own."""
    name = item.nodeid.partition("[")[0]
    if FOLDER not in name or any(f"/{file}::" in name for file in ON_BOTH):
        return False
    engine = getattr(item, "callspec", None) and item.callspec.params.get("database_url")  # type: ignore[attr-defined]
    return engine is not None and engine != ENGINES[zlib.crc32(name.encode()) % len(ENGINES)]


def choose_engines(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other engine's half of the tests of pages, unless both are asked for."""
    if os.environ.get("LABOPS_TEST_ENGINES") == "both":
        return
    gone = [item for item in items if left_out(item)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if not left_out(item)]
