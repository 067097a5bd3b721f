"""Servers on this machine that answer whatever a test wants, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address

from labops.adapters.fetching import Rules
from labops.adapters.public_addresses import Address, is_public

# Tests take this machine's first address for a public one; its others stay private.
PUBLIC_HERE = "127.0.0.1"
Answer = Callable[[socket.socket, str], None]


@dataclass
class StrangeServer:
    """Where it listens, and the heads of the web requests it got."""

    host: str
    port: int
    heads: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)

    def address(self, path: str = "/", host: str = "", scheme: str = "http") -> str:
        return f"{scheme}://{host or self.host}:{self.port}{path}"


@contextlib.contextmanager
def strange_server(
    answer: Answer, host: str = PUBLIC_HERE, tls: ssl.SSLContext | None = None
) -> Iterator[StrangeServer]:
    """Answer every connection with `answer(connection, head)` until the block ends."""
    listener = socket.create_server((host, 0))
    server = StrangeServer(host, listener.getsockname()[1])
    if tls is not None:
        tls.sni_callback = lambda _connection, name, _context: server.names.append(name)
    thread = threading.Thread(target=_serve, args=(listener, server, answer, tls), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def says(status: str, *headers: str, body: bytes = b"") -> Answer:
    """Return an answer of a status line, headers and a body."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode("latin-1")
    return lambda connection, _head: connection.sendall(head + body)


def rules_for(
    *servers: StrangeServer,
    resolve: Callable[[str, int], list[Address]] | None = None,
    **changes: object,
) -> Rules:
    """Return rules under which this machine's first address is public."""
    values: dict[str, object] = {
        "admits": lambda one: str(one) == PUBLIC_HERE or is_public(one),
        "ports": frozenset({80, 443, *(server.port for server in servers)}),
        "resolve": resolve or (lambda host, _port: [ip_address(host)]),
    }
    return Rules(**(values | changes))  # type: ignore[arg-type]


def _serve(
    listener: socket.socket, server: StrangeServer, answer: Answer, tls: ssl.SSLContext | None
) -> None:
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        # Whoever asks may hang up, or refuse our certificate, at any moment.
        with contextlib.suppress(OSError), connection:
            connection.settimeout(10)
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)  # noqa: PLW2901
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (piece := connection.recv(4096)):
                    head += piece
                server.heads.append(head.decode("latin-1"))
                answer(connection, server.heads[-1])
