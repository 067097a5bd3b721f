"""The blueprint of the waiting list, and what its pages share."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, url_for
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.slots import LENGTHS, prefilled
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.machines.processes import process_name
from labops.domain.waiting.queries import OfferView, WishView
from labops.kernel import clock, local_time
from labops.kernel.errors import LabopsError
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor

bp = Blueprint("waiting", __name__)


def what_of(wish: WishView) -> str:
    """Return what a wish is for: its machines, or any of a kind."""
    if wish.machine_names:
        return ", ".join(wish.machine_names)
    kind = wish.category_name_it if formats.language() == "it" else wish.category_name_en
    name = kind or process_name(wish.process, formats.language())
    return str(_("%(kind)s: any machine", kind=name))


def when_of(wish: WishView) -> str:
    """Return when, and how long unless it is all of that time."""
    span = formats.slot(wish.earliest_at, wish.latest_at, wish.zone)
    length = timedelta(minutes=wish.minutes)
    if wish.latest_at - wish.earliest_at == length:
        return span
    return str(_("%(length)s within %(span)s", length=formats.duration(length), span=span))


def booking_address(machine: str, slot: Interval, zone: str) -> str:
    """Return the address of the booking form, filled with the slot."""
    values = prefilled(slot, local_time.zone(zone))
    minutes = int(slot.length.total_seconds() // 60)
    listed = minutes in LENGTHS
    return url_for(
        "bookings.new",
        machine=machine,
        date=values["date"].isoformat(),
        start=values["start"].isoformat("minutes"),
        length=minutes if listed else None,
        end=None if listed else values["end"].isoformat("minutes"),
        end_date=None if listed else values["end_date"].isoformat(),
    )


def address_if_free(offer: OfferView, actor: Actor) -> str:
    """Return where to book the time of an offer that is over, if it can still be booked."""
    slot = Interval(offer.starts_at, offer.ends_at)
    try:
        command = Book(machines=offer.machines, slot=slot)
        free = bookings.check_booking(command, actor=actor, now=clock.now()).allowed
    except LabopsError:
        return ""
    return booking_address(offer.machines[0], slot, offer.zone) if free else ""
