"""Outside calendars of a site: following them, and deciding on the closures they propose."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters import outside as visits
from labops.blueprints.access import current_actor, requires
from labops.blueprints.sites.base import bp, key, put_errors, staffed_site
from labops.blueprints.sites.outside_forms import (
    CalendarForm,
    FileForm,
    YearForm,
    says_where,
    sent_file,
)
from labops.blueprints.sites.outside_page import calendar_page, title_of, went_wrong
from labops.domain.closures import deciding, outside, outside_queries
from labops.domain.closures.outside import Follow
from labops.domain.closures.outside_queries import CalendarView
from labops.domain.closures.values import CalendarKind
from labops.domain.sites.holidays import named, settings_of
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid
from labops.kernel.permissions import Permission


@bp.get("/sites/<slug>/closures/calendars")
@requires(Permission.CLOSURE_EDIT)
def calendars(slug: str) -> ResponseReturnValue:
    """List the calendars that the site follows, and the forms for another."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    return _list_page(site, CalendarForm(spaces=_spaces(site)))


@bp.post("/sites/<slug>/closures/calendars")
@requires(Permission.CLOSURE_EDIT)
def follow_calendar(slug: str) -> ResponseReturnValue:
    """Follow a calendar, and show what it proposes."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    form, raw = CalendarForm(request.form, spaces=_spaces(site)), sent_file()
    if not form.validate() or not says_where(form, raw):
        return _list_page(site, form), 422
    try:
        uid = _follow(site, form, raw)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _list_page(site, form), 422
    return _to_calendar(site, uid, _("The calendar is followed."))


@bp.post("/sites/<slug>/closures/holidays")
@requires(Permission.CLOSURE_EDIT)
def propose_holidays(slug: str) -> ResponseReturnValue:
    """Propose the public holidays of a year."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    years = _years(site)
    if not years.validate():
        return _list_page(site, CalendarForm(spaces=_spaces(site)), years), 422
    try:
        uid = outside.propose_holidays(
            site.id, int(years.year.data), actor=current_actor(), now=clock.now()
        )
    except Invalid as invalid:
        put_errors(years, invalid.problems)
        return _list_page(site, CalendarForm(spaces=_spaces(site)), years), 422
    return _to_calendar(site, uid, _("The public holidays are proposed below."))


@bp.get("/sites/<slug>/closures/calendars/<calendar>")
@requires(Permission.CLOSURE_EDIT)
def calendar(slug: str, calendar: str) -> ResponseReturnValue:
    """Show how a calendar does and what it proposes."""
    site, found = _found(slug, calendar)
    return calendar_page(site, found, FileForm())


@bp.post("/sites/<slug>/closures/calendars/<calendar>/decide")
@requires(Permission.CLOSURE_EDIT)
def decide_proposals(slug: str, calendar: str) -> ResponseReturnValue:
    """Accept or ignore the proposals that are ticked, or all."""
    site, found = _found(slug, calendar)
    verb, _dash, which = request.form.get("act", "").partition("-")
    keys = None if which == "all" else request.form.getlist("proposal")
    if verb not in {"accept", "ignore"} or keys == []:
        flash(_("Tick at least one proposal."), "warning")
        return calendar_page(site, found, FileForm()), 422
    try:
        count = deciding.decide(
            found.uid,
            accept=verb == "accept",
            revision=request.form.get("revision", -1, type=int),
            keys=keys,
            actor=current_actor(),
            now=clock.now(),
        )
    except Changed:
        flash(_("The calendar changed meanwhile: this is how it stands now."), "warning")
        return calendar_page(site, _found(slug, calendar)[1], FileForm()), 409
    accepted = ngettext("One proposal accepted.", "%(num)d proposals accepted.", count)
    ignored = ngettext("One proposal ignored.", "%(num)d proposals ignored.", count)
    return _to_calendar(site, found.uid, accepted if verb == "accept" else ignored)


@bp.post("/sites/<slug>/closures/calendars/<calendar>/reconsider")
@requires(Permission.CLOSURE_EDIT)
def reconsider_proposals(slug: str, calendar: str) -> ResponseReturnValue:
    """Propose again what was ignored."""
    site, found = _found(slug, calendar)
    deciding.reconsider(found.uid, actor=current_actor(), now=clock.now())
    return _to_calendar(site, found.uid, _("What was ignored is proposed again."))


@bp.post("/sites/<slug>/closures/calendars/<calendar>/visit")
@requires(Permission.CLOSURE_EDIT)
def visit_calendar(slug: str, calendar: str) -> ResponseReturnValue:
    """Read the calendar now: from its address, or from a newer file."""
    site, found = _found(slug, calendar)
    actor, now = current_actor(), clock.now()
    if found.kind != CalendarKind.FILE:
        visits.visit(found.uid, actor=actor, now=now)
        return _to_calendar(site, found.uid, _("The calendar was read."))
    form, raw = FileForm(), sent_file()
    try:
        if not raw:
            raise Invalid.field("file", "field.required")
        visits.take_file(found.uid, raw, actor=actor, now=now)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return calendar_page(site, found, form), 422
    return _to_calendar(site, found.uid, _("The calendar was read."))


@bp.post("/sites/<slug>/closures/calendars/<calendar>/believe")
@requires(Permission.CLOSURE_EDIT)
def believe_calendar(slug: str, calendar: str) -> ResponseReturnValue:
    """Take it as true that so many entries vanished."""
    site, found = _found(slug, calendar)
    outside.believe(found.uid, actor=current_actor(), now=clock.now())
    return _to_calendar(site, found.uid, _("What vanished is proposed below."))


@bp.post("/sites/<slug>/closures/calendars/<calendar>/drop")
@requires(Permission.CLOSURE_EDIT)
def drop_calendar(slug: str, calendar: str) -> ResponseReturnValue:
    """Follow a calendar no longer."""
    site, found = _found(slug, calendar)
    outside.unfollow(found.uid, actor=current_actor(), now=clock.now())
    flash(_("The calendar is not followed any more. Its accepted closures stay."), "success")
    return redirect(url_for(".calendars", slug=site.slug), 303)


def _follow(site: SiteView, form: CalendarForm, raw: bytes) -> str:
    actor, now = current_actor(), clock.now()
    command = Follow(
        name=str(form.name.data),
        kind=CalendarKind.FILE if raw else CalendarKind.ADDRESS,
        address="" if raw else visits.usable(str(form.address.data)),
        space_id=int(form.space.data) if form.space.data else None,
    )
    if raw:
        return visits.follow_file(site.id, command, raw, actor=actor, now=now)
    return visits.follow_address(site.id, command, actor=actor, now=now)


def _found(slug: str, uid: str) -> tuple[SiteView, CalendarView]:
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    return site, outside_queries.one(reading(), site.id, key(uid))


def _to_calendar(site: SiteView, uid: str, done: str) -> ResponseReturnValue:
    """Go to the calendar's page and say there what was done, or what went wrong."""
    wrong = went_wrong(outside_queries.one(reading(), site.id, uid))
    if not wrong:
        flash(done, "success")
    return redirect(url_for(".calendar", slug=site.slug, calendar=uid), 303)


def _spaces(site: SiteView) -> list[tuple[str, str]]:
    return [(str(space.id), space.name) for space in spaces.of_site(reading(), site.id)]


def _years(site: SiteView) -> YearForm:
    return YearForm(request.form or None, this_year=clock.now().astimezone(site.tz).year)


def _list_page(site: SiteView, form: CalendarForm, years: YearForm | None = None) -> str:
    session, this_year = reading(), clock.now().astimezone(site.tz).year
    settings = settings_of(session, site.id, site.revision)
    followed = outside_queries.of_site(session, site.id)
    return render_template(
        "sites/calendars.html",
        site=site,
        form=form,
        years=years or YearForm(this_year=this_year),
        this_year=this_year,
        holidays=named(settings, this_year),
        calendars=[(one, title_of(one), went_wrong(one)) for one in followed],
        space_names=dict(_spaces(site)),
    )
