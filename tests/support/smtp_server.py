"""A small SMTP server in a thread, that does as well or as badly as a test tells it to."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Inbox:
    """What the server saw, and how it answers.

    `answers` gives the reply to a command (`RCPT`, `DATA`, `.` for the end of the mail, ...)
    instead of the usual one. `kept` is called with each mail before its 250 leaves.
    """

    port: int = 0
    commands: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    kept: Callable[[int], None] = lambda _count: None

    @property
    def mails(self) -> list[EmailMessage]:
        """Return the mails that arrived."""
        return [message_from_bytes(raw, policy=policy.default) for raw in list(self.raw)]

    @property
    def url(self) -> str:
        """Return the address for `mail_url`."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"


USUAL = {
    "": "220 test ready",
    "EHLO": "250-test\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    ".": "250 kept",
    "RSET": "250 ok",
    "QUIT": "221 bye",
}


class _Conversation(socketserver.StreamRequestHandler):
    inbox: Inbox

    def handle(self) -> None:
        # A client that was killed just stops talking.
        with contextlib.suppress(OSError):
            self._say("")
            for line in self.rfile:
                command = line.decode().strip()
                verb = command.partition(" ")[0].upper()
                self.inbox.commands.append(command)
                if not self._say(verb):
                    return
                if verb == "DATA" and "DATA" not in self.inbox.answers and not self._take_mail():
                    return
                if verb == "QUIT":
                    return

    def _take_mail(self) -> bool:
        lines: list[bytes] = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        else:
            return False
        if "." not in self.inbox.answers:
            self.inbox.raw.append(b"".join(lines))
            self.inbox.kept(len(self.inbox.raw))
        return self._say(".")

    def _say(self, verb: str) -> bool:
        answer = self.inbox.answers.get(verb, USUAL.get(verb, "500 what?"))
        if not answer:
            return False  # hang up without a word
        self.wfile.write(answer.encode() + b"\r\n")
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def smtp_server(**inbox: object) -> Iterator[Inbox]:
    """Run the server on a free port of the loopback interface."""
    box = Inbox(**inbox)  # type: ignore[arg-type]
    conversation = type("Conversation", (_Conversation,), {"inbox": box})
    with _Server(("127.0.0.1", 0), conversation) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
