"""Use cases of new series: what was shown is what is booked, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.wanted import PartOf
from labops.domain.series import planning, telling
from labops.domain.series.commands import BookSeries, Confirmation
from labops.domain.series.events import SeriesBooked
from labops.domain.series.foreseeing import Preview, Wanted, foresee
from labops.domain.series.models import Series
from labops.domain.series.values import Pattern
from labops.kernel import idempotency, ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Invalid, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor


def preview_series(command: BookSeries, *, actor: Actor, now: datetime) -> Preview:
    """Say what would become of each occurrence, without booking any.

    Raises `NotFound`, `Invalid`, and `Forbidden` for an override without the right to it.
    """
    return _foreseen(reading(), command, actor, now)[2]


def book_series(
    command: BookSeries, confirmed: Confirmation, *, actor: Actor, now: datetime
) -> str:
    """Book the chosen occurrences, all or none, and return the uid of the series.

    Raises `Changed` when the preview is no longer the one that was seen, then nothing was booked;
    otherwise as `preview_series`. A repeated idempotency key returns the first series.
    """
    actor.require_write()
    session = reading()
    if earlier := _earlier(session, command, actor, now):
        return earlier
    _pattern, wanted, preview = _foreseen(session, command, actor, now)
    require_seen(preview, confirmed)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        granting.lock(session, wanted[0].wish)
        if earlier := _earlier(session, command, actor, now):
            return earlier
        # What was read above may have changed while this one waited.
        pattern, wanted, preview = _foreseen(session, command, actor, now)
        require_seen(preview, confirmed)
        series = _add(session, pattern, wanted[0], now)
        chosen = [one for one in wanted if one.planned.number in confirmed.chosen]
        _book(session, command, series, chosen, actor)
        telling.conclude(
            session,
            SeriesBooked(
                series_uid=series.uid, revision=0, numbers=tuple(sorted(confirmed.chosen))
            ),
            actor,
            "series.booked",
            now=now,
            after=telling.told(series),
            reason=command.first.override_reason,
        )
        if keyed := command.first.keyed:
            person_id = actor.require_person()
            idempotency.keep(session, person_id, keyed, f"series:{series.uid}", now=now)
        return series.uid


def require_seen(preview: Preview, confirmed: Confirmation) -> None:
    """Raise `Changed` unless this is the preview that was seen, `Invalid` when none was chosen."""
    if preview.digest != confirmed.digest or not confirmed.chosen <= preview.possible:
        raise Changed
    if not confirmed.chosen:
        raise Invalid.field("take", "field.required")


def _foreseen(
    session: Session, command: BookSeries, actor: Actor, now: datetime
) -> tuple[Pattern, Sequence[Wanted], Preview]:
    pattern, wanted = planning.to_book(session, command, actor=actor, now=now)
    consent = Consent(actor, command.first.override_reason)
    return pattern, wanted, foresee(session, wanted, consent, left_out=command.left_out)


def _book(
    session: Session, command: BookSeries, series: Series, chosen: Iterable[Wanted], actor: Actor
) -> None:
    consent = Consent(actor, command.first.override_reason, series_uid=series.uid)
    for one in chosen:
        part_of = PartOf(series.id, one.planned.number, one.planned.slot.starts_at)
        wish = replace(one.wish, part_of=part_of)
        granting.book_in(session, replace(command.first, slot=wish.slot), wish, consent)


def _add(session: Session, pattern: Pattern, first: Wanted, now: datetime) -> Series:
    series = Series(
        uid=new_uid(),
        person_id=first.wish.person_id,
        site_id=first.wish.first.site_id,
        created_at=now,
        revised_at=now,
        revision=0,
    )
    series.pattern = pattern
    session.add(series)
    session.flush()  # its id goes into the bookings
    return series


def _earlier(session: Session, command: BookSeries, actor: Actor, now: datetime) -> str | None:
    keyed = command.first.keyed
    kept = idempotency.find(session, actor.require_person(), keyed, now=now) if keyed else None
    if keyed is None or kept is None:
        return None
    if kept.fingerprint != keyed.fingerprint:
        raise Refused([Problem("request.key-reused")])
    return kept.subject.removeprefix("series:")
