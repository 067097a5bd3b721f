"""The waiting list: who may join, who is offered what, what becomes of offers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from labops.domain.bookings import approval, sweeping, use
from labops.domain.bookings import queries as booking_queries
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book, Move
from labops.domain.closures.services import close, reopen
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.machines.services import DescribeMachine, describe, install, set_state
from labops.domain.machines.states import MachineState
from labops.domain.people.models import Person
from labops.domain.waiting import answering, offering, queries, services
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.queries import OfferView
from labops.domain.waiting.services import Join
from labops.kernel import audit, ledger
from labops.kernel.audit import AuditEntry
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation, Claim, Owner, OwnerKind
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot

HOUR = timedelta(hours=1)


def book(world: World, who: str, span: Interval, machine: str = "printer") -> str:
    return bookings.book(Book(machines=(machine,), slot=span), actor=world.actor(who), now=NOW)


def join(world: World, who: str, span: Interval, now: datetime = NOW, **changes: object) -> str:
    values: dict[str, object] = {"machines": ("printer",), "length": span.length, **changes}
    command = Join(window=span, **values)  # type: ignore[arg-type]
    return services.join(command, actor=world.actor(who), now=now)


def run(now: datetime = NOW) -> offering.Run:
    return offering.offer_freed_time(now=now)


def offered(world: World, who: str, now: datetime = NOW) -> list[OfferView]:
    return queries.held_of_person(reading(), world.people[who], now=now)


def state_of(wish: str) -> str:
    query = select(WaitingWish.state).where(WaitingWish.uid == wish)
    return reading().scalars(query.execution_options(populate_existing=True)).one()


def let_rules(world: World, **data: object) -> None:
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=data), actor=SYSTEM, now=NOW)


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


def test_freed_time_goes_to_the_first_in_line_and_becomes_her_booking(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    first = join(world, "alice", slot(14, 16), now=NOW)
    second = join(world, "bob", slot(14, 16), now=NOW + timedelta(minutes=1))
    assert run() == offering.Run(0, 0, 0)
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    assert run().offered == 1
    (held,) = offered(world, "alice")
    assert (held.starts_at, held.ends_at) == (at(14), at(16))
    assert held.answer_by == NOW + 24 * HOUR
    assert offered(world, "bob") == []
    with pytest.raises(Refused) as refused:
        book(world, "charlie", slot(15, 16))
    assert codes(refused) == {"booking.overlap"}
    booked = answering.accept(held.uid, actor=world.actor("alice"), now=NOW + HOUR)
    assert answering.accept(held.uid, actor=world.actor("alice"), now=NOW + HOUR) == booked
    found = booking_queries.one(reading(), booked, world.actor("alice"))
    assert (found.starts_at, found.ends_at, found.state) == (at(14), at(16), "confirmed")
    assert (state_of(first), state_of(second)) == ("taken", "waiting")
    claims = reading().scalars(select(Allocation.owner_kind)).all()
    assert claims == ["booking"]
    assert run(NOW + HOUR).offered == 0


def test_a_decline_and_a_missed_deadline_pass_it_on_at_the_next_run(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    wishes = [join(world, who, slot(14, 16)) for who in ("alice", "bob", "eva")]
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    run()
    (first,) = offered(world, "alice")
    answering.decline(first.uid, actor=world.actor("alice"), now=NOW)
    answering.decline(first.uid, actor=world.actor("alice"), now=NOW)
    assert run().offered == 1
    (second,) = offered(world, "bob")
    # Three runs were missed: the first one afterwards passes it on all the same.
    late = second.answer_by
    with pytest.raises(Refused) as refused:
        answering.accept(second.uid, actor=world.actor("bob"), now=late)
    assert codes(refused) == {"offer.over"}
    assert run(late) == offering.Run(offered=1, lapsed=1, over=0)
    (third,) = offered(world, "eva", late)
    assert third.starts_at == at(14)
    assert [state_of(one) for one in wishes] == ["withdrawn", "lapsed", "offered"]
    kinds = select(OutboxMessage.kind).where(OutboxMessage.kind.like("Offer%"))
    told = reading().scalars(kinds.order_by(OutboxMessage.id)).all()
    assert told == ["OfferMade", "OfferDeclined", "OfferMade", "OfferLapsed", "OfferMade"]


def cancelled(world: World) -> Iterator[datetime]:
    uid = book(world, "charlie", WINDOW)
    yield NOW
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    yield NOW


def shortened(world: World) -> Iterator[datetime]:
    uid = book(world, "charlie", WINDOW)
    yield NOW
    bookings.move(Move(uid=uid, slot=slot(13, 15)), actor=world.actor("charlie"), now=NOW)
    yield NOW


def moved_away(world: World) -> Iterator[datetime]:
    uid = book(world, "charlie", WINDOW)
    yield NOW
    bookings.move(Move(uid=uid, slot=slot(9, 12)), actor=world.actor("charlie"), now=NOW)
    yield NOW


def missed(world: World) -> Iterator[datetime]:
    book(world, "charlie", WINDOW)
    yield NOW
    assert sweeping.release_missed(now=at(13.25)) == 1
    yield at(13.25)


def finished_early(world: World) -> Iterator[datetime]:
    uid = book(world, "charlie", WINDOW)
    yield NOW
    use.check_in(uid, actor=world.actor("charlie"), now=at(13))
    use.finish(uid, actor=world.actor("charlie"), now=at(13.5))
    yield at(13.5)


def rejected(world: World) -> Iterator[datetime]:
    let_rules(world, approval="always")
    uid = book(world, "charlie", WINDOW)
    yield NOW
    approval.reject(uid, reason="no", actor=world.actor("bob"), now=NOW)
    yield NOW


def maintenance_ended(world: World) -> Iterator[datetime]:
    owner = Owner(OwnerKind.MAINTENANCE, 1)
    with unit_of_work() as session:
        ledger.grant(session, owner, [Claim(world.machines["printer"], 1, WINDOW)])
    yield NOW
    with unit_of_work() as session:
        ledger.release(session, owner)
        audit.record(session, SYSTEM, "maintenance.ended", "maintenance:1", now=NOW)
    yield NOW


def closure_removed(world: World) -> Iterator[datetime]:
    site = world.sites["mhuma"]
    book(world, "charlie", slot(14, 17))
    closure = close(site, slot(12, 14), reason="Party", actor=SYSTEM, now=NOW)
    yield NOW
    reopen(closure, actor=SYSTEM, now=NOW)
    yield NOW


def capacity_raised(world: World) -> Iterator[datetime]:
    book(world, "charlie", WINDOW)
    yield NOW
    more = DescribeMachine(name="Printer", machine_type="printer-fdm", capacity=2)
    describe("printer", more, actor=world.actor("bob"), now=NOW)
    yield NOW


def machine_back(world: World) -> Iterator[datetime]:
    bob = world.actor("bob")
    second = DescribeMachine(name="Second", machine_type="printer-fdm", slug="second")
    install(world.sites["mhuma"], second, actor=bob, now=NOW)
    set_state("second", MachineState.OUT_OF_SERVICE, reason="x", actor=bob, now=NOW)
    book(world, "charlie", WINDOW)
    yield NOW
    set_state("second", MachineState.IN_SERVICE, reason="", actor=bob, now=NOW)
    yield NOW


WINDOW = slot(13, 17)
WAYS = (
    cancelled,
    shortened,
    moved_away,
    missed,
    finished_early,
    rejected,
    maintenance_ended,
    closure_removed,
    capacity_raised,
    machine_back,
)


@pytest.mark.parametrize("way", WAYS)
def test_everything_that_frees_time_feeds_the_list(
    world: World, way: Callable[[World], Iterator[datetime]]
) -> None:
    steps = way(world)
    next(steps)
    join(world, "alice", WINDOW, length=HOUR, machines=(), site="mhuma", category="printer-fdm")
    assert run() == run() == offering.Run(0, 0, 0)
    now = next(steps)
    assert run(now).offered == 1
    (held,) = offered(world, "alice", now)
    assert WINDOW.contains(Interval(held.starts_at, held.ends_at))
    assert held.starts_at >= now


def test_the_clock_alone_opens_days_and_ends_suspensions(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    join(world, "alice", slot(14, 16))
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    until = NOW + timedelta(minutes=30, seconds=20)
    with unit_of_work() as session:
        session.execute(
            update(Person).where(Person.id == world.people["alice"]).values(suspended_until=until)
        )
    assert run(NOW).offered == 0
    assert run(until - timedelta(minutes=1)).offered == 0
    assert run(until + timedelta(minutes=1)).offered == 1


def test_any_of_a_kind_takes_the_earliest_that_fits_with_its_buffers(world: World) -> None:
    let_rules(world, setup_minutes=30, cleanup_minutes=0, one_at_a_time=3, grid_minutes=30)
    morning = book(world, "charlie", slot(9, 11))
    book(world, "charlie", slot(11.5, 13))
    evening = book(world, "charlie", slot(13.5, 17.5))
    join(
        world,
        "alice",
        slot(9, 17.5),
        machines=(),
        site="mhuma",
        process="fdm",
        length=timedelta(minutes=90),
    )
    assert run().offered == 0
    bookings.cancel(evening, actor=world.actor("charlie"), now=NOW)
    bookings.cancel(morning, actor=world.actor("charlie"), now=NOW)
    assert run().offered == 1
    (held,) = offered(world, "alice")
    assert (held.machines, held.starts_at) == (("printer",), at(9))
    span = reading().execute(
        select(Allocation.starts_at, Allocation.ends_at).where(Allocation.owner_kind == "offer")
    )
    assert span.one() == (at(8.5), at(10.5))


def test_several_machines_are_offered_together_or_not_at_all(world: World) -> None:
    laser = book(world, "alice", slot(14, 16), "laser")
    printer = book(world, "charlie", slot(14, 16))
    join(world, "bob", slot(14, 16), machines=("laser", "printer"))
    bookings.cancel(laser, actor=world.actor("alice"), now=NOW)
    assert run().offered == 0
    bookings.cancel(printer, actor=world.actor("charlie"), now=NOW)
    assert run().offered == 1
    (held,) = offered(world, "bob")
    assert set(held.machines) == {"laser", "printer"}
    answering.accept(held.uid, actor=world.actor("bob"), now=NOW)
    kinds = reading().scalars(select(Allocation.owner_kind)).all()
    assert kinds == ["booking", "booking"]


@pytest.mark.parametrize(
    ("rules", "now", "expected"),
    [
        ({}, NOW, NOW + 24 * HOUR),
        ({"offer_held_minutes": 90}, NOW, NOW + timedelta(minutes=90)),
        ({}, at(12), at(14)),
        ({"notice_minutes": 60}, at(12), at(13)),
        ({"notice_minutes": 60}, at(12 + 50 / 60), at(13)),
        ({"notice_minutes": 60}, at(12 + 51 / 60), None),
        ({}, at(13 + 50 / 60), at(14)),
        ({}, at(13 + 51 / 60), None),
        ({"offer_held_minutes": 5}, NOW, NOW + timedelta(minutes=5)),
    ],
)
def test_the_deadline_leaves_time_to_answer_and_never_passes_what_rules_allow(
    world: World, rules: dict[str, object], now: datetime, expected: datetime | None
) -> None:
    uid = book(world, "charlie", slot(14, 16))
    join(world, "alice", slot(14, 16))
    let_rules(world, **rules)
    bookings.cancel(uid, actor=world.actor("bob"), now=now)
    assert run(now).offered == (expected is not None)
    deadlines = reading().scalars(select(Offer.answer_by)).all()
    assert deadlines == ([expected] if expected else [])
    if expected:
        (held,) = offered(world, "alice", now)
        last = expected - timedelta(seconds=1)
        assert answering.accept(held.uid, actor=world.actor("alice"), now=last)


def test_rules_are_asked_again_when_offered_and_when_accepted(world: World) -> None:
    quota = [{"minutes": 120, "window": "day", "scope": "site"}]
    uid = book(world, "charlie", slot(14, 16))
    first = join(world, "alice", slot(14, 16))
    second = join(world, "bob", slot(14, 16))
    let_rules(world, quotas=quota, one_at_a_time=3)
    mine = book(world, "alice", slot(9, 10))
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    run()
    assert (state_of(first), state_of(second)) == ("waiting", "offered")
    (held,) = offered(world, "bob")
    other = book(world, "bob", slot(10, 11))
    with pytest.raises(Refused) as refused:
        answering.accept(held.uid, actor=world.actor("bob"), now=NOW)
    assert codes(refused) == {"booking.quota"}
    # It is still held for her, and nothing is half done.
    assert state_of(second) == "offered"
    claims = select(func.count()).where(Allocation.owner_kind == "offer")
    assert reading().scalar(claims) == 1
    bookings.cancel(other, actor=world.actor("bob"), now=NOW)
    assert answering.accept(held.uid, actor=world.actor("bob"), now=NOW)
    assert mine


def test_whoever_could_not_have_accepted_keeps_her_place(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    wish = join(world, "alice", slot(14, 16))
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    let_rules(world, offer_held_minutes=60)
    run()
    bob = world.actor("bob")
    set_state("printer", MachineState.OUT_OF_SERVICE, reason="jam", actor=bob, now=NOW)
    assert run(NOW + HOUR).lapsed == 1
    assert state_of(wish) == "waiting"
    set_state("printer", MachineState.IN_SERVICE, reason="", actor=bob, now=NOW + HOUR)
    assert run(NOW + HOUR).offered == 1


def test_a_wish_lapses_when_no_start_fits_any_more(world: World) -> None:
    book(world, "charlie", slot(14, 16))
    wish = join(world, "alice", slot(14, 16), length=HOUR)
    assert run(at(15) - timedelta(seconds=1)).over == 0
    assert run(at(15)).over == 1
    assert state_of(wish) == "lapsed"
    assert run(at(15)) == offering.Run(0, 0, 0)


def test_leaving_and_being_removed_give_back_what_was_held(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    first, second = join(world, "alice", slot(14, 16)), join(world, "bob", slot(14, 16))
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    run()
    services.withdraw(first, actor=world.actor("alice"), now=NOW)
    services.withdraw(first, actor=world.actor("alice"), now=NOW)
    assert run().offered == 1
    eva, dora = world.actor("eva"), world.actor("dora")
    with pytest.raises(NotFound):
        services.remove(second, reason="x", actor=dora, now=NOW)
    with pytest.raises(Invalid):
        services.remove(second, reason=" ", actor=eva, now=NOW)
    services.remove(second, reason="He moved away.", actor=eva, now=NOW)
    assert reading().scalar(select(func.count()).select_from(Allocation)) == 0
    assert (state_of(first), state_of(second)) == ("withdrawn", "withdrawn")
    subjects = select(AuditEntry.action).where(AuditEntry.action.like("wish.%"))
    actions = reading().scalars(subjects.order_by(AuditEntry.id)).all()
    assert actions == ["wish.joined", "wish.joined", "wish.withdrawn", "wish.removed"]


def test_who_may_join(world: World) -> None:
    with pytest.raises(Refused) as refused:
        join(world, "alice", slot(14, 16))
    assert codes(refused) == {"waiting.free-now"}
    book(world, "alice", slot(14, 16))
    for who, against in (
        ("nina", {"person.not-member"}),
        ("sam", {"person.suspended"}),
        ("alice", set()),
    ):
        if against:
            with pytest.raises(Refused) as refused:
                join(world, who, slot(14, 16))
            assert codes(refused) == against
    with pytest.raises(Refused) as refused:  # part of it is free: that part can be booked
        join(world, "charlie", slot(13, 16), length=HOUR)
    assert codes(refused) == {"waiting.free-now"}
    with pytest.raises(Refused) as refused:
        join(world, "charlie", slot(20, 23), length=HOUR)
    assert codes(refused) == {"booking.outside-hours"}
    with pytest.raises(Refused) as refused:
        join(world, "charlie", slot(14, 16, day=40))
    assert "booking.too-far" in codes(refused)
    join(world, "charlie", slot(14, 16))
    with pytest.raises(Refused) as refused:
        join(world, "charlie", slot(14, 16))
    assert codes(refused) == {"waiting.known"}
    let_rules(world, waiting_list=False)
    with pytest.raises(Refused) as refused:
        join(world, "bob", slot(14, 16))
    assert codes(refused) == {"waiting.off"}


def test_ten_wishes_are_the_most(world: World) -> None:
    let_rules(world, longest_minutes=720, one_at_a_time=3)
    book(world, "charlie", slot(8, 20))
    for n in range(services.MOST_WISHES):
        join(world, "alice", slot(8 + n / 2, 20), length=HOUR)
    with pytest.raises(Refused) as refused:
        join(world, "alice", slot(8, 19), length=HOUR)
    assert codes(refused) == {"waiting.too-many"}


def test_a_place_in_line_counts_those_one_may_lose_to(world: World) -> None:
    let_rules(world, longest_minutes=720, one_at_a_time=3)
    book(world, "charlie", slot(8, 20))
    book(world, "alice", slot(15, 16), "laser")
    kind = {"machines": (), "site": "mhuma", "category": "printer-fdm", "length": HOUR}
    for who, span, more in (
        ("alice", slot(8, 10), {}),
        ("alice", slot(14, 20), kind),
        ("bob", slot(15, 16), {"machines": ("laser",)}),
        ("bob", slot(9, 12), {"length": HOUR}),
        ("eva", slot(9, 15), kind),
    ):
        join(world, who, span, **more)
    places = {
        who: [wish.place for wish in queries.own(reading(), world.actor(who), now=NOW)]
        for who in ("alice", "bob", "eva")
    }
    assert places == {"alice": [1, 1], "bob": [1, 2], "eva": [4]}


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note the statements that are run meanwhile, those aside that open a transaction."""
    noted: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            noted.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield noted
    event.remove(db.engine, "before_cursor_execute", note)


def test_a_run_with_nothing_to_do_asks_two_questions(world: World) -> None:
    with statements() as noted:
        run()
    assert len(noted) == 1  # nobody waits
    let_rules(world, longest_minutes=720, one_at_a_time=3)
    uid = book(world, "charlie", slot(8, 20))
    for who in ("alice", "bob", "eva"):
        for n in range(4):
            join(world, who, slot(9 + n, 18), length=HOUR)
    run()
    with statements() as noted:
        for seconds in range(5, 60, 5):
            run(NOW + timedelta(seconds=seconds))
    assert len(noted) == 2 * 11
    assert all(one.lstrip().startswith("SELECT") for one in noted)
    book(world, "alice", slot(8, 9), "laser")  # takes time, frees none
    with statements() as noted:
        run()
    assert len(noted) == 2
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    assert run().offered == 9


def test_a_dry_run_changes_nothing(world: World) -> None:
    uid = book(world, "charlie", slot(14, 16))
    join(world, "alice", slot(14, 16))
    bookings.cancel(uid, actor=world.actor("charlie"), now=NOW)
    assert offering.offer_freed_time(now=NOW, dry_run=True) == offering.Run(1, 0, 0)
    assert offered(world, "alice") == []
    assert run().offered == 1
