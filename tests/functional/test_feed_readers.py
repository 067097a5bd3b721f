"""Other people's calendar programs accept every feed of every scope, whatever was typed."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.inductions import signing
from labops.domain.inductions.models import InductionSession
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import clock
from labops.kernel.db import unit_of_work
from tests.support.feed_readers import READERS, reader
from tests.support.feedlint import lint
from tests.support.feeds import opened
from tests.support.inductions import planned
from tests.support.world import World, next_slot
from tests.unit.adapters.feed_samples import HOSTILE

# What a form would let through to the tables: UTF-8 without the sign that no database takes.
STORABLE = [text.encode("utf-8", "ignore").decode().replace("\x00", "") for text in HOSTILE]
# Eva sees names, Charlie does not; each with and without what was cancelled.
FEEDS = [
    ("alice", "me", False),
    ("alice", "machine:laser", False),
    ("charlie", "machine:laser", False),
    ("charlie", "site:mhuma", False),
    ("eva", "machine:laser", True),
    ("eva", "site:mhuma", True),
    ("nina", "inductions", False),
]
EVENTS = {"me": 4, "machine:laser": 4, "site:mhuma": 4, "inductions": 1}


@pytest.fixture
def bodies(app: Flask, world: World) -> list[tuple[str, str, bytes]]:
    """Return every feed for every hostile text put wherever a text may stand."""
    now, uids = clock.now(), []
    for hour in (9, 11, 13):
        command = Book(machines=("laser",), slot=next_slot(hour), note="plain")
        uids.append(services.book(command, actor=world.actor("alice", now), now=now))
    services.cancel(uids[0], actor=world.actor("alice", now), now=now)
    signing.sign_up(
        planned(world, next_slot(16, 2), now=now), actor=world.actor("alice", now), now=now
    )
    paths = [
        (who, scope, opened(world, who, scope, names=names, show_cancelled=True))
        for who, scope, names in FEEDS
    ]
    found = []
    for text in STORABLE:
        spread(text, uids)
        for who, scope, path in paths:
            answer = app.test_client().get(path)
            assert answer.status_code == 200
            found.append((who, scope, answer.data))
    return found


def spread(text: str, uids: list[str]) -> None:
    """Put the text into every name and note, each as long as its column takes."""
    with unit_of_work() as session:
        session.execute(update(Bookable).values(name=text[:120]))
        session.execute(update(MachineType).values(name_it=text[:120], name_en=text[:120]))
        session.execute(
            update(InductionSession).values(
                note=text[:1000], sequence=InductionSession.sequence + 1
            )
        )
        session.execute(
            update(Site).values(name=text[:120], address=text[:200], revision=Site.revision + 1)
        )
        session.execute(
            update(Person).values(name=text[:120], bookings_revision=Person.bookings_revision + 1)
        )
        for booking in session.scalars(select(Booking).where(Booking.uid.in_(uids))):
            booking.note = text[:500]
            booking.revised_at = clock.now()


def test_every_reader_accepts_every_feed(bodies: list[tuple[str, str, bytes]]) -> None:
    missing = []
    for name in READERS:
        try:
            read = reader(name)
        except pytest.skip.Exception as reason:
            missing.append(str(reason))
            continue
        for who, scope, body in bodies:
            assert len(read(body)) == EVENTS[scope], (name, who, scope)
    assert len(READERS) - len(missing) >= 4
    assert len({body for _who, _scope, body in bodies}) > len(STORABLE) * 5
    for who, scope, body in bodies:
        assert lint(body) == [], (who, scope)


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_there(name: str) -> None:
    """Skipped, with the reason, where one of them cannot be had: the feeds were not held to it."""
    assert reader(name)(b"".join(line + b"\r\n" for line in EMPTY)) == []


EMPTY = (b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:-//test//test//EN", b"END:VCALENDAR")
