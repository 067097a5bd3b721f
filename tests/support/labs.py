"""Labs for tests, and a place on the list for them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications.models import Application
from labops.domain.calls.models import Call
from labops.domain.labs import services
from labops.domain.labs.commands import (
    DescribeLab,
    DescribeLabMachine,
    Opening,
    PlaceLab,
    RecordLab,
)
from labops.domain.people.models import Person
from labops.domain.qualifications.models import Qualification
from labops.kernel.db import unit_of_work
from labops.kernel.permissions import SYSTEM

FOR_GOOD = (date(2000, 1, 1), date(2199, 12, 31))
LASER = DescribeLabMachine(
    name="Laser CO2 100 W",
    machine_class="laser_cutter",
    processes=("laser_cutting",),
    width_mm=1200.0,
    depth_mm=900.0,
    materials={"plywood": 10.0, "pmma": 8.0},
)
PRINTER = DescribeLabMachine(
    name="Stampante",
    machine_class="fdm_printer",
    processes=("fdm",),
    width_mm=300.0,
    depth_mm=200.0,
    height_mm=400.0,
    materials={"pla": None, "petg": None},
)


def make_lab(
    name: str,
    *,
    now: datetime,
    machines: tuple[DescribeLabMachine, ...] = (LASER,),
    place: PlaceLab | None = None,
    site_id: int | None = None,
    on_list: bool = True,
    **described: object,
) -> int:
    """Record a lab and, with `on_list`, give it a place on the list; return its id."""
    place = place or PlaceLab(
        street="via Prova 1", city="Milano", municipio=1, latitude=45.47, longitude=9.19
    )
    lab_id = services.record_lab(
        RecordLab(
            lab=DescribeLab(public_name=name, **described),  # type: ignore[arg-type]
            places=(place,),
            machines=() if site_id else machines,
            openings=(Opening(0, 540, 1080), Opening(2, 540, 780)),
            site_id=site_id,
        ),
        actor=SYSTEM,
        now=now,
    )
    if on_list:
        with unit_of_work() as session:
            put_on_list(session, lab_id, now=now)
    return lab_id


def put_on_list(
    session: Session, lab_id: int, *, now: datetime, span: tuple[date, date] = FOR_GOOD
) -> None:
    """Give a lab a place on the list, as a case would."""
    call = session.scalar(select(Call).limit(1))
    if call is None:
        call = Call(
            slug="labs", edition=1, title_it="", title_en="", text_it="", text_en="",
            opens_at=now, terms={}, created_at=now,
        )  # fmt: skip
        session.add(call)
    session.flush()
    person_id = session.scalars(select(Person.id).order_by(Person.id).limit(1)).one()
    case = Application(
        lab_id=lab_id, call_id=call.id, state="qualified", created_at=now, created_by_id=person_id
    )
    session.add(case)
    session.flush()
    session.add(
        Qualification(
            lab_id=lab_id,
            application_id=case.id,
            starts_on=span[0],
            ends_on=span[1],
            valid_from=span[0],
            valid_to=span[1],
        )
    )
