"""`labops demo`: two believable sites with people and a month of bookings."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from labops.adapters import outside
from labops.cli.context import with_app
from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book
from labops.domain.bookings.displacing import Act, Choice
from labops.domain.bookings.hits import HitBooking, Obstacle, hit_bookings
from labops.domain.bookings.rebooking import Suggestion, suggestions_for
from labops.domain.closures import outside_queries
from labops.domain.closures.outside import Follow
from labops.domain.closures.values import CalendarKind
from labops.domain.demonstration import services as demonstration
from labops.domain.machines import inventory, queries
from labops.domain.maintenance import services as maintenance
from labops.domain.maintenance.commands import PlanBlock
from labops.domain.people import queries as people
from labops.domain.sites.queries import all_sites, by_slug
from labops.domain.spaces import queries as spaces
from labops.domain.stations.services import label_door, label_machines
from labops.domain.strikes import queries as strikes
from labops.domain.strikes import services as strike_services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM

DATA = Path(__file__).parent / "demo_data"
PASSWORD = "prova-labops-2026"  # noqa: S105 - printed for everybody to read
ROME = ZoneInfo("Europe/Rome")
DAYS_BACK = 21
DAYS_AHEAD = 10
HITS = 2
# The same month each time for the same day: a demonstration can be talked about.
SEED = 20261123


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
        count = _book_a_month(now)
        _contest_a_strike(now)
        _plan_maintenance(now)
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
        roles = ", ".join(role for role, _site in person.get("roles", [])) or "member"
        if "suspended_days" in person:
            roles = "suspended member"
        click.echo(f"  {person['email']:24} {person['name']} ({roles})")


def _book_a_month(now: datetime) -> int:
    """Book as people do: within the rules, some cancelled, some missed; return how many."""
    dice = random.Random(SEED)  # noqa: S311 - not a secret
    bookers = {
        entry["email"]: entry.get("member", [])
        for entry in _people()
        # The maker starts with an empty diary, so that her first drag is not one too many.
        if entry.get("member")
        and "suspended_days" not in entry
        and entry["email"] != "maker@example.org"
    }
    ids = {
        email: account.person_id
        for email in bookers
        if (account := people.account_by_email(reading(), email)) is not None
    }
    machines = {
        slug: [machine.slug for machine in queries.search(reading(), site=slug)]
        for slug in ("mhuma", "smart-city-lab")
    }
    today = now.astimezone(ROME).date()
    count = 0
    for offset in range(-DAYS_BACK, DAYS_AHEAD + 1):
        for _ in range(26):
            email = dice.choice(sorted(ids))
            site = dice.choice(bookers[email])
            machine = dice.choice(machines[site])
            start = dice.randrange(18, 40)
            length = dice.choice((1, 2, 2, 3, 4, 4))
            fate = dice.random()
            slot = _slot(today + timedelta(days=offset), start, length)
            count += _book(ids[email], machine, slot, fate, now)
    return count


def _contest_a_strike(now: datetime) -> None:
    """Let the member with the latest strike say that it is wrong."""
    for entry in _people():
        account = people.account_by_email(reading(), entry["email"])
        if account is None:
            continue
        actor = people.actor_of(reading(), account.person_id, now=now)
        own = strikes.own(reading(), actor)
        if own:
            text = "Ero in ritardo per lo sciopero dei treni; avevo avvisato al telefono."
            strike_services.contest(own[0].uid, text=text, actor=actor, now=now)
            return


def _slot(day: date, half_hours: int, length: int) -> Interval:
    start = datetime.combine(day, time(half_hours // 2, half_hours % 2 * 30), ROME)
    return Interval(start, start + timedelta(minutes=30 * length))


def _book(person_id: int, machine: str, slot: Interval, fate: float, now: datetime) -> bool:
    asked_at = min(slot.starts_at - timedelta(hours=26), now)
    actor = people.actor_of(reading(), person_id, now=now)
    try:
        uid = services.book(Book(machines=(machine,), slot=slot), actor=actor, now=asked_at)
        if fate < 0.08:  # noqa: PLR2004
            services.cancel(uid, actor=actor, now=asked_at)
        elif slot.starts_at < now and fate > 0.15:  # noqa: PLR2004
            use.check_in(uid, actor=actor, now=slot.starts_at)
            if slot.ends_at < now:
                use.finish(uid, actor=actor, now=slot.ends_at)
        sweeping.release_missed(now=min(slot.ends_at, now))
    except Refused:
        return False
    return True


def _plan_maintenance(now: datetime) -> None:
    """Plan work on a machine in the way of two bookings, which go where the rules suggest."""
    site = next(site for site in all_sites(reading()) if site.slug == "mhuma")
    today = now.astimezone(ROME).date()
    for offset in range(2, DAYS_AHEAD):
        span = _slot(today + timedelta(days=offset), 20, 14)
        for machine in queries.search(reading(), site=site.slug):
            obstacle = Obstacle(site.id, (machine.id,), span, claims_time=True)
            hits = hit_bookings(reading(), obstacle)
            if len(hits) != HITS:
                continue
            found = suggestions_for(reading(), hits, obstacle, now=now)
            choices = {hit.uid: _as_suggested(hit, found[hit.uid]) for hit in hits}
            command = PlanBlock(
                span=span,
                reason="Manutenzione ordinaria",
                machines=(machine.slug,),
                note="Pulizia, lubrificazione e taratura.",
            )
            maintenance.plan(site.id, command, choices, actor=SYSTEM, now=now)
            return


def _as_suggested(hit: HitBooking, suggestions: Sequence[Suggestion]) -> Choice:
    if not suggestions:
        return Choice(Act.CANCEL, hit.sequence)
    first = suggestions[0]
    return Choice(Act.MOVE, hit.sequence, first.slot, first.machines)
