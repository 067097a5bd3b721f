"""Sentences of those reasons for a refusal that come in several forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints.limits_in_words import amount_in_words, in_window, run_in_words
from labops.domain.house_rules.limits import Unit, Window

Params = Mapping[str, Any]


def off_grid(p: Params) -> str:
    """Say on which steps, lengths or sessions bookings lie."""
    if "sessions" in p:
        return str(_("Whole sessions are booked: %(names)s.", names=p["sessions"]))
    if "lengths" in p:
        return str(_("A booking lasts one of: %(lengths)s minutes.", lengths=p["lengths"]))
    return str(_("Bookings start and last in steps of %(grid)s.", grid=p["grid"]))


def too_soon(p: Params) -> str:
    """Say how long before its start a booking must be made."""
    if "notice" in p:
        return str(_("This machine must be booked at least %(notice)s ahead.", notice=p["notice"]))
    return str(_("It is too late to book this. The first start is now %(at)s.", at=p["earliest"]))


def too_far(p: Params) -> str:
    """Say until when one may book, or when that day opens."""
    if "horizon" in p:
        return str(_("Bookings open %(horizon)s before their start.", horizon=p["horizon"]))
    if "last_day" in p:
        return str(
            ngettext(
                "Bookings open one day ahead: the last day is now %(last_day)s.",
                "Bookings open %(num)d days ahead: the last day is now %(last_day)s.",
                p["days"],
                last_day=p["last_day"],
            )
        )
    if "opens_at" in p:
        return str(_("This day opens for booking on %(opens)s.", opens=p["opens_at"]))
    return str(_("This day is not opened for booking."))


def outside_hours(p: Params) -> str:
    """Say outside of which hours it lies."""
    kind = p.get("hours", "")
    if kind == "closing":
        return str(_("Start at least %(time)s before closing.", time=p["latest"]))
    sentences = {
        "staffed": _("This is only possible while staff are there."),
        "reserved": _("These hours are reserved for other people."),
        "overnight": _("A booking over night must start and end at the hours set for it."),
    }
    return str(sentences.get(kind) or _("The site is not open during all of that time."))


def closed(p: Params) -> str:
    """Say from when to when it is closed, and why if that is known."""
    if "reason" in p:
        return str(_("Closed: %(reason)s.", reason=p["reason"]))
    return str(
        _("The site is closed from %(start)s to %(end)s.", start=p["starts_at"], end=p["ends_at"])
    )


def quota(p: Params) -> str:
    """Say how much there is, in what, and how much of it is used."""
    limit, unit = p["limit_raw"], Unit(p.get("unit", Unit.MINUTES))
    if p["quota"] == "run":
        return str(run_in_words(limit, Unit(p["window"])))
    values = {
        "amounts": in_window(amount_in_words(limit, unit), Window(p["window"]), p.get("days", 0)),
        "used": amount_in_words(p["used_raw"], unit),
    }
    sentences = {
        "machine": _("At most %(amounts)s on this machine; you have %(used)s.", **values),
        "category": _("At most %(amounts)s on machines of this kind; you have %(used)s.", **values),
        "site": _("At most %(amounts)s at this site; you have %(used)s.", **values),
        "everywhere": _("At most %(amounts)s over all sites; you have %(used)s.", **values),
    }
    return str(sentences[p["quota"]])


def too_many_open(p: Params) -> str:
    """Say how many bookings are still to come."""
    if "begun" in p:
        return str(_("Book the next one only once the current one has begun."))
    if not isinstance(p["used_raw"], int):
        return str(
            _(
                "You have %(used)s of bookings still to come, and %(limit)s is the most.",
                used=p["used"],
                limit=p["limit"],
            )
        )
    return str(
        ngettext(
            "You have one booking still to come, and %(limit)s is the most.",
            "You have %(num)d bookings still to come, and %(limit)s is the most.",
            p["used"],
            limit=p["limit"],
        )
    )


def suspended(p: Params) -> str:
    """Say until when, and for what, somebody may not book."""
    if "machine" not in p:
        return str(_("You cannot book until %(until)s. Your profile says why.", until=p["until"]))
    if "until" in p:
        return str(
            _(
                "You cannot book %(machine)s before %(until)s. Your profile says why.",
                machine=p["machine"],
                until=p["until"],
            )
        )
    return str(_("You cannot book %(machine)s. Your profile says why.", machine=p["machine"]))


def certification_missing(p: Params) -> str:
    """Say which certification is needed, with its level where the first is not enough."""
    if "level" in p:
        return str(
            _(
                "You need a certification of level %(level)s to use %(machine)s.",
                level=str(p["level"]),
                machine=p["machine"],
            )
        )
    return str(_("You need a certification to use %(machine)s.", machine=p["machine"]))


def waiver_missing(p: Params) -> str:
    """Say who has to sign."""
    if p.get("age") == "unknown":
        return str(_("Say when you were born first: for minors a parent or guardian signs."))
    if p.get("guardian"):
        return str(_("A parent or guardian has to sign the waiver first."))
    return str(_("You have to sign the waiver first."))


def needs_approval(p: Params) -> str:
    """Say that staff have to agree first."""
    return str(_("Staff must agree to this booking of %(machine)s first.", machine=p["machine"]))


def field_required(p: Params) -> str:
    """Say that something must be told; with its name where a machine's rules ask for it."""
    if "machine" not in p:
        return str(_("This field must be filled in."))
    return str(
        _("For %(machine)s you have to say: %(field)s.", machine=p["machine"], field=p["field"])
    )


def field_not_offered(p: Params) -> str:
    """Say that a value cannot be chosen; with its name where a machine's rules exclude it."""
    value = p.get("value", "")
    if "machine" not in p:
        return str(_("“%(value)s” is not one of the choices.", value=value))
    return str(
        _(
            "%(machine)s cannot be used with “%(value)s” as %(field)s.",
            machine=p["machine"],
            value=value,
            field=p["field"],
        )
    )
