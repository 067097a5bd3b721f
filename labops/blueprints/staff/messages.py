"""What the system told people, or could not tell them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import mail
from labops.adapters.mail import FileTransport
from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import home_zone, same_page
from labops.blueprints.staff import mails
from labops.blueprints.staff.base import bp
from labops.domain.bookings import queries as bookings
from labops.domain.notifications import services
from labops.domain.people import queries as people
from labops.domain.series import queries as series
from labops.kernel import clock, outbox
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.outbox import Listed
from labops.kernel.permissions import Permission

PAGE = 50
LARGEST_NUMBER = 2**31 - 1  # PostgreSQL refuses to compare a column of numbers with more


@bp.get("/messages")
@requires(Permission.OUTBOX_SEE)
def messages() -> ResponseReturnValue:
    """List what was to be told, to whom, and whether it was; and mails kept in files."""
    wanted = request.args.get("which", "")
    which = Listed(wanted) if wanted in set(Listed) else Listed.ALL
    text = request.args.get("page", "1")
    page = max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1  # noqa: PLR2004
    found, count = outbox.listed(reading(), which, offset=(page - 1) * PAGE, limit=PAGE)
    written, written_count = _written_mails()
    return render_template(
        "staff/messages.html",
        messages=found,
        names=_names([message.payload for message in found]),
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        url_of=lambda number: same_page(page=number),
        same_page=same_page,
        which=which,
        whiches=_whiches(),
        kinds=_kinds(),
        mails=written,
        mail_count=written_count,
        zone=home_zone(current_actor()),
    )


@bp.post("/messages/<int:message_id>/again")
@requires(Permission.OUTBOX_SEE)
def try_again(message_id: int) -> ResponseReturnValue:
    """Have a message told that was given up."""
    if message_id > LARGEST_NUMBER:
        raise NotFound
    services.try_again(message_id, actor=current_actor(), now=clock.now())
    flash(_("The message is tried again now."), "success")
    which = request.form.get("which", "")
    return redirect(url_for(".messages", which=which if which in set(Listed) else None), 303)


def _written_mails() -> tuple[list[mails.WrittenMail], int]:
    """Return mails kept in files; none in production, where they hold what opens accounts."""
    way_out = mail.transport()
    if current_app.config["LABOPS"].production or not isinstance(way_out, FileTransport):
        return [], 0
    return mails.latest(way_out.folder)


def _names(payloads: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return for whom each message is, in three statements for the whole page."""
    uids = [str(fact["booking_uid"]) for fact in payloads if "booking_uid" in fact]
    accounts = [int(fact["account_id"]) for fact in payloads if "account_id" in fact]
    by_booking = bookings.names_of(reading(), uids)
    of_series = [str(fact["series_uid"]) for fact in payloads if "series_uid" in fact]
    by_series = series.names_of(reading(), of_series)
    by_account = people.names_of_accounts(reading(), accounts)
    return [
        by_booking.get(str(fact.get("booking_uid")), "")
        or by_series.get(str(fact.get("series_uid")), "")
        or by_account.get(fact.get("account_id", 0), "")
        for fact in payloads
    ]


def _whiches() -> list[tuple[Listed, str]]:
    return [
        (Listed.ALL, _("All messages")),
        (Listed.WAITING, _("Waiting")),
        (Listed.DELIVERED, _("Delivered")),
        (Listed.GIVEN_UP, _("Given up")),
    ]


def _kinds() -> dict[str, str]:
    return {
        "BookingConfirmed": _("Booking confirmed"),
        "BookingRequested": _("Booking requested"),
        "BookingApproved": _("Booking approved"),
        "BookingRejected": _("Booking rejected"),
        "BookingHandedOver": _("Booking handed over"),
        "HandOverOffered": _("Booking offered to a member"),
        "HandOverDeclined": _("Offered booking declined"),
        "StrikeContested": _("Strike contested"),
        "StrikeAnswered": _("Strike answered"),
        "BookingMoved": _("Booking moved"),
        "BookingCancelled": _("Booking cancelled"),
        "BookingMissed": _("Booking missed"),
        "BookingCheckedIn": _("Checked in"),
        "BookingFinished": _("Booking finished"),
        "BookingKept": _("Booking kept"),
        "SeriesBooked": _("Series booked"),
        "SeriesMoved": _("Series moved"),
        "SeriesCancelled": _("Series cancelled"),
        "MaintenancePlanned": _("Maintenance planned"),
        "MaintenanceChanged": _("Maintenance changed"),
        "MaintenanceEnded": _("Maintenance ended"),
        "MaintenanceCancelled": _("Maintenance called off"),
        "CircularSent": _("Circular"),
        "SignedUp": _("Sign-up"),
        "SignUpRepeated": _("Sign-up with a known address"),
        "PasswordResetAsked": _("New password asked for"),
        "PasswordChanged": _("Password changed"),
        "ErasureAsked": _("Erasing asked for"),
        "ErasureTakenBack": _("Erasing taken back"),
        "PersonErased": _("Person erased"),
    }
