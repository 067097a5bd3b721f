"""What the pages of sites, machines and stations share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, g, request
from wtforms import Form

from labops.blueprints.access import current_actor
from labops.blueprints.messages import sentence_for
from labops.domain.closures import queries as closures
from labops.domain.sites import queries
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Problem
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission
from labops.kernel.text import one_line

bp = Blueprint("sites", __name__)

LOOK_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether one can be at a site now, until when, or from when on (`None`: not in sight)."""

    open_now: bool
    until: datetime | None = None
    opens_at: datetime | None = None


def found_site(slug: str) -> SiteView:
    """Return the site; from here on refusals speak of its times. Raises `NotFound`."""
    site = queries.by_slug(reading(), key(slug))
    g.zone = site.tz
    return site


def staffed_site(slug: str, permission: Permission) -> SiteView:
    """Return the site when the actor holds the permission there; raises `Forbidden` if not."""
    site = found_site(slug)
    current_actor().require(permission, site.id)
    return site


def key(text: str) -> str:
    """Return a part of an address that can be looked up; raises `NotFound` for no such text."""
    if "\x00" in text:  # PostgreSQL cannot even compare it
        raise NotFound
    return text


def asked(name: str) -> str:
    """Return a value of the address on one line, without signs that no text has."""
    return one_line(request.args.get(name, ""))[:120]


def presence(site: SiteView, *, now: datetime, space_id: int | None = None) -> Presence:
    """Say whether the site (the space) is open now."""
    spans = closures.open_during(
        reading(),
        site.id,
        Interval(now, now + LOOK_AHEAD),
        revision=site.revision,
        zone=site.tz,
        space_id=space_id,
    )
    if not spans:
        return Presence(open_now=False)
    if spans[0].starts_at <= now:
        return Presence(open_now=True, until=spans[0].ends_at)
    return Presence(open_now=False, opens_at=spans[0].starts_at)


def put_errors(
    form: Form, problems: Iterable[Problem], names: Mapping[str, str] | None = None
) -> None:
    """Put each problem's sentence at the field it names, or else above all fields.

    `names` says which fields are called otherwise in the form.
    """
    for problem in problems:
        name = str(problem.params.get("field", ""))
        name = (names or {}).get(name, name)
        sentence = sentence_for(problem, g.get("zone"))
        if name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            form.form_errors.append(sentence)
