"""Visit outside calendars: fetch, read in a child process, hand over what was found.

Nothing of the database stays open while somebody else's server takes its time.
"""

from __future__ import annotations

import threading
from datetime import datetime

from labops.adapters import calendar_reading, fetching
from labops.adapters.calendar_reading import CalendarRefused
from labops.adapters.fetching import FetchFailed, Rules
from labops.domain.closures import outside, outside_queries
from labops.domain.closures.outside import Follow, Reading
from labops.domain.closures.values import CalendarKind
from labops.kernel import local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import SYSTEM, Actor

ACCEPT = "text/calendar, text/plain;q=0.5, */*;q=0.1"
# How calendar programs write an address to subscribe to.
_SUBSCRIBED = {"webcal://": "https://", "webcals://": "https://"}
# What is reached, and how: tests put a server of their own within reach.
RULES = Rules()


def usable(address: str) -> str:
    """Return an address as it is fetched; raises `Invalid` naming the field `address`."""
    for scheme, instead in _SUBSCRIBED.items():
        if address.lower().startswith(scheme):
            address = instead + address[len(scheme) :]
    try:
        fetching.checked(address, RULES)
    except FetchFailed as failed:
        raise Invalid.field("address", failed.code, **failed.params) from failed
    return address


def follow_address(site_id: int, command: Follow, *, actor: Actor, now: datetime) -> str:
    """Follow the calendar at an address, visit it once, and return its uid.

    A visit that fails is written down with the calendar. Raises `Invalid`, as `outside.follow`.
    """
    uid = outside.follow(site_id, command, actor=actor, now=now)
    visit(uid, actor=actor, now=now)
    return uid


def follow_file(site_id: int, command: Follow, raw: bytes, *, actor: Actor, now: datetime) -> str:
    """Take in a calendar that was sent as a file and return its uid.

    Raises `Invalid` naming the field `file` when it cannot be read: then nothing is followed.
    """
    zone = outside_queries.zone_of(reading(), site_id)
    found = _read(raw, zone, command.name, now=now)
    uid = outside.follow(site_id, command, actor=actor, now=now)
    outside.take_in(uid, found, actor=actor, now=now)
    return uid


def take_file(uid: str, raw: bytes, *, actor: Actor, now: datetime) -> None:
    """Take in a newer file of a calendar; raises `Invalid` naming the field `file`."""
    wanted = outside_queries.to_fetch(reading(), uid, actor, now=now)
    outside.take_in(uid, _read(raw, wanted.zone, wanted.name, now=now), actor=actor, now=now)


def visit(uid: str, *, actor: Actor, now: datetime) -> None:
    """Fetch and take in the calendar, or write down why that failed; raises `NotFound`."""
    wanted = outside_queries.to_fetch(reading(), uid, actor, now=now)
    if wanted.kind != CalendarKind.ADDRESS:
        raise NotFound
    reading().rollback()
    try:
        fetched = fetching.fetch(
            wanted.address,
            accept=ACCEPT,
            etag=wanted.etag,
            last_modified=wanted.last_modified,
            rules=RULES,
        )
        if fetched.body is None:
            outside.note_unchanged(uid, actor=actor, now=now)
            return
        zone = local_time.zone(wanted.zone)
        found = calendar_reading.read(fetched.body, zone, name=wanted.name, now=now)
    except (FetchFailed, CalendarRefused) as failed:
        outside.note_failure(uid, failed.code, failed.params, actor=actor, now=now)
        return
    outside.take_in(
        uid,
        Reading(
            occurrences=found.occurrences,
            left_out_count=found.left_out_count,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
        ),
        actor=actor,
        now=now,
    )


def visit_due(now: datetime, stopping: threading.Event, *, dry_run: bool = False) -> str:
    """Visit every calendar that nobody visited for an hour; say how many."""
    due = outside_queries.due(reading(), now=now)
    if dry_run:
        return f"{len(due)} to visit"
    count = 0
    for uid in due:
        if stopping.is_set():
            break
        try:
            visit(uid, actor=SYSTEM, now=now)
        except NotFound:  # dropped meanwhile
            continue
        count += 1
    return f"{count} visited"


def _read(raw: bytes, zone: str, name: str, *, now: datetime) -> Reading:
    if len(raw) > fetching.MOST_BYTES:
        most = fetching.MOST_BYTES // 2**20
        raise Invalid.field("file", "fetch.too-large", most=most)
    reading().rollback()
    try:
        found = calendar_reading.read(raw, local_time.zone(zone), name=name, now=now)
    except CalendarRefused as refused:
        raise Invalid.field("file", refused.code, **refused.params) from refused
    return Reading(occurrences=found.occurrences, left_out_count=found.left_out_count)
