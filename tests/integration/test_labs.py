"""Labs as records: imports, whoever speaks for them, our own sites, sites that fall silent."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from labops.adapters import lab_probes
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.labs import catalogue, equipment, importing, queries, representatives
from labops.domain.labs.commands import DescribeLab, DescribeLabMachine, PlaceLab
from labops.domain.labs.models import CatalogueModel, Lab, LabFact, LabMachine
from labops.domain.labs.own_sites import free_time
from labops.domain.labs.reading_files import FORMATS, read_labs
from labops.domain.labs.registering import register_lab
from labops.domain.labs.rights import today
from labops.domain.labs.services import describe_lab
from labops.domain.labs.states import LabSource, RepresentativeRole
from labops.domain.people.merging import merge
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Forbidden, Invalid, NotFound, Refused
from labops.kernel.permissions import SYSTEM, Actor
from tests.support.labs import make_lab
from tests.support.strange_servers import rules_for, says, strange_server
from tests.support.threads import Act, at_once
from tests.support.world import World, next_slot

DATA = Path("/work/shared/data")
PLACE = PlaceLab(street="via Prova 1", city="Milano")
needs_lists = pytest.mark.skipif(not DATA.exists(), reason="the lists of others are not here")
OKW = [
    {"name": "Uno", "url": "https://x.example.org/1", "city": "Milano", "lat": 45.4, "lon": 9.1,
     "address": "via Uno 1", "region": "MI", "capabilities": ["laser", "three_d_printing", "magic"]},
    {"name": "Due", "url": "https://x.example.org/2", "city": "", "lat": None, "lon": None},
    {"name": "", "url": "", "city": "Roma"},
    "no lab at all",
]  # fmt: skip


def test_what_is_imported_is_mapped_or_listed_and_comes_but_once(world: World) -> None:
    now = clock.now()
    looked = importing.import_labs(json.dumps(OKW), "okw", actor=SYSTEM, now=now, dry_run=True)
    assert (looked.added, looked.machine_count) == (2, 2)
    assert reading().scalar(select(func.count()).select_from(Lab)) == 0
    done = importing.import_labs(json.dumps(OKW), "okw", actor=SYSTEM, now=now)
    assert {(each.what, each.why) for each in done.not_mapped} >= {
        ("magic", "capability"), ("three_d_printing", "process"), ("no lab at all", "not-a-lab"),
    }  # fmt: skip
    assert importing.import_labs(json.dumps(OKW), "okw", actor=SYSTEM, now=now).added == 0
    lab = reading().scalars(select(Lab).where(Lab.public_name == "Uno")).one()
    assert lab.source == LabSource.IMPORT
    with pytest.raises(NotFound):  # nothing that was imported is on the list
        queries.listed_lab(reading(), lab.slug, now=now)
    with pytest.raises(Forbidden):
        importing.import_labs("[]", "okw", actor=world.actor("alice"), now=now)
    for bad in ("{", '"text"', "{}"):
        with pytest.raises(Invalid):
            importing.import_labs(bad, "okw", actor=SYSTEM, now=now)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = ("name", "url", "city", "lat", "lon", "address", "capabilities", "machines", "services",
        "languages", "vat_number", "website", "email", "lead_time_days", "slug", "municipio",
        "processes", "materials", "envelope_mm", "max_thickness_mm", "brand", "lab", "lab_slug")  # fmt: skip
RECORDS = st.lists(st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=6), max_size=3)


@given(records=RECORDS, form=st.sampled_from(FORMATS))
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_record_of_any_shape_makes_the_reader_stumble(records: object, form: str) -> None:
    read = read_labs(json.dumps({"labs": records}), form)
    assert all(lab.lab.public_name for lab in read.labs)


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_table_of_any_text_makes_the_reader_stumble(text: str) -> None:
    read = read_labs(f"name,brand,lab,lab_slug,city,lat,lon\n{text}", "okw")
    assert all(len(lab.lab.public_name) <= 160 for lab in read.labs)


@needs_lists
def test_the_lists_of_others_come_in_whole(world: World) -> None:
    now = clock.now()
    for name, form, count in (
        ("fablabs_it_okw01.json", "okw", 169),
        ("okw_geomachines.csv", "okw", 400),
        ("matching_dev.json", "labops", 30),
    ):
        text = (DATA / name).read_text(encoding="utf-8-sig")
        machines_only = name.endswith(".csv")  # thousands of rows: looked at, which is quicker
        done = importing.import_labs(text, form, actor=SYSTEM, now=now, dry_run=machines_only)
        assert done.added >= count, name
        if machines_only:
            told = sum(many for kind, many in done.classes.items() if kind)
            assert done.classes.total() == 2248
            assert told >= 2100
    assert (reading().scalar(select(func.count()).select_from(LabMachine)) or 0) > 500


@needs_lists
def test_more_than_a_thousand_models_come_with_their_work_areas(world: World) -> None:
    now = clock.now()
    listed = 0
    for name in ("okw_machines_3d_printers.csv", "okw_machines_laser.csv"):
        text = (DATA / name).read_text(encoding="utf-8-sig")
        done = catalogue.import_catalogue(text, actor=SYSTEM, now=now)
        listed += sum(cell.column == "size" for cell in done.unread)
        again = catalogue.import_catalogue(text, actor=SYSTEM, now=now)
        assert (again.added, again.changed) == (0, 0)
    models = reading().scalars(select(CatalogueModel)).all()
    sized = [model for model in models if model.width_mm and model.depth_mm]
    assert len(models) == len(sized) + listed == 1082
    assert len(sized) >= 1040
    (found, *_rest) = catalogue.proposed(reading(), "ultimaker 2 go")
    assert (found.width_mm, found.depth_mm, found.height_mm) == (120, 120, 115)


def test_several_people_speak_and_each_only_for_their_own(world: World) -> None:
    now = clock.now()
    nina, alice = world.actor("nina", now), world.actor("alice", now)
    slug = register_lab(DescribeLab(public_name="Uno"), PLACE, actor=nina, now=now)
    lab_id = reading().scalars(select(Lab.id).where(Lab.slug == slug)).one()
    mine = DescribeLab(public_name="Uno", description_it="Nostro")
    with pytest.raises(NotFound):
        describe_lab(lab_id, mine, actor=alice, now=now)
    with pytest.raises(NotFound):
        equipment.add_machine(lab_id, DescribeLabMachine(name="x"), actor=alice, now=now)
    representatives.name_representative(
        lab_id, "Alice@Example.org", RepresentativeRole.DELEGATE, actor=nina, now=now
    )
    describe_lab(lab_id, mine, actor=alice, now=now)
    with pytest.raises(Forbidden):
        representatives.name_representative(
            lab_id, "charlie@example.org", RepresentativeRole.DELEGATE, actor=alice, now=now
        )
    with pytest.raises(Refused):
        representatives.end_representative(lab_id, world.uids["nina"], actor=nina, now=now)
    later = now + timedelta(days=40)
    representatives.end_representative(lab_id, world.uids["alice"], actor=alice, now=later)
    with pytest.raises(NotFound):
        describe_lab(lab_id, mine, actor=alice, now=later)
    reading().rollback()
    spoke = representatives.of_lab(reading(), lab_id)
    assert [(each.name, each.until is None) for each in spoke] == [("Nina", True), ("Alice", False)]
    assert representatives.representative_ids(reading(), lab_id, on=today(later)) == [
        world.people["nina"]
    ]


def test_six_labs_are_too_many_for_one(world: World) -> None:
    now = clock.now()
    for number in range(5):
        register_lab(
            DescribeLab(public_name=f"Lab {number}"), PLACE, actor=world.actor("nina"), now=now
        )
    with pytest.raises(Refused):
        register_lab(DescribeLab(public_name="Sei"), PLACE, actor=world.actor("nina"), now=now)
    with pytest.raises(Forbidden):
        register_lab(DescribeLab(public_name="Sam"), PLACE, actor=world.actor("sam", now), now=now)


def test_what_two_do_at_once_is_done_one_after_the_other(app: Flask, world: World) -> None:
    now = clock.now()
    nina, charlie = world.actor("nina", now), world.actor("charlie", now)
    for round_number in range(3):
        lab_id = make_lab(f"Uno {round_number}", now=now)
        for name in ("nina", "charlie"):
            representatives.name_representative(
                lab_id, f"{name}@example.org", RepresentativeRole.OWNER, actor=SYSTEM, now=now
            )

        def leave(who: Actor, uid: str, lab_id: int = lab_id) -> Act:
            return partial(representatives.end_representative, lab_id, uid, actor=who, now=now)

        left = at_once(app, leave(nina, world.uids["nina"]), leave(charlie, world.uids["charlie"]))
        assert sorted(left) == ["Refused", "done"]
        moved = at_once(
            app, *(partial(equipment.place_lab, lab_id, PLACE, actor=SYSTEM, now=now),) * 3
        )
        assert moved == ["done"] * 3
        lab = queries.listed_lab(reading(), f"uno-{round_number}", now=now)
        assert [place.is_main for place in lab.places] == [True, False, False, False]
        reading().rollback()
    brought = partial(
        register_lab,
        DescribeLab(public_name="Gemelli"),
        PLACE,
        actor=world.actor("eva", now),
        now=now,
    )
    assert at_once(app, *(brought,) * 4) == ["done"] * 4


def test_our_site_has_the_machines_of_its_inventory_and_the_free_time_of_its_ledger(
    world: World,
) -> None:
    now = clock.now()
    lab_id = make_lab("MHUMA", now=now, site_id=world.sites["mhuma"])
    lab = queries.listed_lab(reading(), "mhuma", now=now)
    assert "laser" in {machine.slug for machine in lab.machines}
    assert len(lab.hours) == 7
    with pytest.raises(Refused):
        equipment.add_machine(lab_id, DescribeLabMachine(name="x"), actor=SYSTEM, now=now)
    slot = next_slot(10, 2)
    until = slot.starts_at + timedelta(days=3)
    site = world.sites["mhuma"]
    before = free_time(reading(), site, "laser_cutting", until, now=now)
    assert timedelta() < before <= timedelta(hours=12 * 6)
    bookings.book(Book(machines=("laser",), slot=slot), actor=world.actor("alice", now), now=now)
    reading().rollback()
    after = free_time(reading(), site, "laser_cutting", until, now=now)
    assert before - after >= slot.length
    assert free_time(reading(), site, "kiln", until, now=now) == timedelta()


def test_only_a_site_that_twice_did_not_answer_is_silent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    importing.import_labs(json.dumps(OKW[:1]), "okw", actor=SYSTEM, now=now)  # left in peace
    status = "500 Broken"

    def answer(connection: socket.socket, head: str) -> None:
        says(status, "Content-Length: 0")(connection, head)

    with strange_server(answer) as server:
        monkeypatch.setattr(lab_probes, "RULES", rules_for(server, seconds=5.0))
        lab_id = make_lab("Uno", now=now, website=server.address())
        make_lab("Dentro", now=now, website=f"http://10.0.0.1:{server.port}/")  # our own network

        def probe(days: float) -> str:
            return lab_probes.probe_due(now + timedelta(days=days), threading.Event())

        def silent() -> datetime | None:
            reading().rollback()
            return reading().scalars(select(Lab.silent_since).where(Lab.id == lab_id)).one()

        assert probe(0) == "0 answered, 2 did not"
        assert silent() is None
        assert probe(0.5) == "0 answered, 0 did not"
        assert probe(1.5) == "0 answered, 2 did not"
        assert silent() == now + timedelta(days=1.5)
        assert probe(3) == "0 answered, 0 did not"
        status = "403 Shy"  # somebody is there
        assert probe(9) == "1 answered, 1 did not"
        assert silent() is None
        assert len(server.heads) == 3
    fact = select(LabFact.verified_on).where(LabFact.lab_id == lab_id, LabFact.field == "website")
    assert reading().scalars(fact).one() == (now + timedelta(days=9)).date()


def test_a_merged_account_speaks_once_for_what_both_spoke_for(world: World) -> None:
    now = clock.now()
    lab_id = make_lab("Uno", now=now)
    for name in ("nina", "charlie"):
        representatives.name_representative(
            lab_id, f"{name}@example.org", RepresentativeRole.OWNER, actor=SYSTEM, now=now
        )
    uids = world.uids
    merge(uids["charlie"], uids["nina"], typed_name="Nina", actor=world.actor("eva"), now=now)
    reading().rollback()
    assert [each.name for each in representatives.of_lab(reading(), lab_id)] == ["Charlie"]
