"""Words that stand for values: one of a thing is not "1 things", and no identifier is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, get_template_attribute
from flask_babel import force_locale

from labops.app import create_app
from labops.blueprints.messages import sentence_for
from labops.blueprints.words import role_name, scope_name
from labops.domain.machines.processes import PROCESSES
from labops.kernel.errors import Problem
from labops.kernel.permissions import Role, Scope
from tests.conftest import settings_for


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Return an application whose database nobody asks anything."""
    app = create_app(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path))
    with app.test_request_context():
        yield app


@pytest.mark.parametrize(
    ("code", "params", "english", "italian"),
    [
        ("booking.too-far", {"days": 1}, "open one day ahead", "un giorno di anticipo"),
        ("booking.too-far", {"days": 14}, "open 14 days ahead", "14 giorni di anticipo"),
        ("booking.too-many-open", {"used": 1, "limit": 1}, "one booking still", "una prenotazione"),
        ("booking.too-many-open", {"used": 6, "limit": 6}, "6 bookings still", "6 prenotazioni"),
        ("feed.too-many", {"limit": 1}, "one calendar address.", "un indirizzo"),
        ("feed.too-many", {"limit": 20}, "20 calendar addresses.", "20 indirizzi"),
        ("password.too-short", {"shortest": 1}, "one character.", "un carattere."),
        ("password.too-short", {"shortest": 10}, "10 characters.", "10 caratteri."),
        ("password.too-long", {"longest": 200}, "200 characters.", "200 caratteri."),
    ],
)
def test_one_and_many_in_both_languages(
    app: Flask, code: str, params: dict[str, Any], english: str, italian: str
) -> None:
    problem = Problem(code, {"last_day": date(2026, 11, 24), **params})
    with force_locale("en"):
        assert english in sentence_for(problem)
    with force_locale("it"):
        assert italian in sentence_for(problem)


def test_every_role_and_scope_has_a_name_in_both_languages(app: Flask) -> None:
    for names in (role_name, scope_name):
        for value in Role if names is role_name else Scope:
            with force_locale("en"):
                english = names(value)
            with force_locale("it"):
                italian = names(value)
            assert english
            assert italian not in {"", english, str(value)}
    with force_locale("it"):
        refusal = sentence_for(Problem("role.wrong-place", {"role": Role.STAFF}))
    assert "personale" in refusal
    assert "staff" not in refusal


DRAWN = {
    "laser_cutting": "lab-laser",
    "fdm": "lab-printer-3d",
    "cnc_routing": "lab-mill",
    "sewing": "lab-sewing",
    "weaving_knitting": "lab-sewing",
    "electronics": "lab-electronics",
    "woodworking": "lab-bench",
    "kiln": "it-tool",
}


def test_processes_have_their_drawing(app: Flask) -> None:
    drawing = get_template_attribute("components/icons.html", "process_icon")
    for process, name in DRAWN.items():
        assert f'#{name}"' in drawing(process), process
    source = (Path(app.root_path) / "templates/components/icons.html").read_text(encoding="utf-8")
    table = source.partition("set drawings = {")[2].partition("}")[0]
    known = [pair.split(":")[0].strip().strip('"') for pair in table.split(",")]
    assert [process for process in known if process not in PROCESSES] == []
    assert '#it-tool"' in drawing("nothing we know")
