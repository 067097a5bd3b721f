"""The qualified list for everybody: pages, open data, API. Nothing private ever leaves by them."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from rdflib import Graph
from rdflib.namespace import DCAT, RDF
from sqlalchemy import event, select

from labops.domain.labs import importing
from labops.domain.labs.commands import PlaceLab
from labops.domain.labs.models import (
    Lab,
    LabAddress,
    LabRepresentative,
)
from labops.domain.labs.public import PUBLIC
from labops.domain.labs.representatives import name_representative
from labops.domain.labs.states import RepresentativeRole
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.labs import LASER, PRINTER, make_lab, put_on_list
from tests.support.planted import TABLES, plant
from tests.support.world import World

ADDRESSES = (
    "/labs.csv",
    "/labs", "/labs?q=Pubblica", "/labs/pubblica", "/labs/widget", "/open-data/",
    "/open-data/labs.csv", "/open-data/labs.json", "/open-data/labs.geojson",
    "/open-data/labs.okw.json", "/open-data/machines.csv", "/open-data/history.csv",
    "/open-data/catalogue.ttl", "/open-data/catalogue.jsonld", "/api/v1/labs",
    "/api/v1/labs?near=45,9", "/api/v1/labs/pubblica",
)  # fmt: skip


def test_no_private_value_leaves_by_any_public_answer(app: Flask, world: World) -> None:
    now = clock.now()
    lab_id = make_lab("Pubblica", now=now, description_it="Questo è pubblico", services=("nda",))
    hidden = PlaceLab(street="via Nascosta 77", city="Segreta", is_main=False, shown=False)
    name_representative(lab_id, "nina@example.org", RepresentativeRole.OWNER, actor=SYSTEM, now=now)
    with unit_of_work() as session:
        session.add(LabAddress(lab_id=lab_id, **{n: getattr(hidden, n) for n in (
            "street", "city", "is_main", "shown")}))  # fmt: skip
        session.flush()
        planted = plant(session, lab_id)
        assert len(planted) > 20
    make_lab("Riservatissima", now=now, on_list=False)
    planted += ["Nascosta 77", "Segreta", "Riservatissima", "nina@example.org",
                world.uids["nina"], "Nina"]  # fmt: skip
    assert reading().scalar(select(LabRepresentative.id)) is not None
    for address in ADDRESSES:
        answer = app.test_client().get(address)
        assert answer.status_code == 200, address
        assert [value for value in planted if value in answer.text] == [], address
        assert "ubblica" in answer.text or address in {
            "/open-data/",
            "/open-data/catalogue.ttl",
            "/open-data/catalogue.jsonld",
        }, address
    assert app.test_client().get("/labs/riservatissima").status_code == 404
    assert app.test_client().get("/api/v1/labs/riservatissima").status_code == 404


def test_what_is_public_is_named_in_one_place() -> None:
    for model in TABLES:
        assert PUBLIC[model.__tablename__] <= set(model.__table__.columns.keys())


def test_the_list_opens_and_closes_with_the_day(app: Flask, world: World) -> None:
    now = clock.now()
    lab_id = make_lab("Breve", now=now, on_list=False)
    today = now.date()
    with unit_of_work() as session:
        put_on_list(session, lab_id, now=now, span=(today, today + timedelta(days=700)))
    assert app.test_client().get("/labs/breve").status_code == 200
    from labops.domain.labs import qualified  # noqa: PLC0415

    ids = {}
    for day in (-1, 0, 700, 701):
        found = qualified.lab_ids(reading(), today + timedelta(days=day))
        ids[day] = reading().scalars(found).all()
    assert ids == {-1: [], 0: [lab_id], 700: [lab_id], 701: []}


@pytest.fixture
def three(app: Flask, world: World) -> Flask:
    """Return an application with three labs and our own site on the list."""
    now = clock.now()
    far = PlaceLab(city="Monza", latitude=45.58, longitude=9.27)
    make_lab("Alfa", now=now, machines=(LASER,), accessibility=("step_free",))
    make_lab("Beta", now=now, machines=(PRINTER,), place=far, services=("training",))
    make_lab("Gamma", now=now, machines=(LASER, PRINTER), description_it="Liuteria")
    make_lab("MHUMA", now=now, site_id=world.sites["mhuma"])
    return app


FOUND: list[tuple[str, list[str]]] = [
    ("", ["Alfa", "Beta", "Gamma", "MHUMA"]),
    ("process=laser_cutting", ["Alfa", "Gamma", "MHUMA"]),
    ("process=fdm&material=plywood", []),  # no one machine does both
    ("material=petg", ["Beta", "Gamma"]),
    ("municipio=1", ["Alfa", "Gamma", "MHUMA"]),
    ("service=training", ["Beta"]),
    ("access=step_free", ["Alfa"]),
    ("q=liuteria", ["Gamma"]),
    ("q=plexiglas", ["Alfa", "Gamma"]),
    ("q=monza", ["Beta"]),
    ("process=laser_cutting&width=850&depth=1100", ["Alfa", "Gamma"]),  # turned round
    ("process=laser_cutting&width=950&depth=1100", []),
    ("width=200&depth=300&height=400", ["Beta", "Gamma"]),
    ("width=200&depth=300&height=401", []),
    ("q=%25", []),
    ("process=nonsense&page=99999999999", ["Alfa", "Beta", "Gamma", "MHUMA"]),
]


def test_labs_are_found_by_what_they_do(three: Flask) -> None:
    names = ("Alfa", "Beta", "Gamma", "MHUMA")
    for query, wanted in FOUND:
        page = three.test_client().get(f"/labs?{query}").text
        assert [name for name in names if f"/labs/{name.lower()}" in page] == wanted, query
        rows = list(csv.DictReader(io.StringIO(three.test_client().get(f"/labs.csv?{query}").text)))
        assert [row["name"] for row in rows] == wanted, query


def test_programs_find_the_nearest_first(three: Flask) -> None:
    client = three.test_client()
    near = client.get("/api/v1/labs?near=45.58,9.27").json["items"]
    assert near[0]["slug"] == "beta"
    assert near[0]["distance_km"] == 0
    assert [lab["slug"] for lab in near[1:]] == ["alfa", "gamma", "mhuma"]
    close = client.get("/api/v1/labs?near=45.58,9.27&radius_km=5").json["items"]
    assert [lab["slug"] for lab in close] == ["beta"]
    pages, address = [], "/api/v1/labs?limit=3"
    while address:
        answer = client.get(address)
        pages += [lab["slug"] for lab in answer.json["items"]]
        address = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert pages == ["alfa", "beta", "gamma", "mhuma"]
    for bad in ("near=here", "near=95,9", "near=45", "radius_km=5", "near=45,9&radius_km=0",
                "process=magic", "material=magic", "near=nan,9"):  # fmt: skip
        assert client.get(f"/api/v1/labs?{bad}").status_code == 422, bad


def test_open_data_says_the_same_in_every_form(three: Flask) -> None:
    client = three.test_client()
    rows = list(csv.DictReader(io.StringIO(client.get("/open-data/labs.csv").text)))
    whole = client.get("/open-data/labs.json").json["labs"]
    features = client.get("/open-data/labs.geojson").json["features"]
    facilities = client.get("/open-data/labs.okw.json").json["facilities"]
    names = ["Alfa", "Beta", "Gamma", "MHUMA"]
    assert [row["name"] for row in rows] == [lab["name"] for lab in whole] == names
    assert [each["name"] for each in facilities] == names
    assert features[1]["geometry"]["coordinates"] == [9.27, 45.58]
    machines = list(csv.DictReader(io.StringIO(client.get("/open-data/machines.csv").text)))
    assert sum(machine["lab"] == "gamma" for machine in machines) == 2
    assert sum(machine["lab"] == "mhuma" for machine in machines) == 3  # from the inventory
    answer = client.get("/open-data/labs.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    unchanged = client.get(
        "/open-data/labs.json", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert unchanged.status_code == 304
    # What is published can be brought in elsewhere.
    done = importing.import_labs(answer.text, "labops", actor=SYSTEM, now=clock.now(), dry_run=True)
    assert (done.added, [each for each in done.not_mapped if each.why != "city"]) == (4, [])
    okw = client.get("/open-data/labs.okw.json").text
    again = importing.import_labs(okw, "okw", actor=SYSTEM, now=clock.now(), dry_run=True)
    assert (again.added, again.machine_count) == (4, 4 + 3)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # the library's own
def test_the_catalogue_is_the_same_graph_in_both_forms(three: Flask) -> None:
    client = three.test_client()
    turtle = Graph().parse(data=client.get("/open-data/catalogue.ttl").text, format="turtle")
    jsonld = Graph().parse(data=client.get("/open-data/catalogue.jsonld").text, format="json-ld")
    assert set(turtle) == set(jsonld)
    assert len(list(turtle.subjects(RDF.type, DCAT.Dataset))) == 3
    for address in turtle.objects(None, DCAT.downloadURL):
        path = str(address).removeprefix("http://localhost")
        assert client.get(path).status_code == 200, path


def test_only_the_widget_may_stand_in_a_frame(three: Flask) -> None:
    client = three.test_client()
    for path in ("/labs", "/labs/alfa", "/open-data/"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]
    widget = client.get("/labs/widget?process=fdm")
    policy = widget.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "<script" not in widget.text
    assert "Set-Cookie" not in widget.headers
    snippet = html.unescape(re.findall("<code>(.+?)</code>", client.get("/open-data/").text)[0])
    assert snippet.startswith('<iframe src="http://localhost/labs/widget" title="')
    assert snippet.endswith("</a></iframe>")
    assert "Beta" in widget.text
    assert "Alfa" not in widget.text


def test_a_lab_page_speaks_schema_org_and_nothing_in_it_ends_the_script(
    app: Flask, world: World
) -> None:
    now = clock.now()
    make_lab("Script", now=now, description_it="</script><script>alert(1)</script>")
    page = app.test_client().get("/labs/script").text
    start = page.index('<script type="application/ld+json">') + 35
    told = json.loads(page[start : page.index("</script>", start)])
    assert told["name"] == "Script"
    assert told["geo"]["latitude"] == 45.47
    assert "<script>alert" not in page


def test_tiles_are_allowed_from_the_one_server_of_the_settings(three: Flask) -> None:
    from dataclasses import replace  # noqa: PLC0415

    three.config["LABOPS"] = replace(
        three.config["LABOPS"], map_tiles="https://t.example.org/{z}/{x}/{y}.png", map_credit="© T"
    )
    answer = three.test_client().get("/labs")
    assert "img-src https://t.example.org 'self'" in answer.headers["Content-Security-Policy"]
    assert "© T" in answer.text
    assert (
        "t.example.org"
        not in three.test_client().get("/machines").headers["Content-Security-Policy"]
    )


def test_five_hundred_labs_take_as_many_statements_as_five(app: Flask, world: World) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("the statements are the same on both")
    now = clock.now()
    for number in range(5):
        make_lab(f"Lab {number:03}", now=now)
    few = statements(app, "/labs")
    rows = [
        {"name": f"Altro {number:03}", "url": f"https://x.example.org/{number}", "city": "Milano",
         "lat": 45.4 + number / 10_000, "lon": 9.1, "address": "via Prova 1",
         "capabilities": ["laser", "cnc_milling", "vinyl_cutting"]}
        for number in range(495)
    ]  # fmt: skip
    importing.import_labs(json.dumps(rows), "okw", actor=SYSTEM, now=now)
    with unit_of_work() as session:
        for lab_id in session.scalars(select(Lab.id).where(Lab.source == "import")).all():
            put_on_list(session, lab_id, now=now)
    assert "500 " in app.test_client().get("/labs").text
    assert statements(app, "/labs") == few <= 16
    for path in ("/open-data/labs.json", "/api/v1/labs?limit=1000", "/labs/widget"):
        assert statements(app, path) <= 16, path


def statements(app: Flask, path: str) -> int:
    """Count the statements that answering takes."""
    counted: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted.append(statement)

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        assert app.test_client().get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", count)
    return len([each for each in counted if each.lstrip().upper().startswith("SELECT")])
