"""From a problem's coded step to the page where one takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import g, request, url_for
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.renewing import inductions_address
from labops.blueprints.slots import LENGTHS, in_address
from labops.domain.bookings.explaining import Answer
from labops.domain.bookings.solving import is_about_time
from labops.domain.inductions import queries as inductions
from labops.domain.inductions.views import SessionView
from labops.domain.machines import queries as machines
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Problem
from labops.kernel.interval import Interval

Step = tuple[str, str]
SEARCHED = timedelta(days=14)
NO_STEP: Step = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The wish from which a step starts: what is typed in the form already is not lost.

    `uid` is the booking that is moved, `slots` what was found to pass a rule, by the rule's
    step, and `said` further values of the form.
    """

    machines: tuple[str, ...]
    slot: Interval
    uid: str = ""
    zone: ZoneInfo | None = None
    slots: Mapping[str, Interval] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)
    signed_in: bool = True


def start_from(wanted: Wanted) -> None:
    """Let the steps of this web request start from the wish."""
    g.wanted = wanted


def start_from_answer(
    answer: Answer,
    zone: ZoneInfo,
    *,
    uid: str = "",
    said: Mapping[str, str] | None = None,
    signed_in: bool = True,
) -> None:
    """Let the steps of this web request start from what was asked, with the slots found."""
    start_from(
        Wanted(
            machines=answer.machines,
            slot=answer.slot,
            uid=uid,
            zone=zone,
            slots=answer.slots,
            said=said or {},
            signed_in=signed_in,
        )
    )


def step_of(problem: Problem) -> Step:
    """Return the address and the name of the step that would solve the problem; empty if none."""
    kind, _colon, of = problem.fix.partition(":")
    wanted: Wanted | None = g.get("wanted")
    if is_about_time(problem.fix):
        return _other_time(problem, wanted, of if kind == "times" else "")
    step = _STEPS.get(kind)
    return step(problem, of, wanted) if step is not None else NO_STEP


def in_json(problem: Problem) -> dict[str, str]:
    """Return the step as programs read it: its code, the address of the page, the page's name."""
    url, label = step_of(problem)
    return {"fix": problem.fix, "fix_url": url, "fix_label": label}


def form_address(wanted: Wanted, slot: Interval) -> str:
    """Return the address of the form where the wish is booked or moved, with that slot in it."""
    zone = _zone_of(wanted)
    if not wanted.signed_in:
        return url_for(
            "bookings.why_not",
            machine=list(wanted.machines),
            starts_at=slot.starts_at.isoformat(),
            ends_at=slot.ends_at.isoformat(),
        )
    if wanted.uid:
        where = in_address(slot, zone)
        return url_for("bookings.show", uid=wanted.uid, **where, _anchor="move")
    return url_for(
        "bookings.new", machine=list(wanted.machines), **in_address(slot, zone), **wanted.said
    )


def _other_time(problem: Problem, wanted: Wanted | None, slug: str) -> Step:
    """Lead to a slot that passes the rule, or to where one is looked for."""
    slug = slug or str(problem.params.get("machine", "")) or (wanted.machines[0] if wanted else "")
    if wanted is None:
        return _diary(slug)
    slot = wanted.slots.get(problem.fix)
    if slot is not None:
        words = formats.slot(slot.starts_at, slot.ends_at, _zone_of(wanted))
        label = _("Take %(slot)s", slot=words)
        if not wanted.signed_in:
            label = _("Look at %(slot)s", slot=words)
        return form_address(wanted, slot), label
    if not wanted.signed_in or wanted.uid:
        return _diary(slug)
    wished = max(wanted.slot.starts_at, clock.now())
    first = wished.astimezone(_zone_of(wanted)).date()
    values: dict[str, Any] = {
        "machine": slug,
        "first": first.isoformat(),
        "last": (first + SEARCHED).isoformat(),
        "length": _offered_length(wanted),
    }
    return url_for("bookings.find", **values, everything="y"), _("Find a free time")


def _diary(slug: str) -> Step:
    if not slug:
        return NO_STEP
    return url_for("machines.show", slug=slug, _anchor="diary"), _("See when it is free")


def _certification(problem: Problem, of: str, wanted: Wanted | None) -> Step:
    """Lead to the next inductions, where there are any; else to what one has or needs."""
    step = next_induction(of)
    if step != NO_STEP:
        return step
    slug = problem.params.get("machine") or (wanted.machines[0] if wanted else "")
    if not slug or problem.code == "person.certification-expired":
        return url_for("skills.index", _anchor=of), _("See how to renew it")
    return url_for("machines.show", slug=slug, _anchor="needs"), _("See how to get it")


def next_induction(machine_type: str) -> Step:
    """Return where the next induction with free places is signed up for, and its day."""
    coming = inductions.next_free(reading(), machine_type, now=clock.now(), limit=1)
    if not coming:
        return NO_STEP
    return inductions_address(machine_type), _(
        "Book the induction on %(day)s", day=_day_of(coming[0])
    )


def _day_of(induction: SessionView) -> str:
    """Return "Thursday 3 December": what is so near needs no year."""
    local = induction.starts_at.astimezone(ZoneInfo(induction.zone))
    words: str = format_date(local.date(), "EEEE d MMMM", locale=formats.language())
    return words


def _inductions(_problem: Problem, of: str, _wanted: Wanted | None) -> Step:
    return url_for("inductions.index", type=of or None), _("See the next inductions")


def _wait(_problem: Problem, of: str, _wanted: Wanted | None) -> Step:
    return url_for("inductions.show", uid=of), _("Join the waiting list")


def _quiz(_problem: Problem, of: str, _wanted: Wanted | None) -> Step:
    return url_for("quizzes.show", slug=of), _("Take the quiz")


def _site(_problem: Problem, of: str, _wanted: Wanted | None) -> Step:
    return url_for("sites.show", slug=of), _("How to reach the staff")


def _field(_problem: Problem, of: str, wanted: Wanted | None) -> Step:
    if wanted is None or wanted.uid:
        return NO_STEP
    anchor = f"said-{of}"
    if request.endpoint in {"bookings.create", "bookings.new"}:
        return f"#{anchor}", _("Fill it in")
    return f"{form_address(wanted, wanted.slot)}#{anchor}", _("Fill it in")


def _staff(_problem: Problem, _of: str, wanted: Wanted | None) -> Step:
    machine = _machine_of(wanted)
    if machine is None:
        return url_for("pages.home"), _("See the sites and how to reach them")
    return url_for("sites.show", slug=machine.site), _("How to reach the staff")


def _others(_problem: Problem, of: str, wanted: Wanted | None) -> Step:
    values: dict[str, Any] = {"length": 60, "everything": "y"}
    try:
        values["process"] = machines.by_slug(reading(), of).process
    except NotFound:
        return NO_STEP
    if wanted is not None and not wanted.signed_in:
        return url_for("machines.index", process=values["process"]), _("Find another machine")
    if wanted is not None:
        values["length"] = _offered_length(wanted)
    return url_for("bookings.find", **values), _("Find another machine")


def _bookings(_problem: Problem, _of: str, _wanted: Wanted | None) -> Step:
    return url_for("bookings.index"), _("See your bookings")


def _profile(_problem: Problem, _of: str, _wanted: Wanted | None) -> Step:
    return url_for("accounts.profile"), _("See your profile")


def _membership(_problem: Problem, _of: str, wanted: Wanted | None) -> Step:
    machine = _machine_of(wanted)
    if machine is None:
        return url_for("onboarding.join"), _("Become a member")
    return url_for("onboarding.steps", slug=machine.site), _("Become a member")


def _waiver(_problem: Problem, _of: str, _wanted: Wanted | None) -> Step:
    return url_for("waivers.mine"), _("Read and sign")


def _machine_of(wanted: Wanted | None) -> machines.MachineView | None:
    if wanted is None:
        return None
    try:
        return machines.by_slug(reading(), wanted.machines[0])
    except NotFound:
        return None


def _offered_length(wanted: Wanted) -> int:
    """Return the length in minutes that the search offers and that is nearest to the wish."""
    minutes = wanted.slot.length.total_seconds() / 60
    return min(LENGTHS, key=lambda length: abs(length - minutes))


def _zone_of(wanted: Wanted) -> ZoneInfo:
    zone = wanted.zone or g.get("zone")
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")


_STEPS: Mapping[str, Callable[[Problem, str, Wanted | None], Step]] = {
    "certification": _certification,
    "field": _field,
    "inductions": _inductions,
    "quiz": _quiz,
    "site": _site,
    "wait": _wait,
    "staff": _staff,
    "membership": _membership,
    "others": _others,
    "bookings": _bookings,
    "profile": _profile,
    "waiver": _waiver,
}
