"""The waiting list against a plain list of spans: who gets what, in which order, until when.

Chance books, cancels, waits, answers, lets the clock jump and runs be missed. After each step
the ledger must hold exactly what the model holds, and every refusal must be one of the model's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.machines.services import DescribeMachine, install
from labops.domain.people.queries import actor_of
from labops.domain.spaces.models import Bookable
from labops.domain.waiting import answering, offering, queries, services
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.services import Join
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM, Actor
from tests.support.people import members
from tests.support.world import NOW, World, at

STEP = timedelta(minutes=30)
HELD = timedelta(hours=2)
SHORTEST = timedelta(minutes=10)
PRINTERS = ("Printer", "Second")  # by name, as they are tried
SLUGS = {"Printer": "printer", "Second": "second"}


@dataclass
class Wished:
    """A wish as the model keeps it."""

    uid: str
    who: int
    machines: tuple[str, ...]
    window: Interval
    length: timedelta
    state: str = "waiting"


@dataclass
class Held:
    """An offer as the model keeps it."""

    wish: Wished
    machine: str
    slot: Interval
    until: datetime
    uid: str = ""


@dataclass
class Model:
    """Plain lists, and loops over them."""

    now: datetime = NOW
    bookings: dict[str, tuple[int, str, Interval]] = field(default_factory=dict)
    wishes: list[Wished] = field(default_factory=list)
    offers: list[Held] = field(default_factory=list)

    def is_free(self, machine: str, slot: Interval) -> bool:
        spans = [(name, span) for _who, name, span in self.bookings.values()]
        spans += [(held.machine, held.slot) for held in self.offers]
        return not any(name == machine and span.overlaps(slot) for name, span in spans)

    def starts(self, window: Interval, length: timedelta) -> list[datetime]:
        """Return every half hour at which somebody could start and stay until closing."""
        start, found = window.starts_at, []
        while start + length <= window.ends_at:
            inside = any(at(8, d) <= start and start + length <= at(20, d) for d in range(6))
            if inside and start >= self.now:
                found.append(start)
            start += STEP
        return found

    def fits(self, wish: Wished) -> list[tuple[str, Interval]]:
        return [
            (machine, Interval(start, start + wish.length))
            for start in self.starts(wish.window, wish.length)
            for machine in PRINTERS
            if machine in wish.machines
            and self.is_free(machine, Interval(start, start + wish.length))
        ]

    def end(self, held: Held, state: str) -> None:
        self.offers.remove(held)
        held.wish.state = state

    def run(self) -> list[Held]:
        """Do what a run must do, and return the offers that it makes."""
        for held in [one for one in self.offers if one.until <= self.now]:
            self.end(held, "lapsed")
        made = []
        for wish in self.wishes:
            if wish.state == "waiting" and wish.window.ends_at - wish.length <= self.now:
                wish.state = "lapsed"
        for wish in self.wishes:
            for machine, slot in self.fits(wish) if wish.state == "waiting" else ():
                until = min(self.now + HELD, slot.starts_at)
                if until - self.now >= SHORTEST:
                    made.append(Held(wish, machine, slot, until))
                    self.offers.append(made[-1])
                    wish.state = "offered"
                    break
        return made


class Play:
    """One game of chance against the model."""

    def __init__(self, world: World, seed: int) -> None:
        self.chance = random.Random(seed)
        self.model = Model()
        self.people = members(world, 5)
        rules = {
            "grid_minutes": 30,
            "longest_minutes": 720,
            "offer_held_minutes": int(HELD.total_seconds() // 60),
            "open_bookings": 0,
            "one_at_a_time": 0,
            "horizon_days": 14,
        }
        save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=NOW)
        second = DescribeMachine(name="Second", machine_type="printer-fdm", slug="second")
        install(world.sites["mhuma"], second, actor=SYSTEM, now=NOW)
        self.steps: list[Callable[[], None]] = [
            *[self.book] * 3,
            *[self.cancel] * 3,
            *[self.join] * 8,
            *[self.run] * 6,
            *[self.accept] * 3,
            self.decline,
            self.withdraw,
            *[self.pass_time] * 3,
        ]

        self.fill()

    def fill(self) -> None:
        """Let two days be nearly full."""
        for day in (0, 1, 2):
            for machine in PRINTERS:
                for hour in range(10, 20, 2):
                    self.book_that(machine, Interval(at(hour, day), at(hour + 2, day)))

    def any_span(self) -> Interval:
        start = at(self.chance.randrange(14, 40) / 2, self.chance.choice([0, 1, 2]))
        return Interval(start, start + STEP * self.chance.choice([2, 4, 8, 16]))

    def any_window(self) -> Interval:
        """Return what somebody has, or a little more, or anything."""
        if not self.model.bookings or self.chance.random() < 0.2:
            return self.any_span()
        _who, _machine, slot = self.chance.choice(list(self.model.bookings.values()))
        return Interval(slot.starts_at, slot.ends_at + STEP * self.chance.choice([0, 0, 4]))

    def refused(self, act: Callable[[], str | None]) -> str | None:
        """Return what the act returned; `None` when it was refused."""
        try:
            return act() or ""
        except Refused:
            return None

    def book(self) -> None:
        self.book_that(self.chance.choice(PRINTERS), self.any_span())

    def book_that(self, machine: str, slot: Interval) -> None:
        who, model = self.chance.choice(self.people), self.model
        command = Book(machines=(SLUGS[machine],), slot=slot)
        expected = slot.starts_at in model.starts(slot, slot.length)
        expected = expected and model.is_free(machine, slot)
        uid = self.refused(lambda: bookings.book(command, actor=self.actor(who), now=model.now))
        assert (uid is not None) == expected, (slot, machine)
        if uid is not None:
            model.bookings[uid] = (who, machine, slot)

    def cancel(self) -> None:
        coming = [
            uid for uid, one in self.model.bookings.items() if one[2].starts_at > self.model.now
        ]
        if coming:
            uid = self.chance.choice(coming)
            who, _machine, _slot = self.model.bookings.pop(uid)
            bookings.cancel(uid, actor=self.actor(who), now=self.model.now)

    def join(self) -> None:
        model, window = self.model, self.any_window()
        who = self.chance.choice(self.people)
        length = self.chance.choice([window.length, STEP * 2])
        machine = self.chance.choice(PRINTERS)
        machines = self.chance.choice([(machine,), PRINTERS])
        wish = Wished("", who, machines, window, length)
        known = any(
            (one.who, one.machines, one.window, one.length) == (who, machines, window, length)
            and one.state in {"waiting", "offered"}
            for one in model.wishes
        )
        many = sum(one.who == who and one.state in {"waiting", "offered"} for one in model.wishes)
        expected = (
            bool(model.starts(window, length))
            and not model.fits(wish)
            and not known
            and many < services.MOST_WISHES
        )
        named = {"machines": (SLUGS[machine],)}
        kind = {"site": "mhuma", "category": "printer-fdm"}
        command = Join(window=window, length=length, **(named if len(machines) == 1 else kind))
        uid = self.refused(lambda: services.join(command, actor=self.actor(who), now=model.now))
        assert (uid is not None) == expected, (wish, model.fits(wish))
        if uid is not None:
            wish.uid = uid
            model.wishes.append(wish)

    def run(self) -> None:
        made = self.model.run()
        assert offering.offer_freed_time(now=self.model.now).offered == len(made)
        for held in made:
            offers = queries.held_of_person(reading(), held.wish.who, now=self.model.now)
            (found,) = [one for one in offers if one.wish_uid == held.wish.uid]
            assert found.machines == (SLUGS[held.machine],)
            assert Interval(found.starts_at, found.ends_at) == held.slot
            assert found.answer_by == held.until
            held.uid = found.uid

    def accept(self) -> None:
        if not self.model.offers:
            return
        held = self.chance.choice(self.model.offers)
        expected = self.model.now < held.until
        actor, now = self.actor(held.wish.who), self.model.now
        uid = self.refused(lambda: answering.accept(held.uid, actor=actor, now=now))
        assert (uid is not None) == expected
        if uid is not None:
            assert answering.accept(held.uid, actor=actor, now=now) == uid
            self.model.end(held, "taken")
            self.model.bookings[uid] = (held.wish.who, held.machine, held.slot)

    def decline(self) -> None:
        if not self.model.offers:
            return
        held = self.chance.choice(self.model.offers)
        expected = self.model.now < held.until
        actor, now = self.actor(held.wish.who), self.model.now
        done = self.refused(lambda: answering.decline(held.uid, actor=actor, now=now))
        assert (done is not None) == expected
        if done is not None:
            self.model.end(held, "withdrawn")

    def withdraw(self) -> None:
        open_ = [one for one in self.model.wishes if one.state in {"waiting", "offered"}]
        if open_:
            wish = self.chance.choice(open_)
            services.withdraw(wish.uid, actor=self.actor(wish.who), now=self.model.now)
            for held in [one for one in self.model.offers if one.wish is wish]:
                self.model.end(held, "withdrawn")
            wish.state = "withdrawn"

    def pass_time(self) -> None:
        """Let seconds or hours pass; now and then a clock is put right, backwards."""
        minutes = self.chance.choice([0.2, 1, 7, 20, 130, -3])
        self.model.now += timedelta(minutes=minutes)

    def actor(self, who: int) -> Actor:
        return actor_of(reading(), who, now=self.model.now)

    def check(self) -> None:
        """Compare everything that is held, and what was written down."""
        session, model = reading(), self.model
        rows = session.execute(
            select(
                Allocation.owner_kind, Bookable.name, Allocation.starts_at, Allocation.ends_at
            ).join(Bookable, Bookable.id == Allocation.bookable_id)
        )
        wanted = [("booking", n, s.starts_at, s.ends_at) for _w, n, s in model.bookings.values()]
        wanted += [("offer", o.machine, o.slot.starts_at, o.slot.ends_at) for o in model.offers]
        assert sorted(tuple(row) for row in rows) == sorted(wanted)
        states = session.execute(select(WaitingWish.uid, WaitingWish.state)).all()
        assert {uid: state for uid, state in states} == {one.uid: one.state for one in model.wishes}  # noqa: C416
        held = session.scalars(select(Offer.wish_id).where(Offer.state == "held")).all()
        assert len(held) == len(set(held)) == len(model.offers)
        for kinds in ("Wish%", "Offer%"):
            messages = select(func.count()).where(OutboxMessage.kind.like(kinds))
            entries = select(func.count()).where(AuditEntry.action.like(f"{kinds[:-1].lower()}.%"))
            assert session.scalar(messages) == session.scalar(entries)


@pytest.mark.parametrize("seed", [1, 4])
def test_it_does_what_plain_lists_do(world: World, seed: int) -> None:
    play = Play(world, seed)
    for _ in range(160):
        play.chance.choice(play.steps)()
        play.check()
    told = reading().scalars(select(Offer.state)).all()
    assert {"accepted", "lapsed"} <= set(told)
