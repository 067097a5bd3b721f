"""What the pages share on which staff decide about the bookings in the way of something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from labops.blueprints import formats
from labops.blueprints.errors import reasons_of
from labops.blueprints.messages import Reason
from labops.domain.bookings.displacing import Act, Choice, ChoiceRefused
from labops.domain.bookings.hits import HitBooking, Obstacle, hit_bookings
from labops.domain.bookings.rebooking import Suggestion, suggestions_for
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.interval import Interval

MOST_CHOICES = 2_000
LARGEST_REVISION = 2**31 - 1
_MOVE_PARTS = 4


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can become of a booking: how the form sends it, and its words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HitRow:
    """One booking in the way with its options, the suggested one first.

    `news` says what changed since the page was shown before; `reasons` why what was chosen then
    is not possible.
    """

    hit: HitBooking
    options: tuple[Option, ...]
    chosen: str
    news: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def suggested(self) -> str:
        """Return the value of the suggestion."""
        return self.options[0].value


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The words and addresses around the bookings on the page.

    `repeated` are the names of fields that come back as they were sent; `back` is where to change
    them, empty when a button of the form leads there.
    """

    title: str
    lead: str
    url: str
    submit: str
    repeated: tuple[str, ...] = ()
    back: str = ""
    may_leave: bool = False


def is_decided() -> bool:
    """Say whether the form comes from the page that shows what is in the way."""
    return "decided" in request.form


def wants_back() -> bool:
    """Say whether staff want to change what they plan."""
    return "again" in request.form


def read_choices() -> dict[str, Choice]:
    """Return what was chosen for each booking that the page showed, by uid.

    "As suggested for all" counts what the page suggested then, and nothing else.
    """
    form = request.form
    name = "suggested" if form.get("everything") else "choice"
    choices = {}
    for uid in form.getlist("hit")[:MOST_CHOICES]:
        choice = _read(form.get(f"{name}-{uid}", ""), form.get(f"seen-{uid}", ""))
        if choice is not None:
            choices[uid] = choice
    return choices


def hits_page(
    site: SiteView,
    obstacle: Obstacle,
    question: Question,
    *,
    now: datetime,
    refused: ChoiceRefused | None = None,
    changed: bool = False,
) -> str | None:
    """Return the page of the bookings in the way, or `None` when there are none to decide about.

    What was chosen before stays chosen where it still makes sense.
    """
    rows = rows_of(obstacle, site.tz, now=now, may_leave=question.may_leave, refused=refused)
    if not rows and not (refused or changed):
        return None
    return render_template(
        "maintenance/hits.html",
        site=site,
        question=question,
        rows=rows,
        changed=changed,
        refused=refused is not None,
        hidden=[(name, value) for name in question.repeated for value in _sent(name)],
        now=now,
    )


def rows_of(
    obstacle: Obstacle,
    zone: ZoneInfo,
    *,
    now: datetime,
    may_leave: bool,
    refused: ChoiceRefused | None = None,
) -> list[HitRow]:
    """Return the bookings in the way as they stand now, with what was chosen for them before."""
    session = reading()
    hits = hit_bookings(session, obstacle)
    suggestions = suggestions_for(session, hits, obstacle, now=now)
    before = read_choices() if is_decided() else None
    rows = []
    for hit in hits:
        options = _options(hit, suggestions.get(hit.uid, ()), obstacle, zone, now, leave=may_leave)
        rows.append(_row(hit, options, before, refused, zone))
    return rows


def say_what_was_done(by_act: Mapping[Act, Sequence[str]]) -> None:
    """Say how many bookings were moved, cancelled and ended."""
    moved, cancelled = len(by_act[Act.MOVE]), len(by_act[Act.CANCEL])
    ended, left = len(by_act[Act.END]), len(by_act[Act.LEAVE])
    said = []
    if moved:
        said.append(ngettext("One booking was moved.", "%(num)d bookings were moved.", moved))
    if cancelled:
        text = ngettext("One booking was cancelled.", "%(num)d bookings were cancelled.", cancelled)
        said.append(text)
    if ended:
        said.append(ngettext("One running booking ends.", "%(num)d running bookings end.", ended))
    if moved or cancelled:
        said.append(_("Their people are told by mail."))
    if left:
        said.append(ngettext("One booking stands.", "%(num)d bookings stand.", left))
    if said:
        flash(" ".join(said), "info")


def _row(
    hit: HitBooking,
    options: list[Option],
    before: Mapping[str, Choice] | None,
    refused: ChoiceRefused | None,
    zone: ZoneInfo,
) -> HitRow:
    chosen, news, reasons = options[0].value, "", tuple[Reason, ...]()
    values = {option.value for option in options}
    if before is not None:
        choice = before.get(hit.uid)
        if choice is None:
            news = _("This booking is new on this page.")
        elif choice.sequence != hit.sequence:
            news = _("This booking changed meanwhile: choose again.")
        elif refused is not None and refused.uid == hit.uid:
            news = _("What you chose for it is not possible.")
            reasons = tuple(reasons_of(refused.problems))
            options = [one for one in options if one.value != _written(choice)] or options
            chosen = options[0].value
        else:
            chosen = _written(choice)
            if chosen not in values and choice.act is Act.MOVE and choice.slot is not None:
                slot = formats.slot(choice.slot.starts_at, choice.slot.ends_at, zone)
                label = _("As chosen before: %(slot)s", slot=slot)
                options = [*options, Option(chosen, label)]
            elif chosen not in values:
                chosen = options[0].value
    return HitRow(hit=hit, options=tuple(options), chosen=chosen, news=news, reasons=reasons)


def _options(
    hit: HitBooking,
    suggestions: Sequence[Suggestion],
    obstacle: Obstacle,
    zone: ZoneInfo,
    now: datetime,
    *,
    leave: bool,
) -> list[Option]:
    options = []
    if hit.is_running:
        at, label = obstacle.span.starts_at, _("It ends now")
        if at > max(now, hit.slot.starts_at):
            label = _("It ends by %(time)s", time=formats.moment(at, zone))
        options.append(Option(Act.END.value, label))
    else:
        options += (
            Option(_move(one.slot, one.machines), _where(one, hit, zone)) for one in suggestions
        )
        options.append(Option(Act.CANCEL.value, _("Cancel it")))
    if leave:
        options.append(Option(Act.LEAVE.value, _("Leave it as it is")))
    return options


def _where(one: Suggestion, hit: HitBooking, zone: ZoneInfo) -> str:
    slot = formats.slot(one.slot.starts_at, one.slot.ends_at, zone)
    names = ", ".join(one.machine_names)
    if one.same_machines:
        return str(_("Move it to %(slot)s", slot=slot))
    if one.slot == hit.slot:
        return str(_("Move it to %(machines)s, at the same time", machines=names))
    return str(_("Move it to %(machines)s, %(slot)s", machines=names, slot=slot))


def _written(choice: Choice) -> str:
    if choice.act is Act.MOVE and choice.slot is not None:
        return _move(choice.slot, choice.machines)
    return choice.act.value


def _move(slot: Interval, machines: Sequence[str]) -> str:
    parts = (Act.MOVE, slot.starts_at.isoformat(), slot.ends_at.isoformat(), ",".join(machines))
    return " ".join(parts)


def _read(value: str, seen: str) -> Choice | None:
    """Return what a field of the form means; `None` for nothing that a page of ours sends."""
    if not (seen.isascii() and seen.isdecimal()) or int(seen[:12]) > LARGEST_REVISION:
        return None
    if value in {Act.CANCEL, Act.END, Act.LEAVE}:
        return Choice(Act(value), int(seen))
    parts = value.split(" ")
    if len(parts) != _MOVE_PARTS or parts[0] != Act.MOVE or "\x00" in value:
        return None
    try:
        slot = Interval(*(datetime.fromisoformat(text) for text in parts[1:3]))
    except ValueError:
        return None
    if slot.length > timedelta(days=366):
        return None
    return Choice(Act.MOVE, int(seen), slot, tuple(parts[3].split(",")))


def _sent(name: str) -> list[str]:
    form: MultiDict[str, Any] = request.form
    return [str(value) for value in form.getlist(name)[:MOST_CHOICES]]
