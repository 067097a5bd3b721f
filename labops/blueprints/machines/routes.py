"""The inventory for everybody: the list, the page of a machine; as a file for staff."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from flask import Response, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue

from labops.adapters import photos
from labops.blueprints import formats
from labops.blueprints.access import current_actor, public, requires
from labops.blueprints.assets import ONE_YEAR
from labops.blueprints.incident_messages import SEVERITIES
from labops.blueprints.machines import diary, needs
from labops.blueprints.machines.base import bp, found_machine, named_processes
from labops.blueprints.machines.forms import StateForm
from labops.blueprints.machines.standing import standing_of
from labops.blueprints.rules_in_words import rules_in_words
from labops.blueprints.sites.base import asked
from labops.domain.bookings.hits import Obstacle, hit_bookings
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.inductions import queries as inductions
from labops.domain.machines import inventory, queries
from labops.domain.machines.processes import process_name
from labops.domain.machines.queries import InventorySearch, MachineView
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import queries as maintenance
from labops.domain.sites.queries import all_sites
from labops.domain.stations import queries as stations
from labops.kernel import clock, ledger, local_time
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission

PAGE = 60
MOST_IN_FILE = 1_000_000
MOST_PAGES = 10_000
ASKED_ABOUT = timedelta(hours=1)
NOW_IS = timedelta(hours=24)
SOON = timedelta(days=7)
AHEAD = timedelta(days=60)


@bp.get("/machines")
@public
def index() -> ResponseReturnValue:
    """List the machines that the filters of the address leave."""
    session, now = reading(), clock.now()
    page = _page_number()
    wanted = InventorySearch(**_filters(), offset=(page - 1) * PAGE, limit=PAGE)
    found, count = queries.listed(session, wanted)
    return render_template(
        "machines/index.html",
        machines=found,
        states=queries.states_now(session, found, now=now),
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        filters=_filters(),
        sites=[(site.slug, site.name, site.id) for site in all_sites(session)],
        processes=named_processes(queries.processes_in_use(session)),
        process_name=_process_name,
        language=formats.language(),
        page_url=lambda number: _this_page(page=number),
        csv_url=url_for(".export", **_given_filters()),
    )


@bp.get("/machines.csv")
@requires(Permission.MACHINE_EDIT)
def export() -> Response:
    """Answer with the machines of the actor's sites that the filters leave, retired ones too."""
    sites = current_actor().sites_where(Permission.MACHINE_EDIT)
    wanted = InventorySearch(**_filters(), site_ids=sites, with_retired=True, limit=MOST_IN_FILE)
    found, _count = queries.listed(reading(), wanted)
    return Response(
        inventory.written(found),
        mimetype="text/csv",
        headers={"Content-Disposition": 'attachment; filename="machines.csv"'},
    )


@bp.get("/machines/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show what a machine is and does, what it needs, and when it is free."""
    return machine_page(found_machine(slug))


def machine_page(machine: MachineView, form: StateForm | None = None) -> str:
    """Return the page of a machine; `form` when staff's last change of state was refused."""
    session, now = reading(), clock.now()
    zone = local_time.zone(machine.zone)
    today = now.astimezone(zone).date()
    first = _first_day(today)
    rules = rules_in_force(
        session,
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
    )
    next_free = diary.next_free(machine, rules, now=now)
    staff = current_actor().may(Permission.MACHINE_EDIT, machine.site_id)
    return render_template(
        "machines/show.html",
        machine=machine,
        language=formats.language(),
        process_name=_process_name,
        state=queries.states_now(session, [machine], now=now)[machine.id],
        busy_until=_busy_until(machine, now),
        next_free=next_free,
        asked=_first_of(next_free, rules) if next_free else None,
        now=now,
        needs=needs.needs_of(machine, now=now),
        rules=rules_in_words(rules),
        diary=diary.diary_of(machine, rules, first),
        waiting_list=rules.waiting_list and machine.state == MachineState.IN_SERVICE,
        today=today,
        short_day=_short_day,
        earlier=_this_page(date=(first - timedelta(days=7)).isoformat()) if first > today else "",
        later=_this_page(date=(first + timedelta(days=7)).isoformat()),
        staff=staff,
        form=form or StateForm(),
        station=stations.of_machine(session, machine.id) if staff else None,
        standing=standing_of(machine, now=now),
        severities=SEVERITIES,
        maintenance=maintenance.of_machine(session, machine.id, now=now),
        inductions=inductions.of_machine(session, machine.id, Interval(now, now + AHEAD)),
        hit_count=_hit_count(machine, now) if staff else 0,
    )


@bp.get("/photos/<photo>")
@public
def photo(photo: str) -> Response:
    """Answer with a machine's photo; its name says what is in it, so it may be kept for good."""
    if not photos.is_name(photo):
        raise NotFound
    response = send_from_directory(
        photos.folder(), photo, mimetype=photos.KIND, etag=photo.partition(".")[0]
    )
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    response.cache_control.immutable = True
    response.cache_control.no_cache = None
    return response


def _first_of(free: Interval, rules: HouseRules) -> Interval:
    """Return the first hour of free time, or as much as the rules allow."""
    length = min(max(ASKED_ABOUT, rules.shortest), rules.longest, free.length)
    return Interval(free.starts_at, free.starts_at + length)


def _hit_count(machine: MachineView, now: datetime) -> int:
    """Return how many bookings of the next days are on a machine that is out of service."""
    if machine.state == MachineState.IN_SERVICE:
        return 0
    span = Interval(now, now + SOON)
    obstacle = Obstacle(machine.site_id, (machine.id,), span, claims_time=False)
    return len(hit_bookings(reading(), obstacle))


def _busy_until(machine: MachineView, now: datetime) -> datetime | None:
    """Return when a unit is free again, of a machine that has none left now."""
    window = Interval(now, now + NOW_IS)
    claimed = ledger.busy(reading(), [machine.id], window)[machine.id]
    running = sorted(span.ends_at for span in claimed if span.starts_at <= now)
    return running[0] if len(running) >= machine.capacity else None


def _filters() -> dict[str, Any]:
    return {
        "site": asked("site") or None,
        "process": asked("process") or None,
        "words": asked("q"),
    }


def _given_filters() -> dict[str, Any]:
    return {name: asked(name) for name in ("site", "process", "q") if asked(name)}


def _this_page(**changes: Any) -> str:
    args = {**_given_filters(), **(request.view_args or {}), **changes}
    endpoint = ".show" if "slug" in args else ".index"
    return url_for(endpoint, **args)


def _page_number() -> int:
    text = asked("page")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    return min(max(number, 1), MOST_PAGES)


def _first_day(today: date) -> date:
    """Return the day of the address, or today when it has none, is over or is too far away."""
    try:
        wanted = date.fromisoformat(asked("date"))
    except ValueError:
        return today
    return wanted if today <= wanted <= today + timedelta(days=366) else today


def _short_day(on: date) -> str:
    return format_date(on, "EEE d MMM", locale=formats.language())


def _process_name(process: str) -> str:
    return process_name(process, formats.language())
