"""Sentences of doors: why somebody may not come in, and what a scan came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from labops.domain.visits.states import Result, Way

_Sentence = Callable[[Mapping[str, Any]], str]


def _full(params: Mapping[str, Any]) -> str:
    room = params.get("room")
    if room is None:
        return str(_("The site is full at that time."))
    if room < 1:
        return str(_("The site is full: nobody else may come in for now."))
    return str(
        ngettext(
            "There is room for one more person only.",
            "There is room for %(num)d more people only.",
            room,
        )
    )


def _expired(params: Mapping[str, Any]) -> str:
    if params.get("screen"):
        return str(_("This code on the screen has expired. Scan the one that is shown now."))
    if params.get("shown_at"):
        return str(_("This pass was shown at %(time)s and has expired.", time=params["shown_at"]))
    return str(_("This pass has expired. Open your pass again."))


def _elsewhere(params: Mapping[str, Any]) -> str:
    if params.get("space"):
        return str(
            _(
                "Your booking is at another machine: %(machine)s, in %(space)s.",
                machine=params["machine"],
                space=params["space"],
            )
        )
    return str(_("Your booking is at another machine: %(machine)s.", machine=params["machine"]))


SENTENCES: dict[str, _Sentence] = {
    "booking.elsewhere": _elsewhere,
    "pass.expired": _expired,
    "pass.unknown": lambda _p: _("This is no pass of ours."),
    "pass.used": lambda p: _(
        "This very code was used before, at %(time)s. Whose phone is it?", time=p["first_at"]
    ),
    "roll-call.ended": lambda _p: _("This roll call has ended."),
    "site.full": _full,
    "station.retired": lambda _p: _("This sticker is old. Tell staff, please."),
    "station.screen-needed": lambda _p: _(
        "At this door only the code on the screen counts. Scan that one."
    ),
    "visit.host-not-in": lambda _p: _("Whoever receives guests must be in herself."),
    "visit.which-host": lambda _p: _("Write the name so that it is one person, or scan her pass."),
    "visit.supervision-required": lambda _p: _(
        "Minors may be here only while a trained adult is in. Ask staff."
    ),
}
# What is written large, so short that it is read in passing.
RESULTS = {
    Result.CHECKED_IN: _l("Welcome"),
    Result.ALREADY_IN: _l("You are in already"),
    Result.WALK_IN: _l("Booked and begun"),
    Result.CHECKED_OUT: _l("Goodbye"),
    Result.NOT_IN: _l("You were not in"),
    Result.FINISHED: _l("Finished"),
    Result.TOO_EARLY: _l("Too early"),
    Result.OCCUPIED: _l("Still in use"),
    Result.RELEASED: _l("Released"),
    Result.WRONG_MACHINE: _l("Another machine"),
    Result.NOT_CERTIFIED: _l("Not certified"),
    Result.SUPERVISION_REQUIRED: _l("Not alone"),
    Result.FULL: _l("Full"),
    Result.OUT_OF_SERVICE: _l("Out of service"),
    Result.RETIRED_CODE: _l("Old code"),
    Result.PROOF_NEEDED: _l("Scan the screen"),
    Result.NOT_MEMBER: _l("Not a member"),
    Result.SUSPENDED: _l("Suspended"),
    Result.WAIVER_MISSING: _l("Waiver missing"),
    Result.PASS_EXPIRED: _l("Pass expired"),
    Result.PASS_USED: _l("Pass used before"),
    Result.PASS_UNKNOWN: _l("Unknown pass"),
    Result.REFUSED: _l("Not possible"),
}
WAYS = {
    Way.WALL: _l("code on the wall"),
    Way.SCREEN: _l("code on the screen"),
    Way.PASS: _l("pass"),
    Way.TYPED: _l("typed code"),
    Way.NAME: _l("by name"),
    Way.GUEST: _l("guest"),
}
