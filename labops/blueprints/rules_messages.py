"""What is wrong with written house rules, or with cases to be decided by them, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

Sentence = Callable[[Mapping[str, Any]], str]

SENTENCES: dict[str, Sentence] = {
    "rules.unknown-key": lambda p: _("There is no rule called “%(field)s”.", field=p["field"]),
    "rules.not-a-count": lambda p: _("%(field)s must be a whole number.", field=p["field"]),
    "rules.not-above-zero": lambda p: _("%(field)s must be above zero.", field=p["field"]),
    "rules.not-yes-or-no": lambda p: _("%(field)s must be true or false.", field=p["field"]),
    "rules.not-a-list": lambda p: _("%(field)s must be a list.", field=p["field"]),
    "rules.not-a-table": lambda p: _(
        "%(field)s must be a table of keys and values.", field=p["field"]
    ),
    "rules.not-text": lambda p: _(
        "%(field)s must be a short text, a name without spaces where it names something.",
        field=p["field"],
    ),
    "rules.not-offered": lambda p: _(
        "“%(value)s” is not one of: %(choices)s.", value=p.get("value", ""), choices=p["choices"]
    ),
    "rules.missing": lambda p: _("%(field)s is missing.", field=p["field"]),
    "rules.one-of": lambda p: _("Give exactly one of: %(choices)s.", choices=p["choices"]),
    "rules.wrong-rolling": lambda _p: _(
        "A rolling window needs rolling_days, and no other window may have it."
    ),
    "rules.wrong-time": lambda p: _(
        "“%(value)s” is no time of day such as 17:30.", value=p.get("value", "")
    ),
    "rules.wrong-day": lambda p: _(
        "“%(value)s” is no date such as 2026-12-24, or no two in order with a slash.",
        value=p.get("value", ""),
    ),
    "rules.wrong-season": lambda p: _(
        "“%(value)s” is no season such as 06-01/09-15.", value=p.get("value", "")
    ),
    "rules.wrong-hours": lambda p: _(
        "“%(value)s” are no hours such as mon-fri 09:00-18:00.", value=p.get("value", "")
    ),
    "rules.wrong-amount": lambda p: _(
        "“%(value)s” is no amount of money such as 12.50.", value=p.get("value", "")
    ),
    "rules.unknown-timetable": lambda p: _(
        "There is no timetable called “%(value)s”.", value=p.get("value", "")
    ),
    "rules.doubled-name": lambda p: _(
        "Two entries of %(field)s are called “%(name)s”.", field=p["field"], name=p["name"]
    ),
    "rules.wrong-grid": lambda _p: _("The grid is 5, 10, 15, 30 or 60 minutes."),
    "rules.shortest-above-longest": lambda _p: _(
        "The shortest booking must be above zero and not above the longest."
    ),
    "rules.longest-too-long": lambda _p: _("No booking may be longer than 30 days."),
    "rules.wrong-key": lambda _p: _("Name the category or machine that these rules are for."),
    "rules.unknown-name": lambda p: _(
        "The site has no category or machine called “%(name)s”.", name=p["name"]
    ),
    "rules.not-toml": lambda p: _("This is not TOML: %(why)s", why=p["why"]),
    "rules.not-json": lambda p: _("This is not JSON: %(why)s", why=p["why"]),
    "rules.unknown-zone": lambda p: _(
        "There is no time zone called “%(value)s”.", value=p.get("value", "")
    ),
    "rules.not-an-instant": lambda p: _(
        "“%(value)s” is no moment such as 2026-11-26T14:00:00+01:00.", value=p.get("value", "")
    ),
    "rules.unknown-machine": lambda p: _(
        "There is no machine called “%(value)s” among the machines.", value=p.get("value", "")
    ),
    "rules.not-own-booking": lambda p: _(
        "%(field)s must be the index of one of the person's own bookings.", field=p["field"]
    ),
}
