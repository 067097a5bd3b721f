"""Sentences of incidents and of maintenance that comes round."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "incident.back-in-service": lambda _p: _(
        "The machine is in service again: your booking stands as it is."
    ),
    "incident.other": lambda _p: _(
        "These two reports cannot be one: choose an open report of the same machine that stands"
        " for itself."
    ),
    "incident.solved": lambda _p: _("This fault is solved already."),
    "incident.still-stopped": lambda _p: _(
        "Another report still stops this machine: solve that one first, or link the two."
    ),
    "incident.to-come": lambda _p: _("This moment has not come yet."),
    "part.too-few": lambda p: _(
        "There are only %(stock)s of %(part)s left.", stock=p["stock"], part=p["part"]
    ),
    "part.known": lambda _p: _("The site already has a part of this name."),
    "upkeep.no-round": lambda _p: _("Say after how many months or hours it comes round."),
}
SEVERITIES = {
    "note": _l("Worth knowing: it works"),
    "careful": _l("Careful: it works, but not as it should"),
    "stops": _l("Stop: nobody should use it"),
}
STANDINGS = {
    "fine": _l("not due"),
    "soon": _l("due soon"),
    "due": _l("due"),
    "overdue": _l("overdue"),
}
