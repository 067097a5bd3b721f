"""Calendar addresses from the shell."""

from __future__ import annotations

import contextvars
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from labops.cli.feeds import feeds as command
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.kernel import clock
from tests.support.feeds import fetched
from tests.support.world import World, next_slot

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `labops feeds` on the test's database, as another process would."""
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)

    def invoke(*words: str) -> Result:
        return contextvars.Context().run(CliRunner().invoke, command, list(words))

    return invoke


def test_an_address_is_made_used_and_revoked(run: Run, client: FlaskClient, world: World) -> None:
    now = clock.now()
    booking = Book(machines=("laser",), slot=next_slot(9))
    services.book(booking, actor=world.actor("alice", now), now=now)
    services.cancel(
        services.book(
            Book(machines=("printer",), slot=next_slot(9)), actor=world.actor("alice", now), now=now
        ),
        actor=world.actor("alice", now),
        now=now,
    )
    shown = {
        ("Alice@example.org",): ["Laser (MHUMA)", "Cancelled: Printer (MHUMA)"],
        ("alice@example.org", "--hide-cancelled"): ["Laser (MHUMA)"],
        ("charlie@example.org", "--scope", "machine:laser"): ["Busy: Laser"],
        ("bob@example.org", "--scope", "site:mhuma", "--names"): ["Alice: Laser (MHUMA)"],
        ("eva@example.org", "--scope", "machine:printer", "--show-cancelled"): [
            "Cancelled: Printer (MHUMA)"
        ],
        ("nina@example.org", "--scope", "inductions", "--label", "wall"): [],
    }
    for words, wanted in shown.items():
        made = run("create", *words)
        assert made.exit_code == 0, made.output
        address = made.output.strip()
        assert address.startswith("http://localhost/feeds/")
        path = address.removeprefix("http://localhost")
        assert sorted(str(one["SUMMARY"]) for one in fetched(client, path)) == sorted(wanted)
        assert run("revoke", address).exit_code == 0
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody@example.org",), "There is no such thing here."),
        (("alice@example.org", "--scope", "machine:nothing"), "There is no such thing here."),
        (("alice@example.org", "--scope", "all"), "“all” is not one of the choices."),
        (("nina@example.org", "--scope", "site:mhuma"), "Only members and staff of this site"),
        (("alice@example.org", "--scope", "site:mhuma", "--names"), "That is not allowed."),
    ],
)
def test_what_cannot_be_is_a_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    said = run("create", *words)
    assert said.exit_code == 1
    assert sentence in said.output


def test_an_unknown_address_cannot_be_revoked(run: Run) -> None:
    assert run("revoke", "http://localhost/feeds/nothing.ics").exit_code == 1
