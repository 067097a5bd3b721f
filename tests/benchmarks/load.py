"""A small load generator: keep-alive connections over loopback, bounded in time and count."""

from __future__ import annotations

import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load saw: answers a second, milliseconds in the middle and at worst, by status."""

    per_second: float
    median_ms: float
    worst_ms: float
    statuses: dict[int, int]


def request(
    method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Return a web request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One keep-alive connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._place = (parts.hostname, parts.port)
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._place, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, raw: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body; opens again when the server closed."""
        try:
            return self._send(raw)
        except (ConnectionError, EOFError):
            self._open()
            return self._send(raw)

    def _send(self, raw: bytes) -> tuple[int, bytes]:
        self._socket.sendall(raw)
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head, data = data[:end], data[end + 4 :]
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        status = int(head[9:12])
        if status == 304:
            length = 0
        while len(data) < length:
            data += self._more()
        body, self._rest = data[:length], data[length:]
        return status, body

    def _more(self) -> bytes:
        chunk = self._socket.recv(262144)
        if not chunk:
            raise EOFError
        return chunk


def run(
    address: str, make: Callable[[int], Iterator[bytes]], *, clients: int, seconds: float
) -> Figures:
    """Send each client's requests one after another for so many seconds."""
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[tuple[float, int]]] = context.Queue()
    processes = min(PROCESSES, clients)
    shares = [range(n, clients, processes) for n in range(processes)]
    workers = [
        context.Process(target=_work, args=(address, make, share, seconds, results))
        for share in shares
    ]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    samples = [sample for _ in workers for sample in results.get(timeout=seconds + 60)]
    for worker in workers:
        worker.join()
    elapsed = max(seconds, time.perf_counter() - began - 0.05)
    statuses: dict[int, int] = {}
    for _, status in samples:
        statuses[status] = statuses.get(status, 0) + 1
    times = [spent * 1000 for spent, _ in samples] or [0.0]
    return Figures(len(samples) / elapsed, median(times), max(times), statuses)


def _work(
    address: str,
    make: Callable[[int], Iterator[bytes]],
    share: range,
    seconds: float,
    results: multiprocessing.Queue[list[tuple[float, int]]],
) -> None:
    samples: list[tuple[float, int]] = []

    def client(number: int) -> None:
        connection = Connection(address)
        until = time.perf_counter() + seconds
        for raw in make(number):
            began = time.perf_counter()
            if began > until:
                break
            status, _body = connection.send(raw)
            samples.append((time.perf_counter() - began, status))

    threads = [threading.Thread(target=client, args=(number,)) for number in share]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(samples)
