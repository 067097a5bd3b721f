"""A preview of several bookings as a page shows it: each with its reasons and a box to tick."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.errors import reasons_of
from labops.blueprints.messages import Reason
from labops.domain.series.commands import Confirmation
from labops.domain.series.foreseeing import Foreseen, Preview
from labops.domain.series.states import Outcome
from labops.domain.series.values import MOST
from labops.kernel import local_time
from labops.kernel.local_time import WallClock

CONFIRM, AGAIN = "confirm", "again"
# What a page with a preview sends besides the form that it carries on.
OWN_FIELDS = frozenset({"csrf_token", "act", "seen", "take", "shown", "left_out"})


@dataclass(frozen=True, slots=True)
class Row:
    """One occurrence: what to say of it, and whether its box is there and ticked."""

    item: Foreseen
    notes: tuple[str, ...]
    reasons: tuple[Reason, ...]
    boxed: bool
    ticked: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back from a page with a preview."""

    act: str
    taken: frozenset[int]
    left_out: frozenset[int]
    digest: str

    @property
    def confirmation(self) -> Confirmation:
        """Return what was agreed to."""
        return Confirmation(self.digest, self.taken)


def answered() -> Answered:
    """Read what was ticked; ticking what had been left out asks for a new preview."""
    taken, shown = _numbers("take"), _numbers("shown")
    left_out = _numbers("left_out")
    act = request.form.get("act", "")
    if act == CONFIRM and taken & left_out:
        act = AGAIN
    if act == AGAIN:
        left_out = shown - taken
    return Answered(act, taken, left_out, request.form.get("seen", ""))


def carried() -> list[tuple[str, str]]:
    """Return the form that the page carries on, as names and values."""
    return [
        (name, value)
        for name in request.form
        if name not in OWN_FIELDS
        for value in request.form.getlist(name)
    ]


def rows_of(preview: Preview) -> list[Row]:
    """Return what the page shows of each occurrence."""
    return [
        Row(
            item,
            tuple(_notes(item, preview.zone)),
            tuple(reasons_of(item.problems)),
            boxed=item.outcome is not Outcome.REFUSED,
            ticked=item.possible,
        )
        for item in preview.items
    ]


def _notes(item: Foreseen, zone: str) -> list[str]:
    notes = []
    start = formats.clock_time(item.slot.starts_at, local_time.zone(zone))
    if item.clock is WallClock.NEVER:
        notes.append(_("The clocks skip the usual time that night: it starts at %(at)s.", at=start))
    elif item.clock is WallClock.TWICE:
        notes.append(_("The clock shows %(at)s twice that night: the first one counts.", at=start))
    if item.outcome is Outcome.REQUEST:
        notes.append(_("The staff have to agree to this one; its time is held until then."))
    elif item.outcome is Outcome.LEFT_OUT:
        notes.append(_("Left out."))
    if item.late:
        notes.append(_("This comes late: it is written down, and may count as a strike."))
    return [str(note) for note in notes]


def _numbers(name: str) -> frozenset[int]:
    texts = [text for value in request.form.getlist(name) for text in value.split(",")]
    return frozenset(
        int(text)
        for text in texts
        if text.isdecimal() and len(text) < 4 and 0 < int(text) <= MOST  # noqa: PLR2004
    )
