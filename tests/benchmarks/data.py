"""A large world, loaded in bulk: 60 machines, 2,000 people, as many bookings as wanted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, text

from labops.domain import tables
from labops.kernel import migrations
from labops.kernel.ids import digest

MACHINES = 60
PLAIN_MACHINES = 40  # the others have ten quotas
PEOPLE = 2_000
PER_WEEK = 760  # bookings of all machines in one week
BATCH = 20_000
FEED_SECRET = "bench-feed-secret"
LONG_FEED_SECRET = "bench-long-feed-secret"
WEEK = timedelta(days=7)
DAY = timedelta(days=1)
# Generous enough that nobody meets them, so that each has to be added up.
TEN_QUOTAS = [
    {"minutes": 40000, "window": window, "scope": scope}
    for window in ("day", "week", "month", "14 days", "year")
    for scope in ("machine", "site")
]


def token(number: int) -> str:
    """Return the API token of the person with that number."""
    return f"labops_bench_{number}"


def load(engine: Engine, bookings: int, now: datetime) -> None:
    """Migrate an empty database and fill it; the guard against overlaps stays on."""
    migrations.upgrade(engine)
    meta = tables.METADATA.tables
    with engine.begin() as connection:
        _places(connection, meta, now)
        _people(connection, meta, now)
    with engine.begin() as connection:  # one transaction: a commit a row would take hours
        rows = _rows(bookings, now)
        while batch := list(itertools.islice(rows, BATCH)):
            for name, index in (("booking", 0), ("booking_bookable", 1), ("allocation", 2)):
                _bulk(connection, name, [row[index] for row in batch if row[index]])
        _add_feed(connection, meta, now)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
        if engine.dialect.name == "postgresql":
            for name in ("booking_id_seq", "allocation_id_seq"):
                table = name.removesuffix("_id_seq")
                connection.execute(text(f"SELECT setval('{name}', (SELECT max(id) FROM {table}))"))


def monday(now: datetime) -> datetime:
    """Return the next Monday, at midnight UTC: a full week that lies ahead."""
    day = (now + timedelta(days=7 - now.weekday())).date()
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _places(connection: Connection, meta: Any, now: datetime) -> None:
    connection.execute(
        insert(meta["site"]),
        [
            {
                "id": 1,
                "slug": "mhuma",
                "name": "MHUMA",
                "address": "via Prova 1",
                "city": "Milano",
                "zone": "UTC",
                "email": "",
                "phone": "",
                "description_it": "",
                "description_en": "",
                "revision": 1,
            }
        ],
    )
    connection.execute(
        insert(meta["opening_hours"]),
        [
            {"site_id": 1, "weekday": day, "opens_minute": 0, "closes_minute": 1440}
            for day in range(7)
        ],
    )
    connection.execute(
        insert(meta["machine_type"]),
        [
            {
                "id": 1,
                "slug": "laser",
                "name_it": "Laser",
                "name_en": "Laser",
                "process": "laser_cutting",
            }
        ],
    )
    connection.execute(
        insert(meta["house_rules_version"]),
        [
            {
                "site_id": 1,
                "level": "site",
                "key": "",
                "version": 1,
                "created_at": now,
                "data": {
                    "horizon_days": 400,
                    "open_bookings": 0,
                    "one_at_a_time": 0,
                    "quotas": [{"minutes": 40000, "window": "week", "scope": "machine"}],
                },
            },
            *(
                {
                    "site_id": 1,
                    "level": "machine",
                    "key": f"m{n}",
                    "version": 1,
                    "created_at": now,
                    "data": {"quotas": TEN_QUOTAS},
                }
                for n in range(PLAIN_MACHINES + 1, MACHINES + 1)
            ),
        ],
    )
    connection.execute(
        insert(meta["bookable"]),
        [
            {
                "id": n,
                "kind": "machine",
                "slug": f"m{n}",
                "name": f"Machine {n}",
                "site_id": 1,
                "capacity": 1,
                "setup_minutes": 0,
                "cleanup_minutes": 0,
                "revised_at": now,
            }
            for n in range(1, MACHINES + 1)
        ],
    )
    connection.execute(
        insert(meta["machine"]),
        [
            {
                "id": n,
                "machine_type_id": 1,
                "process": "laser_cutting",
                "materials": [],
                "maker": "",
                "model": "",
                "serial": "",
                "state": "in_service",
                "state_reason": "",
                "description": "",
                "photo": "",
                "certification_needed": True,
            }
            for n in range(1, MACHINES + 1)
        ],
    )


def _people(connection: Connection, meta: Any, now: datetime) -> None:
    numbers = range(1, PEOPLE + 1)
    connection.execute(
        insert(meta["person"]),
        [
            {
                "id": n,
                "uid": f"p{n}",
                "name": f"Person {n}",
                "language": "it",
                "bookings_revision": 0,
                "suspension_reason": "",
                "created_at": now,
            }
            for n in numbers
        ],
    )
    connection.execute(
        insert(meta["membership"]),
        [
            {
                "person_id": n,
                "site_id": 1,
                "state": "active",
                "starts_on": now.date() - WEEK,
                "created_at": now,
            }
            for n in numbers
        ],
    )
    connection.execute(
        insert(meta["certification"]),
        [
            {
                "person_id": n,
                "machine_type_id": 1,
                "starts_on": now.date() - WEEK,
                "evidence": "",
                "granted_at": now,
                "revoked_reason": "",
            }
            for n in numbers
        ],
    )
    connection.execute(
        insert(meta["api_token"]),
        [
            {
                "person_id": n,
                "secret_digest": digest(token(n)),
                "scope": "write",
                "label": "",
                "created_at": now,
                "last_used_at": now,  # noted once an hour, so most bookings do not
            }
            for n in numbers
        ],
    )


def _rows(count: int, now: datetime) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """Yield bookings evenly over weeks, the last full one of them next week, newest last.

    Slots are three hours apart, so that the other hours stay free for what is measured.
    """
    start = monday(now) - (count // PER_WEEK - 1) * WEEK
    for n in range(count):
        week, nth = divmod(n, PER_WEEK)
        machine = nth % MACHINES + 1
        step = nth // MACHINES
        begins = start + week * WEEK + timedelta(hours=step * 12)
        ends = begins + timedelta(hours=1)
        number, person = n + 1, n % (PEOPLE - 1) + 1
        state = "finished" if ends < now else "confirmed"
        booking = (number, f"b{number}", person, 1, begins, ends, state, begins, begins)
        yield booking, (number, machine), (number, machine, begins, ends)


def _bulk(connection: Connection, name: str, rows: list[tuple[Any, ...]]) -> None:
    columns = {
        "booking": "id, uid, person_id, site_id, starts_at, ends_at, state, check_in_by,"
        " created_at, revised_at, note, override_reason, sequence, rules_revision",
        "booking_bookable": "booking_id, bookable_id",
        "allocation": "id, owner_id, bookable_id, starts_at, ends_at, unit, owner_kind",
    }[name]
    fixed: dict[str, tuple[Any, ...]] = {
        "booking": ("", "", 0, 1),
        "booking_bookable": (),
        "allocation": (0, "booking"),
    }
    complete = [_complete(name, row) + fixed[name] for row in rows]
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * (columns.count(",") + 1))
        plain = [tuple(_sqlite(value) for value in row) for row in complete]
        connection.connection.driver_connection.executemany(  # type: ignore[union-attr]
            f"INSERT INTO {name} ({columns}) VALUES ({marks})", plain
        )
        return
    cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    with cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
        for row in complete:
            copy.write_row(row)


def _complete(name: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    if name == "booking":
        return (*row, row[-1])
    if name == "allocation":
        return (row[0], *row)
    return row


def _sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value


def _add_feed(connection: Connection, meta: Any, now: datetime) -> None:
    """Give the last person 200 bookings ahead, the last but one 1,000, and both a feed of them."""
    for person, secret, count in ((PEOPLE, FEED_SECRET, 200), (PEOPLE - 1, LONG_FEED_SECRET, 1000)):
        _add_feed_of(connection, meta, person, secret, count, now)


def _add_feed_of(
    connection: Connection, meta: Any, person: int, secret: str, count: int, now: datetime
) -> None:
    first = connection.execute(text("SELECT max(id) FROM booking")).scalar_one() + 1
    begins = monday(now) + 4 * WEEK
    bookings = []
    for n in range(count):
        start = begins + timedelta(hours=n * 3 + 1)
        bookings.append(
            (
                first + n,
                f"f{person}-{n}",
                person,
                1,
                start,
                start + timedelta(hours=1),
                "confirmed",
                start,
                now,
            )
        )
    _bulk(connection, "booking", bookings)
    _bulk(connection, "booking_bookable", [(row[0], 1) for row in bookings])
    connection.execute(
        insert(meta["account"]),
        [
            {
                "person_id": person,
                "email": f"feed{person}@example.org",
                "email_confirmed_at": now,
                "created_at": now,
                "credentials_revision": 0,
            }
        ],
    )
    connection.execute(
        insert(meta["feed"]),
        [
            {
                "uid": f"f{person}",
                "person_id": person,
                "scope": "me",
                "label": "",
                "created_at": now,
                "secret_digest": digest(secret),
                "polled_by": "bench",
                "polled_at": now,
            }
        ],
    )
