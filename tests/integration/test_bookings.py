"""Booking, moving and cancelling on the ledger, on both engines."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries, services, sweeping, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking
from labops.domain.machines.inventory import import_machines
from labops.domain.machines.services import set_state
from labops.domain.machines.states import MachineState
from labops.kernel import ledger
from labops.kernel.audit import AuditEntry
from labops.kernel.db import WRITING, db, reading
from labops.kernel.errors import Forbidden, NotFound, Refused
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from tests.support.world import NOW, World, at, slot


def codes(error: pytest.ExceptionInfo[Refused]) -> set[str]:
    """Return the codes of a refusal."""
    return {problem.code for problem in error.value.problems}


def book(world: World, who: str, *machines: str, when=slot(10, 11), **more: object) -> str:
    """Book as somebody."""
    command = Book(machines=machines or ("laser",), slot=when, **more)  # type: ignore[arg-type]
    return services.book(command, actor=world.actor(who), now=NOW)


def held() -> list[tuple[int, int]]:
    """Return which unit of which bookable is claimed."""
    return [
        (row[0], row[1])
        for row in reading().execute(select(Allocation.bookable_id, Allocation.unit))
    ]


def test_a_certified_member_books_and_the_ledger_holds_the_buffer_too(world: World) -> None:
    uid = book(world, "alice")
    booking = reading().scalars(select(Booking).where(Booking.uid == uid)).one()
    claim = reading().scalars(select(Allocation)).one()
    assert (booking.starts_at, booking.ends_at) == (at(10), at(11))
    assert (claim.starts_at, claim.ends_at) == (at(10), at(11.25))
    events = reading().scalars(select(OutboxMessage.kind)).all()
    assert events == ["BookingConfirmed"]


def test_clean_up_time_keeps_the_next_booking_away(world: World) -> None:
    book(world, "alice")
    with pytest.raises(Refused) as refused:
        book(world, "bob", when=slot(11, 12))
    assert codes(refused) == {"booking.overlap"}
    book(world, "bob", when=slot(11.5, 12.5))


def test_every_broken_rule_is_said_at_once(world: World) -> None:
    book(world, "alice")
    with pytest.raises(Refused) as refused:
        book(world, "charlie", when=slot(10 + 5 / 60, 22, day=1))
    assert codes(refused) == {
        "booking.overlap",
        "booking.off-grid",
        "booking.too-long",
        "booking.outside-hours",
        "person.certification-missing",
    }


def test_several_machines_are_booked_all_or_none(world: World) -> None:
    book(world, "bob", "printer")
    with pytest.raises(Refused):
        book(world, "alice", "laser", "printer", "benches")
    assert len(held()) == 1
    book(world, "alice", "laser", "printer", "benches", when=slot(12, 13))
    assert len(held()) == 4


def test_six_benches_hold_six_people_and_not_seven(world: World) -> None:
    staff = world.actor("bob")
    for _ in range(6):
        services.book(
            Book(machines=("benches",), slot=slot(10, 11), override_reason="a class"),
            actor=staff,
            now=NOW,
        )
    assert sorted(unit for _, unit in held()) == [0, 1, 2, 3, 4, 5]
    with pytest.raises(Refused) as refused:
        book(world, "alice", "benches")
    assert codes(refused) == {"booking.overlap"}


def test_moving_keeps_the_time_when_the_new_one_is_taken(world: World) -> None:
    uid = book(world, "alice")
    book(world, "bob", when=slot(14, 15))
    with pytest.raises(Refused) as refused:
        services.move(Move(uid=uid, slot=slot(14, 15)), actor=world.actor("alice"), now=NOW)
    assert codes(refused) == {"booking.overlap"}
    view = queries.one(reading(), uid, world.actor("alice"))
    assert (view.starts_at, view.sequence) == (at(10), 0)
    services.move(Move(uid=uid, slot=slot(10.5, 12)), actor=world.actor("alice"), now=NOW)
    view = queries.one(reading(), uid, world.actor("alice"))
    assert (view.starts_at, view.ends_at, view.sequence) == (at(10.5), at(12), 1)


def test_cancelling_gives_the_time_back_once(world: World) -> None:
    uid = book(world, "alice")
    for _ in range(2):
        services.cancel(uid, actor=world.actor("alice"), now=NOW)
    assert held() == []
    kinds = reading().scalars(select(OutboxMessage.kind).order_by(OutboxMessage.id)).all()
    assert kinds == ["BookingConfirmed", "BookingCancelled"]
    entries = reading().scalar(select(func.count()).where(AuditEntry.subject == f"booking:{uid}"))
    assert entries == 2


def test_nobody_touches_a_strangers_booking(world: World) -> None:
    uid = book(world, "alice")
    for who in ("charlie", "dora", "nina"):
        with pytest.raises(NotFound):
            services.cancel(uid, actor=world.actor(who), now=NOW)
        with pytest.raises(NotFound):
            queries.one(reading(), uid, world.actor(who))
    services.cancel(uid, actor=world.actor("bob"), now=NOW)


def test_only_staff_of_the_site_may_override_and_it_is_written_down(world: World) -> None:
    with pytest.raises(Forbidden):
        book(world, "charlie", override_reason="please")
    with pytest.raises(Forbidden):
        book(world, "dora", override_reason="I work elsewhere")
    uid = services.book(
        Book(machines=("laser",), slot=slot(10, 14), override_reason="exam week"),
        actor=world.actor("bob"),
        now=NOW,
    )
    entry = (
        reading().scalars(select(AuditEntry).where(AuditEntry.subject == f"booking:{uid}")).one()
    )
    assert entry.reason == "exam week"


def test_checking_in_missing_and_finishing(world: World) -> None:
    alice = world.actor("alice")
    first = book(world, "alice")
    second = book(world, "alice", when=slot(14, 15))
    with pytest.raises(Refused) as refused:
        use.check_in(first, actor=alice, now=at(9))
    assert codes(refused) == {"booking.check-in-too-early"}
    assert not use.check_in(first, actor=alice, now=at(9.9)).already
    assert use.check_in(first, actor=alice, now=at(10)).already
    use.finish(first, actor=alice, now=at(10.5))
    claim = reading().scalars(select(Allocation).where(Allocation.starts_at < at(12))).one()
    assert claim.ends_at == at(10.75)
    assert sweeping.release_missed(now=at(14.2)) == 0
    assert sweeping.release_missed(now=at(14.25), dry_run=True) == 1
    assert sweeping.release_missed(now=at(14.25)) == 1
    assert sweeping.release_missed(now=at(14.25)) == 0
    with pytest.raises(Refused) as refused:
        use.check_in(second, actor=alice, now=at(14.3))
    assert codes(refused) == {"booking.not-open"}


def test_a_late_end_is_no_new_grace_and_a_call_keeps_the_time(world: World) -> None:
    alice, bob = world.actor("alice"), world.actor("bob")
    uid = book(world, "alice", when=slot(10, 10.5))

    def grace() -> datetime:
        return queries.one(reading(), uid, alice).check_in_by

    assert grace() == at(10.25)
    services.move(Move(uid=uid, slot=slot(10, 11)), actor=alice, now=at(10.2))
    assert grace() == at(10.25)  # the end moved, not when she is expected
    with pytest.raises(Forbidden):
        use.keep(uid, actor=alice, now=at(10.2))
    with pytest.raises(NotFound):
        use.keep(uid, actor=world.actor("dora"), now=at(10.2))
    use.keep(uid, actor=bob, now=at(10.2))
    use.keep(uid, actor=bob, now=at(10.21))
    assert grace() == at(11)
    assert reading().scalars(select(OutboxMessage.kind)).all().count("BookingKept") == 1
    entry = reading().scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.person_id) == ("booking.kept", bob.person_id)
    assert sweeping.release_missed(now=at(10.9)) == 0
    assert not use.check_in(uid, actor=alice, now=at(10.9)).already
    with pytest.raises(Refused):
        use.keep(uid, actor=bob, now=at(10.95))


def test_what_was_kept_and_never_used_is_missed_at_its_end(world: World) -> None:
    uid = book(world, "alice")
    use.keep(uid, actor=world.actor("bob"), now=at(10.1))
    assert sweeping.release_missed(now=at(11)) == 1
    with pytest.raises(Refused):
        use.keep(uid, actor=world.actor("bob"), now=at(11))


def test_a_suspended_person_and_a_stranger_are_refused(world: World) -> None:
    with pytest.raises(Refused) as refused:
        book(world, "sam", "printer")
    assert codes(refused) == {"person.suspended"}
    with pytest.raises(Refused) as refused:
        book(world, "nina", "printer")
    assert codes(refused) == {"person.not-member"}


def test_a_machine_goes_out_of_service_after_whoever_is_booking_it(
    world: World, app: Flask
) -> None:
    """The state changes under the machine's lock: no booking is confirmed past it."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("a write transaction is the lock there")
    done = threading.Event()

    def retire() -> None:
        with app.app_context():
            state = MachineState.OUT_OF_SERVICE
            set_state("laser", state, reason="Lens", actor=world.actor("bob"), now=NOW)
            done.set()

    with Session(db.engine) as booking:
        booking.connection(execution_options=WRITING["postgresql"])
        ledger.lock(booking, bookables=[world.machines["laser"]])
        thread = threading.Thread(target=retire)
        thread.start()
        waited = not done.wait(0.7)
        booking.rollback()
        thread.join(10)
    assert waited
    assert done.is_set()
    with pytest.raises(Refused) as refused:
        book(world, "alice")
    assert "machine.out-of-service" in codes(refused)


def test_an_import_that_changes_states_waits_for_bookings_too(world: World, app: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("a write transaction is the lock there")
    done = threading.Event()
    lines = "name,slug,machine_type,state\nLaser,laser,laser,out_of_service\n"

    def bring_in() -> None:
        with app.app_context():
            import_machines(lines, "mhuma", actor=world.actor("bob"), now=NOW)
            done.set()

    with Session(db.engine) as booking:
        booking.connection(execution_options=WRITING["postgresql"])
        ledger.lock(booking, bookables=[world.machines["laser"]])
        thread = threading.Thread(target=bring_in)
        thread.start()
        waited = not done.wait(0.7)
        booking.rollback()
        thread.join(10)
    assert waited
    assert done.is_set()
