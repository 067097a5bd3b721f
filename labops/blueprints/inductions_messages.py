"""Sentences of inductions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from labops.blueprints import formats
from labops.domain.inductions import queries
from labops.kernel.db import reading


def _kind(slug: str) -> str:
    """Return the name of a machine type in the reader's language."""
    names = {one: (it, en) for one, it, en in queries.types(reading())}
    both = names.get(slug, (slug, slug))
    return both[0] if formats.language() == "it" else both[1]


def _prerequisite(params: Mapping[str, Any]) -> str:
    what = params["what"]
    if what == "membership":
        return str(_("This induction is for members of the site."))
    if what == "certification":
        return str(
            _(
                "You must be certified for “%(kind)s” on that day first.",
                kind=_kind(params["machine_type"]),
            )
        )
    if what == "quiz":
        return str(_("You must pass the quiz first."))
    if params["known"]:
        return str(_("You must be at least %(years)s years old.", years=params["youngest"]))
    return str(
        _(
            "You must be at least %(years)s years old, and your birth date is not known here. Ask"
            " staff to write it down.",
            years=params["youngest"],
        )
    )


SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "induction.full": lambda _p: _("Every place is taken. You can join the waiting list."),
    "induction.prerequisite": _prerequisite,
    "induction.begun": lambda _p: _("It has begun already."),
    "induction.not-begun": lambda _p: _("It has not begun yet."),
    "induction.cancelled": lambda _p: _("This induction does not take place."),
    "induction.already": lambda p: (
        _("You teach this induction.") if p["teaches"] else _("You are in this induction already.")
    ),
    "induction.at-the-same-time": lambda _p: _("You are in another induction at that time."),
    "induction.price-changed": lambda p: _(
        "Its price has changed: it costs you %(price)s euro now. Look at it again.",
        price=p["price"],
    ),
    "induction.overlap": lambda p: _(
        "%(machine)s is taken at that time: by a booking, maintenance or another induction.",
        machine=p["machine"],
    ),
    "induction.closed": lambda p: _("It is closed at that time: %(reason)s.", reason=p["reason"]),
    "induction.teacher-busy": lambda _p: _("The teacher has another induction at that time."),
    "induction.no-teacher": lambda _p: _("This person may not certify people at this site."),
    "induction.too-few-places": lambda _p: _("More people than that have a place already."),
    "induction.too-long": lambda p: _("It may last %(longest)s at most.", longest=p["longest"]),
    "induction.reason-missing": lambda _p: _("Say why it is cancelled: people are told."),
}
