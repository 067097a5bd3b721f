"""A call, a lab with Alice as its owner, and people of the city: Bob reviews, Dora decides."""

from __future__ import annotations

import io
from datetime import date, datetime

from sqlalchemy import select

from labops.adapters import evidence_files
from labops.domain.applications import drafting, services
from labops.domain.applications.casefile import CaseFile, find
from labops.domain.applications.services import Said
from labops.domain.applications.states import Action, Verdict
from labops.domain.calls import queries as calls
from labops.domain.calls import services as calling
from labops.domain.calls.services import DescribeCall
from labops.domain.labs.models import Lab
from labops.domain.labs.representatives import name_representative
from labops.domain.labs.states import RepresentativeRole
from labops.domain.people.administration import GiveRole, give_role
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor, Role
from tests.support.labs import make_lab
from tests.support.world import World

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
OFFICER, DECIDER, OWNER = "bob", "dora", "alice"


def city(world: World, *, now: datetime) -> None:
    """Let Bob be an officer and Dora a decider, and nothing else."""
    for who, role in ((OFFICER, Role.OFFICER), (DECIDER, Role.DECIDER)):
        give_role(GiveRole(person_uid=world.uids[who], role=role), actor=SYSTEM, now=now)


def a_call(*, now: datetime, closes_at: datetime | None = None) -> str:
    """Publish a call with the usual criteria and return its uid."""
    command = DescribeCall(
        title_it="Elenco qualificato",
        title_en="Qualified list",
        text_it="Chi può entrare.",
        text_en="Who may enter.",
        opens_at=now,
        closes_at=closes_at,
    )
    uid = calling.create(command, actor=SYSTEM, now=now)
    calling.publish(uid, actor=SYSTEM, now=now)
    return uid


def a_lab(name: str = "Officina", *, now: datetime, owner: str = "alice@example.org") -> str:
    """Record a lab that is on no list, with an owner; return its uid."""
    lab_id = make_lab(name, now=now, on_list=False)
    name_representative(lab_id, owner, RepresentativeRole.OWNER, actor=SYSTEM, now=now)
    return reading().scalars(select(Lab.uid).where(Lab.id == lab_id)).one()


def complete(uid: str, actor: Actor, *, now: datetime, until: date) -> None:
    """Answer every criterion, with files that hold until a day."""
    file = find(reading(), uid, actor, now=now)
    for each in file.call.criteria:
        drafting.save_answer(uid, each.slug, f"About {each.slug}", actor=actor, now=now)
        if each.evidence:
            add_file(uid, each.slug, actor, now=now, until=until if each.dated else None)


def add_file(
    uid: str, criterion: str, actor: Actor, *, now: datetime, until: date | None = None
) -> None:
    """Attach a small PDF."""
    raw = PDF + f"% {criterion} {now}\n%%EOF\n".encode()
    file = evidence_files.look_into(f"{criterion}.pdf", raw)
    evidence_files.attach(uid, criterion, file, valid_to=until, actor=actor, now=now)


def submitted(world: World, *, now: datetime, until: date, name: str = "Officina") -> str:
    """Submit a complete application of Alice's lab under a fresh call; return its uid."""
    alice = world.actor(OWNER, now)
    uid = drafting.begin(a_call(now=now), a_lab(name, now=now), actor=alice, now=now)
    complete(uid, alice, now=now, until=until)
    services.act(uid, Action.SUBMIT, Said(), actor=alice, now=now)
    return uid


def assess_all(
    uid: str, actor: Actor, *, now: datetime, verdict: Verdict = Verdict.MET
) -> CaseFile:
    """Give every criterion the verdict."""
    file = find(reading(), uid, actor, now=now)
    for each in file.call.criteria:
        said = Said(criterion=each.slug, verdict=verdict, note=f"Note on {each.slug}")
        services.act(uid, Action.ASSESS, said, actor=actor, now=now)
    return file


def act_said(now: datetime, note: str = "Because.") -> Said:
    """Return what is said with an act that has a number."""
    return Said(note=note, act_number="12", act_on=now.date())


def upload(raw: bytes, name: str) -> tuple[io.BytesIO, str]:
    """Return a file as the test client sends it."""
    return io.BytesIO(raw), name


def call_of(uid: str) -> calls.CallView:
    """Return the call."""
    return calls.by_uid(reading(), uid)
