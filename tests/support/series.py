"""A series in the states that letters tell of."""

from __future__ import annotations

from sqlalchemy import select, update

from labops.domain.bookings.commands import Book
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.series import changes, services
from labops.domain.series.commands import BookSeries, CancelSeries, Confirmation, MoveSeries
from labops.domain.series.models import Series
from labops.domain.series.states import Scope
from labops.domain.series.values import Repeat
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, slot

UID = "0123456789abcdef0123456789abcdef"


def told_series(world: World, kind: str) -> dict[str, object]:
    """Bring a series into the state that the event tells of; return the event."""
    alice = world.actor("alice")
    rules = {
        "grid_minutes": 30,
        "longest_minutes": 240,
        "horizon_days": 10,
        "horizon_days_with_approval": 60,
        "cancel_notice_minutes": 48 * 60,
        "late_cancel": "missed",
        "one_at_a_time": 3,
    }
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=NOW)
    wish = Book(machines=("laser", "printer"), slot=slot(10, 11.5))
    command = BookSeries(first=wish, repeat=Repeat(weeks=1, count=4))
    found = services.preview_series(command, actor=alice, now=NOW)
    seen = Confirmation(found.digest, found.possible)
    uid = services.book_series(command, seen, actor=alice, now=NOW)
    if kind == "SeriesMoved":
        moving = MoveSeries(uid=uid, number=1, slot=slot(14, 16), scope=Scope.ALL)
        found = changes.preview_moving(moving, actor=alice, now=NOW)
        seen = Confirmation(found.digest, found.possible)
        uid = changes.move_series(moving, seen, actor=alice, now=NOW)
    elif kind == "SeriesCancelled":
        giving_up = CancelSeries(uid=uid, number=1, scope=Scope.ALL)
        found = changes.preview_cancelling(giving_up, actor=alice, now=NOW)
        seen = Confirmation(found.digest, found.possible - {4})
        changes.cancel_series(giving_up, seen, actor=alice, now=NOW)
    with unit_of_work() as session:
        session.execute(update(Series).values(uid=UID))
        session.execute(
            update(AuditEntry)
            .where(AuditEntry.subject == f"series:{uid}")
            .values(subject=f"series:{UID}")
        )
    payloads = reading().scalars(select(OutboxMessage.payload).where(OutboxMessage.kind == kind))
    return {**payloads.one(), "series_uid": UID}
