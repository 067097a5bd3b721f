"""Real servers in real processes, for races, benchmarks and browsers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(database_url: str, data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """Return the variables of a server under test."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LABOPS_")}
    root = Path(__file__).resolve().parents[2]
    return kept | {
        "LABOPS_CONFIG": str(root / "config" / "testing.toml"),
        "LABOPS_DATABASE_URL": database_url,
        "LABOPS_DATA_DIR": str(data_dir),
        "LABOPS_SECRET_KEY": "a key for tests only, long enough to pass",
        "LABOPS_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PYTHONPATH": str(root),
        **more,
    }


@contextlib.contextmanager
def serving(
    database_url: str, data_dir: Path, *, workers: int = 2, **more: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `labops serve` and yield its address and process; stop it afterwards."""
    port = free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    log = (data_dir / "server.log").open("ab")
    command = [sys.executable, "-m", "labops", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)],
        env=environment(database_url, data_dir, port, **more),
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/api/v1/openapi.json", process, data_dir / "server.log")
        yield address, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()


def wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the address answers; fail with the log when the process ends first."""
    until = time.monotonic() + 40
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.05)
    raise AssertionError(f"{address} does not answer:\n{log.read_text()[-4000:]}")


def descendants(pid: int) -> list[int]:
    """Return the process and everything it started (Linux)."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found.extend(int(child) for child in task.read_text().split())
    return found


def workers_of(pid: int, name: str = "labops-worker") -> list[int]:
    """Return the web workers below a `labops serve`, or its other processes by name (Linux)."""
    found = []
    for child in descendants(pid)[1:]:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/comm").read_text().strip() == name:
                found.append(child)
    return found


def memory_mib(pids: list[int]) -> float:
    """Return the proportional memory of the processes together, in MiB (Linux)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024
