"""What house rules ask of people, machines and spaces, from the database to the decision."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from labops.domain.bookings import approval, queries, services, sweeping
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.closures.services import close
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.house_rules.values import Level
from labops.domain.machines.services import set_state
from labops.domain.machines.states import MachineState
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person
from labops.domain.restrictions.models import Restriction, TopUp
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Space
from labops.domain.strikes import queries as strikes
from labops.domain.strikes import services as strike_services
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot


def ruled(world: World, data: Mapping[str, Any], level: Level = Level.SITE, key: str = "") -> None:
    """Let these rules hold at MHUMA from now on."""
    kept = {"grid_minutes": 30, "longest_minutes": 240, "open_bookings": 20, "one_at_a_time": 3}
    base = kept if level is Level.SITE else {}
    save_rules(
        SaveRules(site_id=world.sites["mhuma"], data={**base, **data}, level=level, key=key),
        actor=SYSTEM,
        now=NOW,
    )


def book(world: World, who: str = "alice", machine: str = "printer", **more: Any) -> str:
    now = more.pop("now", NOW)
    command = Book(machines=(machine,), **({"slot": slot(10, 11)} | more))
    return services.book(command, actor=world.actor(who), now=now)


def refusal(world: World, who: str = "alice", machine: str = "printer", **more: Any) -> set[str]:
    """Return the codes with which a booking is refused; none when it is made."""
    try:
        book(world, who, machine, **more)
    except Refused as refused:
        return {problem.code for problem in refused.problems}
    return set()


def state_of(uid: str) -> str:
    reading().rollback()
    return reading().scalars(select(Booking.state).where(Booking.uid == uid)).one()


def claims() -> int:
    reading().rollback()
    return reading().scalar(select(func.count()).select_from(Allocation)) or 0


def facts_of(uid: str) -> tuple[list[str], list[str]]:
    """Return what was told, and what was written down, about a booking."""
    told = [
        message.kind
        for message in reading().scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        if message.payload.get("booking_uid") == uid
    ]
    written = reading().scalars(
        select(AuditEntry.action)
        .where(AuditEntry.subject == f"booking:{uid}")
        .order_by(AuditEntry.id)
    )
    return told, list(written)


def member(world: World, who: str = "alice", **values: Any) -> None:
    with unit_of_work() as session:
        session.execute(
            update(Membership).where(Membership.person_id == world.people[who]).values(**values)
        )


def add(*rows: Any) -> None:
    with unit_of_work() as session:
        session.add_all(rows)


# People


def test_ages_are_those_of_the_day_of_the_booking(world: World) -> None:
    ruled(world, {"youngest": 16})
    with unit_of_work() as session:
        session.execute(update(Person).values(born_on=date(2010, 11, 25)))
    assert refusal(world) == {"person.too-young"}  # the 24th: fifteen for one more day
    assert refusal(world, slot=slot(10, 11, day=2)) == set()


def test_a_plan_has_rules_of_its_own(world: World) -> None:
    ruled(world, {"longest_minutes": 480}, Level.PLAN, "pro")
    long = slot(9, 15)
    assert refusal(world, slot=long) == {"booking.too-long"}
    member(world, plan="pro")
    assert refusal(world, slot=long) == set()


def test_hours_may_be_reserved_for_a_group(world: World) -> None:
    data = {
        "timetables": {"school": {"hours": "mon-fri 10:00-12:00"}},
        "audiences": [{"during": "school", "groups": ["students"]}],
    }
    ruled(world, data)
    assert len(refusal(world)) == 1
    member(world, groups=["students"])
    assert refusal(world) == set()


def test_a_restriction_leaves_only_what_it_names_until_its_day(world: World) -> None:
    add(
        Restriction(
            person_id=world.people["alice"],
            site_id=world.sites["mhuma"],
            machines=["laser"],
            categories=[],
            until_on=date(2026, 11, 26),
            reason="left the bench dirty",
            created_at=NOW,
        )
    )
    assert refusal(world) == {"person.suspended"}
    assert refusal(world, machine="laser") == set()
    assert refusal(world, slot=slot(10, 11, day=3)) == set()


def test_a_top_up_adds_to_one_quota_while_it_holds(world: World) -> None:
    ruled(
        world,
        {"quotas": [{"name": "day", "minutes": 60, "window": "day", "scope": "site"}]},
    )
    book(world)
    assert refusal(world, slot=slot(14, 15)) == {"booking.quota"}
    values = {
        "person_id": world.people["alice"],
        "site_id": world.sites["mhuma"],
        "quota": "day",
        "minutes": 60,
        "count": 0,
        "reason": "exam",
        "created_at": NOW,
    }
    add(TopUp(**values, starts_on=date(2026, 11, 25), ends_on=None))
    assert refusal(world, slot=slot(14, 15)) == {"booking.quota"}  # not yet
    add(TopUp(**values, starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24)))
    assert refusal(world, slot=slot(14, 15)) == set()


def test_public_holidays_are_those_of_the_site(world: World) -> None:
    data = {
        "horizon_days": 40,
        "timetables": {"work": {"hours": "daily 09:00-18:00", "holidays": "off"}},
        "open_hours": "work",
    }
    with unit_of_work() as session:
        session.execute(update(Site).values(subdivision="MI"))
    ruled(world, data)
    # 7 December is the patron's day in Milan, 8 December a holiday everywhere in Italy.
    for day, code in (
        (13, set()),
        (14, {"booking.outside-hours"}),
        (15, {"booking.outside-hours"}),
    ):
        assert refusal(world, slot=slot(10, 11, day=day)) == code
    ruled(world, {"horizon_days": 40, "notice_working_days": 2})
    friday = at(8, day=11)  # 4 December: the next two working days are the 9th and the 10th
    assert refusal(world, slot=slot(15, 16, day=16), now=friday) == {"booking.too-soon"}
    assert refusal(world, slot=slot(15, 16, day=17), now=friday) == set()


# Machines and spaces


def test_buffers_are_those_of_the_house_rules(world: World) -> None:
    ruled(world, {"setup_minutes": 30, "cleanup_minutes": 60}, Level.MACHINE, "printer")
    book(world)
    claim = reading().scalars(select(Allocation)).one()
    assert (claim.starts_at, claim.ends_at) == (at(9.5), at(12))
    ruled(world, {"buffers_inside": True}, Level.MACHINE, "laser")
    book(world, machine="laser", slot=slot(14, 15))
    claim = reading().scalars(select(Allocation).order_by(Allocation.id.desc())).first()
    assert claim is not None
    assert (claim.starts_at, claim.ends_at) == (at(14), at(15))


def test_a_space_holds_so_many_people_over_all_its_machines(world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Space).values(people_capacity=5))
    book(world, machine="laser", people=3)
    assert refusal(world, "bob", people=3) == {"site.full"}
    assert refusal(world, "bob", people=2) == set()
    assert refusal(world, "eva", "benches") == {"site.full"}
    assert refusal(world, "eva", "benches", slot=slot(11, 12)) == set()  # touching


def test_two_at_once_do_not_crowd_a_space(app: Flask, world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Space).values(people_capacity=4))
    answers: list[set[str]] = []
    gate = threading.Barrier(3)

    def attempt(who: str, machine: str) -> None:
        with app.app_context():
            gate.wait()
            answers.append(refusal(world, who, machine, people=3))

    threads = [
        threading.Thread(target=attempt, args=args)
        for args in (("alice", "laser"), ("charlie", "printer"), ("bob", "benches"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=len) == [set(), {"site.full"}, {"site.full"}]


def test_what_must_be_said_is_kept_with_the_booking(world: World) -> None:
    material = {"name": "material", "values": ["Plywood", "PVC"], "excluded": ["PVC"]}
    ruled(world, {"fields": [material]})
    assert refusal(world) == {"field.required"}
    assert refusal(world, fields={"material": "pvc"}) == {"field.not-offered"}
    uid = book(world, fields={"material": "plywood"}, people=2)
    details = queries.details_of(reading(), [uid])[uid]
    assert (dict(details.fields), details.people_count) == ({"material": "plywood"}, 2)
    # What rules ask today was not asked then: moving does not ask again.
    services.move(Move(uid=uid, slot=slot(12, 13)), actor=world.actor("alice"), now=NOW)


# Approval


def asks_for_approval(world: World) -> None:
    ruled(world, {"approval_above_minutes": 60, "approval_held_minutes": 120})


def test_a_requested_booking_holds_its_time_until_staff_agree(world: World) -> None:
    asks_for_approval(world)
    uid = book(world, slot=slot(10, 12))
    assert (state_of(uid), claims()) == ("requested", 1)
    assert refusal(world, "charlie", slot=slot(11, 12)) == {"booking.overlap"}
    for nobody in ("alice", "charlie", "dora"):
        with pytest.raises(NotFound):
            approval.approve(uid, actor=world.actor(nobody), now=NOW)
    approval.approve(uid, actor=world.actor("bob"), now=NOW)
    approval.approve(uid, actor=world.actor("bob"), now=NOW)
    assert state_of(uid) == "confirmed"
    assert facts_of(uid) == (
        ["BookingRequested", "BookingApproved"],
        ["booking.requested", "booking.confirmed"],
    )
    # It is like any other from here on: nobody comes, and it is missed.
    assert sweeping.release_missed(now=at(10.25)) == 1


def test_what_is_rejected_gives_its_time_back_with_a_reason(world: World) -> None:
    asks_for_approval(world)
    uid = book(world, slot=slot(10, 12))
    with pytest.raises(Invalid):
        approval.reject(uid, reason="  ", actor=world.actor("bob"), now=NOW)
    approval.reject(uid, reason="a class is on", actor=world.actor("bob"), now=NOW)
    assert (state_of(uid), claims()) == ("rejected", 0)
    assert queries.details_of(reading(), [uid])[uid].decision_reason == "a class is on"
    with pytest.raises(Refused):
        approval.approve(uid, actor=world.actor("bob"), now=NOW)
    assert facts_of(uid)[0] == ["BookingRequested", "BookingRejected"]


def test_what_nobody_decides_lapses_and_not_before(world: World) -> None:
    asks_for_approval(world)
    uid = book(world, slot=slot(10, 12))
    end = NOW + timedelta(hours=2)
    assert sweeping.lapse_requests(now=end - timedelta(seconds=1)) == 0
    with pytest.raises(Refused):
        approval.approve(uid, actor=world.actor("bob"), now=end)
    assert sweeping.lapse_requests(now=end, dry_run=True) == 1
    assert sweeping.lapse_requests(now=end) == 1
    assert sweeping.lapse_requests(now=end) == 0
    assert (state_of(uid), claims()) == ("rejected", 0)


def test_staff_with_a_reason_need_nobody_to_agree(world: World) -> None:
    asks_for_approval(world)
    assert state_of(book(world, "bob", slot=slot(10, 12), override_reason="a class")) == "confirmed"


def test_moving_may_need_staff_again_but_not_while_it_runs(world: World) -> None:
    asks_for_approval(world)
    uid = book(world, slot=slot(10, 11))
    alice = world.actor("alice")
    services.move(Move(uid=uid, slot=slot(10, 12)), actor=alice, now=NOW)
    assert state_of(uid) == "requested"
    services.move(Move(uid=uid, slot=slot(10, 11)), actor=alice, now=NOW)
    assert state_of(uid) == "confirmed"
    with unit_of_work() as session:
        session.execute(update(Booking).values(state="checked_in", checked_in_at=at(10)))
    with pytest.raises(Refused) as refused:
        services.move(Move(uid=uid, slot=slot(10, 12)), actor=alice, now=at(10.5))
    assert {problem.code for problem in refused.value.problems} == {"booking.needs-approval"}


# Strikes


STRIKES = {
    "strikes": {"missed": 2, "in_days": 30, "suspended_days": 14},
    "cancel_notice_minutes": 120,
    "late_cancel": "missed",
}


def missed(world: World, day: int, who: str = "alice") -> str:
    uid = services.book(
        Book(machines=("printer",), slot=slot(10, 11, day=day)),
        actor=world.actor(who),
        now=at(7, day=day),
    )
    sweeping.release_missed(now=at(10.25, day=day))
    return uid


def suspended(world: World, who: str = "alice") -> datetime | None:
    reading().rollback()
    return reading().scalar(
        select(Membership.suspended_until).where(Membership.person_id == world.people[who])
    )


def test_missed_bookings_suspend_and_decay(world: World) -> None:
    ruled(world, STRIKES)
    missed(world, 1)
    assert suspended(world) is None
    missed(world, 3)
    until = at(10.25, day=17)
    assert suspended(world) == until
    assert refusal(world, slot=slot(10, 11, day=4), now=at(11, day=3)) == {"person.suspended"}
    # A month later the old ones count no more.
    later = 40
    services.book(
        Book(machines=("printer",), slot=slot(10, 11, day=later)),
        actor=world.actor("alice"),
        now=at(7, day=later),
    )
    sweeping.release_missed(now=at(10.25, day=later))
    assert suspended(world) == until


def test_what_is_forgiven_counts_no_more_and_both_are_heard(world: World) -> None:
    ruled(world, STRIKES)
    missed(world, 1)
    missed(world, 3)
    alice, bob = world.actor("alice"), world.actor("bob")
    strike = strikes.own(reading(), alice)[0]
    with pytest.raises(NotFound):
        strike_services.contest(strike.uid, text="no", actor=world.actor("charlie"), now=NOW)
    with pytest.raises(Invalid):
        strike_services.contest(strike.uid, text=" ", actor=alice, now=NOW)
    strike_services.contest(strike.uid, text="the door was shut", actor=alice, now=NOW)
    with pytest.raises(Refused):
        strike_services.contest(strike.uid, text="again", actor=alice, now=NOW)
    assert [one.uid for one in strikes.to_answer(reading(), bob)] == [strike.uid]
    assert strikes.to_answer(reading(), world.actor("dora")) == []
    for nobody in ("alice", "dora"):
        with pytest.raises(NotFound):
            strike_services.answer(
                strike.uid, forgive=True, text="ok", actor=world.actor(nobody), now=NOW
            )
    strike_services.answer(strike.uid, forgive=True, text="it was", actor=bob, now=NOW)
    assert suspended(world) is None
    assert strikes.to_answer(reading(), bob) == []
    with pytest.raises(Refused):
        strike_services.answer(strike.uid, forgive=False, text="no", actor=bob, now=NOW)


def test_cancelling_late_counts_where_the_rules_say_so(world: World) -> None:
    ruled(world, STRIKES)
    alice = world.actor("alice")
    early, late = book(world), book(world, slot=slot(14, 15))
    services.cancel(early, actor=alice, now=at(8))  # exactly at the notice: free
    services.cancel(late, actor=alice, now=at(12.5))
    kinds = [(one.booking_uid, one.kind) for one in strikes.own(reading(), alice)]
    assert kinds == [(late, "cancelled_late")]
    # What staff cancel counts against nobody.
    other = book(world, slot=slot(17, 18), now=at(12))
    services.cancel(other, actor=world.actor("bob"), now=at(16.5))
    assert len(strikes.own(reading(), alice)) == 1


def test_what_others_take_is_forgiven(world: World) -> None:
    ruled(world, {**STRIKES, "forgiven_when_taken": True})
    alice = world.actor("alice")
    uid = book(world, slot=slot(14, 16))
    services.cancel(uid, actor=alice, now=at(13))
    services.book(
        Book(machines=("printer",), slot=slot(14, 15)), actor=world.actor("charlie"), now=at(13.1)
    )
    assert strike_services.forgive_taken(now=at(13.2)) == 0
    services.book(
        Book(machines=("printer",), slot=slot(15, 16)), actor=world.actor("bob"), now=at(13.3)
    )
    assert strike_services.forgive_taken(now=at(13.4), dry_run=True) == 1
    assert strike_services.forgive_taken(now=at(13.4)) == 1
    assert strike_services.forgive_taken(now=at(13.4)) == 0
    assert [one.forgiven_at for one in strikes.own(reading(), alice)] == [at(13.4)]
    assert not queries.details_of(reading(), [uid])[uid].cancelled_late


def test_late_cancelled_time_counts_in_quotas_that_say_so(world: World) -> None:
    quota = {"minutes": 60, "window": "day", "scope": "site", "late_cancelled_counts": True}
    ruled(world, {**STRIKES, "quotas": [quota]})
    alice = world.actor("alice")
    services.cancel(book(world, slot=slot(14, 15)), actor=alice, now=at(13))
    with pytest.raises(Refused) as refused:
        services.book(Book(machines=("printer",), slot=slot(17, 18)), actor=alice, now=at(13))
    assert {problem.code for problem in refused.value.problems} == {"booking.quota"}


@pytest.mark.parametrize("reason", ["closed", "down"])
def test_nothing_counts_where_nobody_could_come(world: World, reason: str) -> None:
    ruled(world, STRIKES)
    uid = book(world)
    if reason == "closed":
        close(
            world.sites["mhuma"],
            Interval(at(9), at(12)),
            reason="no power",
            actor=world.actor("bob"),
            now=NOW,
        )
    else:
        set_state(
            "printer",
            MachineState.OUT_OF_SERVICE,
            reason="jammed",
            actor=world.actor("bob"),
            now=NOW,
        )
    sweeping.release_missed(now=at(10.25))
    assert (state_of(uid), claims()) == ("cancelled", 0)
    assert strikes.own(reading(), world.actor("alice")) == []


def test_strikes_and_late_moves_at_the_real_clock_leave_utc(world: World) -> None:
    """A move that frees its time late is a strike as well."""
    ruled(world, {**STRIKES, "move_notice_minutes": 120})
    uid = book(world)
    services.move(Move(uid=uid, slot=slot(15, 16)), actor=world.actor("alice"), now=at(9))
    (strike,) = strikes.own(reading(), world.actor("alice"))
    assert (strike.kind, strike.at.tzinfo) == ("moved_late", UTC)
