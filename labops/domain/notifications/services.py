"""What becomes of facts that were told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from labops.kernel import audit, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, NotFound, NotSignedIn
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import Actor, Permission

# Long enough to answer "I never got that mail".
KEPT = timedelta(days=90)


def forget_told(*, now: datetime, dry_run: bool = False) -> int:
    """Drop facts that were told more than 90 days ago; return how many.

    Those that were given up stay: somebody ought to look at them.
    """
    old = OutboxMessage.delivered_at < now - KEPT
    count = reading().scalar(select(func.count()).select_from(OutboxMessage).where(old)) or 0
    if count and not dry_run:
        with unit_of_work() as session:
            session.execute(delete(OutboxMessage).where(old))
    return count


def try_again(message_id: int, *, actor: Actor, now: datetime) -> None:
    """Have a message that was given up told after all, within seconds.

    Raises `Forbidden` for whoever may not see messages and `NotFound` when none with this
    number was given up.
    """
    if not actor.may_somewhere(Permission.OUTBOX_SEE):
        raise Forbidden if actor.signed_in else NotSignedIn
    with unit_of_work() as session:
        if not outbox.take_up(session, message_id, now=now):
            raise NotFound
        audit.record(session, actor, "message.retried", f"message:{message_id}", now=now)
