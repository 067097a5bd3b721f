"""What happens in the demonstration: a month of bookings, and what comes with them.

Everything is done by the use cases that people's own acts go through, so nothing here is what the
house rules would not allow.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.bookings import queries as booked
from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book
from labops.domain.bookings.displacing import Act, Choice
from labops.domain.bookings.hits import HitBooking, Obstacle, hit_bookings
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.rebooking import Suggestion, suggestions_for
from labops.domain.bookings.states import BookingState
from labops.domain.machines import queries
from labops.domain.maintenance import services as maintenance
from labops.domain.maintenance.commands import PlanBlock
from labops.domain.people import queries as people
from labops.domain.series import services as series
from labops.domain.series.commands import BookSeries, Confirmation
from labops.domain.series.values import Repeat
from labops.domain.sites.queries import by_slug
from labops.domain.strikes import queries as strikes
from labops.domain.strikes import services as strike_services
from labops.domain.waiting import offering
from labops.domain.waiting import services as waiting
from labops.domain.waiting.services import Join
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM, Actor

ROME = ZoneInfo("Europe/Rome")
DAYS_BACK = 21
DAYS_AHEAD = 10
HITS = 2
# What becomes of a booking, as a throw of the dice: below the first it is given up, below the
# second nobody comes.
GIVEN_UP, MISSED = 0.08, 0.15
SITE = "mhuma"
MAKER = "maker@example.org"
COURSE, COURSE_WEEKS = "Corso di taglio laser", 5
# The same month each time for the same day: a demonstration can be talked about.
SEED = 20261123


def fill(members: Sequence[dict[str, Any]], *, now: datetime) -> int:
    """Let everything happen; return how many bookings were made one by one."""
    _miss_a_booking(now)
    count = _book_a_month(members, now)
    _contest_a_strike(members, now)
    _plan_maintenance(now)
    _repeat_a_course(now)
    _wait_for_time(now)
    return count


def _miss_a_booking(now: datetime) -> None:
    """Let the maker have missed a bench, so that she meets a strike of her own."""
    person_id = _actor(MAKER, now).require_person()
    today = now.astimezone(ROME).date()
    for back in range(8, DAYS_BACK):
        slot = _slot(today - timedelta(days=back), 20, 2)
        if _book(person_id, "mhuma-banchi", slot, MISSED, now):  # not where it was closed
            return


def _book_a_month(members: Sequence[dict[str, Any]], now: datetime) -> int:
    """Book as people do: within the rules, some cancelled, some missed; return how many."""
    dice = random.Random(SEED)  # noqa: S311 - not a secret
    bookers = {
        entry["email"]: entry.get("member", [])
        for entry in members
        # The maker starts with an empty diary, so that her first drag is not one too many.
        if entry.get("member") and "suspended_days" not in entry and entry["email"] != MAKER
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


def _contest_a_strike(members: Sequence[dict[str, Any]], now: datetime) -> None:
    """Let the member with the latest strike say that it is wrong."""
    for entry in members:
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
        if fate < GIVEN_UP:
            services.cancel(uid, actor=actor, now=asked_at)
        elif slot.starts_at < now and fate > MISSED:
            use.check_in(uid, actor=actor, now=slot.starts_at)
            if slot.ends_at < now:
                use.finish(uid, actor=actor, now=slot.ends_at)
        sweeping.release_missed(now=min(slot.ends_at, now))
    except Refused:
        return False
    return True


def _plan_maintenance(now: datetime) -> None:
    """Plan work on a machine in the way of two bookings, which go where the rules suggest."""
    site = by_slug(reading(), SITE)
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


def _repeat_a_course(now: datetime) -> None:
    """Let staff book a weekly course; weeks in which somebody else has the time are left out."""
    actor = _actor("staff@example.org", now)
    today = now.astimezone(ROME).date()
    best = None
    for offset in range(2, 2 + 7):
        slot = _slot(today + timedelta(days=offset), 34, 4)
        for machine in queries.search(reading(), site=SITE, process="laser_cutting"):
            wish = Book(
                machines=(machine.slug,), slot=slot, override_reason="Corso di taglio laser"
            )
            command = BookSeries(first=wish, repeat=Repeat(weeks=1, count=COURSE_WEEKS))
            found = series.preview_series(command, actor=actor, now=now)
            # A week with a conflict shows more than five without.
            if len(found.possible) == COURSE_WEEKS - 1:
                best = (command, found)
                break
            if best is None and len(found.possible) == COURSE_WEEKS:
                best = (command, found)
    if best is not None:
        command, found = best
        seen = Confirmation(found.digest, found.possible)
        series.book_series(command, seen, actor=actor, now=now)


def _wait_for_time(now: datetime) -> None:
    """Let the maker wait for time that is taken, and another member be offered some."""
    for email in ("paolo@example.org", "rosa@example.org", "sofia@example.org"):
        actor = _actor(email, now)
        # Her diary is as full as the rules let it be: waiting for more takes room in it.
        last = booked.open_of_person(reading(), actor.require_person(), now=now)[-1].uid
        services.cancel(last, actor=actor, now=now)
        freed = _join_for_one(email, now)
        if freed is not None:
            services.cancel(freed.uid, actor=SYSTEM, now=now)
            offering.offer_freed_time(now=now)
            break
    _join_for_one(MAKER, now)


def _join_for_one(email: str, now: datetime) -> BookingView | None:
    """Put a member on the list for the time of somebody else's booking, and return that."""
    actor = _actor(email, now)
    for booking in _coming(now):
        command = Join(
            window=Interval(booking.starts_at, booking.ends_at),
            length=booking.ends_at - booking.starts_at,
            machines=booking.machines,
        )
        try:
            waiting.join(command, actor=actor, now=now)
        except Refused:  # a rule of the house stands against it, whoever has the time
            continue
        return booking
    return None


def _coming(now: datetime) -> Iterator[BookingView]:
    """Yield the confirmed bookings of the days after tomorrow."""
    window = Interval(now + timedelta(days=3), now + timedelta(days=DAYS_AHEAD))
    for booking in booked.of_site(reading(), by_slug(reading(), SITE).id, window, SYSTEM):
        if booking.state == BookingState.CONFIRMED and booking.starts_at >= window.starts_at:
            yield booking


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - everybody was just added
    return people.actor_of(reading(), account.person_id, now=now)
