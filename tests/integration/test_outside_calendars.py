"""Outside calendars on both engines: what they propose, what staff make of it, and nothing else."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from labops.adapters import jobs
from labops.adapters import outside as visits
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.closures import deciding, outside, outside_queries
from labops.domain.closures.models import Closure, OutsideCalendar, ProposedClosure
from labops.domain.closures.outside import Follow, Reading
from labops.domain.closures.outside_queries import CalendarView, ProposalView
from labops.domain.closures.services import reopen
from labops.domain.closures.values import CalendarKind, Change, Occurrence
from labops.domain.sites import holidays
from labops.domain.sites.models import Site
from labops.domain.sites.services import DescribeSite, describe_site
from labops.kernel import audit
from labops.kernel.db import db, reading
from labops.kernel.errors import Changed, Forbidden, Invalid, NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.calendars import calendar, days, span
from tests.support.strange_servers import StrangeServer, rules_for, says, strange_server
from tests.support.world import NOW, World, at, slot

ROME = ZoneInfo("Europe/Rome")
CHRISTMAS = days("christmas", date(2026, 12, 24), date(2027, 1, 7))
CARNIVAL = days("carnival", date(2027, 2, 12), date(2027, 2, 15), "Carnevale")
EASTER = days("easter", date(2027, 3, 25), date(2027, 3, 31), "Pasqua")
SUMMER = days("summer", date(2027, 6, 9), date(2027, 9, 13), "Estate")


def follow(world: World, *events: str, who: str = "bob", space_id: int | None = None) -> str:
    """Follow a file of these events at MHUMA."""
    command = Follow(name="Scuola", kind=CalendarKind.FILE, space_id=space_id)
    actor = world.actor(who)
    return visits.follow_file(
        world.sites["mhuma"], command, calendar(*events), actor=actor, now=NOW
    )


def sent(world: World, uid: str, *events: str, now: datetime = NOW + timedelta(hours=1)) -> None:
    """Send a newer file."""
    visits.take_file(uid, calendar(*events), actor=world.actor("bob"), now=now)


def seen(world: World, uid: str) -> CalendarView:
    reading().rollback()
    return outside_queries.one(reading(), world.sites["mhuma"], uid)


def proposed(world: World, uid: str) -> list[ProposalView]:
    return outside_queries.proposals(reading(), seen(world, uid).id, limit=100)


def changes(world: World, uid: str) -> list[tuple[str, str]]:
    return [(one.change.value, one.reason) for one in proposed(world, uid)]


def decide(world: World, uid: str, *reasons: str, accept: bool = True, who: str = "bob") -> int:
    """Decide on the proposals of these reasons, or on all."""
    found = proposed(world, uid)
    return deciding.decide(
        uid,
        accept=accept,
        revision=seen(world, uid).revision,
        keys=[one.key for one in found if one.reason in reasons] if reasons else None,
        actor=world.actor(who),
        now=NOW,
    )


def closed() -> list[tuple[str, str, str]]:
    """Return first day, last day and reason of every closure."""
    reading().rollback()
    return [
        (
            f"{one.starts_at.astimezone(ROME):%Y-%m-%d}",
            f"{(one.ends_at - timedelta(minutes=1)).astimezone(ROME):%Y-%m-%d}",
            one.reason,
        )
        for one in reading().scalars(select(Closure).order_by(Closure.starts_at))
    ]


def audited() -> list[str]:
    entries = select(audit.AuditEntry.action).order_by(audit.AuditEntry.id)
    return [
        action
        for action in reading().scalars(entries)
        if action.startswith(("closure.", "outside-calendar."))
    ]


def test_nothing_closes_before_somebody_accepts_it(world: World) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL, EASTER)
    assert changes(world, uid) == [("new", "Vacanze"), ("new", "Carnevale"), ("new", "Pasqua")]
    assert closed() == []
    assert decide(world, uid, "Vacanze") == 1
    assert decide(world, uid, "Carnevale", accept=False) == 1
    assert closed() == [("2026-12-24", "2027-01-06", "Vacanze")]
    assert changes(world, uid) == [("new", "Pasqua")]
    assert audited() == [
        *("outside-calendar.followed", "outside-calendar.read"),
        *("closure.added", "outside-calendar.accepted", "outside-calendar.ignored"),
    ]


def test_reading_twice_is_reading_once(world: World) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL)
    decide(world, uid, "Vacanze")
    before, entries = seen(world, uid), audited()
    sent(world, uid, CARNIVAL, CHRISTMAS)
    after = seen(world, uid)
    assert changes(world, uid) == [("new", "Carnevale")]
    assert (after.revision, after.read_at) == (before.revision, NOW + timedelta(hours=1))
    assert audited() == entries


def test_what_moves_moves_its_closure_once_accepted(world: World) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL)
    decide(world, uid)
    longer = days("christmas", date(2026, 12, 23), date(2027, 1, 8), "Natale")
    sent(world, uid, longer, CARNIVAL)
    [change] = proposed(world, uid)
    assert (change.change, change.reason) == (Change.CHANGED, "Natale")
    assert change.before is not None
    assert change.before[2] == "Vacanze"
    assert closed()[0] == ("2026-12-24", "2027-01-06", "Vacanze")
    decide(world, uid)
    assert closed()[0] == ("2026-12-23", "2027-01-07", "Natale")
    assert len(closed()) == 2


def test_what_vanishes_takes_its_closure_back_once_accepted(world: World) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL, EASTER, SUMMER)
    decide(world, uid)
    sent(world, uid, CHRISTMAS, EASTER, SUMMER)
    assert changes(world, uid) == [("vanished", "Carnevale")]
    assert len(closed()) == 4
    decide(world, uid, accept=False)
    assert changes(world, uid) == []
    assert len(closed()) == 4
    deciding.reconsider(uid, actor=world.actor("bob"), now=NOW)
    decide(world, uid)
    assert [one[2] for one in closed()] == ["Vacanze", "Pasqua", "Estate"]


def test_many_that_vanish_at_once_are_held_back(world: World) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL, EASTER)
    decide(world, uid)
    sent(world, uid, SUMMER)
    assert changes(world, uid) == [("new", "Estate")]
    assert seen(world, uid).held_count == 3
    assert outside_queries.waiting_counts(reading(), world.sites["mhuma"]) == (1, 3)
    sent(world, uid, SUMMER, now=NOW + timedelta(hours=2))
    assert seen(world, uid).held_count == 3
    sent(world, uid, SUMMER, CHRISTMAS, now=NOW + timedelta(hours=3))
    assert seen(world, uid).held_count == 2
    outside.believe(uid, actor=world.actor("bob"), now=NOW)
    assert changes(world, uid) == [
        ("vanished", "Carnevale"),
        ("vanished", "Pasqua"),
        ("new", "Estate"),
    ]
    assert len(closed()) == 3
    decide(world, uid)
    assert [one[2] for one in closed()] == ["Vacanze", "Estate"]


def test_no_booking_is_touched(world: World) -> None:
    booking = services.book(
        Book(machines=("printer",), slot=slot(10, 11)), actor=world.actor("alice"), now=NOW
    )
    event_ = span("event", at(9), at(12))
    uid = follow(world, event_)
    decide(world, uid)
    sent(world, uid)
    outside.believe(uid, actor=world.actor("bob"), now=NOW)
    decide(world, uid)
    assert closed() == []
    outside.unfollow(uid, actor=world.actor("bob"), now=NOW)
    row = reading().execute(select(Booking.state, Booking.sequence).where(Booking.uid == booking))
    assert row.one() == ("confirmed", 0)


def test_a_closure_that_staff_took_back_is_not_proposed_again_until_it_changes(
    world: World,
) -> None:
    uid = follow(world, CHRISTMAS, CARNIVAL)
    decide(world, uid)
    taken_back = reading().scalars(select(Closure).order_by(Closure.starts_at)).first()
    assert taken_back is not None
    reopen(taken_back.id, actor=world.actor("bob"), now=NOW)
    sent(world, uid, CHRISTMAS, CARNIVAL)
    assert changes(world, uid) == []
    later = NOW + timedelta(hours=2)
    sent(world, uid, days("christmas", date(2026, 12, 23), date(2027, 1, 7)), CARNIVAL, now=later)
    assert changes(world, uid) == [("new", "Vacanze")]


def test_a_decision_on_what_was_not_shown_is_refused(world: World) -> None:
    uid = follow(world, CHRISTMAS)
    revision = seen(world, uid).revision
    sent(world, uid, days("christmas", date(2026, 12, 1), date(2027, 1, 7)))
    with pytest.raises(Changed):
        deciding.decide(
            uid, accept=True, revision=revision, keys=None, actor=world.actor("bob"), now=NOW
        )
    assert closed() == []


def test_only_who_edits_closures_there(world: World) -> None:
    uid = follow(world, CHRISTMAS)
    with pytest.raises(Forbidden):
        follow(world, CHRISTMAS, who="alice")
    with pytest.raises(Forbidden):
        outside.propose_holidays(world.sites["mhuma"], 2026, actor=world.actor("dora"), now=NOW)
    for name in ("alice", "dora", "nina"):
        actor = world.actor(name)
        for act in (
            lambda actor=actor: decide(world, uid, who=name),  # noqa: B023
            lambda actor=actor: outside.believe(uid, actor=actor, now=NOW),
            lambda actor=actor: outside.unfollow(uid, actor=actor, now=NOW),
            lambda actor=actor: deciding.reconsider(uid, actor=actor, now=NOW),
            lambda actor=actor: visits.visit(uid, actor=actor, now=NOW),
            lambda actor=actor: visits.take_file(uid, calendar(), actor=actor, now=NOW),
        ):
            with pytest.raises(NotFound):
                act()
    assert changes(world, uid) == [("new", "Vacanze")]


def test_a_file_that_is_no_calendar_is_not_followed(world: World) -> None:
    command = Follow(name="Scuola", kind=CalendarKind.FILE)
    for raw, code in ((b"hello", "calendar.unreadable"), (b"x" * 3_000_000, "fetch.too-large")):
        with pytest.raises(Invalid) as caught:
            visits.follow_file(
                world.sites["mhuma"], command, raw, actor=world.actor("bob"), now=NOW
            )
        assert caught.value.problems[0].code == code
    assert reading().scalar(select(func.count()).select_from(OutsideCalendar)) == 0


class School:
    """A school that keeps its calendar on a server."""

    def __init__(self) -> None:
        self.answer = says("200 OK", 'ETag: "v1"', body=calendar(CHRISTMAS, CARNIVAL, EASTER))


@pytest.fixture
def school(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[School, StrangeServer]]:
    """Return a school whose server is within reach."""
    school = School()
    with strange_server(lambda connection, head: school.answer(connection, head)) as server:
        monkeypatch.setattr(visits, "RULES", rules_for(server))
        yield school, server


def test_an_address_is_visited_hourly_and_asked_for_changes_only(
    world: World, school: tuple[School, StrangeServer]
) -> None:
    keeper, server = school
    command = Follow(name="Scuola", kind=CalendarKind.ADDRESS, address=server.address("/s.ics"))
    actor = world.actor("bob")
    uid = visits.follow_address(world.sites["mhuma"], command, actor=actor, now=NOW)
    assert len(proposed(world, uid)) == 3
    assert "If-None-Match" not in server.heads[0]
    assert jobs.JOBS["visit-calendars"].run(NOW + timedelta(minutes=30), False) == "0 visited"

    keeper.answer = says("304 Not Modified")
    later = NOW + timedelta(hours=1)
    assert jobs.JOBS["visit-calendars"].run(later, False) == "1 visited"
    assert 'If-None-Match: "v1"' in server.heads[1]
    assert (seen(world, uid).checked_at, seen(world, uid).read_at) == (later, NOW)

    # Its series end where they were last read to: once a week it is read whole.
    keeper.answer = says("200 OK", body=calendar(CHRISTMAS, CARNIVAL, EASTER, SUMMER))
    visits.visit(uid, actor=SYSTEM, now=NOW + timedelta(days=8))
    assert "If-None-Match" not in server.heads[2]
    assert len(proposed(world, uid)) == 4


def test_a_visit_that_fails_is_remembered_and_changes_nothing(
    world: World, school: tuple[School, StrangeServer]
) -> None:
    keeper, server = school
    command = Follow(name="Scuola", kind=CalendarKind.ADDRESS, address=server.address())
    uid = visits.follow_address(world.sites["mhuma"], command, actor=world.actor("bob"), now=NOW)
    hours = (NOW + timedelta(hours=n) for n in range(1, 10))
    keeper.answer = says("404 Not Found")
    first = next(hours)
    visits.visit(uid, actor=SYSTEM, now=first)
    found = seen(world, uid)
    assert (found.error_code, found.error_params) == ("fetch.refused", {"status": 404})
    keeper.answer = says("200 OK", body=b"<html>")
    visits.visit(uid, actor=SYSTEM, now=next(hours))
    found = seen(world, uid)
    assert (found.error_code, found.failing_since) == ("calendar.unreadable", first)
    assert len(proposed(world, uid)) == 3
    keeper.answer = says("200 OK", body=calendar(CHRISTMAS, CARNIVAL, EASTER))
    visits.visit(uid, actor=SYSTEM, now=next(hours))
    assert (seen(world, uid).error_code, seen(world, uid).failing_since) == ("", None)


def test_an_address_inside_is_refused_before_and_at_the_visit(world: World) -> None:
    for address in ("ftp://example.org/", "http://example.org:22/", "http://a:b@example.org/"):
        with pytest.raises(Invalid):
            visits.usable(address)
    assert visits.usable("webcal://example.org/s.ics") == "https://example.org/s.ics"
    address = visits.usable("http://127.1/")
    command = Follow(name="Inside", kind=CalendarKind.ADDRESS, address=address)
    uid = visits.follow_address(world.sites["mhuma"], command, actor=world.actor("bob"), now=NOW)
    assert seen(world, uid).error_code == "fetch.not-public"


def test_the_address_is_not_written_into_the_audit(
    world: World, school: tuple[School, StrangeServer]
) -> None:
    _keeper, server = school
    command = Follow(name="S", kind=CalendarKind.ADDRESS, address=server.address("/private-4711"))
    visits.follow_address(world.sites["mhuma"], command, actor=world.actor("bob"), now=NOW)
    for entry in reading().scalars(select(audit.AuditEntry)):
        assert "4711" not in f"{entry.subject}{entry.before}{entry.after}{entry.reason}"


def test_two_visits_at_once_make_each_proposal_once(app: Flask, world: World) -> None:
    uid = follow(world)
    found = Reading(
        occurrences=[
            Occurrence(str(n), NOW + timedelta(days=n + 1), NOW + timedelta(days=n + 2), "x")
            for n in range(50)
        ]
    )
    start, failures = threading.Barrier(2), list[BaseException]()

    def visit() -> None:
        with app.app_context():
            start.wait(10)
            try:
                outside.take_in(uid, found, actor=SYSTEM, now=NOW + timedelta(hours=1))
            except BaseException as error:  # noqa: BLE001 - reported below
                failures.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=contextvars.Context().run, args=(visit,)) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    reading().rollback()
    assert reading().scalar(select(func.count()).select_from(ProposedClosure)) == 50


def mhuma(world: World) -> Site:
    reading().rollback()
    return reading().get_one(Site, world.sites["mhuma"], populate_existing=True)


def keep(world: World, **holidays_kept: str) -> None:
    """Say which holidays MHUMA keeps."""
    command = DescribeSite(slug="mhuma", name="MHUMA", address="a", city="b", **holidays_kept)
    describe_site(world.sites["mhuma"], command, actor=world.actor("eva"), now=NOW)


def test_holidays_are_those_of_country_province_and_site(world: World) -> None:
    ambrose, own = date(2026, 12, 7), date(2026, 12, 10)
    december = Interval(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 7, tzinfo=UTC))

    def kept() -> frozenset[date]:
        site = mhuma(world)
        return holidays.holidays_during(reading(), site.id, site.revision, december, ROME)

    nationwide = {date(2026, 12, 8), date(2026, 12, 25), date(2026, 12, 26)}
    nationwide |= {date(2027, 1, 1), date(2027, 1, 6)}
    assert kept() == nationwide
    keep(world, subdivision="MI")
    assert kept() == nationwide | {ambrose}
    keep(world, local_holidays="12-10 Fiera\n12-07 Sant'Ambrogio\n02-29")
    assert kept() == nationwide | {ambrose, own}
    keep(world, country="", local_holidays="12-10")
    assert kept() == {own}
    for wrong in (
        {"country": "XX"},
        {"country": "IT", "subdivision": "XX"},
        {"local_holidays": "7 dicembre"},
        {"local_holidays": "13-01"},
        {"local_holidays": "02-30"},
    ):
        with pytest.raises(Invalid):
            keep(world, **wrong)


def test_holidays_cost_no_query_while_the_site_stands(world: World) -> None:
    site = mhuma(world)
    week = Interval(NOW, NOW + timedelta(days=20))
    first = holidays.holidays_during(reading(), site.id, site.revision, week, ROME)
    asked: list[str] = []
    listener = lambda *call: asked.append(call[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    again = holidays.holidays_during(reading(), site.id, site.revision, week, ROME)
    event.remove(db.engine, "before_cursor_execute", listener)
    assert first == again == {date(2026, 12, 8)}
    assert asked == []


def test_public_holidays_become_closures_the_same_way(world: World) -> None:
    keep(world, subdivision="MI")
    site, bob = world.sites["mhuma"], world.actor("bob")
    uid = outside.propose_holidays(site, 2026, actor=bob, now=NOW)
    assert [one.reason for one in proposed(world, uid)] == [
        *("Sant'Ambrogio", "Immacolata Concezione", "Natale", "Santo Stefano"),
    ]
    decide(world, uid)
    assert closed()[0] == ("2026-12-07", "2026-12-07", "Sant'Ambrogio")
    assert outside.propose_holidays(site, 2026, actor=bob, now=NOW) == uid
    assert changes(world, uid) == []
    following = outside.propose_holidays(site, 2027, actor=bob, now=NOW)
    assert following != uid
    assert {"Capodanno", "Pasqua", "Natale"} < {one.reason for one in proposed(world, following)}
    assert len(closed()) == 4
    for year in (2025, 2031):
        with pytest.raises(Invalid):
            outside.propose_holidays(site, year, actor=bob, now=NOW)
    keep(world, country="")
    with pytest.raises(Invalid):
        outside.propose_holidays(site, 2028, actor=bob, now=NOW)
