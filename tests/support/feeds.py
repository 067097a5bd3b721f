"""Opening and reading feeds in tests."""

from __future__ import annotations

from typing import Any

import icalendar
from flask.testing import FlaskClient

from labops.domain.calendars import services
from labops.domain.calendars.scopes import FeedScope
from labops.kernel import clock
from tests.support.feedlint import lint
from tests.support.world import World


def opened(world: World, who: str, scope: str = "me", **more: Any) -> str:
    """Return the path of a new feed of a person's."""
    now = clock.now()
    wish = services.OpenFeed(scope=FeedScope.read(scope), **more)
    return f"/feeds/{services.open_feed(actor=world.actor(who, now), now=now, wish=wish)}.ics"


def events_in(body: bytes) -> list[Any]:
    """Return the events of a body that has nothing for the linter to complain about."""
    assert lint(body) == []
    return icalendar.Calendar.from_ical(body).walk("VEVENT")


def fetched(client: FlaskClient, path: str) -> list[Any]:
    """Return the events of a feed that answers, by start."""
    answer = client.get(path)
    assert answer.status_code == 200
    return sorted(events_in(answer.data), key=lambda event: event["DTSTART"].dt)
