"""Use cases that move or cancel several occurrences: what was shown is done, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labops.domain.bookings import changing, granting
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import moves_late
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import Wish, machines_of_booking
from labops.domain.series import planning, queries, telling
from labops.domain.series.commands import CancelSeries, Confirmation, MoveSeries
from labops.domain.series.events import SeriesCancelled, SeriesMoved
from labops.domain.series.foreseeing import Preview, foresee, foresee_cancelling
from labops.domain.series.models import Series
from labops.domain.series.planning import MovePlan
from labops.domain.series.services import require_seen
from labops.domain.series.states import Scope
from labops.domain.series.values import Pattern
from labops.domain.strikes.states import StrikeKind
from labops.kernel import ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor

# These bookings gave their time back: where the others go is nothing to them.
_GONE = frozenset({BookingState.CANCELLED, BookingState.REJECTED})


def preview_moving(command: MoveSeries, *, actor: Actor, now: datetime) -> Preview:
    """Say what would become of each occurrence that is to move, without moving any.

    Raises `NotFound`, `Refused` when the occurrence cannot be moved any more, `Invalid` when
    nothing would change, `Forbidden` for an override without the right to it.
    """
    return _foreseen_move(reading(), command, actor, now)[1]


def move_series(
    command: MoveSeries, confirmed: Confirmation, *, actor: Actor, now: datetime
) -> str:
    """Move the chosen occurrences, all or none; return the uid of the series they are in now.

    Those that are moved with others become a series of their own, unless nothing stays behind.
    One that is moved alone stays where it is. Raises `Changed` when the preview is no longer the
    one that was seen, then nothing was moved; otherwise as `preview_moving`.
    """
    actor.require_write()
    plan, preview = _foreseen_move(reading(), command, actor, now)
    require_seen(preview, confirmed)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        _lock(session, [one.wish for one in plan.wanted])
        # What was read above may have changed while this one waited.
        plan, preview = _foreseen_move(session, command, actor, now)
        require_seen(preview, confirmed)
        series = plan.series
        if command.scope is Scope.ONE:
            _move(session, plan, confirmed, Consent(actor, command.override_reason))
            return series.uid
        before = telling.told(series)
        series, first = _series_after(session, plan, confirmed, now)
        consent = Consent(actor, command.override_reason, series_uid=series.uid)
        for booking in _move(session, plan, confirmed, consent):
            number = (booking.occurrence or 0) - first + 1
            booking.series_id, booking.occurrence = series.id, number
            booking.planned_at = series.pattern.planned(number).slot.starts_at
        event = SeriesMoved(
            series_uid=series.uid,
            revision=series.revision,
            numbers=tuple(number - first + 1 for number in sorted(confirmed.chosen)),
        )
        telling.conclude(
            session,
            event,
            actor,
            "series.moved",
            now=now,
            before=before,
            after=telling.told(series),
            reason=command.override_reason,
        )
        return series.uid


def preview_cancelling(command: CancelSeries, *, actor: Actor, now: datetime) -> Preview:
    """Say what giving up each occurrence would come to, without giving up any.

    Raises `NotFound`, and `Refused` when the occurrence cannot be given up any more.
    """
    return _foreseen_cancel(reading(), command, actor, now).preview


def cancel_series(
    command: CancelSeries, confirmed: Confirmation, *, actor: Actor, now: datetime
) -> None:
    """Give up the chosen occurrences, all or none.

    Raises `Changed` when the preview is no longer the one that was seen, then nothing was
    cancelled; otherwise as `preview_cancelling`.
    """
    actor.require_write()
    plan = _foreseen_cancel(reading(), command, actor, now)
    require_seen(plan.preview, confirmed)
    with unit_of_work() as session:
        bookables = plan.bookables
        ledger.lock(session, people=[plan.series.person_id], bookables=bookables)
        plan = _foreseen_cancel(session, command, actor, now)
        require_seen(plan.preview, confirmed)
        series, alone = plan.series, command.scope is Scope.ONE
        consent = Consent(actor, series_uid="" if alone else series.uid)
        for booking in plan.bookings:
            if booking.occurrence in confirmed.chosen:
                changing.cancel_in(session, booking, consent, now=now)
        if alone:
            return
        series.revision += 1
        series.revised_at = now
        numbers = tuple(sorted(confirmed.chosen))
        event = SeriesCancelled(series_uid=series.uid, revision=series.revision, numbers=numbers)
        telling.conclude(
            session, event, actor, "series.cancelled", now=now, before=telling.told(series)
        )


@dataclass(frozen=True, slots=True)
class _CancelPlan:
    series: Series
    bookings: list[Booking]
    bookables: list[int]
    preview: Preview


def _foreseen_cancel(
    session: Session, command: CancelSeries, actor: Actor, now: datetime
) -> _CancelPlan:
    series = queries.to_change(session, command.uid, actor)
    _one, bookings = planning.in_scope(session, series, command.number, command.scope, now=now)
    bookables = {m.id for booking in bookings for m in machines_of_booking(session, booking.id)}
    preview = foresee_cancelling(
        session,
        [(booking.occurrence or 0, booking) for booking in bookings],
        Consent(actor),
        now=now,
        left_out=command.left_out,
        zone=series.zone,
        site_id=series.site_id,
    )
    return _CancelPlan(series, bookings, sorted(bookables), preview)


def _foreseen_move(
    session: Session, command: MoveSeries, actor: Actor, now: datetime
) -> tuple[MovePlan, Preview]:
    plan = planning.to_move(session, command, actor=actor, now=now)
    consent = Consent(actor, command.override_reason)
    return plan, foresee(session, plan.wanted, consent, left_out=command.left_out)


def _lock(session: Session, wishes: Sequence[Wish]) -> None:
    """Make everybody wait who wants any of these machines or spaces, or the person's quotas."""
    bookables = {m.id for wish in wishes for m in wish.machines}
    spaces = {space for wish in wishes for space in wish.counted_spaces}
    ledger.lock(session, people=[wishes[0].person_id], bookables=[*bookables, *spaces])


def _move(
    session: Session, plan: MovePlan, confirmed: Confirmation, consent: Consent
) -> list[Booking]:
    """Move the chosen ones in the order of the plan, and return them."""
    moved: list[Booking] = []
    late: list[tuple[Booking, BookingFacts]] = []
    for one in plan.wanted:
        booking = one.wish.previous
        if booking is None or one.planned.number not in confirmed.chosen:
            continue
        facts = gather_facts(session, one.wish)
        is_late = consent.actor.owns(booking.person_id) and moves_late(facts)
        before = machines_of_booking(session, booking.id)
        granting.move_in(session, booking, one.wish, facts, consent, before=before, late=is_late)
        session.flush()  # the rules ask the database about the next one
        moved.append(booking)
        if is_late:
            late.append((booking, facts))
    # Last of all: a strike may suspend the person, and what was shown is done as a whole.
    for booking, facts in late:
        changing.strike(session, booking, StrikeKind.MOVED_LATE, facts, now=facts.now)
    return moved


def _series_after(
    session: Session, plan: MovePlan, confirmed: Confirmation, now: datetime
) -> tuple[Series, int]:
    """Return the series of what moves, and which old number becomes its first.

    It is the old one, moved as a whole, unless some of its bookings stay behind.
    """
    series, chosen = plan.series, confirmed.chosen
    stay = [
        booking
        for booking in queries.bookings_of(session, series)
        if booking.occurrence not in chosen and booking.state not in _GONE
    ]
    first = min(chosen) if stay else 1
    pattern = _moved(series.pattern, first, plan.shift, plan.length)
    if not stay:
        series.pattern = pattern
        series.revision += 1
        series.revised_at = now
        return series, first
    after = Series(
        uid=new_uid(),
        person_id=series.person_id,
        site_id=series.site_id,
        continues_id=series.id,
        created_at=now,
        revised_at=now,
        revision=0,
    )
    after.pattern = pattern
    session.add(after)
    session.flush()  # its id goes into the bookings
    return after, first


def _moved(pattern: Pattern, first: int, shift: timedelta, length: timedelta | None) -> Pattern:
    return Pattern(
        starts=pattern.wall(first) + shift,
        length=length or pattern.length,
        weeks=pattern.weeks,
        zone=pattern.zone,
    )
