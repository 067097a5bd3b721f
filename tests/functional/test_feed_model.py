"""Whatever is booked, moved and cancelled, feeds show what a plain list says they should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.calendars.models import FeedFragment
from labops.domain.people.models import Person
from labops.kernel import clock
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from tests.support.feeds import events_in, opened
from tests.support.world import World, next_slot

HOUR = timedelta(hours=1)
PEOPLE = ("alice", "charlie")
MACHINES = ("printer", "benches")

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("book"),
            st.sampled_from(PEOPLE),
            st.sampled_from([("printer",), ("benches",), ("printer", "benches")]),
            st.integers(0, 20),
        ),
        st.tuples(
            st.just("move"),
            st.integers(0, 9),
            st.sampled_from([None, ("printer",), ("benches",)]),
            st.integers(0, 20),
        ),
        st.tuples(st.just("cancel"), st.integers(0, 9)),
        st.tuples(st.just("look"), st.sampled_from(("mine", "printer", "site", "names"))),
    ),
    min_size=1,
    max_size=12,
)


@dataclass(frozen=True)
class Wanted:
    """A booking as the plain list has it."""

    uid: str
    who: str
    machines: tuple[str, ...]
    slot: Interval
    sequence: int = 0
    cancelled: bool = False


@pytest.fixture
def paths(world: World) -> dict[str, str]:
    return {
        "mine": opened(world, "alice"),
        "printer": opened(world, "alice", "machine:printer"),
        "site": opened(world, "charlie", "site:mhuma"),
        "names": opened(world, "bob", "site:mhuma", names=True),
    }


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_feeds_show_what_the_list_says(
    app: Flask, world: World, paths: dict[str, str], steps: list[Any]
) -> None:
    forget_bookings()
    listed: list[Wanted] = []
    tags: dict[str, tuple[str, bytes]] = {}
    for step in [*steps, ("look", "all")]:
        if step[0] == "look":
            for name in paths if step[1] == "all" else [step[1]]:
                look(app.test_client(), name, paths[name], listed, tags)
        else:
            listed = done(world, step, listed)


def done(world: World, step: Any, listed: list[Wanted]) -> list[Wanted]:
    """Do one step and return the list after it; what the rules refuse changes nothing."""
    now = clock.now()
    live = [place for place, one in enumerate(listed) if not one.cancelled]
    if step[0] == "book":
        _book, who, machines, half_hour = step
        try:
            command = Book(machines=machines, slot=slot_at(half_hour))
            uid = services.book(command, actor=world.actor(who, now), now=now)
        except Refused:
            return listed
        return [*listed, Wanted(uid, who, machines, slot_at(half_hour))]
    if not live:
        return listed
    place = live[step[1] % len(live)]
    one = listed[place]
    actor = world.actor(one.who, now)
    if step[0] == "cancel":
        services.cancel(one.uid, actor=actor, now=now)
        after = replace(one, cancelled=True, sequence=one.sequence + 1)
    else:
        wanted = slot_at(step[3])
        try:
            services.move(Move(uid=one.uid, slot=wanted, machines=step[2]), actor=actor, now=now)
        except Refused:
            return listed
        machines = step[2] or one.machines
        after = replace(one, slot=wanted, machines=machines, sequence=one.sequence + 1)
    return [*listed[:place], after, *listed[place + 1 :]]


def look(
    client: FlaskClient,
    name: str,
    path: str,
    listed: list[Wanted],
    tags: dict[str, tuple[str, bytes]],
) -> None:
    """Hold a feed, fetched as a calendar does, against the list."""
    tag, body = tags.get(name, ("", b""))
    answer = client.get(path, headers={"If-None-Match": tag} if tag else {})
    if answer.status_code == 304:
        assert client.get(path).data == body  # nothing is new behind an unchanged tag
    else:
        assert answer.status_code == 200
        body = answer.data
    tags[name] = (answer.headers["ETag"], body)
    assert sorted(shown(body)) == sorted(expected(name, listed))


def shown(body: bytes) -> Iterator[tuple[Any, ...]]:
    """Yield what a feed says of each booking; a stranger's has no uid that one could know."""
    for event in events_in(body):
        uid = str(event["UID"]).split("@")[0]
        yield (
            str(event["SUMMARY"]),
            event["DTSTART"].dt,
            event["DTEND"].dt,
            str(event["STATUS"]),
            int(event["SEQUENCE"]),
            uid.removeprefix("b-") if uid.startswith("b-") else "",
        )


def expected(name: str, listed: list[Wanted]) -> Iterator[tuple[Any, ...]]:
    reader = {"mine": "alice", "printer": "alice", "site": "charlie", "names": "bob"}[name]
    for one in listed:
        machines = ", ".join(slug.title() for slug in MACHINES if slug in one.machines)
        own, summary = one.who == reader, f"{machines} (MHUMA)"
        if name == "mine" and not own:
            continue
        if name != "mine" and one.cancelled:
            continue
        if name == "printer" and "printer" not in one.machines:
            continue
        if one.cancelled:
            summary = f"Cancelled: {summary}"
        elif name == "names":
            summary = f"{one.who.title()}: {summary}"
        elif not own:
            summary = f"Busy: {machines}"
        state = "CANCELLED" if one.cancelled else "CONFIRMED"
        uid = one.uid if own or name == "names" else ""
        yield summary, one.slot.starts_at, one.slot.ends_at, state, one.sequence, uid


def slot_at(half_hour: int) -> Interval:
    """Return an hour that begins so many half-hours after the site has opened."""
    first = next_slot(8).starts_at
    starts_at = first + half_hour * HOUR / 2
    return Interval(starts_at, starts_at + HOUR)


def forget_bookings() -> None:
    """Begin with none, as each example must."""
    with unit_of_work() as session:
        for table in (FeedFragment, Allocation, BookingBookable, Booking):
            session.execute(delete(table))
        # No use case deletes bookings, so nobody else counts this change.
        session.execute(update(Person).values(bookings_revision=Person.bookings_revision + 1))
