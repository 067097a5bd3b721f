"""Use cases of a firm's people: invited by mail, they join, change their role, and leave."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.firms.events import FirmPersonInvited, FirmPersonJoined, FirmPersonLeft
from labops.domain.firms.models import Firm, FirmInvitation, FirmPerson
from labops.domain.firms.placing import count_people, place_of, require_representative
from labops.domain.firms.queries import most_people
from labops.domain.firms.states import FirmRole
from labops.domain.people.addresses import normalised
from labops.domain.people.models import Account, Person, SignIn
from labops.kernel import audit, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor

MOST_INVITATIONS = 50


def invite(uid: str, email: str, role: FirmRole, *, actor: Actor, now: datetime) -> None:
    """Invite an address to the firm; inviting it again mails again, with the role of now.

    Raises `NotFound` unless the actor speaks for the firm, `Invalid` for what is no address,
    `Refused` for who is in it already, for a firm that is full, and for too many open ones.
    """
    actor.require_write()
    address = normalised(email)
    with unit_of_work() as session:
        firm = require_representative(session, uid, actor)
        if _is_in(session, firm, address):
            raise Refused([Problem("firm.is-in")])
        _refuse_full(session, firm)
        open_ones = session.scalars(
            select(FirmInvitation).where(
                FirmInvitation.firm_id == firm.id, FirmInvitation.ended_at.is_(None)
            )
        ).all()
        invitation = next((one for one in open_ones if one.email == address), None)
        if invitation is None:
            if len(open_ones) >= MOST_INVITATIONS:
                raise Refused([Problem("firm.many-invitations", {"most": MOST_INVITATIONS})])
            invitation = FirmInvitation(
                uid=new_uid(),
                firm_id=firm.id,
                email=address,
                invited_by_id=actor.require_person(),
            )
            session.add(invitation)
        invitation.role, invitation.invited_at = role.value, now
        event = FirmPersonInvited(invitation_uid=invitation.uid, at=now.isoformat())
        outbox.record_once(session, event, now=now)
        _note(session, actor, "firm.person-invited", firm, now, role=role.value)


def take_back(uid: str, invitation_uid: str, *, actor: Actor, now: datetime) -> None:
    """Take an invitation back; its link stops working. Raises `NotFound`."""
    actor.require_write()
    with unit_of_work() as session:
        firm = require_representative(session, uid, actor)
        invitation = session.scalar(
            select(FirmInvitation).where(
                FirmInvitation.uid == invitation_uid, FirmInvitation.firm_id == firm.id
            )
        )
        if invitation is None:
            raise NotFound
        invitation.ended_at = invitation.ended_at or now


def accept(invitation_uid: str, *, actor: Actor, now: datetime) -> str:
    """Join the firm by an invitation and return the firm's uid; joining twice is once.

    Whoever is signed in and holds the link joins: the mail may go to another address of hers.
    Raises `NotFound` for an invitation that is over, `Refused` for a firm that is full.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        invitation = session.scalar(
            select(FirmInvitation).where(FirmInvitation.uid == invitation_uid)
        )
        if invitation is None:
            raise NotFound
        firm = session.get_one(Firm, invitation.firm_id, with_for_update=True)
        session.refresh(invitation)
        if invitation.ended_at is not None:
            if invitation.accepted_by_id == person_id:
                return firm.uid
            raise NotFound
        invitation.ended_at, invitation.accepted_by_id = now, person_id
        if place_of(session, firm.id, person_id) is None:
            _refuse_full(session, firm)
            place = FirmPerson(
                firm_id=firm.id,
                person_id=person_id,
                role=invitation.role,
                since=now,
                named_by_id=invitation.invited_by_id,
            )
            session.add(place)
            joined = FirmPersonJoined(
                firm_uid=firm.uid,
                person_uid=session.get_one(Person, person_id).uid,
                at=now.isoformat(),
            )
            outbox.record_once(session, joined, now=now)
            _note(session, actor, "firm.person-joined", firm, now, role=invitation.role)
        return firm.uid


def give_role(uid: str, person_uid: str, role: FirmRole, *, actor: Actor, now: datetime) -> None:
    """Let somebody of the firm speak for it, or no longer.

    Raises `NotFound`, and `Refused` with `firm.last-representative` where nobody would be left.
    """
    actor.require_write()
    with unit_of_work() as session:
        firm = require_representative(session, uid, actor)
        place = _placed(session, firm, person_uid)
        if place.role == role.value:
            return
        if role is FirmRole.MEMBER:
            _keep_one(session, firm, place)
        place.role = role.value
        _note(session, actor, "firm.role-given", firm, now, person=person_uid, role=role.value)


def leave(uid: str, person_uid: str, *, actor: Actor, now: datetime) -> None:
    """End somebody's work in the firm: one's own, or a colleague's for who speaks for it.

    The hat comes off at once; what she had booked for the firm stays as it is. Raises `NotFound`,
    and `Refused` with `firm.last-representative` where nobody would speak for it any more.
    """
    actor.require_write()
    with unit_of_work() as session:
        own = session.scalar(select(Person.id).where(Person.uid == person_uid))
        if own is not None and actor.owns(own):
            firm = session.scalar(select(Firm).where(Firm.uid == uid).with_for_update())
            if firm is None:
                raise NotFound
        else:
            firm = require_representative(session, uid, actor)
        place = _placed(session, firm, person_uid)
        _keep_one(session, firm, place)
        place.until = now
        take_off(session, place.person_id, firm.id)
        left = FirmPersonLeft(
            firm_uid=firm.uid,
            person_uid=person_uid,
            at=now.isoformat(),
            removed=not actor.owns(place.person_id),
        )
        outbox.record_once(session, left, now=now)
        _note(session, actor, "firm.person-left", firm, now, person=person_uid)


def take_off(session: Session, person_id: int, firm_id: int) -> None:
    """Take the firm's hat off on every device of the person."""
    accounts = select(Account.id).where(Account.person_id == person_id)
    session.execute(
        update(SignIn)
        .where(SignIn.account_id.in_(accounts), SignIn.firm_id == firm_id)
        .values(firm_id=None)
    )


def _placed(session: Session, firm: Firm, person_uid: str) -> FirmPerson:
    person_id = session.scalar(select(Person.id).where(Person.uid == person_uid))
    place = place_of(session, firm.id, person_id) if person_id is not None else None
    if place is None:
        raise NotFound
    return place


def _keep_one(session: Session, firm: Firm, place: FirmPerson) -> None:
    speaks = place.role == FirmRole.REPRESENTATIVE
    if speaks and count_people(session, firm.id, FirmRole.REPRESENTATIVE) == 1:
        raise Refused([Problem("firm.last-representative")])


def _is_in(session: Session, firm: Firm, email: str) -> bool:
    person_id = session.scalar(select(Account.person_id).where(Account.email == email))
    return person_id is not None and place_of(session, firm.id, person_id) is not None


def _refuse_full(session: Session, firm: Firm) -> None:
    """Refuse one more than the firm's plans are for."""
    most = most_people(session, firm.id)
    if most is not None and count_people(session, firm.id) >= most:
        raise Refused([Problem("firm.full", {"most": most})])


def _note(
    session: Session, actor: Actor, action: str, firm: Firm, now: datetime, **after: str
) -> None:
    audit.record(session, actor, action, f"firm:{firm.uid}", now=now, after=after)
