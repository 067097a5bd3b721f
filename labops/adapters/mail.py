"""Mail: how one letter is written down, and the three ways in which it leaves the house."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import current_app

from labops.kernel.text import one_line, without_controls
from labops.settings import Settings

TIMEOUT_SECONDS = 15
LONGEST_SUBJECT = 200
_NOT_NOW = 421  # "service not available, closing the channel", whatever was asked
_EXTENSION = "labops.mail"
_HEADERS = frozenset(
    [
        "from",
        "to",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    ]
)


class MailSettingsError(ValueError):
    """`mail_url` or `mail_from` cannot be used; the message says why."""


class MailServerAway(Exception):
    """The way out is closed for every mail at the moment: no use in trying the next one."""


class MailRefused(Exception):
    """The way out is open, but this one mail was not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to one person. `key` is the same whenever the same letter is sent again."""

    key: str
    name: str
    email: str
    subject: str
    text: str
    html: str
    reply_to: str = ""


class Transport(Protocol):
    """A way out."""

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over; raises `MailServerAway` or `MailRefused` when it did not leave."""


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
            draft.unlink(missing_ok=True)
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
        server = self._connected(message["From"].addresses[0].domain)
        try:
            server.send_message(message)
        except smtplib.SMTPServerDisconnected as error:
            raise MailServerAway(self._told(error)) from error
        except smtplib.SMTPException as error:
            server.close()
            kind = MailServerAway if _code_of(error) == _NOT_NOW else MailRefused
            raise kind(self._told(error)) from error
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
    _sender(settings)
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
    """Send the letter; raises `MailServerAway` or `MailRefused`."""
    transport().send(written(letter, current_app.config["LABOPS"], now=now))


def written(letter: Letter, settings: Settings, *, now: datetime) -> EmailMessage:
    """Return the letter as a mail: text and HTML, the same Message-ID each time.

    Raises `MailRefused` for an address that no mail can carry.
    """
    sender = _sender(settings)
    number = hashlib.sha256(letter.key.encode()).hexdigest()[:40]
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _mailbox(letter.name, letter.email)
    if letter.reply_to:
        message["Reply-To"] = _mailbox("", letter.reply_to)
    message["Subject"] = _header_text(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{number}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(without_controls(letter.text), cte="quoted-printable")
    message.add_alternative(without_controls(letter.html), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=_{number}")
    _refuse_foreign_headers(message)
    return message


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


def _sender(settings: Settings) -> Address:
    name, address = parseaddr(_header_text(settings.mail_from))
    user, at, domain = address.rpartition("@")
    if not (user and at and domain):
        raise MailSettingsError("mail_from: must be an address such as labops@example.org.")
    return Address(_header_text(name), user, domain)


def _mailbox(name: str, email: str) -> Address:
    try:
        checked = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise MailRefused(f"The address cannot be written to: {one_line(str(error))}") from error
    return Address(_header_text(name), checked.local_part, checked.ascii_domain)


def _header_text(text: str) -> str:
    """Return the text for a header.

    The standard library decodes `=?utf-8?q?...?=` found in what a person typed, and then writes
    the line breaks hidden in there as real ones: a header of the person's choice.
    """
    return one_line(text).replace("=?", "= ?")


def _refuse_foreign_headers(message: EmailMessage) -> None:
    head = message.as_bytes().partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    names = {line.partition(":")[0].lower() for line in _unfolded(head)}
    if foreign := names - _HEADERS:
        raise MailRefused(f"The mail would carry headers that are not ours: {sorted(foreign)}.")


def _unfolded(head: str) -> Iterator[str]:
    return (line for line in head.split("\r\n") if not line.startswith((" ", "\t")))


def _code_of(error: smtplib.SMTPException) -> int | None:
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


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
