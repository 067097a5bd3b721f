"""Use case of somebody whose lab is not recorded yet, and who wants to apply for it."""

from __future__ import annotations

from datetime import datetime

from labops.domain.labs.commands import DescribeLab, RecordLab
from labops.domain.labs.registering import refuse_too_many
from labops.domain.labs.representatives import appoint
from labops.domain.labs.services import add_lab
from labops.domain.labs.states import LabSource, RepresentativeRole
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line

LONGEST_NAME = 160


def found_lab(name: str, *, actor: Actor, now: datetime) -> str:
    """Record a lab by its name, with the actor as its owner; return its uid.

    It stands on no list before it qualifies. Raises `Invalid` naming `name`.
    """
    person_id = actor.require_person()
    actor.require_write()
    public_name = one_line(name)
    if not public_name:
        raise Invalid.field("name", "field.required")
    if len(public_name) > LONGEST_NAME:
        raise Invalid.field("name", "field.too-long", longest=LONGEST_NAME)
    with unit_of_work() as session:
        refuse_too_many(session, person_id, now=now)
        command = RecordLab(lab=DescribeLab(public_name=public_name), source=LabSource.APPLICATION)
        lab = add_lab(session, command, actor=actor, now=now)
        appoint(session, lab, person_id, RepresentativeRole.OWNER, actor=actor, now=now)
        return lab.uid
