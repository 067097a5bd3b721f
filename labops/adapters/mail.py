"""The ways in which a mail leaves the house: to a server, into a folder, into a list."""

from __future__ import annotations

import contextlib
import os
import secrets
import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from flask import current_app

from labops.adapters.letters import Letter, MailRefused, MailSettingsError, sender_of, written
from labops.kernel.text import one_line
from labops.settings import Settings

__all__ = [
    "FileTransport",
    "MailPostponed",
    "MailServerAway",
    "MailSettingsError",
    "MemoryTransport",
    "SmtpTransport",
    "Transport",
    "deliver",
    "transport",
    "transport_for",
    "use_transport",
]

TIMEOUT_SECONDS = 15
_NOT_NOW = 421  # "service not available, closing the channel", whatever was asked
_PERMANENT = 500  # replies from here on are final, those below ask to come again
_EXTENSION = "labops.mail"


class MailServerAway(Exception):
    """The way out is closed for every mail at the moment: no use in trying the next one."""


class MailPostponed(Exception):
    """The way out is open, but this one mail is to come again later."""


class Transport(Protocol):
    """A way out."""

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over.

        Raises `MailServerAway`, `MailPostponed` or `MailRefused` when it did not leave.
        """


@dataclass(slots=True)
class MemoryTransport:
    """Keep mails in a list, for tests."""

    sent: list[EmailMessage] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        """Keep the mail."""
        self.sent.append(message)


@dataclass(frozen=True, slots=True)
class FileTransport:
    """Write mails into a folder, for development: nothing leaves this machine."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """Write `<time>-<id>.eml`; whoever lists the folder never meets half a file."""
        at = message["Date"].datetime
        number = message["Message-ID"].strip("<>").partition("@")[0][:16]
        path = self.folder / f"{at:%Y%m%dT%H%M%SZ}-{number}.eml"
        draft = self.folder / f".{path.name}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # Mails hold links that open accounts: for the owner's eyes only.
            draft.touch(mode=0o600, exist_ok=False)
            with draft.open("wb") as file:
                file.write(message.as_bytes())
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise MailServerAway(f"{self.folder}: {error.strerror}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpTransport:
    """Hand mails to a server. `tls` is `starttls`, `none`, or `wrapped` (smtps)."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over in a connection of its own, 15 seconds for each step."""
        sender, to = message["From"].addresses[0], message["To"].addresses[0]
        server = self._connected(sender.domain)
        try:
            server.send_message(message, sender.addr_spec, to.addr_spec)
        except smtplib.SMTPServerDisconnected as error:
            raise MailServerAway(self._told(error)) from error
        except smtplib.SMTPException as error:
            server.close()
            raise _kind_of(error)(self._told(error)) from error
        except OSError as error:
            server.close()
            raise MailServerAway(self._told(error)) from error
        # The server has it by now: whatever goes wrong while leaving is no reason to repeat it.
        with contextlib.suppress(OSError):
            server.quit()

    def _connected(self, own_name: str) -> smtplib.SMTP:
        context = ssl.create_default_context()
        server: smtplib.SMTP | None = None
        try:
            if self.tls == "wrapped":
                server = smtplib.SMTP_SSL(
                    self.host, self.port, own_name, timeout=TIMEOUT_SECONDS, context=context
                )
            else:
                server = smtplib.SMTP(self.host, self.port, own_name, timeout=TIMEOUT_SECONDS)
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except OSError as error:  # every error of smtplib is one, too
            if server is not None:
                server.close()
            raise MailServerAway(self._told(error)) from error
        return server

    def _told(self, error: OSError) -> str:
        return f"{self.host}:{self.port}: {_sentence(error)}"


def transport_for(settings: Settings) -> Transport:
    """Return the way out that `mail_url` names; raises `MailSettingsError`.

    `file:` (into the data folder) or `file:/folder`; `smtp://user:password@host:port?tls=starttls`
    (the default) or `?tls=none`; `smtps://`; `memory:` for tests.
    """
    sender_of(settings)
    url = urlsplit(settings.mail_url)
    if url.scheme == "memory":
        return MemoryTransport()
    if url.scheme == "file":
        folder = unquote(url.path)
        return FileTransport(Path(folder) if folder else settings.data_dir / "mail")
    return _smtp(url)


def transport() -> Transport:
    """Return this application's way out."""
    extensions = current_app.extensions
    if _EXTENSION not in extensions:
        extensions[_EXTENSION] = transport_for(current_app.config["LABOPS"])
    way_out: Transport = extensions[_EXTENSION]
    return way_out


def use_transport(way_out: Transport) -> None:
    """Let this application's mails leave by another way, in tests."""
    current_app.extensions[_EXTENSION] = way_out


def deliver(letter: Letter, *, now: datetime) -> None:
    """Send the letter; raises `MailServerAway`, `MailPostponed` or `MailRefused`."""
    transport().send(written(letter, current_app.config["LABOPS"], now=now))


def _smtp(url: SplitResult) -> SmtpTransport:
    try:
        port = url.port
    except ValueError as error:
        raise MailSettingsError("mail_url: the port must be a number up to 65535.") from error
    if url.scheme not in {"smtp", "smtps"} or not url.hostname:
        raise MailSettingsError("mail_url: must be smtp://host, smtps://host or file:.")
    if set(parse_qs(url.query)) - {"tls"}:
        raise MailSettingsError("mail_url: after the ? only tls=starttls or tls=none may stand.")
    tls = "wrapped" if url.scheme == "smtps" else parse_qs(url.query).get("tls", ["starttls"])[0]
    if tls not in {"wrapped", "starttls", "none"}:
        raise MailSettingsError("mail_url: tls must be starttls or none.")
    usual = {"wrapped": 465, "starttls": 587, "none": 25}[tls]
    return SmtpTransport(
        host=url.hostname,
        port=port or usual,
        tls=tls,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
    )


def _kind_of(error: smtplib.SMTPException) -> type[Exception]:
    """Return what the server's answer means for this mail and for the others."""
    if isinstance(error, smtplib.SMTPHeloError | smtplib.SMTPSenderRefused):
        return MailServerAway  # it takes nothing from us, whoever it is for
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
    elif isinstance(error, smtplib.SMTPResponseException):
        codes = [error.smtp_code]
    else:
        return MailRefused  # it cannot carry such a mail at all
    if _NOT_NOW in codes:
        return MailServerAway
    return MailRefused if min(codes, default=_PERMANENT) >= _PERMANENT else MailPostponed


def _sentence(error: OSError) -> str:
    """Return what went wrong in a line, without Python's own decoration."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = error.recipients.values()
        return "; ".join(f"{code} {_decoded(text)}" for code, text in answers)
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return one_line(error.strerror or str(error) or type(error).__name__)


def _decoded(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return one_line(text)
