"""Why an outside calendar cannot be fetched or read, or a site's holidays not known, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

Sentence = Callable[[Mapping[str, Any]], str]

SENTENCES: dict[str, Sentence] = {
    "fetch.unusable-address": lambda _p: _(
        "This address cannot be used. Copy it again from the other calendar."
    ),
    "fetch.wrong-scheme": lambda _p: _("The address must begin with https:// or http://."),
    "fetch.with-password": lambda _p: _(
        "The address holds a name or a password. Use an address that works without."
    ),
    "fetch.wrong-port": lambda _p: _("The address names a port other than 80 and 443."),
    "fetch.unknown-host": lambda p: _("There is no server called %(host)s.", host=p["host"]),
    "fetch.not-public": lambda p: _(
        "%(host)s is not on the public internet, so it is not asked.", host=p["host"]
    ),
    "fetch.unreachable": lambda _p: _("The server cannot be reached."),
    "fetch.not-secure": lambda _p: _(
        "The server cannot prove who it is: its certificate is wrong."
    ),
    "fetch.too-slow": lambda p: _(
        "The server did not answer within %(seconds)s seconds.", seconds=p["seconds"]
    ),
    "fetch.too-large": lambda p: _("The calendar is larger than %(most)s MiB.", most=p["most"]),
    "fetch.cut-off": lambda _p: _("The answer was cut off before its end."),
    "fetch.unreadable-answer": lambda _p: _("The server's answer cannot be read."),
    "fetch.too-many-redirects": lambda p: _(
        "The address was sent on more than %(most)s times.", most=p["most"]
    ),
    "fetch.refused": lambda p: _refused(p["status"]),
    "calendar.unreadable": lambda _p: _("This is no calendar (iCalendar, .ics), or it is damaged."),
    "calendar.too-large": lambda _p: _("The calendar needs too much memory to be read."),
    "calendar.too-slow": lambda p: _(
        "Reading the calendar took more than %(seconds)s seconds.", seconds=p["seconds"]
    ),
    "calendar.too-often": lambda _p: _(
        "An entry of the calendar repeats more often than once a day."
    ),
    "calendar.too-many-components": lambda p: _(
        "The calendar has more than %(most)s entries.", most=p["most"]
    ),
    "calendar.too-many-occurrences": lambda p: _(
        "The calendar has more than %(most)s occurrences in the next 400 days.", most=p["most"]
    ),
    "calendar.too-many": lambda p: ngettext(
        "A site follows at most one calendar.",
        "A site follows at most %(num)d calendars. Drop one first.",
        p["most"],
    ),
    "holidays.unreadable": lambda p: _(
        "“%(line)s” cannot be read. Write month and day, then the name: 12-07 Sant'Ambrogio.",
        line=p["line"],
    ),
    "holidays.too-many": lambda p: ngettext(
        "There can be at most one day.", "There can be at most %(num)d days.", p["most"]
    ),
    "holidays.none": lambda _p: _(
        "No public holidays are known here. Choose a country in the description of the site."
    ),
}


def _refused(status: int) -> str:
    if status in {401, 403}:
        sentence = _("The server does not let us read this calendar (%(status)s).", status=status)
    elif status in {404, 410}:
        sentence = _("There is no calendar at this address any more (%(status)s).", status=status)
    else:
        sentence = _("The server answered with an error (%(status)s).", status=status)
    return str(sentence)
