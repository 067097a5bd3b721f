"""Races between real processes against a running server."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from tests.benchmarks.load import Connection, request

PROCESSES = 8


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one client got in one round."""

    round: int
    status: int
    codes: tuple[str, ...]
    seconds: float


Call = tuple[str, str, dict[str, Any], str]


def stampede(address: str, rounds: list[list[Call]]) -> list[Outcome]:
    """Send each round's calls at the same moment, one from each of eight processes."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(PROCESSES)
    results: multiprocessing.Queue[list[Outcome]] = context.Queue()
    processes = [
        context.Process(target=_client, args=(address, number, rounds, barrier, results))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    outcomes = [outcome for _ in processes for outcome in results.get(timeout=240)]
    for process in processes:
        process.join()
    return outcomes


def _client(
    address: str, number: int, rounds: list[list[Call]], barrier: Any, results: Any
) -> None:
    connection = Connection(address)
    outcomes = []
    for round_number, calls in enumerate(rounds):
        method, path, body, token = calls[number % len(calls)]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        raw = request(method, path, headers, json.dumps(body).encode())
        barrier.wait(60)
        began = time.perf_counter()
        status, answer = connection.send(raw)
        spent = time.perf_counter() - began
        codes = ()
        if status == 409:
            codes = tuple(reason["code"] for reason in json.loads(answer)["reasons"])
        outcomes.append(Outcome(round_number, status, codes, spent))
    results.put(outcomes)


def wish(machines: list[str], start: datetime, minutes: int = 60) -> dict[str, Any]:
    """Return the body of a booking."""
    return {
        "machines": machines,
        "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(minutes=minutes)).isoformat(),
    }


def winners(outcomes: list[Outcome], status: int = 201) -> Counter[int]:
    """Return how many won each round."""
    won: Counter[int] = Counter()
    for outcome in outcomes:
        won[outcome.round] += outcome.status == status
    return won


def overlaps(engine: Engine) -> int:
    """Return how many pairs of claims share a unit's time: what must never be."""
    with engine.connect() as connection:
        return connection.execute(
            text(
                "SELECT count(*) FROM allocation AS a JOIN allocation AS b"
                " ON a.bookable_id = b.bookable_id AND a.unit = b.unit AND a.id < b.id"
                " AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
            )
        ).scalar_one()


def halves(engine: Engine) -> dict[str, int]:
    """Return counts of what a half-written booking would leave behind; all must be zero."""
    queries = {
        "held without machine": "SELECT count(*) FROM booking b WHERE NOT EXISTS"
        " (SELECT 1 FROM booking_bookable o WHERE o.booking_id = b.id)",
        "open without time": "SELECT count(*) FROM booking b WHERE b.state = 'confirmed' AND"
        " (SELECT count(*) FROM allocation a WHERE a.owner_id = b.id AND a.owner_kind = 'booking')"
        " <> (SELECT count(*) FROM booking_bookable o WHERE o.booking_id = b.id)",
        "time without booking": "SELECT count(*) FROM allocation a WHERE a.owner_kind = 'booking'"
        " AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.id = a.owner_id)",
        "without confirmation": "SELECT count(*) FROM booking b WHERE NOT EXISTS (SELECT 1 FROM"
        " outbox_message m WHERE m.dedupe_key = 'BookingConfirmed:' || b.uid || '\\:0')",
        "without audit": "SELECT count(*) FROM booking b WHERE NOT EXISTS (SELECT 1 FROM"
        " audit_entry e WHERE e.subject = 'booking:' || b.uid AND e.action = 'booking.confirmed')",
    }
    with engine.connect() as connection:
        return {
            name: connection.execute(text(query)).scalar_one() for name, query in queries.items()
        }
