"""Sessions in the ledger, sign-ups against an oracle, outcomes, letters, and the passing of time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from labops.adapters import jobs
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.certifications import queries as certifications
from labops.domain.certifications.granting import Certify
from labops.domain.certifications.services import certify
from labops.domain.inductions import judging, queries, services, signing, sweeping
from labops.domain.inductions.commands import PlanSessions
from labops.domain.inductions.models import InductionSession
from labops.domain.inductions.states import Audience, SessionState, SignUpState
from labops.domain.maintenance import services as maintenance
from labops.domain.maintenance.commands import PlanBlock
from labops.domain.people.models import Person
from labops.domain.people.queries import actor_of
from labops.domain.quizzes.models import Quiz, QuizAttempt
from labops.domain.series.values import Repeat
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Forbidden, Invalid, NotFound, Refused
from labops.kernel.ledger import Allocation, OwnerKind
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.inductions import line_of, planned, standing, wish
from tests.support.people import members
from tests.support.quizzes import make_quiz
from tests.support.world import NOW, World, at, slot


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def told(kind: str) -> list[dict[str, object]]:
    query = select(OutboxMessage.payload).where(OutboxMessage.kind == kind)
    return list(reading().scalars(query.order_by(OutboxMessage.id)))


def test_a_session_and_a_booking_keep_each_other_out(world: World) -> None:
    """Buffers too: the laser wants 15 minutes after whatever it does."""
    alice = world.actor("alice")
    booked = bookings.book(Book(machines=("laser",), slot=slot(9, 10, 3)), actor=alice, now=NOW)
    with pytest.raises(Refused) as refused:
        planned(world)  # at ten, in the booking's clean-up
    assert codes(refused) == ["induction.overlap"]
    uid = planned(world, slot(10.5, 12.5, 3))
    with pytest.raises(Refused) as taken:
        bookings.book(Book(machines=("laser",), slot=slot(12, 13, 3)), actor=alice, now=NOW)
    assert "booking.overlap" in codes(taken)
    with pytest.raises(Refused) as around:
        bookings.book(Book(machines=("laser",), slot=slot(12.5, 13, 3)), actor=alice, now=NOW)
    assert "booking.overlap" in codes(around)
    block = PlanBlock(span=slot(11, 12, 3), reason="Mirror", machines=("laser",))
    with pytest.raises(Refused) as work:
        maintenance.plan(world.sites["mhuma"], block, {}, actor=world.actor("bob"), now=NOW)
    assert codes(work) == ["maintenance.overlap"]
    services.cancel(uid, reason="Ill", actor=world.actor("bob"), now=NOW)
    bookings.book(Book(machines=("laser",), slot=slot(12, 13, 3)), actor=alice, now=NOW)
    bookings.cancel(booked, actor=alice, now=NOW)
    planned(world, slot(9, 11, 3))


def test_moving_gives_the_old_time_back_and_tells_who_is_in_it(world: World) -> None:
    uid = planned(world)
    signing.sign_up(uid, actor=world.actor("nina"), now=NOW)
    other = planned(world, slot(14, 16, 3), machines=("printer",), teacher_uid=world.uids["eva"])
    with pytest.raises(Refused) as refused:
        services.change(
            uid, wish(world, slot(14, 15, 3), machines=("printer",)), actor=SYSTEM, now=NOW
        )
    assert codes(refused) == ["induction.overlap"]
    services.change(uid, wish(world, slot(16, 18, 3)), actor=SYSTEM, now=NOW)
    assert told("InductionChanged") == [{"session_uid": uid, "revision": 1}]
    held = reading().execute(
        select(Allocation.starts_at, Allocation.ends_at).where(
            Allocation.owner_kind == OwnerKind.INDUCTION,
            Allocation.bookable_id == world.machines["laser"],
        )
    )
    assert [tuple(row) for row in held] == [(at(16, 3), at(18.25, 3))]
    # Another note concerns nobody's calendar.
    services.change(uid, wish(world, slot(16, 18, 3), note="Closed shoes"), actor=SYSTEM, now=NOW)
    assert len(told("InductionChanged")) == 1
    stale = wish(world, slot(17, 18, 3), expected_revision=0)
    with pytest.raises(Changed):
        services.change(uid, stale, actor=SYSTEM, now=NOW)
    assert queries.one(reading(), other).starts_at == at(14, 3)


def test_who_plans_and_who_teaches(world: World) -> None:
    for name in ("alice", "dora"):
        with pytest.raises(Forbidden):
            services.plan(world.sites["mhuma"], wish(world), actor=world.actor(name), now=NOW)
    with pytest.raises(Invalid):
        planned(world, teacher_uid=world.uids["alice"])
    with pytest.raises(NotFound):
        planned(world, machines=("laser-scl",))
    with pytest.raises(Invalid):
        planned(world, slot(7, 8, 0))
    planned(world)
    with pytest.raises(Refused) as refused:
        planned(world, machines=("printer",))
    assert codes(refused) == ["induction.teacher-busy"]


def test_sessions_repeat_at_the_same_local_hour_and_the_free_ones_are_planned(world: World) -> None:
    """The second is in the way of a booking; the series crosses the night of 28 March 2027."""
    first = wish(world, slot(10, 12, day=94), machines=("printer",))  # Thursday 25 February 2027
    command = PlanSessions(first=first, repeat=Repeat(weeks=2, count=4))
    planned(world, slot(10, 12, day=108), machines=("printer",), teacher_uid=world.uids["eva"])
    found = services.preview(
        reading(), world.sites["mhuma"], command, actor=world.actor("bob"), now=NOW
    )
    assert [[problem.code for problem in one.problems] for one in found] == [
        [], ["induction.overlap"], [], []
    ]  # fmt: skip
    assert {one.planned.wall.hour for one in found} == {10}
    assert found[3].planned.slot.starts_at == at(9, 136)  # summer time: an hour earlier in UTC
    bob = world.actor("bob")
    with pytest.raises(Changed):
        services.plan_several(world.sites["mhuma"], command, {1, 2, 3}, actor=bob, now=NOW)
    assert reading().scalar(select(InductionSession.id).offset(1)) is None
    uids = services.plan_several(world.sites["mhuma"], command, {1, 3, 4}, actor=bob, now=NOW)
    assert len(uids) == 3


def test_what_stands_against_a_sign_up(world: World) -> None:
    uid = planned(
        world, slot(10, 12, 3), audience=Audience.MEMBERS, needs="printer-fdm", youngest=18
    )
    with pytest.raises(Refused) as refused:
        signing.sign_up(uid, actor=world.actor("nina"), now=NOW)
    whats = [(problem.code, problem.params["what"]) for problem in refused.value.problems]
    assert whats == [
        ("induction.prerequisite", "membership"),
        ("induction.prerequisite", "certification"),
        ("induction.prerequisite", "age"),
    ]
    charlie = world.actor("charlie")
    grant = Certify(
        person_uid=world.uids["charlie"],
        machine_type="printer-fdm",
        starts_on=date(2026, 11, 1),
        ends_on=date(2026, 11, 25),  # the day before
    )
    certify(grant, actor=world.actor("bob"), now=NOW)
    with unit_of_work() as session:
        session.execute(
            update(Person)
            .where(Person.id == world.people["charlie"])
            .values(born_on=date(2008, 11, 26))
        )
    with pytest.raises(Refused) as still:
        signing.sign_up(uid, actor=charlie, now=NOW)
    assert [problem.params["what"] for problem in still.value.problems] == ["certification"]
    certify(
        Certify(
            person_uid=world.uids["charlie"],
            machine_type="printer-fdm",
            starts_on=date(2026, 11, 26),
        ),
        actor=world.actor("bob"),
        now=NOW,
    )
    assert signing.sign_up(uid, actor=charlie, now=NOW) is SignUpState.SIGNED_UP
    with pytest.raises(Refused) as again:
        signing.sign_up(uid, actor=charlie, now=NOW)
    assert codes(again) == ["induction.already"]
    beside = planned(world, slot(11, 13, 3), machines=(), teacher_uid=world.uids["eva"])
    with pytest.raises(Refused) as both:
        signing.sign_up(beside, actor=charlie, now=NOW)
    assert codes(both) == ["induction.at-the-same-time"]
    with pytest.raises(Refused) as begun:
        signing.sign_up(beside, actor=world.actor("nina"), now=at(11, 3))
    assert codes(begun) == ["induction.begun"]
    with pytest.raises(Refused) as teaches:
        signing.sign_up(beside, actor=world.actor("eva"), now=NOW)
    assert codes(teaches) == ["induction.already"]
    with pytest.raises(Refused) as suspended:
        signing.sign_up(beside, actor=world.actor("sam"), now=NOW)
    assert codes(suspended) == ["person.suspended"]


def test_outcomes_certify_and_can_be_corrected(world: World) -> None:
    uid = planned(world)
    nina = world.actor("nina")
    signing.sign_up(uid, actor=nina, now=NOW)
    bob, uids = world.actor("bob"), world.uids
    with pytest.raises(Refused) as early:
        judging.judge(uid, {uids["nina"]: SignUpState.CERTIFIED}, actor=bob, now=NOW)
    assert codes(early) == ["induction.not-begun"]
    later = at(12, 3)
    with pytest.raises(Forbidden):
        judging.judge(
            uid, {uids["nina"]: SignUpState.CERTIFIED}, actor=world.actor("dora"), now=later
        )
    with pytest.raises(NotFound):
        judging.judge(uid, {uids["alice"]: SignUpState.CERTIFIED}, actor=bob, now=later)
    assert judging.judge(uid, {uids["nina"]: SignUpState.CERTIFIED}, actor=bob, now=later) == 1
    assert judging.judge(uid, {uids["nina"]: SignUpState.CERTIFIED}, actor=bob, now=later) == 0
    (granted,) = certifications.of_person(reading(), world.people["nina"])
    assert (granted.type_slug, granted.starts_on) == ("laser", date(2026, 11, 26))
    assert granted.valid_on(date(2026, 11, 26))
    assert queries.one(reading(), uid).state == SessionState.HELD
    assert len(told("InductionPassed")) == 1
    judging.judge(uid, {uids["nina"]: SignUpState.AGAIN}, actor=bob, now=at(13, 3))
    (revoked,) = certifications.of_person(reading(), world.people["nina"])
    assert revoked.revoked_at == at(13, 3)
    assert standing(uid) == {world.people["nina"]: "again"}
    entries = reading().scalars(
        select(AuditEntry).where(AuditEntry.action == "induction.judged").order_by(AuditEntry.id)
    )
    assert [(e.before["state"], e.after["state"]) for e in entries] == [
        ("signed_up", "certified"),
        ("certified", "again"),
    ]


def test_too_few_is_decided_once_and_not_after_the_start(world: World) -> None:
    enough = planned(world, fewest=1)
    few = planned(world, slot(10, 12, 4), fewest=2)
    missed = planned(world, slot(14, 16, 3), fewest=1)
    for uid in (enough, few):
        signing.sign_up(uid, actor=world.actor("nina"), now=NOW)
    assert sweeping.cancel_too_few(now=at(9.9, 2)) == 0  # a minute before anything is decided
    assert sweeping.cancel_too_few(now=at(10, 2), dry_run=True) == 0
    assert sweeping.cancel_too_few(now=at(10, 2)) == 0
    assert signing.give_up(enough, actor=world.actor("nina"), now=at(11, 2))  # late
    # The job was down when it ought to have looked at the third: that one has begun.
    assert sweeping.cancel_too_few(now=at(14, 3)) == 1
    states = {uid: queries.one(reading(), uid).state for uid in (enough, few, missed)}
    assert states == {enough: "planned", few: "cancelled", missed: "planned"}
    assert sweeping.close_held(now=at(16, 3)) == 2
    bookings.book(
        Book(machines=("laser",), slot=slot(10, 11, 4)), actor=world.actor("alice"), now=at(16, 3)
    )
    assert sweeping.cancel_too_few(now=at(10, 4)) == 0


def test_reminders_go_out_once_to_who_has_a_place(world: World) -> None:
    uid = planned(world, slot(10, 12, 4), places=1)
    signing.sign_up(uid, actor=world.actor("nina"), now=NOW)
    signing.sign_up(uid, actor=world.actor("charlie"), now=NOW, waits=True)
    assert sweeping.record_reminders(now=at(9.9, 3)) == 0
    assert sweeping.record_reminders(now=at(10, 3)) == 1
    assert sweeping.record_reminders(now=at(11, 3)) == 0
    assert [fact["person_id"] for fact in told("InductionReminderDue")] == [world.people["nina"]]


def test_the_job_says_what_it_did(world: World) -> None:
    planned(world, fewest=1)
    said = jobs.run_job("attend-inductions", now=at(10, 2))
    assert said == "1 called off, 0 held, 0 reminders"


class Oracle:
    """What a session's places and line must be, in a few lines of plain Python."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.inside: list[int] = []
        self.line: list[int] = []

    def sign_up(self, person: int, *, waits: bool) -> str:
        if person in self.inside or person in self.line:
            return "induction.already"
        if len(self.inside) < self.places:
            self.inside.append(person)
            return "signed_up"
        if not waits:
            return "induction.full"
        self.line.append(person)
        return "waiting"

    def give_up(self, person: int) -> None:
        for people in (self.inside, self.line):
            if person in people:
                people.remove(person)
        self.move_up()

    def move_up(self) -> None:
        while self.line and len(self.inside) < self.places:
            self.inside.append(self.line.pop(0))


ACTS = st.one_of(
    st.tuples(st.sampled_from(["sign", "wait", "wait"]), st.integers(0, 5)),
    st.tuples(st.just("give-up"), st.integers(0, 5)),
    st.tuples(st.just("places"), st.integers(1, 4)),
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=8, max_size=24))
def test_places_and_line_are_what_the_oracle_says(
    app: Flask, world: World, acts: list[tuple[str, int]]
) -> None:
    """Every act at a later minute; each person's state and the order of the line are compared."""
    now, day = NOW, next(DAYS)
    people = PEOPLE_OF.setdefault(id(world), None) or members(world, 6)
    PEOPLE_OF[id(world)] = people
    uid = planned(world, slot(10, 12, day))
    oracle = Oracle(2)
    # Two come in and three wait, so that whoever gives up next shows the order of the line.
    for kind, number in [*(("wait", number) for number in (3, 0, 4, 1, 5)), *acts]:
        now += timedelta(minutes=1)
        if kind == "places":
            change = wish(world, slot(10, 12, day), places=number)
            if number < len(oracle.inside):
                with pytest.raises(Refused) as refused:
                    services.change(uid, change, actor=SYSTEM, now=now)
                assert codes(refused) == ["induction.too-few-places"]
                continue
            services.change(uid, change, actor=SYSTEM, now=now)
            oracle.places = number
            oracle.move_up()
        elif kind == "give-up":
            signs = standing(uid)
            if people[number] not in signs:
                with pytest.raises(NotFound):
                    give_up(uid, people[number], now)
                continue
            give_up(uid, people[number], now)
            oracle.give_up(people[number])
        else:
            expected = oracle.sign_up(people[number], waits=kind == "wait")
            assert sign_up(uid, people[number], now, waits=kind == "wait") == expected
        present = {who: state for who, state in standing(uid).items() if state != "cancelled"}
        assert present == dict.fromkeys(oracle.inside, "signed_up") | dict.fromkeys(
            oracle.line, "waiting"
        )
        names = {who: f"Member {people.index(who)}" for who in oracle.line}
        assert line_of(uid) == [names[who] for who in oracle.line]


DAYS = iter(range(3, 100_000))
PEOPLE_OF: dict[int, list[int] | None] = {}


def sign_up(uid: str, person_id: int, now: datetime, *, waits: bool) -> str:
    try:
        return signing.sign_up(
            uid, actor=actor_of(reading(), person_id, now=now), now=now, waits=waits
        )
    except Refused as refused:
        return refused.problems[0].code


def give_up(uid: str, person_id: int, now: datetime) -> None:
    signing.give_up(uid, actor=actor_of(reading(), person_id, now=now), now=now)


def test_a_quiz_counts_as_long_as_its_pass_does(world: World) -> None:
    """A pass of this quiz counts for thirty days: not for a session after them."""
    quiz_id = make_quiz(world)
    quiz = reading().get_one(Quiz, quiz_id).slug
    soon, late = (planned(world, slot(10, 12, day), quiz=quiz) for day in (3, 31))
    nina = world.actor("nina")
    with pytest.raises(Refused) as refused:
        signing.sign_up(soon, actor=nina, now=NOW)
    (problem,) = refused.value.problems
    assert (problem.params["what"], problem.fix) == ("quiz", f"quiz:{quiz}")
    with unit_of_work() as session:
        session.add(
            QuizAttempt(
                quiz_id=quiz_id,
                person_id=world.people["nina"],
                started_at=NOW,
                submitted_at=NOW,
                passed=True,
                score=100,
                seed="s",
                pass_percent=60,
            )
        )
    assert signing.sign_up(soon, actor=nina, now=NOW) is SignUpState.SIGNED_UP
    with pytest.raises(Refused):
        signing.sign_up(late, actor=nina, now=NOW)
