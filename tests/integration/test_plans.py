"""Plans and the books: what is charged, given back and left, against a plain oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from labops.domain.bookings import services as bookings
from labops.domain.bookings import sweeping as bookings_sweeping
from labops.domain.bookings import use
from labops.domain.bookings.commands import Book, Move
from labops.domain.inductions import queries as inductions
from labops.domain.inductions import services as induction_services
from labops.domain.inductions import signing
from labops.domain.memberships import services as memberships
from labops.domain.memberships.models import Membership
from labops.domain.plans import monthly, queries, services, statements, subscribing, sweeping
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import LedgerEntry
from labops.domain.plans.services import RecordPayment
from labops.domain.plans.states import AccountKind, Method
from labops.kernel import local_time
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Invalid, LabopsError, NotFound, Refused
from labops.kernel.interval import Interval
from labops.kernel.outbox import OutboxMessage
from tests.support.inductions import planned
from tests.support.plans import PLANS, assert_balanced, booking_of, held, put_on, with_prices
from tests.support.world import NOW, World, at, slot

ROME = local_time.zone("Europe/Rome")


def book(world: World, when: Interval, name: str = "alice", machine: str = "printer") -> str:
    return bookings.book(Book(machines=(machine,), slot=when), actor=world.actor(name), now=NOW)


def owed(world: World, name: str = "alice") -> Decimal:
    return queries.balance_of(reading(), Owner(world.people[name]), world.sites["mhuma"])


def plan_in_rules(world: World, name: str = "alice") -> str:
    query = select(Membership.plan).where(Membership.person_id == world.people[name])
    return reading().scalars(query).first() or ""


def running(world: World, name: str = "alice") -> str:
    mine = queries.subscriptions_of(
        reading(), Owner(world.people[name]), world.sites["mhuma"], today=NOW.date()
    )
    return mine[0].uid


# What the oracle knows of a booking: month, included minutes, cents per hour and per use, minutes.
@dataclass
class Known:
    month: str
    minutes: int
    included: int
    per_hour: int
    per_use: int
    percent: int = 100

    @property
    def cents(self) -> int:
        whole = Decimal((self.minutes - self.included) * self.per_hour) / 60 + self.per_use
        return int((whole * self.percent / 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))

    @property
    def spent(self) -> int:
        share = Decimal(self.included * self.percent) / 100
        return int(share.quantize(Decimal(1), rounding="ROUND_HALF_UP"))


@dataclass
class Oracle:
    """Counts as one would on paper: a plan's minutes less what standing bookings use of them."""

    world: World
    plan: str = ""
    resting: bool = False
    fees: int = 0
    paid: int = 0
    known: dict[str, Known] = field(default_factory=dict)
    lessons: list[str] = field(default_factory=list)
    taught: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)

    def cost(self, when: Interval, besides: str = "") -> Known:
        month = f"{when.starts_at.astimezone(ROME):%Y-%m}"
        others = [one for uid, one in self.known.items() if uid != besides and one.month == month]
        minutes = int(when.length.total_seconds()) // 60
        active = self.plan if not self.resting else ""
        target = PLANS[active][1] if active else 0
        left = max(0, target - sum(one.spent for one in others))
        rates = (400, 100) if active == "pro" else (600, 0)
        return Known(month, minutes, min(left, minutes), *rates)


def _book(oracle: Oracle, day: int, hour: int, length: int) -> None:
    when = slot(hour, hour + length, day)
    oracle.known[book(oracle.world, when)] = oracle.cost(when)


def _cancel(oracle: Oracle, which: int, late: int, _more: int) -> None:
    uid = list(oracle.known)[which % len(oracle.known)]
    booking = booking_of(uid)
    now = booking.starts_at - timedelta(hours=12 if late % 2 else 36)
    again = booking.state == "cancelled"  # twice is once
    bookings.cancel(uid, actor=oracle.world.actor("alice"), now=now)
    if again:
        return
    if late % 2:
        oracle.known[uid].percent = 50
    else:
        del oracle.known[uid]


def _finish(oracle: Oracle, which: int, minutes: int, _more: int) -> None:
    uid = list(oracle.known)[which % len(oracle.known)]
    booking = booking_of(uid)
    actor = oracle.world.actor("alice")
    use.check_in(uid, actor=actor, now=booking.starts_at)
    now = booking.starts_at + timedelta(minutes=7 * minutes + 3)
    use.finish(uid, actor=actor, now=min(now, booking.ends_at))
    one = oracle.known[uid]
    one.minutes = min(one.minutes, 7 * minutes + 3)
    one.included = min(one.included, one.minutes)


def _miss(oracle: Oracle, which: int, _late: int, _more: int) -> None:
    uid = list(oracle.known)[which % len(oracle.known)]
    bookings_sweeping.release_missed(now=booking_of(uid).check_in_by)


def _move(oracle: Oracle, which: int, hour: int, length: int) -> None:
    uid = list(oracle.known)[which % len(oracle.known)]
    when = slot(hour + 8, hour + 8 + length, 4)
    bookings.move(Move(uid=uid, slot=when), actor=oracle.world.actor("alice"), now=NOW)
    oracle.known[uid] = oracle.cost(when, besides=uid)


def _subscribe(oracle: Oracle, which: int, _a: int, _b: int) -> None:
    plan = sorted(PLANS)[which % 2]
    put_on(oracle.world, "alice", plan)
    oracle.plan, oracle.resting = plan, False
    oracle.fees += int(PLANS[plan][0] * 100)


def _end(oracle: Oracle, which: int, _a: int, _b: int) -> None:
    staff = oracle.world.actor("bob")
    uid = running(oracle.world)
    if which % 3 == 0:
        subscribing.end(uid, actor=oracle.world.actor("alice"), now=NOW)
        oracle.plan, oracle.resting = "", False
    elif which % 3 == 1:
        subscribing.suspend(uid, actor=staff, now=NOW)
        oracle.resting = True
    else:
        subscribing.resume(uid, actor=staff, now=NOW)
        oracle.resting = False


def _pay(oracle: Oracle, cents: int, _a: int, _b: int) -> None:
    command = RecordPayment(
        person_uid=oracle.world.uids["alice"],
        site_id=oracle.world.sites["mhuma"],
        amount=Decimal(cents + 1) / 100,
        method=Method.CASH,
        paid_on=NOW.date(),
    )
    services.record_payment(command, actor=oracle.world.actor("bob"), now=NOW)
    oracle.paid += cents + 1


def _learn(oracle: Oracle, which: int, waits: int, _more: int) -> None:
    """Sign up for a session that begins on another day each time, and has one place."""
    world, number = oracle.world, len(oracle.lessons)
    uid = planned(
        world, slot(18, 20, 3 + number), machines=(), places=1, price=Decimal("12.50"),
        free_plan="maker" if which % 3 == 0 else "",
    )  # fmt: skip
    oracle.lessons.append(uid)
    if waits % 3 == 0:  # Charlie is there first, and gives up his place again
        signing.sign_up(uid, actor=world.actor("charlie"), now=NOW)
    signing.sign_up(uid, actor=world.actor("alice"), now=NOW, waits=True)
    if waits % 3 == 0:
        signing.give_up(uid, actor=world.actor("charlie"), now=NOW)
    active = oracle.plan if not oracle.resting else ""
    free = active == "maker" and which % 3 == 0
    oracle.taught[uid] = 0 if free else 625 if active == "pro" else 1250


def _unlearn(oracle: Oracle, which: int, how: int, _more: int) -> None:
    """Give up a place in time, late with or without somebody to take it, or call it all off."""
    world = oracle.world
    uid = list(oracle.taught)[which % len(oracle.taught)]
    late = inductions.one(reading(), uid).decide_at
    if how % 4 == 0:
        induction_services.cancel(uid, reason="ill", actor=world.actor("bob"), now=NOW)
    elif how % 4 == 1:
        signing.give_up(uid, actor=world.actor("alice"), now=NOW)
    else:
        if how % 4 == 2:
            signing.sign_up(uid, actor=world.actor("charlie"), now=late, waits=True)
        signing.give_up(uid, actor=world.actor("alice"), now=late)
    oracle.given_up[uid] = oracle.taught.pop(uid) if how % 4 == 3 else 0
    if how % 4 == 3 and which % 2:  # it does not take place after all
        induction_services.cancel(uid, reason="ill", actor=world.actor("bob"), now=late)
        oracle.given_up[uid] = 0
    oracle.taught.pop(uid, None)


Act = Callable[[Oracle, int, int, int], None]
ACTS: dict[str, Act] = {
    "book": lambda oracle, a, b, c: _book(oracle, 2 + a % 10, 9 + b % 8, 1 + c % 3),
    "cancel": _cancel,
    "finish": _finish,
    "miss": _miss,
    "move": lambda oracle, a, b, c: _move(oracle, a, b % 8, 1 + c % 3),
    "subscribe": _subscribe,
    "end": _end,
    "pay": _pay,
    "learn": _learn,
    "unlearn": _unlearn,
}
ORDER = ("subscribe", "book", "book", "book", "book", "cancel", "finish", "move", "miss", "end",
         "pay", "learn", "learn", "unlearn")  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(ORDER), *(st.integers(0, 23) for _ in range(3))),
    min_size=8,
    max_size=24,
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=steps)
def test_the_books_balance_and_say_what_an_oracle_says(
    world: World, acts: list[tuple[str, int, int, int]]
) -> None:
    _forget(world)
    with_prices(world)
    oracle = Oracle(world)
    for name, *numbers in acts:
        before = {uid: (one.minutes, one.percent) for uid, one in oracle.known.items()}
        try:
            ACTS[name](oracle, *numbers)
        except (LabopsError, ZeroDivisionError, IndexError):
            # Refused, or there is nothing to do that to: then nothing has changed either.
            assert before == {uid: (one.minutes, one.percent) for uid, one in oracle.known.items()}
        reading().rollback()
    person = world.people["alice"]
    assert_balanced()
    owes = oracle.fees - oracle.paid + sum(one.cents for one in oracle.known.values())
    owes += sum(oracle.taught.values()) + sum(oracle.given_up.values())
    assert owed(world) * 100 == owes
    spent = sum(one.spent for one in oracle.known.values())
    assert sum(held(AccountKind.USED).values()) == spent
    assert all(minutes >= 0 for minutes in held(AccountKind.HOURS, person_id=person).values())
    _check_statements(world, owed(world))


def _check_statements(world: World, owes: Decimal) -> None:
    """Each month opens with what the one before closed with; the last closes with what is owed."""
    site, owner = world.sites["mhuma"], Owner(world.people["alice"])
    closing = Decimal(0)
    for month in ("2026-10", "2026-11", "2026-12", "2027-01"):
        found = statements.statement(reading(), site, owner, month, ROME)
        assert found.opening == closing
        closing = found.opening + sum((line.amount for line in found.lines), Decimal(0))
        assert found.closing == closing
        assert all(one.granted == one.used + one.left for one in found.hours)
    assert closing == owes


def _forget(world: World) -> None:
    """Begin an example with what the world had: the books cannot be emptied, only left behind."""
    with unit_of_work() as session:
        if db.engine.dialect.name == "sqlite":
            names = session.scalars(
                text(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger_%'"
                )
            ).all()
            kept = [
                session.scalar(
                    text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
                )
                for name in names
            ]
            for name in names:
                session.execute(text(f"DROP TRIGGER {name}"))
            for table in TABLES:
                session.execute(text(f"DELETE FROM {table}"))
            for trigger in kept:
                session.execute(text(trigger))
        else:
            session.execute(text(f"TRUNCATE {', '.join(TABLES)} CASCADE"))
        session.execute(text("UPDATE membership SET plan = ''"))


TABLES = ("induction_sign_up", "induction_machine", "induction_session", "payment", "posting", "ledger_entry", "ledger_account", "subscription", "plan_hours",
          "plan", "allocation", "booking_bookable", "booking")  # fmt: skip


def test_included_time_first_then_the_price_and_all_of_it_back(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")
    assert plan_in_rules(world) == "maker"
    assert owed(world) == Decimal("15.00")
    first = book(world, slot(9, 12, 2))
    assert owed(world) == Decimal("15.00")
    second = book(world, slot(9, 11, 3))
    assert owed(world) == Decimal("21.00"), "one hour of the two was included"
    bookings.cancel(first, actor=world.actor("alice"), now=NOW)
    assert owed(world) == Decimal("21.00"), "what was agreed stays agreed"
    bookings.cancel(second, actor=world.actor("alice"), now=NOW)
    assert owed(world) == Decimal("15.00")
    assert held(AccountKind.HOURS, person_id=world.people["alice"])["2026-11"] == 240
    assert_balanced()


def test_a_second_plan_in_a_month_brings_no_second_hours(world: World) -> None:
    with_prices(world)
    alice = world.people["alice"]
    for plan, left in (("maker", 240), ("pro", 360), ("maker", 240), ("pro", 360)):
        put_on(world, "alice", plan)
        assert held(AccountKind.HOURS, person_id=alice)["2026-11"] == left
    book(world, slot(9, 13, 2))
    put_on(world, "alice", "maker")
    assert held(AccountKind.HOURS, person_id=alice)["2026-11"] == 0
    subscribing.end(running(world), actor=world.actor("alice"), now=NOW)
    assert plan_in_rules(world) == ""
    assert_balanced()


def test_nothing_is_asked_of_the_database_where_no_rule_has_a_price(world: World) -> None:
    asked: list[str] = []
    engine = db.engine

    def listen(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    uid = book(world, slot(9, 10, 2))
    bookings.move(Move(uid=uid, slot=slot(11, 12, 2)), actor=world.actor("alice"), now=NOW)
    bookings.cancel(uid, actor=world.actor("alice"), now=NOW)
    event.remove(engine, "before_cursor_execute", listen)
    assert asked
    words = ("ledger_", "posting", "subscription", "plan_hours")
    assert [one for one in asked if any(word in one for word in words)] == []


def test_the_database_itself_keeps_the_books(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")
    entry = reading().scalars(select(LedgerEntry.uid)).first()
    account = reading().scalar(text("SELECT min(id) FROM ledger_account WHERE unit = 'euro'"))
    reading().rollback()
    new = "INSERT INTO ledger_entry (uid, site_id, kind, at, detail, reason) VALUES ('{}', {}, 'fee', '2026-11-23 08:00:00', '{{}}', '')"
    posting = (
        "INSERT INTO posting (entry_uid, account_id, unit, amount) VALUES ('{}', {}, '{}', {})"
    )
    site = world.sites["mhuma"]
    for statements_ in (
        [posting.format("x", account, "euro", 5), new.format("x", site)],  # does not sum to zero
        [posting.format("y", account, "euro", 5)],  # without an entry
        [posting.format(entry, account, "euro", 5)],  # added later
        [posting.format("z", account, "minutes:laser", 5), new.format("z", site)],  # another unit
        [f"UPDATE posting SET amount = amount + 1 WHERE entry_uid = '{entry}'"],
        [f"DELETE FROM posting WHERE entry_uid = '{entry}'"],
        ["UPDATE ledger_entry SET kind = 'late'"],
        ["DELETE FROM ledger_entry"],
    ):
        with pytest.raises(DBAPIError), unit_of_work() as session:
            for statement in statements_:
                session.execute(text(statement))
    assert_balanced()


def test_periods_begin_once_and_end_where_nobody_renews(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")
    put_on(world, "charlie", "maker", renews=False)
    last = datetime(2026, 12, 22, 20, tzinfo=UTC)
    assert sweeping.renew(now=last) == 0
    later = datetime(2027, 1, 25, 8, tzinfo=UTC)
    assert sweeping.renew(now=later, dry_run=True) == 2
    assert sweeping.renew(now=later) == 2
    assert sweeping.renew(now=later) == 0
    assert owed(world) == Decimal("45.00"), "three months"
    assert owed(world, "charlie") == Decimal("15.00")
    assert (plan_in_rules(world), plan_in_rules(world, "charlie")) == ("maker", "")
    assert sweeping.grant_hours(now=later) == 1
    assert sweeping.grant_hours(now=later) == 0
    assert held(AccountKind.HOURS, person_id=world.people["alice"])["2027-01"] == 240
    assert_balanced()


def test_payments_are_checked_and_taken_back_by_an_entry_of_their_own(world: World) -> None:
    with_prices(world)
    staff = world.actor("bob")
    good = RecordPayment(
        person_uid=world.uids["alice"],
        site_id=world.sites["mhuma"],
        amount=Decimal("12.50"),
        method=Method.PAGOPA,
        paid_on=NOW.date(),
        notice_number="301000000000000043",
    )
    services.record_payment(good, actor=staff, now=NOW)
    assert owed(world) == Decimal("-12.50")
    with pytest.raises(Refused, match=r"payment\.known-notice"):
        services.record_payment(good, actor=staff, now=NOW)
    entry = reading().scalars(select(LedgerEntry.uid)).one()
    services.reverse(entry, reason="wrong person", actor=staff, now=NOW)
    assert owed(world) == 0
    with pytest.raises(Refused, match=r"entry\.reversed"):
        services.reverse(entry, reason="again", actor=staff, now=NOW)
    services.record_payment(good, actor=staff, now=NOW)
    for field_, value in (
        ("notice_number", "401000000000000043"),
        ("notice_number", "3010000000000000"),
        ("notice_number", "301000000000000034"),
        ("notice_number", "310000000000000043"),
        ("amount", Decimal("0.00")),
        ("amount", Decimal("1.001")),
        ("paid_on", date(2026, 11, 24)),
    ):
        with pytest.raises(Invalid, match=field_):
            services.record_payment(
                RecordPayment(**(_values(good) | {field_: value})), actor=staff, now=NOW
            )
    for stranger in ("dora", "alice"):
        with pytest.raises(LabopsError):
            services.record_payment(good, actor=world.actor(stranger), now=NOW)
    assert owed(world) == Decimal("-12.50")
    assert_balanced()


def _values(command: RecordPayment) -> dict[str, object]:
    return {name: getattr(command, name) for name in command.__slots__}


def test_who_may_have_a_plan_and_who_may_act_for_whom(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")
    with pytest.raises(Refused, match=r"plan\.same"):
        put_on(world, "alice", "maker")
    with pytest.raises(Refused, match=r"person\.not-member"):
        put_on(world, "nina", "maker")
    for act in (subscribing.end, subscribing.suspend):
        with pytest.raises(NotFound):
            act(running(world), actor=world.actor("charlie"), now=NOW)
    with pytest.raises(LabopsError):
        subscribing.suspend(running(world), actor=world.actor("alice"), now=NOW)
    with pytest.raises(Refused, match=r"plan\.subscribed"):
        memberships.place(
            world.uids["alice"], world.sites["mhuma"], plan="pro", groups=["students"],
            actor=world.actor("bob"), now=NOW,
        )  # fmt: skip
    with unit_of_work() as session:
        session.execute(text("UPDATE plan SET groups = '[\"students\"]' WHERE slug = 'pro'"))
    with pytest.raises(Refused, match=r"plan\.other-groups"):
        put_on(world, "alice", "pro")
    memberships.place(
        world.uids["alice"], world.sites["mhuma"], plan="maker", groups=["students"],
        actor=world.actor("bob"), now=NOW,
    )  # fmt: skip
    put_on(world, "alice", "pro")
    assert plan_in_rules(world) == "pro"
    memberships.end_membership(
        world.uids["alice"], world.sites["mhuma"], actor=world.actor("bob"), now=NOW
    )
    assert plan_in_rules(world) == ""
    assert_balanced()


def test_a_resting_plan_gives_no_hours_and_its_days_are_added(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")
    staff = world.actor("bob")
    subscribing.suspend(running(world), actor=staff, now=NOW)
    book(world, slot(9, 10, 2))
    assert owed(world) == Decimal("21.00")
    later = at(9, 11)
    subscribing.resume(running(world), actor=staff, now=later)
    mine = queries.subscriptions_of(
        reading(), Owner(world.people["alice"]), world.sites["mhuma"], today=later.date()
    )[0]
    assert mine.period_ends_on == date(2027, 1, 2), "22 December and eleven days"
    assert plan_in_rules(world) == "maker"


def test_an_end_that_comes_is_told_of_once_and_a_renewal_not(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker", renews=False)
    put_on(world, "charlie", "pro")
    for at_day, told in ((14, 0), (23, 1), (24, 0)):
        assert sweeping.tell_of_ends(now=at(9, at_day), dry_run=True) == told
        assert sweeping.tell_of_ends(now=at(9, at_day)) == told
        reading().rollback()
    acts = reading().scalars(
        select(OutboxMessage.payload).where(OutboxMessage.kind == "SubscriptionChanged")
    )
    assert sorted(one["act"] for one in acts) == ["ending", "started", "started"]


def test_a_month_that_is_over_is_told_once_to_whom_it_concerns(world: World) -> None:
    with_prices(world)
    put_on(world, "alice", "maker")  # owes
    charlie = world.actor("charlie")
    _pay(Oracle(world), 0, 0, 0)
    bookings.cancel(book(world, slot(9, 10, 5), "charlie"), actor=charlie, now=NOW)
    first = datetime(2026, 12, 1, tzinfo=ROME)
    for now, told in (
        (NOW, 0),
        (first + timedelta(hours=6), 0),
        (first + timedelta(hours=7), 2),
        (first + timedelta(days=3), 0),
        (first + timedelta(days=31 + 7), 0),
        # Nothing was entered in December, but Alice still owes.
        (first + timedelta(days=31 + 3), 1),
    ):
        assert monthly.record_statements(now=now, dry_run=True) == told
        assert monthly.record_statements(now=now) == told
        reading().rollback()
    found = [
        monthly.statement_told(reading(), one["account_id"], one["month"])
        for one in reading().scalars(
            select(OutboxMessage.payload)
            .where(OutboxMessage.kind == "StatementReady")
            .order_by(OutboxMessage.id)
        )
    ]
    alice, december = world.uids["alice"], Decimal("14.99")
    assert sorted((one.person_uid == alice, one.month, one.closing) for one in found if one) == [
        (False, "2026-11", 0),
        (True, "2026-11", december),
        (True, "2026-12", december),
    ]
