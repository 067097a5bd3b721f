"""Grants, uses, suspensions, renewals, revocations and the clock, against a plain oracle of days."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from labops.adapters.jobs import run_job
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.person_facts import certified_days
from labops.domain.certifications import endings, queries, services, uses
from labops.domain.certifications.many import CertifyMany, certify_many
from labops.domain.certifications.models import Certification
from labops.domain.certifications.services import Certify, Suspend
from labops.domain.certifications.settings import dismiss_trainer, name_trainer
from labops.domain.certifications.states import Renewal
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.house_rules.values import Level
from labops.domain.people.models import Person
from labops.kernel import ids
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM, Scope
from tests.support.certifications import certify, laser_asks, latest, suspend
from tests.support.world import NOW, World, slot

TODAY = date(2026, 11, 23)
LOOKED_AT = 80  # days ahead


@dataclass
class Right:
    """A grant as the oracle knows it."""

    level: int
    first: date
    last: date | None
    unused: int | None
    made: datetime
    used: datetime | None = None
    revoked: bool = False

    def covers(self, day: date) -> bool:
        last_used = self.used.date() if self.used is not None else self.first
        quiet = (day - max(self.first, last_used)).days
        return (
            not self.revoked
            and self.first <= day
            and (self.last is None or day <= self.last)
            and (self.unused is None or quiet <= self.unused)
        )


@dataclass
class Oracle:
    """What somebody has, as a list of rights and a list of days without."""

    rights: list[Right] = field(default_factory=list)
    gaps: list[list[Any]] = field(default_factory=list)
    months: int | None = None
    unused: int | None = None
    by_use: bool = False

    def suspended(self, day: date) -> bool:
        return any(
            first <= day and (last is None or day <= last) and (back is None or day < back)
            for first, last, back in self.gaps
        )

    def valid(self, level: int, day: date) -> bool:
        return not self.suspended(day) and any(
            right.level >= level and right.covers(day) for right in self.rights
        )

    def grant(self, level: int, first: date, last: date | None, made: datetime) -> None:
        if last is None and self.months is not None:
            last = later(first, self.months)
        self.rights.append(Right(level, first, last, self.unused, made))

    def use(self, at: datetime) -> None:
        day = at.date()
        for right in list(self.rights):
            if not right.covers(day) or (right.used is not None and right.used >= at):
                continue
            right.used = at
            if self.months is None or not self.by_use or right.last is None or at <= right.made:
                continue
            until = later(day, self.months)
            outlived = any(
                other.level >= right.level
                and not other.revoked
                and (other.last is None or other.last > right.last)
                for other in self.rights
            )
            soon = day >= right.last - timedelta(days=30)
            if soon and until > right.last and not outlived and not self.suspended(day):
                self.rights.append(Right(right.level, day, until, self.unused, at, used=at))


def later(day: date, months: int) -> date:
    """Return the same day so many months on, counting them one by one."""
    year, month = day.year, day.month
    for _month in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


maybe = st.none() | st.integers(0, 40)
ACTS = st.one_of(
    st.tuples(st.just("grant"), st.integers(1, 2), st.integers(0, 5), maybe),
    st.tuples(st.just("rule"), st.none() | st.integers(1, 2), maybe, st.booleans()),
    st.tuples(st.just("use")),
    st.tuples(st.just("note")),
    st.tuples(st.just("suspend"), maybe),
    st.tuples(st.just("resume")),
    st.tuples(st.just("revoke"), st.integers(1, 2)),
    st.tuples(st.just("wait"), st.integers(1, 35)),
)


class Run:
    """The same acts in the database and in the oracle, for a person of her own."""

    def __init__(self, world: World) -> None:
        self.world, self.day, self.oracle = world, TODAY, Oracle()
        self.uid, self.person_id = stranger()
        self.pending: list[datetime] = []
        self.noted_at: datetime | None = None
        self.number = 0

    @property
    def now(self) -> datetime:
        self.number += 1
        return datetime(
            self.day.year, self.day.month, self.day.day, 9, *divmod(self.number, 60), tzinfo=UTC
        )

    def act(self, name: str, *values: Any) -> None:
        getattr(self, name)(*values)

    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    def rule(self, months: int | None, unused: int | None, by_use: bool) -> None:  # noqa: FBT001
        unused = unused or None
        laser_asks(months, unused, *((Renewal.USE,) if by_use else ()), levels=2)
        self.oracle.months, self.oracle.unused, self.oracle.by_use = months, unused, by_use

    def grant(self, level: int, ahead: int, days: int | None) -> None:
        first = self.day + timedelta(days=ahead)
        last = first + timedelta(days=days) if days is not None else None
        command = Certify(
            person_uid=self.uid,
            machine_type="laser",
            starts_on=first,
            ends_on=last,
            level=level,
            evidence=f"grant {self.number}",
        )
        now = self.now
        services.certify(command, actor=self.world.actor("bob"), now=now)
        self.oracle.grant(level, first, last, now)

    def use(self) -> None:
        self.pending.append(self.now)
        used(self.world, self.person_id, self.pending[-1])

    def note(self) -> None:
        now = self.now
        uses.note_uses(since=self.noted_at, now=now)
        assert uses.note_uses(since=self.noted_at, now=now, dry_run=True) == 0
        self.noted_at = now
        for at in self.pending:
            self.oracle.use(at)
        self.pending.clear()

    def suspend(self, days: int | None) -> None:
        last = self.day + timedelta(days=days) if days is not None else None
        command = Suspend(person_uid=self.uid, machine_type="laser", reason="r", ends_on=last)
        bob = self.world.actor("bob")
        if any(not right.revoked for right in self.oracle.rights):
            services.suspend(command, actor=bob, now=self.now)
            self.oracle.gaps.append([self.day, last, None])
        else:
            with pytest.raises(Invalid):
                services.suspend(command, actor=bob, now=self.now)

    def resume(self) -> None:
        bob = self.world.actor("bob")
        services.resume(self.uid, "laser", reason="r", actor=bob, now=self.now)
        for gap in self.oracle.gaps:
            if gap[2] is None and (gap[1] is None or gap[1] >= self.day):
                gap[2] = self.day

    def revoke(self, level: int) -> None:
        mine = queries.of_person(reading(), self.person_id)
        chosen = next((one for one in mine if one.level == level and not one.revoked_at), None)
        if chosen is None:
            return
        services.revoke(chosen.id, reason="r", actor=self.world.actor("bob"), now=self.now)
        for right in self.oracle.rights:
            right.revoked |= right.level >= level

    def compare(self) -> None:
        reading().rollback()
        days = certified_days(reading(), self.person_id).get("laser", ())
        views = queries.of_person(reading(), self.person_id)
        for ahead in range(LOOKED_AT):
            day = self.day + timedelta(days=ahead)
            for level in (1, 2):
                wanted = self.oracle.valid(level, day)
                by_rule = any(one.level >= level and one.covers(day) for one in days)
                shown = any(one.level >= level and one.valid_on(day) for one in views)
                assert (by_rule, shown) == (wanted, wanted), (day, level)


def stranger() -> tuple[str, int]:
    """Add a person without anything and return her identifiers."""
    with unit_of_work() as session:
        person = Person(uid=ids.new_uid(), name="P", language="en", created_at=NOW)
        session.add(person)
        session.flush()
        return person.uid, person.id


def used(world: World, person_id: int, at: datetime, machine: str = "laser") -> None:
    """Let somebody have used a machine at the moment, whatever the rules say."""
    with unit_of_work() as session:
        booking = Booking(
            uid=ids.new_uid(),
            person_id=person_id,
            site_id=world.sites["mhuma"],
            starts_at=at,
            ends_at=at + timedelta(minutes=30),
            state="checked_in",
            check_in_by=at + timedelta(minutes=15),
            checked_in_at=at,
            created_at=at,
            revised_at=at,
        )
        session.add(booking)
        session.flush()
        session.add(BookingBookable(booking_id=booking.id, bookable_id=world.machines[machine]))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=4, max_size=14))
def test_a_certification_counts_on_the_days_of_the_oracle(
    world: World, acts: list[tuple[Any, ...]]
) -> None:
    run = Run(world)
    run.rule(1, 20, True)
    run.grant(1, 0, None)
    for act in acts:
        run.act(*act)
        run.compare()
    run.note()
    run.compare()
    # Nothing is ever deleted: every grant is still there to be read.
    assert len(queries.of_person(reading(), run.person_id)) == len(run.oracle.rights)


def codes(world: World, who: str, day: int, machine: str = "laser", hour: float = 10) -> set[str]:
    """Return what stands against an hour so many days from today."""
    wish = Book(machines=(machine,), slot=slot(hour, hour + 1, day))
    check = bookings.check_booking(wish, actor=world.actor(who), now=NOW)
    return {problem.code for problem in check.problems}


EXPIRED, MISSING = {"person.certification-expired"}, {"person.certification-missing"}


def test_what_is_valid_today_and_not_on_the_day_refuses(world: World) -> None:
    certify(world, "charlie", TODAY, ends_on=TODAY + timedelta(days=3))
    assert codes(world, "charlie", 3) == set()  # the last day counts
    assert codes(world, "charlie", 4) == EXPIRED
    check = bookings.check_booking(
        Book(machines=("laser",), slot=slot(10, 11, 4)), actor=world.actor("charlie"), now=NOW
    )
    assert [problem.fix for problem in check.problems] == ["certification:laser"]
    certify(world, "charlie", TODAY + timedelta(days=4), evidence="again")
    assert codes(world, "charlie", 4) == set()
    # Past midnight one grant ends and the next begins: together they cover the booking.
    assert not codes(world, "charlie", 3, hour=23.5) & (EXPIRED | MISSING)


def test_disuse_and_suspension_refuse_too(world: World) -> None:
    laser_asks(None, 10)
    certify(world, "charlie", TODAY)
    assert codes(world, "charlie", 10) == set()
    assert codes(world, "charlie", 11) == EXPIRED
    used(world, world.people["charlie"], NOW + timedelta(hours=1), "laser-scl")
    uses.note_uses(since=None, now=NOW + timedelta(days=1))
    # Used today on the same kind of machine at the other site: no day is won, it began today.
    assert codes(world, "charlie", 11) == EXPIRED
    used(world, world.people["charlie"], NOW + timedelta(days=1))
    uses.note_uses(since=NOW, now=NOW + timedelta(days=2))
    assert codes(world, "charlie", 11) == set()
    suspend(world, "charlie", TODAY + timedelta(days=2))
    assert codes(world, "charlie", 2) == EXPIRED
    assert codes(world, "charlie", 3) == set()
    # What she earns meanwhile does not count before the suspension is over.
    certify(world, "charlie", TODAY, evidence="a quiz")
    assert codes(world, "charlie", 2) == EXPIRED


def test_a_machine_may_need_a_level(world: World) -> None:
    laser_asks(levels=2)
    certify(world, "charlie", TODAY)
    rules = SaveRules(
        site_id=world.sites["mhuma"],
        data={"certification_level": 2},
        level=Level.MACHINE,
        key="laser",
    )
    save_rules(rules, actor=SYSTEM, now=NOW)
    assert codes(world, "charlie", 1) == MISSING
    certify(world, "charlie", TODAY, level=2, ends_on=TODAY + timedelta(days=2))
    assert codes(world, "charlie", 1) == set()
    assert codes(world, "charlie", 3) == EXPIRED
    with pytest.raises(Invalid):
        certify(world, "charlie", TODAY, level=3)


def test_everybody_is_reminded_once_of_each_end_that_stands(world: World) -> None:
    laser_asks(12, None)
    certify(world, "charlie", date(2025, 12, 23))  # 30 days are left
    certify(world, "nina", date(2025, 12, 23))
    certify(world, "nina", TODAY, evidence="renewed")
    certify(world, "dora", date(2025, 12, 23))
    suspend(world, "dora")
    laser_asks(None, 60)
    certify(world, "sam", date(2026, 10, 1), evidence="used")  # ends in a week by disuse
    told = [run(world, NOW + timedelta(days=days)) for days in (0, 0, 10, 23, 24, 30, 31)]
    assert [len(one) for one in told] == [2, 0, 0, 1, 0, 0, 0]
    assert {one["days"] for one in told[0]} == {7, 30}
    assert told[3] == [{**told[3][0], "days": 7, "last_on": "2026-12-23"}]
    # A use moves the end, of which she is told anew when it comes.
    world_now = NOW + timedelta(days=5)
    used(world, world.people["sam"], world_now)
    uses.note_uses(since=None, now=world_now)
    assert [one["last_on"] for one in run(world, world_now + timedelta(days=31))] == ["2027-01-27"]


def run(world: World, now: datetime) -> list[dict[str, Any]]:
    """Run the job and return what it recorded."""
    before = set(reading().scalars(select(OutboxMessage.id)))
    dry = endings.record_endings(now=now, dry_run=True)
    run_job("remind-of-ends", now=now)
    reading().rollback()
    rows = reading().scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    news = [row.payload for row in rows if row.id not in before]
    assert len(news) == dry
    return news


def test_trainers_certify_for_their_machine_type_only(world: World) -> None:
    laser = Certify(person_uid=world.uids["nina"], machine_type="laser", starts_on=TODAY)
    with pytest.raises(Forbidden):
        services.certify(laser, actor=world.actor("charlie"), now=NOW)
    with pytest.raises(Forbidden):
        name_trainer("laser", "charlie@example.org", actor=world.actor("bob"), now=NOW)
    name_trainer("laser", "Charlie@example.org", actor=world.actor("eva"), now=NOW)
    charlie = world.actor("charlie")
    services.certify(laser, actor=charlie, now=NOW)
    assert latest(world, "nina")
    for refused in (
        Certify(person_uid=world.uids["nina"], machine_type="bench", starts_on=TODAY),
        Certify(person_uid=world.uids["charlie"], machine_type="laser", starts_on=TODAY),
    ):
        with pytest.raises(Forbidden):
            services.certify(refused, actor=charlie, now=NOW)
    everybody = CertifyMany(
        addresses=("sam@example.org", "charlie@example.org"), machine_type="laser", starts_on=TODAY
    )
    with pytest.raises(Forbidden):  # not herself, so nobody
        certify_many(everybody, actor=charlie, now=NOW)
    assert not latest(world, "sam")
    with pytest.raises(Forbidden):  # nor by a token that is not for staff's work
        services.certify(laser, actor=replace(charlie, scope=Scope.WRITE), now=NOW)
    dismiss_trainer("laser", world.uids["charlie"], actor=world.actor("eva"), now=NOW)
    with pytest.raises(Forbidden):
        services.certify(laser, actor=charlie, now=NOW)


def test_many_are_certified_at_once_or_none(world: World) -> None:
    bob = world.actor("bob")
    names = ("charlie@example.org", "NINA@example.org", "charlie@example.org")
    with pytest.raises(Invalid) as error:
        certify_many(
            CertifyMany(
                addresses=(*names, "who@example.org", "x"), machine_type="laser", starts_on=TODAY
            ),
            actor=bob,
            now=NOW,
        )
    assert "who@example.org" in str(error.value.problems[0].params["addresses"])
    assert not latest(world, "charlie")
    wanted = CertifyMany(addresses=names, machine_type="laser", starts_on=TODAY)
    assert certify_many(wanted, actor=bob, now=NOW) == 2
    assert certify_many(wanted, actor=bob, now=NOW) == 2  # twice is once
    reading().rollback()
    count = reading().scalars(
        select(Certification.id).where(Certification.person_id == world.people["charlie"])
    )
    assert len(count.all()) == 1


def test_use_renews_in_the_last_month_and_once(world: World) -> None:
    laser_asks(2, None, Renewal.USE)
    certify(world, "charlie", TODAY)  # to 23 January
    ends = {10: [], 35: ["2027-02-28"], 36: [], 60: [], 80: ["2027-04-11"]}
    for days, wanted in ends.items():
        before = latest(world, "charlie")
        at = NOW + timedelta(days=days)
        used(world, world.people["charlie"], at)
        uses.note_uses(since=at - timedelta(days=1), now=at + timedelta(minutes=5))
        reading().rollback()
        mine = queries.of_person(reading(), world.people["charlie"])
        assert [str(one.ends_on) for one in mine if one.id > before] == wanted, days
    told = reading().scalars(
        select(OutboxMessage.id).where(OutboxMessage.kind == "CertificationGranted")
    )
    assert len(told.all()) == 3  # by Bob, and by use twice
