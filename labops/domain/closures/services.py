"""Use cases of closures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from labops.domain.bookings.displacing import Choice, Displaced, make_way
from labops.domain.bookings.events import Cause
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.hits import obstacle_of
from labops.domain.closures.models import Closure
from labops.domain.spaces.models import Space
from labops.kernel import audit, ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line


def close(
    site_id: int,
    span: Interval,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    space_id: int | None = None,
) -> int:
    """Close a site, or one of its spaces, for a span; return the closure's id.

    Raises `Invalid` without a reason and `NotFound` for a space of another site.
    """
    with unit_of_work() as session:
        return _close(
            session, site_id, span, reason=reason, actor=actor, now=now, space_id=space_id
        )


def close_making_way(
    site_id: int,
    span: Interval,
    choices: Mapping[str, Choice],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    space_id: int | None = None,
) -> Displaced:
    """Close, and do what was chosen for each booking inside, by uid: all of it or nothing.

    Raises as `close`, and what `make_way` raises.
    """
    actor.require(Permission.CLOSURE_EDIT, site_id)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        obstacle = obstacle_of(session, site_id, span, space_id=space_id)
        consent = Consent(actor, one_line(reason)[:200], cause=Cause.CLOSURE)
        displaced = make_way(session, obstacle, choices, consent, now=now)
        _close(
            session,
            site_id,
            span,
            reason=reason,
            actor=actor,
            now=now,
            space_id=space_id,
            told=displaced.told(),
        )
        return displaced


def reopen(closure_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a closure back; raises `NotFound` when it is not one of the actor's sites."""
    with unit_of_work() as session:
        closure = session.get(Closure, closure_id)
        if closure is None or not actor.may(Permission.CLOSURE_EDIT, closure.site_id):
            raise NotFound
        audit.record(
            session,
            actor,
            "closure.removed",
            f"closure:{closure_id}",
            now=now,
            before={
                "starts_at": closure.starts_at.isoformat(),
                "ends_at": closure.ends_at.isoformat(),
                "reason": closure.reason,
            },
        )
        session.delete(closure)


def _close(
    session: Session,
    site_id: int,
    span: Interval,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    space_id: int | None,
    told: Mapping[str, Any] | None = None,
) -> int:
    actor.require(Permission.CLOSURE_EDIT, site_id)
    if not reason.strip():
        raise Invalid.field("reason", "field.required")
    if space_id is not None:
        space = session.get(Space, space_id)
        if space is None or space.site_id != site_id:
            raise NotFound
    closure = Closure(
        site_id=site_id,
        space_id=space_id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        reason=reason.strip()[:200],
    )
    session.add(closure)
    session.flush()  # its id is the answer
    audit.record(
        session,
        actor,
        "closure.added",
        f"closure:{closure.id}",
        now=now,
        after={
            "starts_at": span.starts_at.isoformat(),
            "ends_at": span.ends_at.isoformat(),
            **(told or {}),
        },
        reason=reason,
    )
    return closure.id
