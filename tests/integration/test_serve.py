"""`labops serve` as a real process: what happens when parts of it are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.servers import descendants, environment, serving, workers_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def until(promise: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for the promise to hold."""
    end = time.monotonic() + seconds
    while not promise():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def alive(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'labops.db'}"


def test_whatever_is_killed_comes_back_and_all_of_it_stops(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path / "data") as (address, process):
        for _ in range(5):  # the web server alone would give up at the second
            os.kill(workers_of(process.pid)[0], signal.SIGKILL)
            until(lambda: len(workers_of(process.pid)) == 2)
            until(lambda: alive(address))
        for name in ("labops-jobs", "labops-web"):
            before = workers_of(process.pid, name)
            os.kill(before[0], signal.SIGKILL)
            until(
                lambda name=name, before=before: workers_of(process.pid, name) not in ([], before)
            )
            until(lambda: alive(address))
        everybody = descendants(process.pid)[1:]
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(12) == 0
        assert time.monotonic() - began < 11
        assert not [pid for pid in everybody if exists(pid)]


def test_nobody_is_left_when_it_is_killed_outright(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path / "data") as (_address, process):
        everybody = descendants(process.pid)[1:]
        assert len(everybody) == 4
        process.kill()
        process.wait()
        until(lambda: not any(map(exists, everybody)))


def test_half_sent_requests_hold_nobody_up(sqlite_url: str, tmp_path: Path) -> None:
    with serving(sqlite_url, tmp_path / "data") as (address, _process):
        host, _, port = address.removeprefix("http://").partition(":")
        slow = []
        for _ in range(30):
            line = socket.create_connection((host, int(port)))
            line.sendall(
                b"POST /api/v1/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{"
            )
            slow.append(line)
        began = time.monotonic()
        assert alive(address)
        assert time.monotonic() - began < 2
        for line in slow:
            line.close()


def test_a_busy_port_is_a_sentence(sqlite_url: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        tried = subprocess.run(
            [sys.executable, "-m", "labops", "serve", "--port", str(port)],
            env=environment(sqlite_url, tmp_path / "data", port),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert tried.returncode == 1
    assert tried.stderr.startswith(f"Error: 127.0.0.1:{port} cannot be used")
    assert "Traceback" not in tried.stderr
