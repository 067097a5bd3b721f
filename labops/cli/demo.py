"""`labops demo`: two believable sites with people and a month of bookings."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from labops.adapters import outside
from labops.cli import (
    demo_bookings,
    demo_cases,
    demo_certifications,
    demo_firms,
    demo_inductions,
    demo_labs,
    demo_members,
    demo_onboarding,
    demo_plans,
    demo_quizzes,
    demo_repair,
    demo_use,
    demo_visits,
    demo_waivers,
)
from labops.cli.context import with_app
from labops.domain.closures import outside_queries
from labops.domain.closures.outside import Follow
from labops.domain.closures.values import CalendarKind
from labops.domain.demonstration import services as demonstration
from labops.domain.machines import inventory
from labops.domain.sites.queries import all_sites, by_slug
from labops.domain.spaces import queries as spaces
from labops.domain.stations.services import label_door, label_machines
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

DATA = Path(__file__).parent / "demo_data"
PASSWORD = "prova-labops-2026"  # noqa: S105 - printed for everybody to read


@click.command()
@with_app
def demo() -> None:
    """Load demonstration data into an empty database; a second run changes nothing."""
    state = demonstration.state(reading())
    if state == "real":
        raise click.ClickException(
            "This database has real data. The demonstration is loaded only into an empty one:"
            " set LABOPS_DATA_DIR or LABOPS_DATABASE_URL to another place."
        )
    if state != "loaded":
        now = clock.now()
        demonstration.fill(_sites(), _people(), password=PASSWORD, now=now)
        for site in all_sites(reading()):
            text = (DATA / f"{site.slug}.csv").read_text(encoding="utf-8")
            inventory.import_machines(text, site.slug, actor=SYSTEM, now=now)
            label_machines(site.id, actor=SYSTEM, now=now)
            if state == "empty":
                label_door(site.id, "Ingresso", actor=SYSTEM, now=now)
        _follow_the_school(now)
        demo_waivers.fill(_people(), now=now)
        demo_members.fill(_people(), now=now)
        demo_plans.sell(now=now)
        count = demo_bookings.fill(_people(), now=now)
        demo_plans.pay(now=now)
        demo_certifications.fill(now=now)
        demo_quizzes.fill(now=now)
        demo_onboarding.fill(now=now)
        demo_inductions.fill(now=now)
        demo_visits.fill(now=now)
        demo_firms.fill(now=now)
        demo_use.fill(now=now)
        demo_repair.fill(now=now)
        demo_cases.fill(demo_labs.fill(now=now), now=now)
        demonstration.finish(now=now)
        click.echo(f"Demonstration data loaded, with {count} bookings.")
    _say_sign_ins()


def _sites() -> dict[str, Any]:
    return tomllib.loads((DATA / "sites.toml").read_text(encoding="utf-8"))


def _people() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((DATA / "people.toml").read_text(encoding="utf-8"))[
        "people"
    ]
    return found


def _follow_the_school(now: datetime) -> None:
    """Let the first site follow the calendar of a school that shares its textile room."""
    site = by_slug(reading(), "mhuma")
    room = spaces.by_slug(reading(), site.id, "mhuma-tessile")
    if outside_queries.of_site(reading(), site.id):
        return
    command = Follow(name="Calendario scolastico", kind=CalendarKind.FILE, space_id=room.id)
    raw = (DATA / "school.ics").read_bytes()
    outside.follow_file(site.id, command, raw, actor=SYSTEM, now=now)


def _say_sign_ins() -> None:
    click.echo(f"Sign in with one of these and the password {PASSWORD}")
    for person in _people():
        usual = "member" if person.get("member") else "applicant"
        roles = ", ".join(role for role, _site in person.get("roles", [])) or usual
        if "suspended_days" in person:
            roles = "suspended member"
        click.echo(f"  {person['email']:24} {person['name']} ({roles})")
