"""The page of one outside calendar: how it does, what it proposes, which bookings that meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from labops.blueprints.access import current_actor
from labops.blueprints.messages import sentence_for
from labops.blueprints.sites.outside_forms import FileForm
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.closures import outside_queries
from labops.domain.closures.outside_queries import CalendarView, ProposalView
from labops.domain.closures.values import CalendarKind, Change
from labops.domain.machines import queries as machines
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission

PAGE_SIZE = 50
MOST_LINKS = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal with the bookings that lie in its time; `None` when the actor may not know."""

    proposal: ProposalView
    hits: Sequence[BookingView] | None


def calendar_page(site: SiteView, calendar: CalendarView, form: FileForm) -> str:
    """Return the page."""
    session = reading()
    page_count = max(1, -(-calendar.waiting_count // PAGE_SIZE))
    page = min(max(request.args.get("page", 1, type=int), 1), page_count)
    offset = (page - 1) * PAGE_SIZE
    found = outside_queries.proposals(session, calendar.id, limit=PAGE_SIZE, offset=offset)
    names = {space.id: space.name for space in spaces.of_site(session, site.id)}
    return render_template(
        "sites/calendar.html",
        site=site,
        calendar=calendar,
        title=title_of(calendar),
        wrong=went_wrong(calendar),
        form=form,
        shown=with_hits(site, calendar, found),
        held=outside_queries.held(session, calendar.id),
        place=names.get(calendar.space_id, "") if calendar.space_id else "",
        page=page,
        page_count=page_count,
        url_of=lambda number: url_for(
            ".calendar", slug=site.slug, calendar=calendar.uid, page=number
        ),
        most_links=MOST_LINKS,
    )


def with_hits(site: SiteView, calendar: CalendarView, found: Sequence[ProposalView]) -> list[Shown]:
    """Return the proposals with the open bookings each of them would find in its way."""
    actor, now = current_actor(), clock.now()
    if not actor.may(Permission.BOOKING_SEE_NAMES, site.id):
        return [Shown(one, None) for one in found]
    closing = [one for one in found if one.change is not Change.VANISHED and one.ends_at > now]
    open_bookings: list[BookingView] = []
    if closing:
        window = Interval(now, max(one.ends_at for one in closing))
        inside = _machines_inside(site, calendar.space_id)
        open_bookings = [
            booking
            for booking in bookings.of_site(reading(), site.id, window, actor)
            if booking.state in OPEN_STATES
            and (inside is None or not inside.isdisjoint(booking.machines))
        ]
    return [Shown(one, _in_its_way(one, open_bookings)) for one in found]


def title_of(calendar: CalendarView) -> str:
    """Return the calendar's name as people read it."""
    if calendar.kind == CalendarKind.HOLIDAYS:
        return str(_("Public holidays %(year)s", year=calendar.year))
    return calendar.name


def went_wrong(calendar: CalendarView) -> str:
    """Return why the last visit failed, empty when it did not."""
    if not calendar.error_code:
        return ""
    return sentence_for(Problem(calendar.error_code, calendar.error_params), g.get("zone"))


def _machines_inside(site: SiteView, space_id: int | None) -> frozenset[str] | None:
    """Return the slugs of the machines in the space; `None` means every machine of the site."""
    if space_id is None:
        return None
    found = machines.search(reading(), site=site.slug, with_retired=True)
    return frozenset(machine.slug for machine in found if machine.space_id == space_id)


def _in_its_way(one: ProposalView, among: Sequence[BookingView]) -> list[BookingView]:
    if one.change is Change.VANISHED:
        return []
    return [
        booking
        for booking in among
        if booking.starts_at < one.ends_at and booking.ends_at > one.starts_at
    ]
