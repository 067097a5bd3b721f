"""What the pages of numbers share: which days, which site, which machine are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, g, url_for

from labops.blueprints.access import current_actor
from labops.blueprints.bookings.base import read_day
from labops.blueprints.sites.base import asked
from labops.domain.numbers import queries
from labops.domain.numbers.queries import MachineName, Period
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound

bp = Blueprint("numbers", __name__)

USUAL = timedelta(days=27)
LONGEST = timedelta(days=366 * 3)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, and what it could ask for."""

    period: Period
    among: list[SiteView]
    machines: list[MachineName]
    site: str
    machine: str

    def url(self, endpoint: str, **more: Any) -> str:
        """Return the address of another page about the same period, with more filters."""
        args = {
            "site": self.site,
            "machine": self.machine,
            "since": self.period.first.isoformat(),
            "until": self.period.last.isoformat(),
            **more,
        }
        return url_for(endpoint, **{name: value for name, value in args.items() if value != ""})


def asked_for(now: datetime) -> Asked:
    """Read the filters of the address; days that make no period become the last four weeks.

    Raises `NotFound` for a site or machine that the actor may not see.
    """
    among = queries.seen_sites(reading(), current_actor())
    chosen = [one for one in among if one.slug == asked("site")] if asked("site") else among
    if not chosen:
        raise NotFound
    g.zone = chosen[0].tz
    today = now.astimezone(chosen[0].tz).date()
    machines = queries.machines_of(reading(), [one.id for one in chosen])
    machine = next((one for one in machines if one.slug == asked("machine")), None)
    if asked("machine") and machine is None:
        raise NotFound
    first, last = _days(today)
    return Asked(
        Period(
            first=first,
            last=last,
            site_ids=tuple(one.id for one in chosen),
            machine_id=machine.id if machine else None,
        ),
        among,
        machines,
        asked("site"),
        machine.slug if machine else "",
    )


def _days(today: date) -> tuple[date, date]:
    last = read_day("until", today)
    first = read_day("since", last - USUAL)
    if first > last:
        first, last = last, first
    return max(first, last - LONGEST), last
