"""A connection to a known address with an end: so much time, so many bytes."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Any

from labops.adapters.public_addresses import Address


class TooMuch(Exception):
    """More came in than was allowed."""


class Wire:
    """A connection that counts what comes in and ends at the deadline, however slowly it drips.

    `deadline` is on the monotonic clock; `most` bytes may come in. It stands in for the socket
    that `http.client` wants: `sendall`, `makefile`, `close`.
    """

    def __init__(self, deadline: float, most: int) -> None:
        self._deadline = deadline
        self._left = most
        self._socket: socket.socket | None = None

    def connect(self, addresses: Sequence[Address], port: int) -> None:
        """Connect to the first address that answers; raises `OSError`."""
        for number, address in enumerate(addresses):
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            waiting = len(addresses) - number
            try:
                # One that does not answer must leave some time to the others.
                self._socket.settimeout(self._time_left() / waiting)
                self._socket.connect((str(address), port))
            except OSError:
                self._socket.close()
                if waiting == 1:
                    raise
            else:
                return

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS with whoever can prove to be the host; raises `ssl.SSLError`."""
        plain = self._open
        plain.settimeout(self._time_left())
        self._socket = context.wrap_socket(plain, server_hostname=host)

    def allow(self, count: int) -> None:
        """Let so many more bytes come in."""
        self._left += count

    def sendall(self, data: bytes) -> None:
        """Send everything."""
        self._open.settimeout(self._time_left())
        self._open.sendall(data)

    def receive_into(self, buffer: Any) -> int:
        """Receive some bytes; raises `TooMuch` when there were too many."""
        if self._left <= 0:
            raise TooMuch
        self._open.settimeout(self._time_left())
        count = self._open.recv_into(buffer)
        self._left -= count
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what the answer is read from."""
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Do nothing: the library lets go of its socket before the answer's body is read."""

    def hang_up(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()

    @property
    def _open(self) -> socket.socket:
        if self._socket is None:
            raise OSError("not connected")
        return self._socket

    def _time_left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Incoming(io.RawIOBase):
    """What comes in over a wire, as a file."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes."""
        return self._wire.receive_into(buffer)
