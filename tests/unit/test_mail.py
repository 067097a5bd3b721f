"""How a letter is written down, and the ways out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labops.adapters import mail
from labops.adapters.letters import Letter, MailRefused, MailSettingsError, written
from labops.adapters.mail import (
    FileTransport,
    MailPostponed,
    MailServerAway,
    MemoryTransport,
    SmtpTransport,
    transport_for,
)
from labops.settings import Settings
from tests.support.servers import free_port
from tests.support.smtp_server import smtp_server

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SETTINGS = Settings(mail_from="Makerspace Milano <noreply@labops.example.org>")


def a_letter(**changes: str) -> Letter:
    values = {
        "key": "BookingConfirmed:abc:0:alice@example.org",
        "name": "Alice",
        "email": "alice@example.org",
        "subject": "Booking confirmed: Laser, Thu 26 Nov, 14:00",
        "text": "Hello Alice,\n\n.\nperché no\n",
        "html": "<p>Hello Alice, perché no</p>",
    }
    return Letter(**(values | changes))


def body_of(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def sent_by(settings: Settings) -> None:
    transport_for(settings).send(written(a_letter(), settings, now=NOW))


def test_a_letter_has_text_and_html_and_says_that_no_human_wrote_it() -> None:
    message = message_from_bytes(
        written(a_letter(), SETTINGS, now=NOW).as_bytes(), policy=policy.default
    )
    assert message["From"].addresses[0].addr_spec == "noreply@labops.example.org"
    assert str(message["To"]) == "Alice <alice@example.org>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] is None
    parts = [part.get_content_type() for part in message.iter_parts()]
    assert parts == ["text/plain", "text/html"]
    assert body_of(message) == "Hello Alice,\n\n.\nperché no\n"


def test_the_same_key_gives_the_same_bytes_and_another_key_another_id() -> None:
    first = written(a_letter(), SETTINGS, now=NOW)
    again = written(a_letter(), SETTINGS, now=NOW)
    other = written(a_letter(key="another"), SETTINGS, now=NOW)
    assert first.as_bytes() == again.as_bytes()
    assert first["Message-ID"].endswith("@labops.example.org>")
    assert first["Message-ID"] != other["Message-ID"]


def test_a_letter_that_stops_by_one_click_says_where() -> None:
    url = f"https://labops.example.org/t/{'x' * 90}.{'y' * 60}/letters"
    raw = written(a_letter(unsubscribe=url), SETTINGS, now=NOW).as_bytes()
    # As it is: mail programs do not decode an address in encoded words.
    assert f"\r\nList-Unsubscribe:\r\n <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    short = written(a_letter(unsubscribe="https://x.example/t/1"), SETTINGS, now=NOW).as_bytes()
    assert b"\r\nList-Unsubscribe: <https://x.example/t/1>\r\n" in short
    plain = written(a_letter(), SETTINGS, now=NOW)
    assert plain["List-Unsubscribe"] is plain["List-Unsubscribe-Post"] is None


def test_nobody_adds_a_header_by_an_address_to_stop() -> None:
    url = "https://x.example/t/1>\r\nBcc: eve@example.org\u2028X: é"
    raw = written(a_letter(unsubscribe=url), SETTINGS, now=NOW).as_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert message["Bcc"] is message["X"] is None
    assert str(message["List-Unsubscribe"]).count(">") == 1


hostile = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "\r\nBcc: eve@example.org\r\n",
            "=?utf-8?q?=0D=0ABcc:_eve@example.org?=",
            "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
            "\u2028Bcc: x",
            "\x00",
            "=",
            "?",
            "=?",
            '"',
            "<",
            ",",
            "é",
            "Laser",
            "<eve@example.org>",
            " a name that is long enough to need a second line of the header ",
        ]
    ),
    max_size=8,
).map("".join)


@given(name=hostile, subject=hostile)
@example(name="=?utf-8?q?A=0D=0ABcc:_eve@example.org?= Bob", subject="")
@example(name="", subject="=?utf-8?q?A=0D=0ABcc:_eve@example.org?=")
def test_nobody_adds_a_header_by_name_or_subject(name: str, subject: str) -> None:
    raw = written(a_letter(name=name, subject=subject), SETTINGS, now=NOW).as_bytes()
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.partition(b":")[0] for line in head if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == sorted(
        [
            b"From",
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"Auto-Submitted",
            b"MIME-Version",
            b"Content-Type",
        ]
    )
    message = message_from_bytes(raw, policy=policy.default)
    assert [a.addr_spec for a in message["To"].addresses] == ["alice@example.org"]
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == 0


def test_control_characters_do_not_reach_the_text() -> None:
    message = written(a_letter(text="a\x00b\x1bc\u2028d\r\ne"), SETTINGS, now=NOW)
    assert body_of(message_from_bytes(message.as_bytes(), policy=policy.default)) == "abc\nd\ne\n"


def test_an_international_domain_travels_in_its_ascii_form() -> None:
    message = written(a_letter(email="anna@città.example"), SETTINGS, now=NOW)
    assert message["To"].addresses[0].addr_spec == "anna@xn--citt-3na.example"


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "a@example.org\r\nBcc: x@example.org"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(MailRefused):
        written(a_letter(email=address), SETTINGS, now=NOW)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp://mail.example.org",
            SmtpTransport(host="mail.example.org", port=587, tls="starttls"),
        ),
        ("smtp://mail:25?tls=none", SmtpTransport(host="mail", port=25, tls="none")),
        ("smtps://mail", SmtpTransport(host="mail", port=465, tls="wrapped")),
        (
            "smtp://me%40x:p%3Aw%2F@mail:2525",
            SmtpTransport(host="mail", port=2525, tls="starttls", user="me@x", password="p:w/"),
        ),
        ("file:", FileTransport(Path("instance/mail"))),
        ("file:/var/spool/labops", FileTransport(Path("/var/spool/labops"))),
        ("memory:", MemoryTransport()),
    ],
)
def test_ways_out_by_their_address(url: str, expected: object) -> None:
    assert transport_for(Settings(mail_url=url)) == expected


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mail_url": "smtp://"}, "mail_url"),
        ({"mail_url": "smtp://mail?tls=maybe"}, "tls"),
        ({"mail_url": "smtp://mail?ssl=on"}, "tls"),
        ({"mail_url": "smtp://mail:99999"}, "port"),
        ({"mail_url": "http://mail"}, "mail_url"),
        ({"mail_from": "nobody"}, "mail_from"),
    ],
)
def test_an_unusable_setting_is_named(changes: dict[str, str], named: str) -> None:
    with pytest.raises(MailSettingsError, match=named):
        transport_for(Settings(**changes))


def test_the_password_does_not_show_in_logs() -> None:
    assert "hush" not in repr(transport_for(Settings(mail_url="smtp://me:hush@mail")))


def test_files_appear_whole_and_only_for_their_owner(tmp_path: Path) -> None:
    settings = Settings(mail_url=f"file:{tmp_path}/mail", mail_from="a@example.org")
    sent_by(settings)
    sent_by(settings)  # the same letter in the same second: one file
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name.startswith("20261123T080000Z-")
    assert path.suffix == ".eml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"Message-ID: <" in path.read_bytes()


def test_a_folder_that_cannot_be_written_is_a_closed_way_out(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")
    with pytest.raises(MailServerAway):
        sent_by(Settings(mail_url=f"file:{tmp_path}/mail", mail_from="a@example.org"))


def test_a_server_gets_the_letter_as_it_is() -> None:
    with smtp_server() as inbox:
        sent_by(Settings(mail_url=inbox.url, mail_from="Labops <labops@example.org>"))
    assert inbox.commands[1:3] == ["mail FROM:<labops@example.org>", "rcpt TO:<alice@example.org>"]
    assert body_of(inbox.mails[0]) == "Hello Alice,\n\n.\nperché no\n"


def test_a_login_is_made_when_the_address_has_one() -> None:
    with smtp_server() as inbox:
        url = inbox.url.replace("127.0.0.1", "me:p%3Aw@127.0.0.1")
        sent_by(Settings(mail_url=url))
    (login,) = (c for c in inbox.commands if c.startswith("AUTH"))
    assert base64.b64decode(login.split()[-1]) == b"\0me\0p:w"


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({"RCPT": "550 no such mailbox"}, MailRefused, "550 no such mailbox"),
        ({"RCPT": "450 try later"}, MailPostponed, "450"),
        ({".": "451 greylisted"}, MailPostponed, "451"),
        ({"RCPT": "421 too many of you"}, MailServerAway, "421"),
        ({"MAIL": "550 not you"}, MailServerAway, "not you"),
        ({"MAIL": "451 not now"}, MailServerAway, "451"),
        ({".": "552 too big"}, MailRefused, "552 too big"),
        ({"MAIL": "421 closing"}, MailServerAway, "421"),
        ({"": "554 go away"}, MailServerAway, "go away"),
        ({"AUTH": "535 wrong"}, MailServerAway, "535"),
        ({"DATA": ""}, MailServerAway, "closed"),
        ({".": ""}, MailServerAway, "closed"),
    ],
)
def test_what_a_server_may_answer(
    answers: dict[str, str], kind: type[Exception], words: str
) -> None:
    with smtp_server(answers=answers) as inbox:
        url = inbox.url.replace("127.0.0.1", "me:pw@127.0.0.1") if "AUTH" in answers else inbox.url
        with pytest.raises(kind, match=words) as raised:
            sent_by(Settings(mail_url=url))
    assert "pw" not in str(raised.value)
    assert inbox.raw == []


def test_trouble_after_the_letter_was_taken_is_no_reason_to_repeat_it() -> None:
    with smtp_server(answers={"QUIT": ""}) as inbox:
        sent_by(Settings(mail_url=inbox.url))
    assert len(inbox.raw) == 1


def test_a_server_without_encryption_hears_neither_password_nor_letter() -> None:
    with smtp_server() as inbox:
        with pytest.raises(MailServerAway, match="STARTTLS"):
            sent_by(Settings(mail_url=f"smtp://me:pw@127.0.0.1:{inbox.port}"))
    assert {c.partition(" ")[0].upper() for c in inbox.commands} <= {"EHLO", "QUIT"}


def test_a_closed_port_and_a_silent_server_are_the_same_to_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(MailServerAway, match="refused"):
        sent_by(Settings(mail_url=f"smtp://127.0.0.1:{free_port()}?tls=none"))
    monkeypatch.setattr(mail, "TIMEOUT_SECONDS", 0.2)
    with smtp_server(kept=lambda _count: __import__("time").sleep(0.6)) as inbox:
        with pytest.raises(MailServerAway, match="timed out"):
            sent_by(Settings(mail_url=inbox.url))
