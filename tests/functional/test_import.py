"""Whole inventories at once: hundreds of machines, a bar that moves, and files with bad rows."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from labops.cli.machines import machines as machines_command
from labops.domain.machines import inventory
from labops.domain.machines.models import Machine
from labops.kernel.db import reading
from labops.kernel.ids import slug_of
from tests.support.forms import csrf_token, post
from tests.support.world import NOW, World

URL = "/sites/mhuma/machines/import"
COLUMNS = "name,machine_type,maker,model,width_mm,depth_mm,height_mm,materials,capacity"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"


def written(rows: list[dict[str, str]]) -> str:
    """Return the rows as a file."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS.split(","), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def generated(count: int = 250) -> list[dict[str, str]]:
    """Return believable rows, with signs that trouble carelessly written readers of CSV."""
    return [
        {
            "name": f"Prusa “MK4S”, n° {number}",
            "machine_type": "printer-fdm",
            "maker": "Průša; Research",
            "model": f'MK4S "{number}"',
            "width_mm": "250",
            "depth_mm": "210,5",
            "height_mm": "220",
            "materials": "PLA;PETG",
            "capacity": "1",
        }
        for number in range(count)
    ]


def real() -> list[dict[str, str]]:
    """Return the models of the public lists of open machines, each name once."""
    files = (
        ("okw_machines_3d_printers.csv", "printer-fdm", ("Model", "Brand", "Build Size")),
        ("okw_machines_laser.csv", "laser", ("model", "Brand", "Working Area")),
    )
    rows: dict[str, dict[str, str]] = {}
    for name, kind, (model, maker, size) in files:
        with (REAL / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                sides = [*re.findall(r"\d+(?:\.\d+)?", row[size] or ""), "", "", ""]
                full = f"{row[maker]} {row[model]}".strip()
                rows.setdefault(
                    slug_of(full),
                    {
                        "name": full,
                        "machine_type": kind,
                        "maker": row[maker],
                        "model": row[model],
                        "materials": row["Materials"].replace(",", ";"),
                        **dict(zip(("width_mm", "depth_mm", "height_mm"), sides, strict=False)),
                    },
                )
    return list(rows.values())


@pytest.fixture(params=["generated", "real"])
def rows(request: pytest.FixtureRequest) -> list[dict[str, str]]:
    if request.param == "generated":
        return generated()
    if not (REAL / "okw_machines_laser.csv").exists():
        pytest.skip("the lists of real models are not here")
    return real()


@pytest.fixture
def bob(app: Flask, world: World) -> FlaskClient:
    return world.browser(app, "bob")


def count() -> int:
    reading().rollback()
    return reading().scalar(select(func.count()).select_from(Machine)) or 0


def told(bob: FlaskClient, text: str) -> Any:
    """Import as the page's script does."""
    data = {"csrf_token": csrf_token(bob, URL), "text": text, "act": "import"}
    return bob.post(URL, data=data, headers={"Accept": "application/x-ndjson"})


def spoilt(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows with three that cannot be: on the lines 12, 102 and the last one."""
    bad = [dict(row) for row in rows]
    bad[10]["width_mm"] = "very wide"
    bad[100]["machine_type"] = "teleporter"
    bad[-1]["name"] = ""
    return bad


def test_hundreds_of_machines_with_a_bar_that_moves(
    bob: FlaskClient, rows: list[dict[str, str]]
) -> None:
    assert len(rows) >= 200
    text, before = written(rows), count()
    looked = post(bob, URL, URL, {"text": text, "act": "check"}).text
    assert f"{len(rows)} machines would be added" in looked
    assert f'<progress id="import-bar" max="{len(rows)}" value="0"' in looked
    answer = told(bob, text)
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    steps = [line["done"] for line in lines[:-1]]
    assert steps == sorted(set(steps))
    assert len(steps) >= 200
    assert (steps[-1], {line["total"] for line in lines[:-1]}) == (len(rows), {len(rows)})
    assert lines[-1] == {"said": f"Imported: {len(rows)} machines added, 0 changed."}
    assert count() == before + len(rows)
    wanted = {(row["name"], row["maker"], row["model"]) for row in rows}
    found = reading().execute(select(Machine.name, Machine.maker, Machine.model))
    assert {(n[:120], a[:80], o[:80]) for n, a, o in wanted} <= {tuple(row) for row in found}


def test_three_bad_rows_are_named_and_nothing_is_imported(
    bob: FlaskClient, rows: list[dict[str, str]]
) -> None:
    text, before = written(spoilt(rows)), count()
    last = str(text.count("\n"))
    wrong = {("12", "width_mm"), ("102", "machine_type"), (last, "name")}
    for act in ("check", "import"):
        refused = post(bob, URL, URL, {"text": text, "act": act})
        assert refused.status_code == 422
        assert "3 things are wrong, so nothing was imported" in refused.text
        table = refused.text.split("<tbody>")[1].split("</tbody>")[0]
        cells = [cell.split(">")[1].split("<")[0] for cell in table.split("<td")[1:]]
        assert set(zip(cells[::3], cells[1::3], strict=True)) == wrong
    # The bar never begins: the script asks in the plain way, which answers with the table.
    answer = told(bob, text)
    assert answer.status_code == 422
    assert answer.content_type.startswith("text/html")
    assert count() == before


def test_the_command_line_names_the_bad_rows_too(
    app: Flask,
    world: World,
    rows: list[dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)
    file, before = tmp_path / "machines.csv", count()
    file.write_text(written(spoilt(rows)), encoding="utf-8")
    refused = CliRunner().invoke(machines_command, ["import", str(file), "--site", "mhuma"])
    assert refused.exit_code == 1
    for place in ("line 12, width_mm:", "line 102, machine_type:", ", name:"):
        assert place in refused.stderr
    assert count() == before
    file.write_text(written(rows), encoding="utf-8")
    done = CliRunner().invoke(machines_command, ["import", str(file), "--site", "mhuma"])
    assert (done.exit_code, count()) == (0, before + len(rows))
    assert f"{len(rows)} machines added, 0 changed." in done.stdout


def test_the_bar_speaks_the_readers_language(app: Flask, world: World, bob: FlaskClient) -> None:
    bob.post("/language", data={"csrf_token": csrf_token(bob, URL), "language": "it"})
    last = told(bob, written(generated(1))).text.splitlines()[-1]
    assert json.loads(last)["said"] in {
        "Importazione completata: 1 macchina aggiunta, 0 modificate.",
        "Imported: 1 machine added, 0 changed.",
    }


def test_a_fault_half_way_leaves_nothing_and_says_so(
    bob: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, write = count(), inventory._write

    def broken(session: Any, site_id: int, command: Any, *rest: Any, **more: Any) -> None:
        if command.model == 'MK4S "40"':
            raise OSError("the disk is full")
        write(session, site_id, command, *rest, **more)

    monkeypatch.setattr(inventory, "_write", broken)
    lines = [json.loads(line) for line in told(bob, written(generated(50))).text.splitlines()]
    assert lines[-1] == {"failed": True}
    assert lines[-2]["done"] < 50
    assert count() == before
    assert not [thread for thread in threading.enumerate() if thread.name == "import"]


def test_lines_come_while_it_runs_and_not_all_at_the_end(
    app: Flask, bob: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import waits in its middle until the first lines were read."""
    seen = threading.Event()
    write = inventory._write

    def waiting(session: Any, site_id: int, command: Any, *rest: Any, **more: Any) -> None:
        if command.model == 'MK4S "40"':
            assert seen.wait(10)
        write(session, site_id, command, *rest, **more)

    monkeypatch.setattr(inventory, "_write", waiting)
    data = {"csrf_token": csrf_token(bob, URL), "text": written(generated(50)), "act": "import"}
    headers = {"Accept": "application/x-ndjson"}
    answer = bob.post(URL, data=data, headers=headers, buffered=False)
    parts = iter(answer.response)
    assert json.loads(next(parts)) == {"done": 1, "total": 50}
    seen.set()
    last = list(parts)[-1]
    answer.close()
    assert "said" in json.loads(last)


def test_what_is_imported_goes_to_the_database_once(world: World) -> None:
    text = written(generated(3))
    done = inventory.import_machines(text, "mhuma", actor=world.actor("bob"), now=NOW)
    again = inventory.import_machines(text, "mhuma", actor=world.actor("bob"), now=NOW)
    assert ((done.added, done.changed), (again.added, again.changed)) == ((3, 0), (0, 3))
