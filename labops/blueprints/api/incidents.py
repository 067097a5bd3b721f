"""Faults over the API."""

from __future__ import annotations

from uuid import uuid4

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.api.base import answered, operation, read_body
from labops.blueprints.api.schemas import Body
from labops.domain.incidents import queries, services
from labops.domain.incidents.services import LONGEST_TEXT, ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.machines import queries as machines
from labops.kernel import clock
from labops.kernel.db import reading

LONGEST_KEY = 60


class NewIncident(Body):
    """What is wrong with a machine; `stops` takes it out of service at once."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    machine: str
    severity: Severity
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


class Incident(BaseModel):
    """A report, and the state of its machine since."""

    uid: str
    machine: str
    severity: Severity
    text: str
    machine_state: str


@operation(
    "POST",
    "/incidents",
    "Report a fault of a machine; one that stops takes it out of service",
    access=signed_in,
    body=NewIncident,
    answers={201: Incident},
)
def create_incident() -> Response:
    """Write a fault down; an `Idempotency-Key` sent again gives the first answer again."""
    body = read_body(NewIncident)
    command = ReportFault(
        machine=body.machine,
        severity=body.severity,
        text=body.text,
        nonce=request.headers.get("Idempotency-Key", "")[:LONGEST_KEY] or str(uuid4()),
    )
    uid = services.report(command, actor=current_actor(), now=clock.now())
    session = reading()
    session.rollback()
    found = queries.one(session, uid)
    shown = Incident(
        uid=uid,
        machine=found.machine,
        severity=found.severity,
        text=found.text,
        machine_state=machines.by_slug(session, found.machine).state,
    )
    return answered(shown.model_dump(mode="json"), 201)
