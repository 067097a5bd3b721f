"""The filters of the list of people, in its address: shared with files of it and circulars."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SearchField, SelectField
from wtforms.validators import Optional

from labops.blueprints.access import current_actor
from labops.blueprints.formats import day, language
from labops.domain.machines.queries import machine_types
from labops.domain.people import selecting
from labops.domain.people.selecting import Choice, Standing
from labops.domain.sites.queries import all_sites
from labops.kernel.db import reading
from labops.kernel.text import one_line

# Names in the address, short enough to be typed.
NAMES = {
    "q": "words",
    "site": "site",
    "standing": "standing",
    "plan": "plan",
    "group": "group",
    "certified": "certified",
    "since": "booked_from",
    "until": "booked_until",
}


class FilterForm(Form):
    """Which people are meant."""

    q = SearchField(_l("Name or address"))
    site = SelectField(_l("Site"), choices=[], validate_choice=False)
    standing = SelectField(_l("Membership"), choices=[], validate_choice=False)
    plan = SelectField(_l("Plan"), choices=[], validate_choice=False)
    group = SelectField(_l("Group"), choices=[], validate_choice=False)
    certified = SelectField(_l("Certified for"), choices=[], validate_choice=False)
    since = DateField(_l("Has a booking from"), [Optional()])
    until = DateField(_l("Has a booking until"), [Optional()])


def read_choice(args: Mapping[str, str] | None = None) -> Choice:
    """Return the filters of the address, or of `args`; what cannot be read filters nothing."""
    given = request.args if args is None else args
    values: dict[str, Any] = {}
    for short, name in NAMES.items():
        text = one_line(given.get(short, ""))[:120]
        if name.startswith("booked_"):
            values[name] = _day(text)
        elif name == "standing":
            values[name] = Standing(text) if text in set(Standing) else Standing.ANY
        else:
            values[name] = text
    return Choice(**values)


def address_of(choice: Choice) -> dict[str, str]:
    """Return the filters as parts of an address."""
    kept = choice.kept()
    return {short: kept[name] for short, name in NAMES.items() if name in kept}


def filter_form(choice: Choice) -> FilterForm:
    """Return the form with the filters as they are and what else there is to choose."""
    form = FilterForm(data={short: getattr(choice, name) for short, name in NAMES.items()})
    session = reading()
    plans, groups = selecting.plans_and_groups(session, choice.site)
    everything = ("", _("all"))
    form.site.choices = [everything, *((one.slug, one.name) for one in all_sites(session))]
    form.standing.choices = [(one.value, words) for one, words in standings().items()]
    form.plan.choices = [everything, *((name, name) for name in plans)]
    form.group.choices = [everything, *((name, name) for name in groups)]
    form.certified.choices = [everything, *type_names().items()]
    return form


def standings() -> dict[Standing, str]:
    """Return how people may stand with a site, in words."""
    return {
        Standing.ANY: _("all"),
        Standing.ACTIVE: _("active"),
        Standing.LAPSED: _("lapsed: its last day has passed"),
        Standing.SUSPENDED: _("suspended"),
        Standing.ENDED: _("ended"),
        Standing.APPLICANT: _("on the way to it"),
        Standing.NONE: _("no membership"),
    }


def type_names() -> dict[str, str]:
    """Return the machine types by slug, in the reader's language."""
    return {
        kind.slug: kind.name_it if language() == "it" else kind.name_en
        for kind in machine_types(reading())
    }


def in_words(choice: Choice) -> list[tuple[str, str]]:
    """Return the filters in force, each with its value, for people to read."""
    sites = {site.slug: site.name for site in all_sites(reading())}
    found = [
        (_("Name or address"), choice.words),
        (_("Site"), sites.get(choice.site, choice.site)),
        (_("Membership"), standings()[choice.standing] if choice.standing else ""),
        (_("Plan"), choice.plan),
        (_("Group"), choice.group),
        (_("Certified for"), type_names().get(choice.certified, choice.certified)),
        (_("Has a booking from"), day(choice.booked_from) if choice.booked_from else ""),
        (_("Has a booking until"), day(choice.booked_until) if choice.booked_until else ""),
    ]
    return [(name, value) for name, value in found if value]


def own_site(choice: Choice, permission: Any) -> Choice:
    """Return the choice with the actor's only site filled in where none was chosen."""
    actor = current_actor()
    places = [site.slug for site in all_sites(reading()) if actor.may(permission, site.id)]
    if choice.site or actor.may(permission, None) or len(places) != 1:
        return choice
    values = {name: getattr(choice, name) for name in NAMES.values()}
    return Choice(**{**values, "site": places[0]})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
