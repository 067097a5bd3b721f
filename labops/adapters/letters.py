"""How one letter is written down as a mail: nobody's name or title can add a header to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

from email_validator import EmailNotValidError, validate_email

from labops.kernel.text import one_line, without_controls
from labops.settings import Settings

LONGEST_SUBJECT = 200
LONGEST_NAME = 80
LONGEST_LINE = 76
_HEADERS = frozenset(
    {
        "from",
        "to",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "mime-version",
        "content-type",
    }
)
_UNSUBSCRIBING = frozenset({"list-unsubscribe", "list-unsubscribe-post"})
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058: what a mail program posts
_OF_URL = ":/?#[]@!$&'()*+,;=%~"
_QUOTED_SIGNS = str.maketrans(dict.fromkeys('()<>[]:;@\\,."', " "))


class MailSettingsError(ValueError):
    """`mail_url` or `mail_from` cannot be used; the message says why."""


class MailRefused(Exception):
    """The way out is open, but this one mail will never be taken."""


class _OwnPolicy(EmailPolicy):
    """Writes addresses in headers whole: the library would break a long one into encoded words."""

    def fold(self, name: str, value: str) -> str:
        """Return the header as lines."""
        if name.lower() != "list-unsubscribe":
            folded: str = super().fold(name, value)
            return folded
        gap = " " if len(name) + len(value) < LONGEST_LINE else f"{self.linesep} "
        return f"{name}:{gap}{value}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return the header as lines of bytes."""
        if name.lower() != "list-unsubscribe":
            return super().fold_binary(name, value)
        return self.fold(name, value).encode("ascii")


_POLICY = _OwnPolicy(linesep="\r\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPart:
    """An iCalendar object in a mail (RFC 6047). `method` is also the METHOD inside `body`.

    Ids and sequence say what the person's calendar holds of a booking, or of an induction that she
    signed up for, once the letter has left.
    """

    method: str
    body: bytes
    person_id: int
    sequence: int
    booking_id: int | None = None
    sign_up_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to one person. `key` is the same whenever the same letter is sent again.

    A post to the address in `unsubscribe` makes such letters stop.
    """

    key: str
    name: str
    email: str
    subject: str
    text: str
    html: str
    reply_to: str = ""
    unsubscribe: str = ""
    calendar: CalendarPart | None = None


def written(letter: Letter, settings: Settings, *, now: datetime) -> EmailMessage:
    """Return the letter as a mail: text, HTML and invitation, the same Message-ID each time.

    Raises `MailRefused` for an address that no mail can carry.
    """
    sender = sender_of(settings)
    number = hashlib.sha256(letter.key.encode()).hexdigest()[:40]
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = _mailbox(letter.name, letter.email)
    if letter.reply_to:
        message["Reply-To"] = _mailbox("", letter.reply_to)
    message["Subject"] = _header_text(letter.subject)[:LONGEST_SUBJECT]
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{number}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{quote(one_line(letter.unsubscribe), safe=_OF_URL)}>"
        message["List-Unsubscribe-Post"] = ONE_CLICK
    message.set_content(without_controls(letter.text), cte="quoted-printable")
    message.add_alternative(without_controls(letter.html), subtype="html", cte="quoted-printable")
    if letter.calendar:
        # Last, so that programs that can take it do; in base64, so that no relay breaks a line.
        message.add_alternative(
            letter.calendar.body.decode(),
            subtype="calendar",
            cte="base64",
            params={"method": letter.calendar.method},
        )
    message.set_boundary(f"=_{number}")
    _refuse_foreign_headers(message, _HEADERS | (_UNSUBSCRIBING if letter.unsubscribe else set()))
    return message


def sender_of(settings: Settings) -> Address:
    """Return whom mails come from; raises `MailSettingsError`."""
    name, address = parseaddr(_header_text(settings.mail_from))
    user, at, domain = address.rpartition("@")
    if not (user and at and domain):
        raise MailSettingsError("mail_from: must be an address such as labops@example.org.")
    return Address(_display_name(name), user, domain)


def _mailbox(name: str, email: str) -> Address:
    try:
        checked = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise MailRefused(f"The address cannot be written to: {one_line(str(error))}") from error
    return Address(_display_name(name), checked.local_part, checked.ascii_domain)


def _header_text(text: str) -> str:
    """Return the text for a header.

    The standard library decodes `=?utf-8?q?...?=` found in what a person typed, and then writes
    the line breaks hidden in there as real ones: a header of the person's choice.
    """
    return one_line(text).replace("=?", "= ?")


def _display_name(name: str) -> str:
    """Return the name without signs that need quotes.

    The standard library loses the quotes of a name that takes a second line, and then whatever
    stands in it counts: `<somebody@else>`, too.
    """
    return one_line(_header_text(name).translate(_QUOTED_SIGNS))[:LONGEST_NAME]


def _refuse_foreign_headers(message: EmailMessage, ours: frozenset[str]) -> None:
    head = message.as_bytes().partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    names = {line.partition(":")[0].lower() for line in _unfolded(head)}
    if foreign := names - ours:
        raise MailRefused(f"The mail would carry headers that are not ours: {sorted(foreign)}.")


def _unfolded(head: str) -> Iterator[str]:
    return (line for line in head.split("\r\n") if not line.startswith((" ", "\t")))
