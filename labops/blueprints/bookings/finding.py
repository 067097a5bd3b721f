"""Find a time: what is wanted, before which machine; across all sites."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, FloatField, Form, SelectField, validators

from labops.blueprints import fixes, formats
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import bp, home_zone, places
from labops.blueprints.bookings.forms import FIRST_DAY, LAST_DAY, Day
from labops.blueprints.errors import reasons_of
from labops.blueprints.messages import Reason
from labops.blueprints.slots import LENGTHS, in_address
from labops.domain.bookings.finding import LONGEST_PERIOD, FoundTime, TimeSearch, find_times
from labops.domain.machines import queries as machines
from labops.domain.machines.processes import process_name
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval

SHOWN = 24
FEW = 6
USUAL_DAYS = 14
LARGEST_MM = 100_000


class FindForm(Form):
    """How long, for what, when."""

    what = SelectField(_l("Process"), name="process", id="process", validate_choice=False)
    length = SelectField(_l("Length"), validate_choice=False)
    site = SelectField(_l("Site"), validate_choice=False)
    machine = SelectField(_l("Machine"), validate_choice=False)
    material = SelectField(_l("Material"), validate_choice=False)
    first = Day(_l("From"), [validators.InputRequired(_l("Choose a day."))])
    last = Day(_l("Until"), [validators.InputRequired(_l("Choose a day."))])
    width = FloatField(_l("Width of the workpiece in mm"), [validators.Optional()])
    depth = FloatField(_l("Depth in mm"), [validators.Optional()])
    height = FloatField(_l("Height in mm"), [validators.Optional()])
    everything = BooleanField(_l("Show also what I may not use yet"))

    def validate_last(self, field: DateField) -> None:
        """Refuse an end before the start, and what is too far to be looked at."""
        first, last = self.first.data, field.data
        if first is None or last is None:
            return
        for day in (first, last):
            if not FIRST_DAY <= day <= LAST_DAY:
                raise validators.ValidationError(_("Choose another day."))
        if last < first:
            raise validators.ValidationError(_("This day is before the first."))
        if last - first > LONGEST_PERIOD - timedelta(days=2):
            raise validators.ValidationError(_("Look at three months at most."))

    def validate_width(self, field: FloatField) -> None:
        """Refuse sizes that nothing has, and a piece with one side."""
        sides = (field.data, self.depth.data, self.height.data)
        if any(side is not None and not 0 < side <= LARGEST_MM for side in sides):
            raise validators.ValidationError(_("Write sizes in millimetres, larger than 0."))
        if any(side is not None for side in sides) and None in sides[:2]:
            raise validators.ValidationError(_("Write width and depth."))


@bp.get("/bookings/find")
@signed_in
def find() -> ResponseReturnValue:
    """Show the search, and what it finds once something is asked for."""
    actor, now = current_actor(), clock.now()
    zone = home_zone(actor) or ZoneInfo("UTC")
    today = now.astimezone(zone).date()
    asked = "length" in request.args
    form = FindForm(MultiDict({**_usual(today), **request.args.to_dict()}))
    _offer(form)
    found: list[FoundTime] = []
    valid = not asked or form.validate()
    if asked and valid:
        search = _search(form, zone, now)
        found = find_times(reading(), search, actor.person_id, now=now)
        if not found:  # then at least say what is in the way
            wider = replace(search, only_mine=False, limit=FEW)
            found = find_times(reading(), wider, actor.person_id, now=now)
    page = render_template(
        "bookings/find.html",
        form=form,
        asked=asked and valid,
        days=_by_day(found),
        only_later=bool(found) and all(time.problems for time in found),
        address_of=_address_of,
        reasons=_reasons,
        full=len(found) >= SHOWN,
    )
    return page, 200 if valid else 422


def _usual(today: date) -> dict[str, str]:
    """Return what is looked for unless the address says something else."""
    last = today + timedelta(days=USUAL_DAYS)
    return {"length": "60", "first": today.isoformat(), "last": last.isoformat()}


def _offer(form: FindForm) -> None:
    """Fill the lists with what the machines can do."""
    session, language = reading(), formats.language()
    inventory = machines.search(session)
    processes = {machine.process for machine in inventory}
    materials = {material for machine in inventory for material in machine.materials}
    form.what.choices = [
        ("", _("Any")),
        *sorted(((key, process_name(key, language)) for key in processes), key=_name),
    ]
    form.material.choices = [("", _("Any")), *((key, key) for key in sorted(materials))]
    named = sorted(((one.slug, one.name) for one in inventory), key=_name)
    form.machine.choices = [("", _("Any")), *named]
    form.site.choices = [("", _("All")), *((place.slug, place.name) for place in places())]
    form.length.choices = [
        (str(minutes), formats.duration(timedelta(minutes=minutes))) for minutes in LENGTHS
    ]


def _name(choice: tuple[str, str]) -> str:
    return choice[1].casefold()


def _search(form: FindForm, zone: ZoneInfo, now: datetime) -> TimeSearch:
    minutes = str(form.length.data)
    known = minutes if minutes in {str(length) for length in LENGTHS} else "60"
    first, last = form.first.data or now.date(), form.last.data or now.date()
    starts_at = max(local_time.local_day(first, zone).starts_at, now)
    ends_at = max(local_time.local_day(last, zone).ends_at, now + timedelta(minutes=1))
    sides = (form.width.data, form.depth.data, form.height.data)
    return TimeSearch(
        length=timedelta(minutes=int(known)),
        period=Interval(starts_at, ends_at),
        process=form.what.data or None,
        material=form.material.data or None,
        site=form.site.data or None,
        machine=form.machine.data or None,
        envelope_mm=tuple(side for side in sides if side is not None),
        only_mine=not form.everything.data,
        limit=SHOWN,
    )


def _by_day(found: list[FoundTime]) -> list[tuple[date, list[FoundTime]]]:
    def day_of(time: FoundTime) -> date:
        return time.slot.starts_at.astimezone(local_time.zone(time.machine.zone)).date()

    return [(day, list(times)) for day, times in groupby(found, key=day_of)]


def _address_of(time: FoundTime) -> str:
    """Return the address of the booking form, filled with the slot."""
    where = in_address(time.slot, local_time.zone(time.machine.zone))
    return url_for(".new", site=time.machine.site, machine=time.machine.slug, **where)


def _reasons(time: FoundTime) -> list[Reason]:
    g.zone = local_time.zone(time.machine.zone)
    fixes.start_from(fixes.Wanted(machines=(time.machine.slug,), slot=time.slot, zone=g.zone))
    return reasons_of(time.problems)
