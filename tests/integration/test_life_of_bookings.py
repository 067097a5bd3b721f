"""Everything that can happen to bookings, in any order, against an oracle of plain intervals.

On both engines, in the weeks in which the clocks change. After every step the ledger holds what
the model holds, no unit is claimed twice, people's calendars show what the model shows, and each
change left just its audit entry and its message.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.life import ground
from tests.support.life.handing import Handing
from tests.support.life.series import Repeating
from tests.support.life.waiting import Waiting
from tests.support.model_of_series import WithSeries
from tests.support.model_of_waiting import WithWaiting
from tests.support.world import World

# The Friday before the clocks go back, and the one before they go forward.
STARTS = (
    datetime(2026, 10, 23, 6, 0, tzinfo=UTC),
    datetime(2027, 3, 26, 6, 0, tzinfo=UTC),
)
# How many lives each test looks at; more of them hunt for what is rare.
EXAMPLES = int(os.environ.get("LABOPS_TEST_LIVES", "15"))


class Everything(WithSeries, WithWaiting):
    """All that the steps below change."""


@pytest.mark.parametrize("start", STARTS, ids=["autumn", "spring"])
def test_whatever_happens(app: Flask, world: World, start: datetime) -> None:
    paths_of_calendars = ground.prepare(world)

    class Life(Repeating, Waiting, Handing):
        began_at = start
        client = app.test_client()
        modelled = Everything
        paths = paths_of_calendars

    Life.world = world
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
