"""Which letters invite their reader, and the calendar part that does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from flask_babel import gettext as _

from labops.adapters.ical import FeedEvent
from labops.adapters.invitations import Mailbox, Method, invitation_bytes
from labops.adapters.letters import CalendarPart, sender_of
from labops.domain.bookings.states import BookingState
from labops.domain.notifications import queries
from labops.domain.notifications.policies import is_invited
from labops.domain.notifications.queries import Addressee, ToldBooking
from labops.kernel.db import reading
from labops.kernel.instance import instance_id

_GIVEN_UP = frozenset({BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED})


@dataclass(frozen=True, slots=True)
class Invitation:
    """A booking that a letter may put into its reader's calendar, or take out of it.

    It is taken out when it was given up; `gone` says that it is somebody else's by now.
    """

    booking: ToldBooking
    gone: bool = False

    @property
    def method(self) -> Method:
        """Return what the calendar is to do."""
        return "CANCEL" if self.gone or self.booking.state in _GIVEN_UP else "REQUEST"


@dataclass(frozen=True, slots=True, kw_only=True)
class InductionInvitation:
    """An induction that a letter may put into its reader's calendar, or take out of it.

    `known` says that the calendar holds it by an earlier letter.
    """

    event: FeedEvent
    organizer: str
    sign_up_id: int
    known: bool

    @property
    def method(self) -> Method:
        """Return what the calendar is to do."""
        return "CANCEL" if self.event.state == "cancelled" else "REQUEST"


def calendar_part(
    invitation: Invitation | InductionInvitation, to: Addressee, choice: str, *, now: datetime
) -> CalendarPart | None:
    """Return the part for this reader, or `None` when she wants or needs none.

    `choice` is hers about `LetterKind.INVITATION`.
    """
    if isinstance(invitation, InductionInvitation):
        return _of_induction(invitation, to, choice, now=now)
    session, booking = reading(), invitation.booking
    invited = is_invited(
        choice,
        polled_at=queries.feed_polled_at(session, to.person_id),
        known=queries.is_in_calendar(session, to.person_id, booking.id),
        now=now,
    )
    if not invited:
        return None
    sender = sender_of(current_app.config["LABOPS"])
    return CalendarPart(
        method=invitation.method,
        body=invitation_bytes(
            _event(invitation),
            invitation.method,
            organizer=Mailbox(booking.site_name, sender.addr_spec),
            attendee=Mailbox(to.name, to.email),
            instance_id=instance_id(session),
        ),
        booking_id=booking.id,
        person_id=to.person_id,
        sequence=booking.sequence,
    )


def _of_induction(
    invitation: InductionInvitation, to: Addressee, choice: str, *, now: datetime
) -> CalendarPart | None:
    session = reading()
    polled_at = queries.feed_polled_at(session, to.person_id)
    if not is_invited(choice, polled_at=polled_at, known=invitation.known, now=now):
        return None
    if invitation.method == "CANCEL" and not invitation.known:
        return None
    sender = sender_of(current_app.config["LABOPS"])
    return CalendarPart(
        method=invitation.method,
        body=invitation_bytes(
            invitation.event,
            invitation.method,
            organizer=Mailbox(invitation.organizer, sender.addr_spec),
            attendee=Mailbox(to.name, to.email),
            instance_id=instance_id(session),
        ),
        person_id=to.person_id,
        sequence=invitation.event.sequence,
        sign_up_id=invitation.sign_up_id,
    )


def _event(invitation: Invitation) -> FeedEvent:
    booking = invitation.booking
    root = current_app.config["LABOPS"].public_url
    cancelled = invitation.method == "CANCEL"
    tentative = booking.state == BookingState.REQUESTED
    return FeedEvent(
        uid=f"b-{booking.uid}",
        sequence=booking.sequence,
        created_at=booking.created_at,
        revised_at=booking.revised_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        state="cancelled" if cancelled else "tentative" if tentative else "confirmed",
        summary=_summary(booking, cancelled=cancelled),
        location=", ".join(part for part in (booking.site_name, booking.site_address) if part),
        description=booking.note,
        url=f"{root}/bookings/{booking.uid}",
    )


def _summary(booking: ToldBooking, *, cancelled: bool) -> str:
    """Return the words that feeds use, too."""
    words = {"machines": ", ".join(booking.names), "site": booking.site_name}
    if booking.state == BookingState.MISSED:
        return str(_("Missed: %(machines)s (%(site)s)", **words))
    if booking.state == BookingState.REJECTED:
        return str(_("Rejected: %(machines)s (%(site)s)", **words))
    if cancelled:
        return str(_("Cancelled: %(machines)s (%(site)s)", **words))
    return f"{words['machines']} ({words['site']})"
