"""Every route against every kind of person: nobody, member, other member, staff of the other
site, staff, admin, suspended.

The expectation for a GET follows from what the route declares; what a service decides object by
object stands in EXCEPTIONS. A route that is missing from the tables fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from labops.adapters import photos
from labops.blueprints.access import access_of
from labops.domain.applications.casefile import find as find_case
from labops.domain.bookings import giving, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import HandOver
from labops.domain.calendars.queries import of_person as feeds_of
from labops.domain.calendars.services import open_feed
from labops.domain.circulars import services as circulars
from labops.domain.circulars.services import SendCircular
from labops.domain.closures.outside import Follow, follow
from labops.domain.closures.values import CalendarKind
from labops.domain.incidents import harming
from labops.domain.incidents import services as incidents
from labops.domain.incidents.harming import ReportHarm
from labops.domain.incidents.services import ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.labs.commands import DescribeLab, PlaceLab
from labops.domain.labs.registering import register_lab
from labops.domain.machines.queries import by_slug as machine_by_slug
from labops.domain.maintenance import upkeep
from labops.domain.maintenance.parts import DescribePart, add_part
from labops.domain.maintenance.upkeep import LogTask, MakePlan
from labops.domain.notes import services as notes
from labops.domain.people.selecting import Choice
from labops.domain.quizzes import services as quizzes
from labops.domain.quizzes.attempts import own_open
from labops.domain.series import services as series
from labops.domain.series.commands import BookSeries, Confirmation
from labops.domain.series.values import Repeat
from labops.domain.waiting import services as waiting
from labops.domain.waiting.services import Join
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM, Permission
from tests.support import cases
from tests.support.firms import a_firm
from tests.support.forms import post
from tests.support.inductions import planned
from tests.support.pictures import picture
from tests.support.quizzes import make_quiz
from tests.support.world import World, next_slot

KINDS = {
    "nobody": None,
    "member": "alice",
    "other member": "charlie",
    "other site's staff": "dora",
    "staff": "bob",
    "admin": "eva",
    "suspended": "sam",
    "stranger": "nina",
}
# Who may see Alice's own things: a booking at MHUMA.
BOOKING_SEEN_BY = {"member", "staff", "admin"}
# To whom she offers that booking.
OFFERED_TO = {"other member"}


@pytest.fixture
def places(app: Flask, world: World) -> dict[str, str]:
    """Return a value for each part of an address: things of Alice's and of MHUMA's."""
    booking = services.book(
        Book(machines=("laser",), slot=next_slot(10)),
        actor=world.actor("alice", clock.now()),
        now=clock.now(),
    )
    secret = open_feed(actor=world.actor("alice", clock.now()), now=clock.now())
    from labops.domain.stations import queries as stations  # noqa: PLC0415

    keep_photo(world)
    alice = world.actor("alice", clock.now())
    giving.offer(booking, email="charlie@example.org", actor=alice, now=clock.now())
    wish = waiting.join(
        Join(machines=("laser",), window=next_slot(10), length=next_slot(10).length),
        actor=world.actor("bob", clock.now()),
        now=clock.now(),
    )
    station = stations.by_code(reading(), world.laser_code)
    assert station is not None
    return {
        "uid": booking,
        "person": world.uids["charlie"],
        "slug": "laser",
        "offer_uid": reading().scalars(select(HandOver.uid)).one(),
        "site": "mhuma",
        "wish": wish,
        "code": world.laser_code,
        "secret": secret,
        "token": "nonsense",
        "station_id": str(station.id),
        "message_id": str(reading().scalars(select(OutboxMessage.id)).first()),
        "calendar": outside_calendar(world),
        "series": a_series(world),
        "induction": planned(
            world, next_slot(17), now=clock.now(), machines=(), fewest=0, decide_before=timedelta(0)
        ),
        "note_uid": a_note(world),
        "other": world.uids["nina"],
        "circular": a_circular(world),
        "photo": f"{machine_by_slug(reading(), 'laser').photo}-small.webp",
        "question_uid": "nonsense",
        "level": "category",
        "of": "laser",
        "part": "length",
        "kind": "quotas",
        "which": "new",
        "number": "1",
        "plan": "maker",
        "lab": a_lab(world),
        "firm_uid": a_firm(world),
        **quiz_places(world),
        **case_places(world),
        **repair_places(world),
    }


def repair_places(world: World) -> dict[str, str]:
    """Let Alice have reported a fault and harm at MHUMA, and Bob look after the laser."""
    alice, bob, now = world.actor("alice"), world.actor("bob"), clock.now()
    fault = ReportFault(machine="laser", severity=Severity.NOTE, text="Squeaks", nonce="1")
    harm = ReportHarm(text="A cut", happened_at=now, nonce="1")
    plan = MakePlan(machine="laser", title="Lens", minutes=30, every_months=1)
    task = LogTask(machine="laser", title="Lens", nonce="1")
    part = DescribePart(name="Lens")
    return {
        "incident": incidents.report(fault, actor=alice, now=now),
        "harm": harming.report(world.sites["mhuma"], harm, actor=alice, now=now),
        "round": upkeep.make_plan(plan, actor=bob, now=now),
        "task": upkeep.log_task(task, actor=bob, now=now),
        "part": add_part(world.sites["mhuma"], part, actor=bob, now=now),
    }


def a_lab(world: World) -> str:
    """Let Alice speak for a lab."""
    alice, now = world.actor("alice", clock.now()), clock.now()
    place = PlaceLab(street="via Prova 1", city="Milano")
    return register_lab(DescribeLab(public_name="Hers"), place, actor=alice, now=now)


def a_note(world: World) -> str:
    """Let Bob write about Charlie."""
    bob, now = world.actor("bob", clock.now()), clock.now()
    return notes.write_note(
        world.uids["charlie"],
        world.sites["mhuma"],
        text="Late",
        visibility="staff",
        actor=bob,
        now=now,
    )


def a_circular(world: World) -> str:
    """Let MHUMA write to its members."""
    command = SendCircular(
        site_id=world.sites["mhuma"],
        choice=Choice(site="mhuma"),
        about_service=True,
        subject_it="Ciao",
        body_it="Ciao",
    )
    return circulars.send(command, actor=world.actor("bob", clock.now()), now=clock.now())


def case_places(world: World) -> dict[str, str]:
    """Let Alice's lab have submitted an application."""
    now = clock.now()
    case = cases.submitted(world, now=now, until=(now + timedelta(days=900)).date())
    call = find_case(reading(), case, SYSTEM, now=now).call.uid
    return {"case": case, "call": call, "criterion": "safety", "action": "withdraw"}


def quiz_places(world: World) -> dict[str, str]:
    """Let MHUMA have a quiz that Alice has passed, and has begun again."""
    make_quiz(world)
    alice = world.actor("alice", clock.now())
    uid = quizzes.start("safety", actor=alice, now=clock.now())
    asked = own_open(reading(), "safety", actor=alice).questions
    right = {one.position: one.content.right for one in asked}
    quizzes.submit(uid, right, actor=alice, now=clock.now())
    quizzes.start("safety", actor=alice, now=clock.now())
    return {"quiz": "safety", "attempt": uid, "question": "q1"}


def a_series(world: World) -> str:
    """Let Alice book a printer twice, a week apart."""
    actor, now = world.actor("alice", clock.now()), clock.now()
    command = BookSeries(
        first=Book(machines=("printer",), slot=next_slot(14)), repeat=Repeat(weeks=1, count=2)
    )
    preview = series.preview_series(command, actor=actor, now=now)
    seen = Confirmation(preview.digest, preview.possible)
    return series.book_series(command, seen, actor=actor, now=now)


def keep_photo(world: World) -> None:
    """Give the laser a photo."""
    bob = world.actor("bob", clock.now())
    photos.replace("laser", photos.made(picture()), actor=bob, now=clock.now())


def outside_calendar(world: World) -> str:
    """Let MHUMA follow a calendar and return its uid."""
    command = Follow(name="School", kind=CalendarKind.FILE)
    bob = world.actor("bob", clock.now())
    return follow(world.sites["mhuma"], command, actor=bob, now=clock.now())


def address(rule: Rule, places: dict[str, str]) -> str | None:
    """Return an address of the rule, or `None` when a part has no value here."""
    noun = rule.endpoint.split(".")[0]

    def value(match: re.Match[str]) -> str:
        name = match.group(1).split(":")[-1]
        if name == "uid" and noun == "people":
            name = "person"
        if name == "uid" and noun == "series":
            name = "series"
        if name == "slug" and noun == "quizzes":
            name = "quiz"
        elif name == "uid" and noun == "inductions":
            name = "induction"
        elif name == "slug" and noun == "labs":
            name = "lab"
        elif name == "slug" and (noun == "sites" or "/sites/" in rule.rule):
            name = "site"
        return places.get(name, "?")

    path = re.sub(r"<([^>]+)>", value, rule.rule)
    return None if "?" in path else path


def reading_routes(app: Flask) -> Iterator[Rule]:
    """Yield every route that only reads."""
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield rule


def test_reading(app: Flask, world: World, places: dict[str, str]) -> None:
    browsers = {
        kind: world.browser(app, who) if who else app.test_client() for kind, who in KINDS.items()
    }
    wrong = []
    for rule in reading_routes(app):
        path = address(rule, places)
        if path is None:
            continue
        access = access_of(app.view_functions[rule.endpoint])
        for kind, browser in browsers.items():
            status = browser.get(path).status_code
            if status not in expected(rule, access, kind):
                wrong.append((rule.rule, kind, status))
    assert wrong == []


def expected(rule: Rule, access: str | None, kind: str) -> set[int]:
    """Return the statuses that are right for a kind of person."""
    fine = {200, 303, 302, 404, 422, 400, 503}
    if access == "public":
        return fine
    if kind == "nobody":
        return {401, 303, 302}
    if "bookings/<uid>" in rule.rule or rule.rule.startswith("/series/<uid>"):
        return {200} if kind in BOOKING_SEEN_BY else {404}
    if rule.rule.startswith("/labs/<slug>/"):  # who speaks for a lab, and officers
        return {200, 404} if kind in {"member", "admin"} else {404}
    if rule.rule.startswith("/firms/<firm_uid>"):  # Alice speaks for it; staff record payments
        if rule.rule.endswith("/edit"):
            return {200} if kind == "member" else {404}
        paying = {"member", "staff", "other site's staff", "admin"}
        return {200} if kind in paying else {404}
    if rule.rule.startswith("/hand-overs/"):
        return {200} if kind in OFFERED_TO else {404}
    if rule.rule.startswith("/applications/<case>"):  # the lab's, and the city's who work on it
        return {200, 404} if kind in {"member", "admin"} else {404}
    if "<attempt>" in rule.rule:  # how somebody fared is hers alone
        return {200} if kind == "member" else {404}
    if rule.rule.startswith("/teaching/quizzes/<slug>"):  # MHUMA's own quiz
        return {200} if kind in {"staff", "admin"} else {403}
    if access == "signed-in":
        return fine
    if kind in {"member", "other member", "suspended", "stranger"}:
        return {403, 404}
    return fine | {403}


def test_every_write_refuses_strangers_and_nobody(
    app: Flask, world: World, places: dict[str, str]
) -> None:
    """Without a token of the page nothing is written; with a bearer token rights decide."""
    nobody, browser = app.test_client(), world.browser(app, "nina")
    stranger = world.headers("nina")
    wrong = []
    for rule in app.url_map.iter_rules():
        methods = {"POST", "PATCH", "PUT", "DELETE"} & (rule.methods or set())
        for method in methods:
            path = address(rule, places) or re.sub(r"<[^>]+>", "1", rule.rule)
            if browser.open(path, method=method).status_code not in {400, 404, 415, 403}:
                wrong.append(("no form token", method, path))
            if not rule.rule.startswith("/api/"):
                continue
            if nobody.open(path, method=method, json={}).status_code != 401:
                wrong.append(("nobody", method, path))
            if "<uid>" in rule.rule:
                answer = nobody.open(path, method=method, json={}, headers=stranger)
                if answer.status_code != 404:
                    wrong.append(("stranger", method, path))
    assert wrong == []


def test_every_permission_is_used_by_somebody(app: Flask) -> None:
    declared = {access_of(view) for view in app.view_functions.values()}
    assert declared <= {"public", "signed-in", None, *Permission}


# What the general tables cannot say: who gets through to an act, by its status when it is fine.
ACTS = {
    "/messages/{message_id}/again": ("/messages", {"staff", "other site's staff", "admin"}),
    "/people/{person}/notes": ("/people/{person}", {"staff", "other site's staff", "admin"}),
    "/people/{person}/profile": (
        "/people/{person}",
        {"staff", "other site's staff", "admin"},
    ),
    "/sites/mhuma/members/file": ("/sites/mhuma/members/file", {"staff", "admin"}),
    "/circulars/new": ("/circulars/new", {"staff", "other site's staff", "admin"}),
    "/inductions/{induction}/cancel": ("/inductions/{induction}", {"staff", "admin"}),
    "/sites/mhuma/inductions/new": ("/sites/mhuma/inductions/new", {"staff", "admin"}),
    "/machines/laser/edit": ("/machines/laser/edit", {"staff", "admin"}),
    "/machines/laser/questions": ("/machines/laser/questions", {"staff", "admin"}),
    "/machines/laser/questions/{question_uid}/retire": (
        "/machines/laser/questions",
        {"staff", "admin"},
    ),
    "/desk/mhuma/guests": ("/desk/mhuma", {"staff", "admin"}),
    "/door/mhuma/enrol": ("/door/mhuma", {"staff", "admin"}),
    "/letters": ("/letters", set(KINDS)),
    "/firms/{firm_uid}/account/payments": (
        "/firms/{firm_uid}/account",
        {"staff", "other site's staff", "admin"},
    ),
    "/people/{person}/erase": ("/people/{person}", {"admin"}),
    "/sites/mhuma/rounds": ("/sites/mhuma/rounds", {"staff", "admin"}),
    "/sites/mhuma/parts": ("/sites/mhuma/parts", {"staff", "admin"}),
    "/machines/laser/work/new": ("/machines/laser/work/new", {"staff", "admin"}),
    "/waiting/{wish}/remove": ("/waiting/list", {"staff", "other site's staff", "admin"}),
    "/sites/mhuma/closures/calendars": ("/sites/mhuma/closures/calendars", {"staff", "admin"}),
    "/sites/mhuma/closures/holidays": ("/sites/mhuma/closures/calendars", {"staff", "admin"}),
    "/sites/mhuma/closures/calendars/{calendar}/decide": (
        "/sites/mhuma/closures/calendars",
        {"staff", "admin"},
    ),
    "/sites/mhuma/closures/calendars/{calendar}/visit": (
        "/sites/mhuma/closures/calendars",
        {"staff", "admin"},
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_only_staff_get_through_to_what_staff_do(
    app: Flask, world: World, places: dict[str, str], act: str
) -> None:
    page, allowed = ACTS[act]
    for kind, who in KINDS.items():
        if who is None:
            continue
        browser = world.browser(app, who)
        form = page.format(**places) if kind in allowed else "/profile"
        status = post(browser, form, act.format(**places))
        # Nothing was given up, and the form is empty: whoever may act is told so.
        assert status.status_code in ({404, 422} if kind in allowed else {403}), kind


def test_only_its_owner_revokes_a_calendar_address(
    app: Flask, world: World, places: dict[str, str]
) -> None:
    (feed,) = feeds_of(reading(), world.people["alice"], now=clock.now())
    for kind, who in sorted(KINDS.items(), key=lambda pair: pair[0] == "member"):
        browser = world.browser(app, who) if who else app.test_client()
        page = "/feeds" if who else "/sign-in"
        status = post(browser, page, f"/feeds/{feed.uid}/revoke").status_code
        assert status == (303 if kind == "member" else 404 if who else 401), kind


def test_a_photo_is_for_everybody(app: Flask, world: World, places: dict[str, str]) -> None:
    for who in KINDS.values():
        browser = world.browser(app, who) if who else app.test_client()
        assert browser.get(f"/photos/{places['photo']}").status_code == 200
