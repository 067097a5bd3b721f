"""The fetcher reaches what is public, whole and soon; anything else it refuses with a reason."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.adapters import gunzip
from labops.adapters.fetching import (
    MOST_BYTES,
    MOST_REDIRECTS,
    Fetched,
    FetchFailed,
    Rules,
    checked,
    fetch,
)
from labops.adapters.public_addresses import is_public
from tests.support.strange_servers import (
    PUBLIC_HERE,
    Answer,
    StrangeServer,
    rules_for,
    says,
    strange_server,
)

TLS = Path(__file__).resolve().parents[2] / "fixtures" / "tls"
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
WHOLE = says("200 OK", f"Content-Length: {len(CALENDAR)}", body=CALENDAR)


def failure(address: str, rules: Rules, **more: str) -> str:
    """Return the code with which fetching the address fails."""
    with pytest.raises(FetchFailed) as caught:
        fetch(address, accept="text/calendar", rules=rules, **more)
    return caught.value.code


def fetched(answer: Answer, **more: str) -> Fetched:
    with strange_server(answer) as server:
        return fetch(server.address(), accept="text/calendar", rules=rules_for(server), **more)


def refused(answer: Answer, **changes: object) -> str:
    with strange_server(answer) as server:
        return failure(server.address(), rules_for(server, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255", "240.0.0.1", "198.18.0.1"),
        *("192.0.0.8", "192.0.0.192", "192.0.2.1", "192.88.99.1", "168.63.129.16"),
        *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1"),
        *("fe80::1%1", "2606:4700::1111%1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"),
        # Teredo: the client's address stands inverted at the end (here 127.0.0.1).
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "151.101.0.223", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_outer_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "64:ff9b::{}"]))
def test_an_address_in_another_coat_is_judged_as_what_it_is(inner: object, coat: str) -> None:
    assert is_public(ip_address(coat.format(inner))) == is_public(ip_address(str(inner)))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://example.org/a.ics", "fetch.wrong-scheme"),
        ("file:///etc/passwd", "fetch.wrong-scheme"),
        ("gopher://127.0.0.1:80/_x", "fetch.wrong-scheme"),
        ("//example.org/", "fetch.wrong-scheme"),
        ("example.org", "fetch.wrong-scheme"),
        ("http://example.org:8080/", "fetch.wrong-port"),
        ("http://example.org:0/", "fetch.wrong-port"),
        ("https://example.org:22/", "fetch.wrong-port"),
        ("http://user:word@example.org/", "fetch.with-password"),
        ("http://user@example.org/", "fetch.with-password"),
        ("http://@example.org/", "fetch.with-password"),
        ("http:///a", "fetch.unusable-address"),
        ("http://[::1", "fetch.unusable-address"),
        ("http://example.org:port/", "fetch.unusable-address"),
        ("http://[fe80::1%25eth0]/", "fetch.unusable-address"),
        ("http://127.0.0.1%2f@example.org/", "fetch.with-password"),
        ("http://exa%6dple.org/", "fetch.unusable-address"),
        ("http://example.org\\@127.0.0.1/", "fetch.unusable-address"),
        ("http://exam\tple.org/", "fetch.unusable-address"),
        ("http://example.org/ HTTP/1.1\r\nHost: evil", "fetch.unusable-address"),
        ("http://example.org/" + "a" * 1000, "fetch.unusable-address"),
        (" http://example.org/", "fetch.unusable-address"),
    ],
)
def test_an_address_that_is_spelled_wrong_is_refused(address: str, code: str) -> None:
    with pytest.raises(FetchFailed) as caught:
        checked(address)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "0",
            "0x7f000001",
            "localhost",
        ),
        *("[::1]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254", "①②⑦.⓪.⓪.①", "127。0。0。1"),
    ],
)
def test_however_it_is_written_this_machine_is_not_asked(host: str) -> None:
    assert failure(f"http://{host}/", Rules()) == "fetch.not-public"


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    with strange_server(WHOLE, "127.0.0.2") as private:
        for where in (
            private.address("/secrets"),
            f"http://[::ffff:127.0.0.2]:{private.port}/",
            "file:///etc/passwd",
            "http://user:word@example.org/",
            "http://example.org:8080/",
        ):
            with strange_server(says("302 Found", f"Location: {where}")) as server:
                code = failure(server.address(), rules_for(server, private))
            assert code in {
                "fetch.not-public",
                "fetch.wrong-scheme",
                "fetch.with-password",
                "fetch.wrong-port",
            }
        assert private.heads == []


def test_the_address_that_was_judged_is_the_one_that_is_asked() -> None:
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[object]:
        asked.append(host)
        return [ip_address(PUBLIC_HERE if len(asked) == 1 else "127.0.0.2")]

    with strange_server(WHOLE) as server:
        rules = rules_for(server, resolve=rebinding)  # type: ignore[arg-type]
        found = fetch(server.address(host="rebind.example"), accept="text/calendar", rules=rules)
    assert found.body == CALENDAR
    assert asked == ["rebind.example"]
    assert f"Host: rebind.example:{server.port}\r\n" in server.heads[0]
    # Asked once more, on the next hop, it is judged once more.
    asked.clear()
    with strange_server(says("301 Moved", "Location: /again")) as server:
        rules = rules_for(server, resolve=rebinding)  # type: ignore[arg-type]
        assert failure(server.address(host="rebind.example"), rules) == "fetch.not-public"
    assert len(server.heads) == 1


def test_one_private_address_among_public_ones_is_one_too_many() -> None:
    both = [ip_address(PUBLIC_HERE), ip_address("10.0.0.1")]
    with strange_server(WHOLE) as server:
        rules = rules_for(server, resolve=lambda _host, _port: both)
        assert failure(server.address(host="both.example"), rules) == "fetch.not-public"
    assert server.heads == []


def test_an_address_that_does_not_answer_leaves_the_turn_to_the_next() -> None:
    with strange_server(WHOLE) as server:
        rules = rules_for(
            server,
            resolve=lambda _host, _port: [ip_address("127.0.0.3"), ip_address(PUBLIC_HERE)],
            admits=lambda _address: True,
        )
        found = fetch(server.address(host="two.example"), accept="text/calendar", rules=rules)
    assert found.body == CALENDAR


def test_redirects_end() -> None:
    with strange_server(says("302 Found", "Location: /again", "Set-Cookie: a=b")) as server:
        assert failure(server.address(), rules_for(server)) == "fetch.too-many-redirects"
    assert len(server.heads) == MOST_REDIRECTS + 1
    assert not any("cookie" in head.lower() for head in server.heads)


def drip(piece: bytes, head: bytes = b"") -> Answer:
    """Return an answer that never ends."""
    pause = threading.Event()

    def answer(connection: socket.socket, _head: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)
            pause.wait(0.02)

    return answer


@pytest.mark.parametrize(
    ("piece", "head"),
    [
        (b"H", b""),
        (b"x", b"HTTP/1.1 200 OK\r\nX-Slow: "),
        (b"x", b"HTTP/1.1 200 OK\r\n\r\n"),
        (b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b""),
    ],
)
def test_an_answer_that_drips_for_ever_is_given_up(piece: bytes, head: bytes) -> None:
    assert refused(drip(piece, head), seconds=0.5) == "fetch.too-slow"


def test_a_look_up_that_hangs_is_given_up() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> list[object]:
        release.wait(30)
        return []

    rules = Rules(resolve=hang, seconds=0.3)  # type: ignore[arg-type]
    assert failure("http://slow.example/", rules) == "fetch.too-slow"
    release.set()


def test_an_unknown_host_is_named() -> None:
    def unknown(_host: str, _port: int) -> list[object]:
        raise socket.gaierror

    rules = Rules(resolve=unknown)  # type: ignore[arg-type]
    with pytest.raises(FetchFailed) as caught:
        fetch("http://nowhere.example/", accept="text/calendar", rules=rules)
    assert (caught.value.code, caught.value.params) == (
        "fetch.unknown-host",
        {"host": "nowhere.example"},
    )


def endless(piece: bytes, head: bytes) -> Answer:
    def answer(connection: socket.socket, _head: str) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\n\r\n"), {"fetch.too-large"}),
        (
            endless(b"1\r\nx\r\n" * 9000, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            {"fetch.too-large"},
        ),
        # A line and a head have limits of their own; which is met first depends on the pieces.
        (
            endless(b"x" * 65536, b"HTTP/1.1 200 OK\r\nX-Large: "),
            {"fetch.unreadable-answer", "fetch.too-large"},
        ),
        (
            endless(b"X-Many: x\r\n" * 5000, b"HTTP/1.1 200 OK\r\n"),
            {"fetch.unreadable-answer", "fetch.too-large"},
        ),
        (endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 500, b""), {"fetch.too-large"}),
        (
            says("200 OK", f"Content-Length: {MOST_BYTES + 1}", body=b"x" * (MOST_BYTES + 1)),
            {"fetch.too-large"},
        ),
        (says("200 OK", "Content-Length: 500", body=CALENDAR), {"fetch.cut-off"}),
        (
            says("200 OK", "Transfer-Encoding: chunked", body=b"40\r\nBEGIN:"),
            {"fetch.unreadable-answer"},
        ),
        (says("200 OK", "Content-Encoding: br", body=CALENDAR), {"fetch.unreadable-answer"}),
        (says("200 OK", "Content-Encoding: gzip, gzip", body=b""), {"fetch.unreadable-answer"}),
        (
            lambda connection, _head: connection.sendall(b"SSH-2.0-x\r\n"),
            {"fetch.unreadable-answer"},
        ),
        (lambda _connection, _head: None, {"fetch.unreadable-answer"}),
        (says("404 Not Found"), {"fetch.refused"}),
        (says("302 Found"), {"fetch.refused"}),
        (says("304 Not Modified"), {"fetch.refused"}),  # nobody asked whether it had changed
        (says("206 Partial Content", body=CALENDAR), {"fetch.refused"}),
    ],
)
def test_an_answer_that_is_no_calendar_is_refused(answer: Answer, codes: set[str]) -> None:
    assert refused(answer) in codes


def bomb() -> bytes:
    """Return 50 MB of nothing, packed small."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(50)) + packer.flush()


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (bomb(), "fetch.too-large"),
        (gzip.compress(bytes(MOST_BYTES)) + gzip.compress(b"x"), "fetch.too-large"),
        (gzip.compress(CALENDAR)[:-4], "fetch.cut-off"),
        (gzip.compress(b"") * 100, "fetch.cut-off"),
        (b"not gzip", "fetch.cut-off"),
    ],
    # What is packed holds the second in which it was: no name for a test.
    ids=lambda value: value if isinstance(value, str) else "packed",
)
def test_gzip_is_unpacked_with_care(packed: bytes, code: str) -> None:
    assert refused(says("200 OK", "Content-Encoding: gzip", body=packed)) == code


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.integers(0, 600))
def test_what_fits_is_unpacked_whole_and_nothing_else(parts: list[bytes], most: int) -> None:
    whole = b"".join(parts)
    packed = b"".join(map(gzip.compress, parts))
    if len(whole) <= most:
        assert gunzip.unpacked(packed, most) == whole
    else:
        with pytest.raises(gunzip.TooLarge):
            gunzip.unpacked(packed, most)


def test_a_calendar_comes_with_its_validators_and_is_asked_for_once() -> None:
    answer = says(
        "200 OK",
        'ETag: "v1"',
        "Last-Modified: Mon, 23 Nov 2026 08:00:00 GMT",
        "Content-Encoding: gzip",
        body=gzip.compress(CALENDAR),
    )
    with strange_server(answer) as server:
        first = fetch(server.address("/a?b=c#d"), accept="text/calendar", rules=rules_for(server))
    assert first == Fetched(CALENDAR, '"v1"', "Mon, 23 Nov 2026 08:00:00 GMT")
    head = server.heads[0]
    assert head.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert "Accept: text/calendar\r\n" in head
    assert "If-None-Match" not in head
    with strange_server(says("304 Not Modified")) as server:
        again = fetch(
            server.address(),
            accept="text/calendar",
            etag=first.etag,
            last_modified=first.last_modified,
            rules=rules_for(server),
        )
    assert again.body is None
    assert 'If-None-Match: "v1"\r\n' in server.heads[0]
    assert "If-Modified-Since: Mon, 23 Nov 2026 08:00:00 GMT\r\n" in server.heads[0]


def test_a_validator_that_breaks_the_line_is_not_sent() -> None:
    with strange_server(WHOLE) as server:
        code = failure(server.address(), rules_for(server), etag='"a"\r\nX-Evil: 1')
    assert code == "fetch.unusable-address"
    assert "".join(server.heads) == ""


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with strange_server(says("200 OK", body=b"proxied")) as proxy, strange_server(WHOLE) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address())
        found = fetch(server.address(), accept="text/calendar", rules=rules_for(server))
    assert found.body == CALENDAR
    assert proxy.heads == []


def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    return context


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS / "certificate.pem"))


def over_tls(server: StrangeServer, host: str, **changes: object) -> Rules:
    return rules_for(server, resolve=lambda _host, _port: [ip_address(PUBLIC_HERE)], **changes)


def test_the_server_proves_to_be_the_host_that_was_asked_for() -> None:
    with strange_server(WHOLE, tls=certified()) as server:
        right = server.address(host="calendar.example", scheme="https")
        rules = over_tls(server, "calendar.example", tls=trusting)
        assert fetch(right, accept="text/calendar", rules=rules).body == CALENDAR
        wrong = server.address(host="other.example", scheme="https")
        assert failure(wrong, rules) == "fetch.not-secure"
        assert failure(right, over_tls(server, "calendar.example")) == "fetch.not-secure"
    assert server.names == ["calendar.example", "other.example", "calendar.example"]
    assert len(server.heads) == 1
