"""Sentences of the waiting list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "waiting.free-now": lambda p: _(
        "You need not wait: %(machine)s is free from %(start)s to %(end)s.",
        machine=p["machine"],
        start=p["starts_at"],
        end=p["ends_at"],
    ),
    "waiting.off": lambda p: _("%(machine)s has no waiting list.", machine=p["machine"]),
    "waiting.known": lambda _p: _("You already wait for this."),
    "waiting.too-many": lambda p: ngettext(
        "You wait for something already: leave that list first.",
        "You wait for %(num)d things already: leave one of the lists first.",
        p["limit"],
    ),
    "waiting.window-too-short": lambda _p: _(
        "The time you look for must be longer than what you want of it, or as long."
    ),
    "waiting.window-too-long": lambda p: _(
        "Wait for a time within %(longest)s.", longest=p["longest"]
    ),
    "offer.over": lambda p: _over(p["state"]),
}


def _over(state: str) -> str:
    sentences = {
        "accepted": _("This offer was accepted."),
        "declined": _("This offer was declined, and went to the next."),
        "lapsed": _("The deadline of this offer has passed, and it went to the next."),
        "taken_back": _("This offer ended when its place on the waiting list was given up."),
    }
    return str(sentences[state])
