"""Cases: every state against every act and every capacity, and what stands beside the table."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select

from labops.blueprints.messages import sentence_for
from labops.domain.applications import (
    casefile,
    drafting,
    interests,
    services,
    sweeping,
    telling,
    views,
)
from labops.domain.applications.history import Entry
from labops.domain.applications.models import Application, CaseEntry, Evidence
from labops.domain.applications.policies import RULES, problem_with
from labops.domain.applications.services import Said
from labops.domain.applications.states import CLOSED, Action, Capacity, CaseState, Verdict
from labops.domain.calls import services as calling
from labops.domain.calls.services import DescribeCriterion
from labops.domain.qualifications.queries import qualification_of
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.outbox import OutboxMessage
from tests.support.cases import (
    DECIDER,
    OFFICER,
    OWNER,
    a_call,
    a_lab,
    act_said,
    add_file,
    assess_all,
    city,
    complete,
    submitted,
)
from tests.support.world import World

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
UNTIL = date(2029, 12, 31)
DAY = timedelta(days=1)
# What these show is decided above the database.
ONE_ENGINE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def by(
    world: World, who: str, uid: str, action: Action, now: datetime = NOW, **said: object
) -> int:
    defaults = act_said(now) if not said else Said(**said)  # type: ignore[arg-type]
    return services.act(uid, action, defaults, actor=world.actor(who, now), now=now)


def state(world: World, uid: str, now: datetime = NOW) -> CaseState:
    reading().rollback()
    return casefile.find(reading(), uid, world.actor(OWNER, now), now=now).case.state


def qualified(world: World, *, now: datetime = NOW, until: date = UNTIL) -> str:
    city(world, now=now)
    uid = submitted(world, now=now, until=until)
    by(world, OFFICER, uid, Action.START_REVIEW, now)
    assess_all(uid, world.actor(OFFICER, now), now=now)
    by(world, DECIDER, uid, Action.QUALIFY, now)
    return uid


# The table says it all; here each of its 1,800 answers is made a sentence.
@ONE_ENGINE
def test_every_state_against_every_act_and_every_capacity(app: Flask) -> None:
    with app.test_request_context():
        for at, action, who in product(CaseState, Action, Capacity):
            problem = problem_with(at, action, (who,))
            rule = RULES[action]
            assert (problem is None) == (who in rule.by and at in rule.leads)
            if problem is not None:
                assert len(sentence_for(problem)) > 20
                assert problem_with(at, action, ()) is not None
                yours = problem.code != "case.not-yours"
                assert yours == (who in rule.by)
                assert (problem.code == "case.closed") == (yours and at in CLOSED)


def test_closed_cases_are_left_only_by_a_renewal_asked_for_in_time() -> None:
    leaving = {
        (at, action)
        for action, rule in RULES.items()
        for at, target in rule.leads.items()
        if at in CLOSED and target is not at
    }
    assert leaving == {(CaseState.EXPIRED, Action.RENEW)}


WHO = {"alice": Capacity.REPRESENTATIVE, "bob": Capacity.OFFICER, "dora": Capacity.DECIDER}


@ONE_ENGINE
def test_services_follow_the_table(world: World) -> None:
    """Each act in each state, by each person, through the use case."""
    city(world, now=NOW)
    uid = submitted(world, now=NOW, until=UNTIL)
    actors = {who: world.actor(who, NOW) for who in (*WHO, "charlie")}
    for at in CaseState:
        put_in(uid, at)
        for who, action in product(actors, set(Action) - {Action.EDIT}):
            problem = problem_with(at, action, (WHO[who],)) if who in WHO else None
            hidden = who not in WHO or (at is CaseState.DRAFT and who != OWNER)
            if not hidden and problem is None:
                continue  # what is allowed is tried at length elsewhere
            with pytest.raises(NotFound if hidden else Refused) as refused:
                services.act(uid, action, Said(), actor=actors[who], now=NOW)
            if isinstance(refused.value, Refused):
                assert refused.value.problems == (problem,)


def put_in(uid: str, at: CaseState) -> None:
    """Write a history that ends in the state: the shortest there is."""
    with unit_of_work() as session:
        row = session.scalars(select(Application).where(Application.uid == uid)).one()
        for old in session.scalars(
            select(CaseEntry).where(CaseEntry.application_id == row.id)
        ).all():
            session.delete(old)
        session.flush()
        for number, entry in enumerate(SHORTEST[at], 1):
            session.add(
                CaseEntry(
                    application_id=row.id,
                    number=number,
                    action=entry.action,
                    capacity=entry.capacity,
                    state_before="",
                    state_after="",
                    at=NOW,
                    happened_on=NOW.date(),
                    note="",
                    internal_note="",
                    detail=dict(entry.detail),
                )
            )
        row.state = at


def shortest() -> dict[CaseState, list[Entry]]:
    """Return for every state a way there, found by walking the table."""
    from labops.domain.applications.history import Case  # noqa: PLC0415
    from labops.domain.calls.terms import Terms  # noqa: PLC0415

    dates = {"reply_by": "2026-12-04", "valid_from": "2026-11-24", "valid_to": "2028-11-23"}
    found: dict[CaseState, list[Entry]] = {CaseState.DRAFT: []}
    open_ways = [(Case(terms=Terms()), list[Entry]())]
    while open_ways:
        case, way = open_ways.pop(0)
        for action, rule in RULES.items():
            if case.state not in rule.leads or action in {Action.EDIT, Action.REFUSE_RENEWAL}:
                continue
            entry = Entry(action=action, capacity=min(rule.by), on=NOW.date(), detail=dates)
            after = case.after(entry)
            if after.state not in found:
                found[after.state] = [*way, entry]
                open_ways.append((after, found[after.state]))
    assert set(found) == set(CaseState)
    return found


SHORTEST = shortest()


@ONE_ENGINE
def test_who_reviewed_does_not_decide(world: World) -> None:
    from labops.domain.people.administration import GiveRole, give_role  # noqa: PLC0415
    from labops.kernel.permissions import SYSTEM, Role  # noqa: PLC0415

    city(world, now=NOW)
    bob = GiveRole(person_uid=world.uids["bob"], role=Role.DECIDER)
    give_role(bob, actor=SYSTEM, now=NOW)
    uid = submitted(world, now=NOW, until=UNTIL)
    by(world, "bob", uid, Action.START_REVIEW)
    assess_all(uid, world.actor("bob", NOW), now=NOW)
    with pytest.raises(Refused, match=r"case\.same-person"):
        by(world, "bob", uid, Action.QUALIFY)
    by(world, "dora", uid, Action.QUALIFY)
    assert state(world, uid) is CaseState.QUALIFIED


@ONE_ENGINE
def test_an_interest_closes_the_case(world: World) -> None:
    city(world, now=NOW)
    uid = submitted(world, now=NOW, until=UNTIL)
    bob, dora = world.actor("bob", NOW), world.actor("dora", NOW)
    assert casefile.find(reading(), uid, bob, now=NOW)
    interests.declare("officina", "My sister works there", actor=bob, now=NOW)
    with pytest.raises(NotFound):
        casefile.find(reading(), uid, bob, now=NOW)
    with pytest.raises(NotFound):
        by(world, "bob", uid, Action.START_REVIEW)
    assert views.queue(reading(), bob, now=NOW) == []
    assert len(views.queue(reading(), dora, now=NOW)) == 1
    file = casefile.find(reading(), uid, dora, now=NOW)
    assert telling.city_readers(reading(), file) == []
    (declared,) = interests.listed(reading())
    interests.end(declared.uid, actor=dora, now=NOW)
    reading().rollback()
    assert casefile.find(reading(), uid, bob, now=NOW)


@ONE_ENGINE
def test_a_change_touches_only_what_changed_and_can_be_refused(world: World) -> None:
    uid = qualified(world)
    alice = world.actor(OWNER, NOW)
    with pytest.raises(Refused, match=r"case\.nothing-changed"):
        by(world, OWNER, uid, Action.CHANGE, note="We moved.", happened_on=date(2026, 10, 1))
    drafting.save_answer(uid, "seat", "A new street", actor=alice, now=NOW)
    add_file(uid, "seat", alice, now=NOW + DAY, until=UNTIL)
    by(world, OWNER, uid, Action.CHANGE, note="We moved.", happened_on=date(2026, 10, 1))
    file = casefile.find(reading(), uid, world.actor(OFFICER, NOW), now=NOW)
    assert file.case.touched == ("seat",)
    assert file.entries[-1].detail["late"]
    assert file.entries[-1].detail["differences"]["seat"]["text_before"] == "About seat"
    with pytest.raises(Invalid):
        by(world, OFFICER, uid, Action.ASSESS, criterion="safety", verdict=Verdict.MET)
    by(world, OFFICER, uid, Action.ASSESS, criterion="seat", verdict=Verdict.NOT_MET, note="No.")
    by(world, DECIDER, uid, Action.REFUSE_CHANGE)
    reading().rollback()
    content = casefile.prepared(reading(), file.row.id)
    assert content.answers["seat"] == "About seat"
    assert len(content.of("seat")) == 1
    assert state(world, uid) is CaseState.QUALIFIED


def test_a_renewal_asked_for_in_time_outlives_the_end(world: World) -> None:
    uid = qualified(world)
    end = datetime(2028, 11, 23, 12, tzinfo=UTC)
    near = end - 10 * DAY
    sweeping.keep_terms(now=near)
    assert state(world, uid, near) is CaseState.EXPIRING
    by(world, OWNER, uid, Action.ASK_RENEWAL, near)
    late = end + 5 * DAY
    sweeping.keep_terms(now=late)
    assert state(world, uid, late) is CaseState.EXPIRED
    lab = reading().scalars(select(Application.lab_id)).one()
    assert qualification_of(reading(), lab, late.date()) is None
    assess_all(uid, world.actor(OFFICER, late), now=late)
    by(world, DECIDER, uid, Action.RENEW, late)
    assert state(world, uid, late) is CaseState.QUALIFIED
    assert qualification_of(reading(), lab, end.date())
    assert qualification_of(reading(), lab, (end + DAY).date()) is None
    assert qualification_of(reading(), lab, late.date())


@ONE_ENGINE
def test_alerts_come_before_and_after_the_term_once_each(world: World) -> None:
    city(world, now=NOW)
    submitted(world, now=NOW, until=UNTIL)
    for days in (0, 24, 25, 27, 30, 31, 34, 40):
        sweeping.alert(now=NOW + days * DAY)
    told = reading().scalars(
        select(OutboxMessage.payload).where(OutboxMessage.kind == "CaseTermNear")
    )
    assert [each["late"] for each in told] == [False, True]


@ONE_ENGINE
def test_a_published_call_never_changes_and_keeps_its_cases(world: World) -> None:
    uid = a_call(now=NOW)
    with pytest.raises(Refused, match=r"call\.frozen"):
        calling.drop_criterion(uid, "seat", actor=world.actor("eva", NOW), now=NOW)
    lab = a_lab(now=NOW)
    alice, eva = world.actor(OWNER, NOW), world.actor("eva", NOW)
    case = drafting.begin(uid, lab, actor=alice, now=NOW)
    complete(case, alice, now=NOW, until=UNTIL)
    draft = calling.new_edition(uid, actor=eva, now=NOW)
    more = DescribeCriterion(title_it="Uno", title_en="One", text_it="x", text_en="x")
    calling.save_criterion(draft, more, actor=eva, now=NOW)
    calling.publish(draft, actor=eva, now=NOW)
    by(world, OWNER, case, Action.SUBMIT)  # under the edition it was begun under
    assert state(world, case) is CaseState.SUBMITTED


def test_numbers_of_the_register_have_no_gap_and_a_lab_one_case(app: Flask, world: World) -> None:
    """Ten at once submit the same case and begin others: one gets through, no number is lost."""
    alice = world.actor(OWNER, NOW)
    call = a_call(now=NOW)
    labs = [a_lab(f"Lab {n}", now=NOW) for n in range(4)]
    cases: list[str] = []
    surprises: list[str] = []

    def everything(turn: int) -> None:
        with app.app_context():
            try:
                uid = drafting.begin(call, labs[turn % 4], actor=alice, now=NOW)
                cases.append(uid)
                if turn < 4:
                    complete(uid, alice, now=NOW, until=UNTIL)
                services.act(uid, Action.SUBMIT, Said(), actor=alice, now=NOW)
            except (Refused, Invalid):
                pass
            except Exception as error:  # noqa: BLE001 - a thread must report, not vanish
                surprises.append(repr(error))
            finally:
                reading().close()

    threads = [threading.Thread(target=everything, args=(turn,)) for turn in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert surprises == []
    reading().rollback()
    rows = reading().execute(
        select(CaseEntry.protocol_year, CaseEntry.protocol_number).order_by(
            CaseEntry.protocol_number
        )
    )
    assert [tuple(row) for row in rows] == [(2026, n + 1) for n in range(4)]
    assert reading().scalar(select(func.count(Application.id))) == 4
    assert len(set(cases)) == 4
    assert reading().scalar(select(func.count(Evidence.id)).where(Evidence.sent_with != 1)) == 0


@ONE_ENGINE
def test_a_rejection_after_silence_and_an_extension_once(world: World) -> None:
    city(world, now=NOW)
    uid = submitted(world, now=NOW, until=UNTIL)
    by(world, OFFICER, uid, Action.START_REVIEW)
    by(world, OFFICER, uid, Action.EXTEND, note="Many machines to see.")
    with pytest.raises(Refused, match=r"case\.extended-already"):
        by(world, OFFICER, uid, Action.EXTEND, note="Again.")
    with pytest.raises(Refused, match=r"case\.no-grounds"):
        by(world, OFFICER, uid, Action.NOTIFY_REJECTION)
    unmet = {"criterion": "safety", "verdict": Verdict.NOT_MET, "note": "No file."}
    by(world, OFFICER, uid, Action.ASSESS, **unmet)
    with pytest.raises(Refused, match=r"case\.no-notice"):
        by(world, DECIDER, uid, Action.REJECT)
    by(world, OFFICER, uid, Action.NOTIFY_REJECTION)
    early, late = NOW + 10 * DAY, NOW + 30 * DAY
    assert sweeping.keep_terms(now=early) == 0
    assert sweeping.keep_terms(now=late, dry_run=True) == 1
    assert sweeping.keep_terms(now=late) == 1
    file = casefile.find(reading(), uid, world.actor(DECIDER, late), now=late)
    assert file.case.clock is not None
    # Ten days stood still, however late the job ran; the other twenty counted.
    assert (file.case.clock.elapsed(late.date()), file.case.clock.days) == (20, 90)
    by(world, DECIDER, uid, Action.REJECT, late)
    assert state(world, uid, late) is CaseState.REJECTED
    again = drafting.begin(a_call(now=late), file.lab.uid, actor=world.actor(OWNER, late), now=late)
    assert again != uid


@ONE_ENGINE
def test_a_removal_can_be_dropped_and_a_lab_leaves_when_it_likes(world: World) -> None:
    uid = qualified(world)
    lab = reading().scalars(select(Application.lab_id)).one()
    by(world, DECIDER, uid, Action.SUSPEND)
    assert qualification_of(reading(), lab, NOW.date()) is None
    by(world, DECIDER, uid, Action.NOTIFY_REMOVAL)
    with pytest.raises(Refused, match=r"case\.term-running"):
        by(world, DECIDER, uid, Action.REMOVE)
    by(world, DECIDER, uid, Action.DROP_REMOVAL)
    assert state(world, uid) is CaseState.SUSPENDED
    by(world, DECIDER, uid, Action.NOTIFY_REMOVAL)
    by(world, OWNER, uid, Action.OBSERVE, note="We are still there.")
    assert state(world, uid) is CaseState.REMOVAL_NOTICE
    by(world, DECIDER, uid, Action.DROP_REMOVAL)
    by(world, DECIDER, uid, Action.REINSTATE)
    assert state(world, uid) is CaseState.QUALIFIED
    assert qualification_of(reading(), lab, NOW.date())
    with pytest.raises(Refused):
        by(world, DECIDER, uid, Action.LEAVE)
    by(world, OWNER, uid, Action.LEAVE)
    assert state(world, uid) is CaseState.REMOVED
    assert qualification_of(reading(), lab, NOW.date()) is None
