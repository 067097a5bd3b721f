"""Use cases of a firm itself: founded, described anew, its address proven."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.firms.commands import DescribeFirm
from labops.domain.firms.events import FirmMailGiven
from labops.domain.firms.models import Firm, FirmPerson
from labops.domain.firms.placing import require_representative
from labops.domain.firms.policies import problems_of
from labops.domain.firms.states import FirmRole
from labops.domain.people.addresses import normalised
from labops.kernel import audit, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import NOBODY, Actor


def found(command: DescribeFirm, *, actor: Actor, now: datetime) -> str:
    """Write down a firm for which the actor speaks, and return its uid; its address is asked.

    Raises `Invalid` with everything that is wrong, `Refused` with `firm.known` when its number
    stands here already: whoever speaks for it invites.
    """
    person_id = actor.require_person()
    actor.require_write()
    command = _checked(command)
    with unit_of_work() as session:
        _refuse_known(session, command)
        firm = Firm(uid=new_uid(), created_at=now)
        session.add(firm)
        _describe(firm, command, now)
        session.flush()
        session.add(
            FirmPerson(
                firm_id=firm.id,
                person_id=person_id,
                role=FirmRole.REPRESENTATIVE.value,
                since=now,
                named_by_id=person_id,
            )
        )
        _ask_for_proof(session, firm, now)
        _note(session, actor, "firm.founded", firm, now)
        return firm.uid


def describe(uid: str, command: DescribeFirm, *, actor: Actor, now: datetime) -> None:
    """Write down what the firm is now; another address has to be proven anew.

    Raises `NotFound` unless the actor speaks for it, otherwise as `found`.
    """
    actor.require_write()
    command = _checked(command)
    with unit_of_work() as session:
        firm = require_representative(session, uid, actor)
        _refuse_known(session, command, besides=firm.id)
        moved = firm.email != command.email
        _describe(firm, command, now)
        if moved:
            firm.email_proven_at = None
            _ask_for_proof(session, firm, now)
        _note(session, actor, "firm.described", firm, now)


def ask_for_proof(uid: str, *, actor: Actor, now: datetime) -> None:
    """Send the mail again that proves the firm's address; nothing when it is proven."""
    actor.require_write()
    with unit_of_work() as session:
        firm = require_representative(session, uid, actor)
        if firm.email_proven_at is None:
            _ask_for_proof(session, firm, now)


def prove(uid: str, email: str, *, now: datetime) -> None:
    """Note that whoever holds the link of the mail reads the firm's address.

    Raises `NotFound` when the firm has another address by now. Twice is once.
    """
    with unit_of_work() as session:
        firm = session.scalar(select(Firm).where(Firm.uid == uid).with_for_update())
        if firm is None or firm.email != email:
            raise NotFound
        if firm.email_proven_at is None:
            firm.email_proven_at = now
            _note(session, NOBODY, "firm.email-proven", firm, now)


def _checked(command: DescribeFirm) -> DescribeFirm:
    """Return the command as it is kept; raises `Invalid`."""
    tidy = command.tidied()
    problems = list(problems_of(tidy))
    if tidy.email and not any(one.params.get("field") == "email" for one in problems):
        try:
            normalised(tidy.email)
        except Invalid as invalid:
            problems += invalid.problems
    if problems:
        raise Invalid(problems)
    return tidy


def _refuse_known(session: Session, command: DescribeFirm, *, besides: int = 0) -> None:
    numbers = []
    if command.vat_number:
        numbers.append(Firm.vat_number == command.vat_number)
    if command.tax_code:
        numbers.append(Firm.tax_code == command.tax_code)
    query = select(Firm.id).where(or_(*numbers), Firm.id != besides)
    if session.scalar(query.limit(1)) is not None:
        raise Refused([Problem("firm.known")])


def _describe(firm: Firm, command: DescribeFirm, now: datetime) -> None:
    firm.legal_name, firm.email = command.legal_name, command.email
    firm.vat_number, firm.tax_code = command.vat_number or None, command.tax_code or None
    firm.ateco_code, firm.size = command.ateco_code, command.size
    firm.street, firm.postcode, firm.town = command.street, command.postcode, command.town
    firm.municipio, firm.flags = command.municipio, list(command.flags)
    firm.revised_at = now


def _ask_for_proof(session: Session, firm: Firm, now: datetime) -> None:
    outbox.record_once(session, FirmMailGiven(firm_uid=firm.uid, at=now.isoformat()), now=now)


def _note(session: Session, actor: Actor, action: str, firm: Firm, now: datetime) -> None:
    audit.record(
        session, actor, action, f"firm:{firm.uid}", now=now, after={"name": firm.legal_name}
    )
