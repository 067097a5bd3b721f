"""Labs in a browser: bringing one in, saying what it does, who speaks for it; officers."""

from __future__ import annotations

import re

from flask import Flask

from labops.domain.labs import catalogue, probing, queries
from labops.domain.labs.states import RepresentativeRole
from labops.domain.people.administration import GiveRole, add_role
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM, Role
from tests.support.forms import post
from tests.support.labs import make_lab, put_on_list
from tests.support.world import World

MODELS = """Model,Technology,Materials,Brand,Build Size
Prova 3000,FDM (Fused Deposition Modeling),"PLA, ABS, Unobtainium",Prova,300 x 200 x 400 mm
Resina 1,SLA (Stereolithography),Resin,Prova,145 x 145 x ∞ mm
"""


def make_officer(world: World, name: str) -> None:
    """Let somebody of the world be an officer of the list."""
    with unit_of_work() as session:
        give = GiveRole(person_uid=world.uids[name], role=Role.OFFICER)
        add_role(session, give, actor=SYSTEM, now=clock.now())


def test_a_lab_is_brought_in_described_and_then_stands_on_the_list(
    app: Flask, world: World
) -> None:
    nina = world.browser(app, "nina")
    lab = {"public_name": "Bottega Prova", "street": "via Prova 9", "city": "Milano",
           "municipio": "4", "website": "https://bottega.example.org"}  # fmt: skip
    refused = post(nina, "/labs/new", "/labs/new", {**lab, "website": "javascript:alert(1)"})
    assert refused.status_code == 422
    assert "via Prova 9" in refused.text
    assert post(nina, "/labs/new", "/labs/new", lab).location == "/labs/bottega-prova/edit"
    edit = "/labs/bottega-prova/edit"
    told = {"public_name": "Bottega Prova", "vat_number": "12345678901", "skills": "arredo, luci",
            "services": ["nda", "training"], "languages": ["it"], "hourly_rate": "45,50"}  # fmt: skip
    wrong = post(nina, edit, edit, told)
    assert wrong.status_code == 422
    assert "VAT" in wrong.text or "IVA" in wrong.text
    assert "arredo, luci" in wrong.text
    assert post(nina, edit, edit, {**told, "vat_number": "IT 00743110157"}).status_code == 303
    own = queries.own_lab(reading(), "bottega-prova", world.actor("nina"), now=clock.now())
    assert own.described.vat_number == "00743110157"
    assert own.described.skills == ("arredo", "luci")
    assert str(own.described.hourly_rate) == "45.50"
    stale = post(nina, edit, edit, {"public_name": "Vecchia", "revision": "1"})
    assert stale.status_code == 409
    assert "Vecchia" in stale.text
    hours = "/labs/bottega-prova/hours"
    assert post(nina, hours, hours, {"day_0": "9-8-7"}).status_code == 422
    assert post(nina, hours, hours, {"day_0": "9-13, 14-18"}).status_code == 303
    assert app.test_client().get("/labs/bottega-prova").status_code == 404
    with unit_of_work() as session:
        put_on_list(session, own.public.id, now=clock.now())
    page = app.test_client().get("/labs/bottega-prova").text
    assert "via Prova 9" in page
    assert "09:00–13:00" in page
    assert "00743110157" not in page


def test_a_machine_is_added_by_its_model_changed_and_removed(app: Flask, world: World) -> None:
    now = clock.now()
    catalogue.import_catalogue(MODELS, actor=SYSTEM, now=now)
    make_lab("Uno", now=now, machines=())
    officer = world.browser(app, "bob")
    make_officer(world, "bob")
    page = "/labs/uno/machines"
    found = officer.get(f"{page}?q=prova+3000").text
    model = re.search(r"machines/new\?model=(\d+)", found)
    assert model
    form = officer.get(f"{page}/new?model={model[1]}").text
    assert 'value="300"' in form
    machine = {"name": "Prova", "count": "2", "width_mm": "300", "depth_mm": "200",
               "height_mm": "400", "machine_class": "fdm_printer", "state": "in_service",
               "materials": "PLA\nABS 12", "catalogue_model_id": model[1]}  # fmt: skip
    for field, bad in (("materials", "Kryptonite"), ("width_mm", "wide"), ("count", "0"),
                       ("catalogue_model_id", "99999")):  # fmt: skip
        refused = post(officer, f"{page}/new", f"{page}/new", {**machine, field: bad})
        assert refused.status_code == 422, field
    assert post(officer, f"{page}/new", f"{page}/new", machine).status_code == 303
    lab = queries.listed_lab(reading(), "uno", now=now)
    (kept,) = lab.machines
    assert (kept.processes, kept.materials, kept.count) == (["fdm"], {"abs": 12.0, "pla": None}, 2)
    at = f"{page}/{kept.uid}"
    assert post(officer, at, at, {**machine, "name": "Altra", "materials": ""}).status_code == 303
    reading().rollback()
    assert [each.name for each in queries.listed_lab(reading(), "uno", now=now).machines] == [
        "Altra"
    ]
    assert post(officer, at, f"{at}/remove").status_code == 303
    reading().rollback()
    assert not queries.listed_lab(reading(), "uno", now=now).machines


def test_owners_say_who_speaks_and_the_last_one_stays(app: Flask, world: World) -> None:
    nina, alice = world.browser(app, "nina"), world.browser(app, "alice")
    lab = {"public_name": "Due", "street": "via Prova 2", "city": "Milano"}
    post(nina, "/labs/new", "/labs/new", lab)
    page = "/labs/due/people"
    assert alice.get(page).status_code == 404
    owner, delegate = str(RepresentativeRole.OWNER), str(RepresentativeRole.DELEGATE)
    nobody = post(nina, page, page, {"email": "nobody@example.org", "role": delegate})
    assert nobody.status_code == 422
    assert "nobody@example.org" in nobody.text
    named = {"email": "alice@example.org", "role": delegate}
    assert post(nina, page, page, named).status_code == 303
    assert alice.get("/labs/due/edit").status_code == 200
    assert alice.post(page, data=named).status_code in {400, 403}
    assert post(alice, "/labs/due/edit", page, {**named, "role": owner}).status_code == 403
    gone = f"{page}/{world.uids['nina']}/end"
    last = post(nina, page, gone)
    assert last.status_code == 409
    assert post(nina, page, page, {**named, "role": owner}).status_code == 303
    assert post(nina, page, gone).location == "/labs/mine"
    assert nina.get("/labs/due/edit").status_code == 404
    assert alice.get("/labs/due/edit").status_code == 200


def test_officers_look_after_silent_labs_and_note_what_labs_never_read(
    app: Flask, world: World
) -> None:
    now = clock.now()
    lab_id = make_lab("Tre", now=now, website="https://tre.example.org")
    make_officer(world, "bob")
    officer = world.browser(app, "bob")
    visit = probing.Visit(lab_id, "https://tre.example.org")
    for _twice in range(2):
        probing.note_failure(visit, "fetch.unreachable", now=now)
    page = "/labs/all?silent=1"
    assert "Tre" in officer.get(page).text
    assert "Tre" in officer.get("/labs/all.csv?silent=1").text
    assert post(officer, page, "/labs/tre/silence").status_code == 303
    assert "Tre" not in officer.get(page).text
    post(officer, "/labs/tre/edit", "/labs/tre/note", {"note": "Da richiamare"})
    assert "Da richiamare" in officer.get("/labs/tre/edit").text
    assert world.browser(app, "alice").get("/labs/all").status_code == 403


def test_the_catalogue_is_looked_at_before_it_is_imported(app: Flask, world: World) -> None:
    admin = world.browser(app, "eva")
    page = "/labs/catalogue"
    looked = post(admin, page, page, {"text": MODELS, "act": "check", "unit": ""})
    assert looked.status_code == 200
    assert "Unobtainium" in looked.text
    assert "145 x 145 x ∞ mm" in looked.text
    assert catalogue.model_count(reading()) == 0
    reading().rollback()
    assert post(admin, page, page, {"text": MODELS, "act": "import", "unit": ""}).status_code == 303
    assert catalogue.model_count(reading()) == 2
    assert post(admin, page, page, {"text": "no,columns\n1,2", "unit": ""}).status_code == 422
    assert world.browser(app, "bob").get(page).status_code == 403
