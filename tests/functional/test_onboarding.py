"""From applicant to member: one's own steps, the board, composing, mails."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from labops.adapters import notices
from labops.adapters.jobs import run_job
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.memberships.models import Membership
from labops.domain.onboarding import queries, services
from labops.domain.onboarding.kinds import StepKind
from labops.domain.onboarding.services import NewStep
from labops.domain.people.models import Person
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Forbidden, NotFound
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.plans import with_prices
from tests.support.quizzes import make_quiz, take_quiz
from tests.support.world import World, next_slot

OWN, BOARD, STEPS = "/join/mhuma", "/applicants?site=mhuma", "/sites/mhuma/onboarding"
KINDS = (StepKind.EMAIL, StepKind.PROFILE, StepKind.IDENTITY, StepKind.ORIENTATION)


@pytest.fixture
def ids(world: World) -> list[int]:
    """Compose the steps of MHUMA and return their numbers."""
    site = world.sites["mhuma"]
    for kind in KINDS:
        services.add_step(site, NewStep(kind=kind), actor=SYSTEM, now=clock.now())
    return [step.id for step in queries.steps_of(reading(), site)]


@pytest.fixture
def nina(app: Flask, world: World, ids: list[int]) -> FlaskClient:
    """Return Nina's browser, who has begun."""
    browser = world.browser(app, "nina")
    assert post(browser, OWN, OWN).status_code == 303
    return browser


def state(world: World, who: str = "nina") -> str | None:
    reading().rollback()
    query = select(Membership.state).where(
        Membership.person_id == world.people[who], Membership.site_id == world.sites["mhuma"]
    )
    return reading().scalar(query)


def mark(browser: FlaskClient, world: World, step: int, **form: str) -> int:
    url = f"/sites/mhuma/applicants/{world.uids['nina']}/steps/{step}"
    return post(browser, BOARD, url, form).status_code


def facts(kind: str) -> list[dict[str, object]]:
    reading().rollback()
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == kind)
    return list(reading().scalars(query))


def born(world: World) -> None:
    with unit_of_work() as session:
        born_on = {"born_on": date(1990, 1, 1)}
        session.execute(update(Person).where(Person.id == world.people["nina"]).values(**born_on))


def test_from_stranger_to_first_booking(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    assert state(world) == "applicant"
    assert "2 of 4" not in nina.get(OWN).text
    staff = world.browser(app, "bob")
    assert "Nina" in staff.get(BOARD).text
    assert mark(staff, world, ids[2], act="tick") == 303
    assert mark(staff, world, ids[3], act="waive", reason="Knows the place") == 303
    assert state(world) == "applicant"
    born(world)
    run_job("admit-applicants", now=clock.now())
    assert state(world) == "active"
    assert "Nina" not in staff.get(BOARD).text
    assert "You are a member" in nina.get(OWN).text
    uid = bookings.book(
        Book(machines=("printer",), slot=next_slot(10)),
        actor=world.actor("nina", clock.now()),
        now=clock.now(),
    )
    assert uid
    (fact,) = facts("ApplicantAdmitted")
    (letter,) = notices.letters_for("ApplicantAdmitted", fact, key="k", now=clock.now())
    assert letter.email == "nina@example.org"


def test_the_last_tick_admits_at_once(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    born(world)
    staff = world.browser(app, "bob")
    mark(staff, world, ids[2], act="tick")
    assert state(world) == "applicant"
    mark(staff, world, ids[3], act="tick")
    assert state(world) == "active"
    assert run_job("admit-applicants", now=clock.now()) == "0 admitted"
    assert len(facts("ApplicantAdmitted")) == 1


def test_what_labops_knows_is_not_ticked_and_a_waiver_needs_a_reason(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    staff = world.browser(app, "bob")
    assert mark(staff, world, ids[1], act="tick") == 422
    assert mark(staff, world, ids[1], act="waive", reason="  ") == 422
    assert mark(staff, world, ids[1], act="waive", reason="Known for years") == 303
    assert "Known for years" in nina.get(OWN).text
    assert mark(staff, world, ids[1], act="undo") == 303
    assert "Known for years" not in nina.get(OWN).text


def test_one_stops_and_comes_back_and_applies_once(
    world: World, nina: FlaskClient, ids: list[int]
) -> None:
    begun = queries.progress_of(
        reading(), world.people["nina"], world.sites["mhuma"], today=clock.now().date()
    )
    assert post(nina, "/profile", OWN).status_code == 303
    again = queries.progress_of(
        reading(), world.people["nina"], world.sites["mhuma"], today=clock.now().date()
    )
    assert begun is not None
    assert again is not None
    assert begun.began_at == again.began_at


def test_a_member_stays_one_and_a_suspended_one_is_refused(
    app: Flask, world: World, ids: list[int]
) -> None:
    post(world.browser(app, "alice"), "/profile", OWN)
    assert state(world, "alice") == "active"
    with unit_of_work() as session:
        session.execute(update(Membership).values(state="suspended"))
    assert post(world.browser(app, "alice"), "/profile", OWN).status_code == 409
    assert state(world, "alice") == "suspended"


def test_without_steps_the_staff_decide(app: Flask, world: World) -> None:
    browser = world.browser(app, "nina")
    post(browser, OWN, OWN)
    run_job("admit-applicants", now=clock.now())
    assert state(world) == "applicant"


def test_one_press_reminds_once_a_day(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    staff = world.browser(app, "bob")
    url = f"/sites/mhuma/applicants/{world.uids['nina']}/nudge"
    for _ in range(2):
        assert post(staff, BOARD, url).status_code == 303
    (fact,) = facts("ApplicantNudged")
    (letter,) = notices.letters_for("ApplicantNudged", fact, key="k", now=clock.now())
    assert "Show who you are" in letter.text or "Mostra" in letter.text
    later = clock.now() + timedelta(days=1)
    bob = world.actor("bob", clock.now())
    assert services.nudge(world.uids["nina"], world.sites["mhuma"], actor=bob, now=later)
    for step in ids:
        services.mark(world.uids["nina"], step, actor=bob, now=later, waived_because="for the test")
    assert notices.letters_for("ApplicantNudged", fact, key="k", now=later) == []


def test_staff_of_the_other_site_see_and_change_nothing(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    dora = world.actor("dora", clock.now())
    uid, now = world.uids["nina"], clock.now()
    with pytest.raises(Forbidden):
        services.mark(uid, ids[2], actor=dora, now=now)
    with pytest.raises(Forbidden):
        services.nudge(uid, world.sites["mhuma"], actor=dora, now=now)
    assert world.browser(app, "dora").get(BOARD).status_code == 404
    with pytest.raises(NotFound):  # applies nowhere
        services.mark(world.uids["sam"], ids[2], actor=SYSTEM, now=now)


def test_a_quiz_and_a_plan_may_be_the_last_steps(app: Flask, world: World) -> None:
    with_prices(world)
    make_quiz(world)
    eva = world.browser(app, "eva")
    for form in ({"kind": "quiz", "quiz": "safety"}, {"kind": "plan"}):
        assert post(eva, STEPS, STEPS, form).status_code == 303
    assert post(eva, STEPS, STEPS, {"kind": "quiz", "quiz": "none"}).status_code == 422
    nina = world.browser(app, "nina")
    post(nina, OWN, OWN)
    page = nina.get(OWN).text
    assert "/quizzes/safety" in page
    assert "/account?site=mhuma" not in page  # not before everything else is done
    wish = {"site": "mhuma", "plan": "maker"}
    early = post(nina, "/account?site=mhuma", "/account/subscribe", wish)
    assert early.status_code == 409
    assert "last step" in early.text
    take_quiz(nina)
    page = nina.get(OWN).text
    assert "Steps done: 1 of 2" in page
    assert "/account?site=mhuma" in page
    assert state(world) == "applicant"
    assert post(nina, "/account?site=mhuma", "/account/subscribe", wish).status_code == 303
    assert state(world) == "active"
    assert len(facts("ApplicantAdmitted")) == 1


def test_managers_compose_the_steps(app: Flask, world: World, ids: list[int]) -> None:
    eva = world.browser(app, "eva")
    form = {"kind": "induction", "subject": "laser", "note_it": "", "note_en": "Thursdays"}
    assert post(eva, STEPS, STEPS, form).status_code == 303
    assert post(eva, STEPS, STEPS, form).status_code == 422
    assert post(eva, STEPS, STEPS, {**form, "subject": ""}).status_code == 422
    assert names(eva)[-1].endswith("Laser")
    last = queries.steps_of(reading(), world.sites["mhuma"])[-1].id
    reading().rollback()
    post(eva, STEPS, f"{STEPS}/{last}", {"act": "up"})
    assert names(eva)[-2].endswith("Laser")
    post(eva, STEPS, f"{STEPS}/{last}", {"act": "retire"})
    assert len(names(eva)) == len(KINDS)
    assert world.browser(app, "bob").get(STEPS).status_code == 403


def names(browser: FlaskClient) -> list[str]:
    return re.findall(r"<h2>\d+\. ([^<]+)</h2>", browser.get(STEPS).text)


def test_the_board_filters_exports_and_asks_as_much_for_one_as_for_all(
    app: Flask, world: World, nina: FlaskClient, ids: list[int]
) -> None:
    staff = world.browser(app, "bob")
    one = statements(staff)
    for who in ("charlie", "dora", "sam"):
        with unit_of_work() as session:
            session.execute(
                update(Membership)
                .where(Membership.person_id == world.people[who])
                .values(state="applicant", site_id=world.sites["mhuma"])
            )
    assert statements(staff) == one
    text = staff.get(f"/applicants.csv?site=mhuma&step={ids[1]}").text
    assert "Nina" in text
    assert "Nina" not in staff.get(f"/applicants.csv?site=mhuma&step={ids[0]}").text


def statements(browser: FlaskClient) -> int:
    count = 0

    def counted(*_args: object) -> None:
        nonlocal count
        count += 1

    event.listen(db.engine, "before_cursor_execute", counted)
    browser.get(BOARD)
    event.remove(db.engine, "before_cursor_execute", counted)
    return count
