"""What people's phones show at the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from labops.domain.visits import codes
from labops.kernel.instance import InstanceFact
from tests.browser.ground import Ground


def pass_of(ground: Ground, email: str, *, age: timedelta = timedelta(0)) -> str:
    """Return what the person's phone showed so long ago."""
    with Session(ground.engine) as session:
        key = session.get_one(InstanceFact, "pass_key").value
    step = codes.step_at(datetime.now(UTC) - age, codes.PASS_STEP)
    return codes.pass_text(key, ground.person(email), step)
