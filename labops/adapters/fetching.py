"""Fetch what somebody gave the address of, without becoming their way into our own network.

Every hop is checked anew: scheme, port, no name and password, every address the host has. The
connection goes to the very address that was checked, so a host name that changes its mind between
the check and the connection gains nothing. Nothing of the environment (proxies, netrc) is used.
The whole visit, with name look-up and redirects, has ten seconds and two MiB.
"""

from __future__ import annotations

import http.client
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from labops.adapters import gunzip
from labops.adapters.public_addresses import Address, Judge, is_public
from labops.adapters.wire import TooMuch, Wire

MOST_SECONDS = 10.0
MOST_BYTES = 2 * 1024 * 1024
MOST_HEADER_BYTES = 64 * 1024
MOST_REDIRECTS = 3
MOST_ADDRESSES = 4  # tried one after the other
LONGEST_ADDRESS = 1000
PORTS = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_OK, _UNCHANGED = 200, 304
_UNUSABLE = re.compile(r"[\x00-\x20\x7f\\\u0080-\u00a0\u2028\u2029]")
_VALIDATORS = frozenset({"If-None-Match", "If-Modified-Since"})
_SAFE_SIGNS = "/:@!$&'()*+,;=-._~%?"

# The first that fits: some of these are kinds of others.
_FAILURES: Mapping[type[Exception], tuple[str, Mapping[str, Any]]] = {
    TooMuch: ("fetch.too-large", {"most": MOST_BYTES // 2**20}),
    TimeoutError: ("fetch.too-slow", {"seconds": round(MOST_SECONDS)}),
    ssl.SSLError: ("fetch.not-secure", {}),
    http.client.HTTPException: ("fetch.unreadable-answer", {}),
    OSError: ("fetch.unreachable", {}),
    ValueError: ("fetch.unusable-address", {}),  # something in it that no web request may hold
}

Resolve = Callable[[str, int], Sequence[Address]]


class FetchFailed(Exception):
    """Nothing was fetched; `code` and `params` make a sentence for people."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. Without a `body` it is unchanged since the validators were given out."""

    body: bytes | None
    etag: str = ""
    last_modified: str = ""


def resolve(host: str, port: int) -> list[Address]:
    """Return every address of the host as the system knows it; raises `OSError`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Rules:
    """How the outside is reached. No setting changes this: only tests make other rules."""

    resolve: Resolve = resolve
    admits: Judge = is_public
    ports: frozenset[int] = frozenset(PORTS.values())
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context
    seconds: float = MOST_SECONDS


def fetch(
    address: str,
    *,
    accept: str,
    etag: str = "",
    last_modified: str = "",
    rules: Rules | None = None,
) -> Fetched:
    """Return what the address answers to a GET; raises `FetchFailed`.

    `etag` and `last_modified` are those of the last visit: the answer may then be "unchanged".
    """
    rules = rules or Rules()
    deadline = time.monotonic() + rules.seconds
    headers = {
        "User-Agent": "labops",
        "Accept": accept,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        for _hop in range(MOST_REDIRECTS + 1):
            fetched = _visit(checked(address, rules), headers, rules, deadline)
            if isinstance(fetched, Fetched):
                return fetched
            address = urljoin(address, fetched)
    except (*_FAILURES,) as error:
        raise _failed(error) from error
    raise FetchFailed("fetch.too-many-redirects", most=MOST_REDIRECTS)


def checked(address: str, rules: Rules | None = None) -> SplitResult:
    """Return the parts of an address whose spelling is fine; raises `FetchFailed`.

    Where its host leads is only known, and checked, when it is fetched.
    """
    rules = rules or Rules()
    if len(address) > LONGEST_ADDRESS or _UNUSABLE.search(address):
        raise FetchFailed("fetch.unusable-address")
    try:
        parts = urlsplit(address)
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise FetchFailed("fetch.unusable-address") from error
    if parts.scheme not in PORTS:
        raise FetchFailed("fetch.wrong-scheme")
    if "@" in parts.netloc:
        raise FetchFailed("fetch.with-password")
    if not host or "%" in parts.netloc:
        raise FetchFailed("fetch.unusable-address")
    if (PORTS[parts.scheme] if port is None else port) not in rules.ports:
        raise FetchFailed("fetch.wrong-port")
    return parts


def _visit(
    parts: SplitResult, headers: Mapping[str, str], rules: Rules, deadline: float
) -> Fetched | str:
    """Return the answer of one hop, or where it sends us."""
    host = _ascii_host(parts.hostname or "")
    port = parts.port or PORTS[parts.scheme]
    wire = Wire(deadline, MOST_HEADER_BYTES)
    connection = http.client.HTTPConnection(host, port)
    try:
        wire.connect(_addresses(host, port, rules, deadline), port)
        if parts.scheme == "https":
            wire.secure(rules.tls(), host)
        connection.sock = wire
        shown = f"[{host}]" if ":" in host else host
        shown += f":{port}" if port != PORTS[parts.scheme] else ""
        connection.putrequest("GET", _target(parts), skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": shown, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as response:
            return _answer(response, wire, conditional=not _VALIDATORS.isdisjoint(headers))
    finally:
        wire.hang_up()


def _answer(response: http.client.HTTPResponse, wire: Wire, *, conditional: bool) -> Fetched | str:
    where = response.getheader("Location")
    if response.status in _REDIRECTS and where:
        return where
    if response.status == _UNCHANGED and conditional:
        return Fetched(None)
    if response.status != _OK:
        raise FetchFailed("fetch.refused", status=response.status)
    wire.allow(2 * MOST_BYTES)  # twice, for what sending in small pieces adds
    return Fetched(
        _body(response),
        response.getheader("ETag", "")[:200],
        response.getheader("Last-Modified", "")[:100],
    )


def _body(response: http.client.HTTPResponse) -> bytes:
    raw = response.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise FetchFailed("fetch.too-large", most=MOST_BYTES // 2**20)
    if response.length:
        raise FetchFailed("fetch.cut-off")
    coding = response.getheader("Content-Encoding", "identity").strip().lower()
    if coding in {"", "identity"}:
        return raw
    if coding not in {"gzip", "x-gzip"}:
        raise FetchFailed("fetch.unreadable-answer")
    try:
        return gunzip.unpacked(raw, MOST_BYTES)
    except gunzip.TooLarge as error:
        raise FetchFailed("fetch.too-large", most=MOST_BYTES // 2**20) from error
    except ValueError as error:
        raise FetchFailed("fetch.cut-off") from error


def _addresses(host: str, port: int, rules: Rules, deadline: float) -> list[Address]:
    """Return the host's addresses, asked for once; raises `FetchFailed` unless all are public."""
    answers: queue.SimpleQueue[Sequence[Address] | BaseException] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(rules.resolve(host, port))
        except (OSError, ValueError) as error:
            answers.put(error)

    # The system's look-up cannot be told to hurry; in a thread it can be left behind.
    threading.Thread(target=ask, daemon=True, name="labops-look-up").start()
    try:
        found = answers.get(timeout=max(deadline - time.monotonic(), 0))
    except queue.Empty as error:
        raise TimeoutError from error
    if isinstance(found, BaseException) or not found:
        raise FetchFailed("fetch.unknown-host", host=host)
    if not all(rules.admits(address) for address in found):
        raise FetchFailed("fetch.not-public", host=host)
    return list(found)[:MOST_ADDRESSES]


def _failed(error: Exception) -> FetchFailed:
    return next(
        FetchFailed(code, **params)
        for kind, (code, params) in _FAILURES.items()
        if isinstance(error, kind)
    )


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise FetchFailed("fetch.unusable-address") from error


def _target(parts: SplitResult) -> str:
    query = f"?{parts.query}" if parts.query else ""
    return quote((parts.path or "/") + query, safe=_SAFE_SIGNS)
