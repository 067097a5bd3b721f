"""What a visit to an outside calendar changes in what is known of it. Pure.

Nothing here closes or opens a site: staff decide on every proposal. An entry that is missing from
a visit has vanished; when many vanish at once the calendar is rather broken than changed, so those
are held back until somebody says that it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from labops.domain.closures.values import Change, Occurrence

MOST_VANISHING = 0.30


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one entry.

    `accepted` is its mark when the closure that stands was made of it, empty without a closure.
    `ignored` says that staff want nothing done as it is now. `missing`: the last visit did not
    find it; `held`: and this is not believed yet.
    """

    occurrence: Occurrence
    accepted: str = ""
    ignored: bool = False
    missing: bool = False
    held: bool = False

    @property
    def change(self) -> Change | None:
        """Return what is proposed, or `None` when there is nothing to decide."""
        if self.ignored or self.held:
            return None
        if self.missing:
            return Change.VANISHED
        if not self.accepted:
            return Change.NEW
        return Change.CHANGED if self.accepted != self.occurrence.mark else None


@dataclass(frozen=True, slots=True)
class Visit:
    """How each known entry stands after a visit, and the keys of those to forget."""

    known: Mapping[str, Known]
    forgotten: frozenset[str]


def after_visit(known: Iterable[Known], found: Iterable[Occurrence], *, now: datetime) -> Visit:
    """Return what is known after a visit that found these entries.

    Entries that are over are forgotten: their closures are history. The same visit twice is the
    same as once.
    """
    before = {one.occurrence.key: one for one in known}
    after = {one.key: _seen(before.get(one.key), one) for one in found if one.ends_at > now}
    coming = {key: one for key, one in before.items() if one.occurrence.ends_at > now}
    here = [key for key, one in coming.items() if not one.missing]
    gone = [key for key in here if key not in after]
    held = len(gone) > MOST_VANISHING * len(here)
    after |= {key: _gone(before[key], held=held) for key in gone}
    # What was missing before this visit is believed, or held, as it was.
    after |= {key: one for key, one in coming.items() if key not in after}
    return _visit(before, after)


def believed(known: Iterable[Known]) -> Visit:
    """Return what is known once somebody said that what is held back has vanished indeed."""
    before = {one.occurrence.key: one for one in known}
    return _visit(
        before,
        {key: _gone(one, held=False) if one.held else one for key, one in before.items()},
    )


def _visit(before: Mapping[str, Known], after: Mapping[str, Known]) -> Visit:
    # What vanished without leaving a closure behind leaves nothing to decide.
    kept = {key: one for key, one in after.items() if one.accepted or one.held or not one.missing}
    return Visit(kept, frozenset(before.keys() - kept.keys()))


def _seen(known: Known | None, found: Occurrence) -> Known:
    if known is None:
        return Known(occurrence=found)
    as_before = known.occurrence == found and (known.held or not known.missing)
    return replace(
        known,
        occurrence=found,
        ignored=known.ignored and as_before,
        missing=False,
        held=False,
    )


def _gone(known: Known, *, held: bool) -> Known:
    ignored = known.ignored and held  # staff never said what to do about its vanishing
    return replace(known, ignored=ignored, missing=True, held=held)
