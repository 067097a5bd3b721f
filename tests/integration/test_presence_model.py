"""Whatever happens at the doors in whatever order: who is in is who came and has not left.

The clock jumps, sweeps are missed, screens tell late; a plain set of names is the oracle.
"""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from labops.domain.sites.queries import by_slug
from labops.domain.stations.models import Scan
from labops.domain.visits import queries, services, sweeping
from labops.domain.visits.models import Visit
from labops.domain.visits.states import Act
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from tests.support.doors import bring, inside, pass_of, room_for, shown, walk
from tests.support.world import World, at

PEOPLE = ("alice", "bob", "charlie")
steps = st.tuples(
    st.sampled_from(
        ("in", "in", "in", "out", "late in", "late out", "again", "guests", "guests out", "sweep")
    ),
    st.sampled_from(PEOPLE),
    st.integers(min_value=-60, max_value=400),  # minutes until then; the clock may go back
    st.integers(min_value=1, max_value=5),
)


class Model:
    """Who is in, as far as the doors said."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = at(8.5)
        self.people: set[str] = set()
        self.guests: Counter[str] = Counter()  # by visit
        self.last: dict[str, object] | None = None

    @property
    def count(self) -> int:
        return len(self.people) + sum(self.guests.values())

    def step(self, what: str, who: str, minutes: int, number: int) -> None:
        self.now += timedelta(minutes=minutes)
        world, late = self.world, {"at": self.now - timedelta(minutes=number)}
        if what == "guests":
            self.bring(who, number)
        elif what == "guests out":
            self.send_guests_out()
        elif what == "sweep":
            self.sweep()
        elif what == "again" and self.last is not None:
            before = self.count
            again = shown(world, **self.last)  # type: ignore[arg-type]
            assert (again.replayed, inside(world)) == (True, before)
        elif what.startswith("late"):
            act = Act.CHECK_IN if what.endswith("in") else Act.CHECK_OUT
            text = pass_of(world, who, late["at"])
            sent = {"nonce": uuid.uuid4().hex, "act": act, "device": "kiosk:1", **late}
            self.last = {"text": text, "now": self.now, **sent}
            self.learn(who, shown(world, text, self.now, **sent).result)
        elif what in {"in", "out"}:
            act = Act.CHECK_IN if what == "in" else Act.CHECK_OUT
            outcome = walk(world, who, self.now, act=act)
            assert outcome.result != "full" or self.count >= 4
            self.learn(who, outcome.result)

    def learn(self, who: str, result: str) -> None:
        if result == "checked_in":
            assert who not in self.people
            self.people.add(who)
        elif result == "checked_out":
            self.people.remove(who)

    def bring(self, who: str, number: int) -> None:
        outcome = bring(self.world, who, number, self.now)
        if outcome.welcome:
            assert self.count + number <= 4
            self.guests[outcome.visit_uid] = number

    def send_guests_out(self) -> None:
        for visit in list(self.guests)[:1]:
            bob = self.world.actor("bob", self.now)
            for _time in range(2):
                services.send_out(
                    visit, device="desk:1", nonce=uuid.uuid4().hex, actor=bob, now=self.now
                )
            del self.guests[visit]

    def sweep(self) -> None:
        swept = sweeping.check_out_at_closing(now=self.now)
        reading().rollback()
        left = select(Visit.uid, Visit.person_id).where(Visit.auto_closed.is_(True))
        rows = reading().execute(left).all()
        gone = {row.uid for row in rows} & set(self.guests)
        site_names = {one.name.lower() for one in self.listed()}
        lost = {who for who in self.people if who not in site_names}
        assert swept == len(gone) + len(lost)
        self.people -= lost
        for visit in gone:
            del self.guests[visit]

    def listed(self) -> list[queries.Inside]:
        reading().rollback()
        return queries.inside(reading(), by_slug(reading(), "mhuma"), now=self.now)

    def check(self) -> None:
        listed = self.listed()
        assert {one.name.lower() for one in listed if not one.guest} == self.people
        assert {one.uid: one.people_count for one in listed if one.guest} == self.guests
        assert inside(self.world) == self.count >= 0
        backwards = select(func.count(Visit.id)).where(Visit.ends_at < Visit.starts_at)
        assert reading().scalar(backwards) == 0


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(steps, min_size=4, max_size=14))
def test_everybody_who_came_is_on_the_list_until_she_left(
    app: Flask, world: World, happened: list[tuple[str, str, int, int]]
) -> None:
    with app.app_context():
        with unit_of_work() as session:
            for model in (Scan, Visit, OutboxMessage):
                session.execute(delete(model))
        room_for(world, 4)
        model_of = Model(world)
        for one in happened:
            model_of.step(*one)
            model_of.check()
