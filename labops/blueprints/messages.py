"""Every code in words. A code without a sentence, or a sentence without a code, fails a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, has_request_context
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints import (
    calendar_messages,
    case_messages,
    formats,
    incident_messages,
    inductions_messages,
    lab_messages,
    members_messages,
    plan_messages,
    quiz_messages,
    reasons,
    rules_messages,
    visit_messages,
    waiting_messages,
)
from labops.blueprints.words import role_name
from labops.domain.machines import queries as machines
from labops.kernel.db import reading
from labops.kernel.errors import Problem

Sentence = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Reason:
    """A problem ready to be shown: a sentence, and the step that would solve it."""

    code: str
    detail: str
    overridable: bool = False
    fix_url: str = ""
    fix_label: str = ""


def sentence_for(problem: Problem, zone: ZoneInfo | None = None) -> str:
    """Return the problem in the reader's language, instants in the site's zone."""
    words = {name: _in_words(value, zone) for name, value in problem.params.items()}
    if isinstance(slug := words.get("machine"), str):
        words["machine"] = machine_name(slug)
    words |= {f"{name}_raw": value for name, value in problem.params.items()}
    return SENTENCES[problem.code](words)


def machine_name(slug: str) -> str:
    """Return what people call a machine; cases that are read from files have no inventory."""
    if not has_request_context() or "sqlalchemy" not in current_app.extensions:
        return slug
    names: dict[str, str] = g.setdefault("machine_names", {})
    if slug not in names:
        names[slug] = machines.name_of(reading(), slug) or slug
    return names[slug]


def _in_words(value: Any, zone: ZoneInfo | None) -> Any:
    if isinstance(value, timedelta):
        return formats.duration(value)
    if isinstance(value, datetime):
        return formats.moment(value, zone)
    if isinstance(value, date):
        return formats.day(value)
    return value


SENTENCES: dict[str, Sentence] = {
    "booking.overlap": lambda p: (
        _("%(machine)s is already taken at that time.", machine=p["machine"])
        if p.get("machine")
        else _("That time is already taken.")
    ),
    "booking.past": lambda p: _("That time has already begun. Choose a later one."),
    "booking.too-short": lambda p: _(
        "The shortest booking is %(shortest)s.", shortest=p["shortest"]
    ),
    "booking.too-long": lambda p: _("The longest booking is %(longest)s.", longest=p["longest"]),
    "booking.off-grid": reasons.off_grid,
    "booking.too-soon": reasons.too_soon,
    "booking.too-far": reasons.too_far,
    "booking.outside-hours": reasons.outside_hours,
    "booking.closed": reasons.closed,
    "booking.quota": reasons.quota,
    "booking.too-many-open": reasons.too_many_open,
    "booking.one-at-a-time": lambda p: ngettext(
        "You can have one machine at a time.",
        "You can have %(num)d machines at the same time.",
        p["limit"],
    ),
    "booking.gap": lambda p: _(
        "Leave %(gap)s between two of your bookings on one machine.", gap=p["gap"]
    ),
    "booking.needs-approval": reasons.needs_approval,
    "booking.cancel-too-late": lambda p: _(
        "It is too late to cancel this booking yourself. Ask staff, who can."
    ),
    "booking.begun": lambda _p: _("A booking that has begun cannot be handed over."),
    "booking.offer-closed": lambda _p: _("This offer is closed. Ask who made it for a new one."),
    "booking.many-offers": lambda _p: _("You have made many offers today. Try again tomorrow."),
    "booking.not-open": lambda p: _not_open(p["state"]),
    "booking.check-in-too-early": lambda p: _(
        "You can check in from %(opens)s on.", opens=p["opens_at"]
    ),
    "booking.machine-in-use": lambda p: _(
        "Somebody is still working on %(machine)s. Please wait until they finish.",
        machine=p["machine"],
    ),
    "machine.out-of-service": lambda p: _("%(machine)s is out of service.", machine=p["machine"]),
    "machine.retired": lambda p: _("%(machine)s was retired.", machine=p["machine"]),
    "maintenance.begun": lambda p: _("It has begun already: end it instead."),
    "maintenance.not-begun": lambda p: _("It has not begun yet: call it off instead."),
    "maintenance.over": lambda p: _("It is over or was called off."),
    "maintenance.in-service": lambda p: _("%(machine)s is in service again.", machine=p["machine"]),
    "maintenance.in-the-past": lambda p: _("The end must lie in the future."),
    "maintenance.too-long": lambda p: _("It may last %(longest)s at most.", longest=p["longest"]),
    "maintenance.no-machines": lambda p: _("There are no machines in this space."),
    "maintenance.overlap": lambda p: _(
        "%(machine)s is held at that time for other maintenance, for an induction, or for somebody"
        " on the waiting list.",
        machine=p["machine"],
    ),
    "person.not-member": lambda p: _(
        "Only members of this site can book here. Ask staff to become one."
    ),
    "guardian.not-proven": lambda _p: _(
        "Sign or agree first: that proves that the address is yours."
    ),
    "guardian.not-a-minor": lambda _p: _("Only a minor needs somebody who answers for her."),
    "waiver.guardian-signs": lambda _p: _("For a minor a parent or guardian signs."),
    "membership.suspended": lambda _p: _("The membership here is suspended: ask the staff."),
    "person.suspended": reasons.suspended,
    "person.waiver-missing": reasons.waiver_missing,
    "person.certification-missing": reasons.certification_missing,
    "person.certification-expired": lambda p: _(
        "Your certification for %(machine)s is not valid on that day.", machine=p["machine"]
    ),
    "person.too-young": lambda p: _("You are too young to use this machine alone."),
    "person.too-old": lambda p: _(
        "This machine is for people up to %(oldest)s years.", oldest=p["oldest"]
    ),
    "request.key-reused": lambda p: _(
        "This Idempotency-Key was used for something else. Send a new one."
    ),
    "request.wrong-cursor": lambda p: _("This cursor is not one that was given out here."),
    "account.not-confirmed": lambda p: _(
        "Confirm your address first: we have just sent you the link again."
    ),
    "account.known": lambda p: _("There is already an account for %(email)s.", email=p["email"]),
    "erasure.only-admin": lambda _p: _("She is the only admin: make somebody else one first."),
    "password.too-short": lambda p: ngettext(
        "The password needs at least one character.",
        "The password needs at least %(num)d characters.",
        p["shortest"],
    ),
    "password.too-long": lambda p: ngettext(
        "The password may have at most one character.",
        "The password may have at most %(num)d characters.",
        p["longest"],
    ),
    "role.wrong-place": lambda p: _(
        "The role %(role)s is given at a site, or over all sites: not this way.",
        role=role_name(p["role"]),
    ),
    "feed.too-many": lambda p: ngettext(
        "You have one calendar address. Revoke it if you do not use it.",
        "You have %(num)d calendar addresses. Revoke one that you do not use.",
        p["limit"],
    ),
    "strike.decided": lambda p: _("This was contested or answered already."),
    "certification.level-names": lambda _p: _(
        "Give each level a name in both languages; nine levels are the most."
    ),
    "certification.level-taken": lambda _p: _(
        "Somebody was certified for a level that you take away. Rename it instead."
    ),
    "certification.nobody-has": lambda p: _(
        "Nobody here has these addresses: %(addresses)s. Nobody was certified.",
        addresses=p["addresses"],
    ),
    "field.not-a-short-name": lambda p: _(
        "“%(value)s”: use small letters, digits and hyphens.", value=p.get("value", "")
    ),
    "field.too-long": lambda p: ngettext(
        "This may have at most one character.",
        "This may have at most %(num)d characters.",
        p["longest"],
    ),
    "feed.not-yours": lambda p: _("Only members and staff of this site can follow its calendars."),
    "series.over": lambda p: _(
        "This occurrence has begun, or was given up: it cannot be changed with others."
    ),
    "series.unchanged": lambda p: _("This is the time that it has already."),
    "station.known": lambda p: _("This machine already has a label."),
    "hours.wrong-span": lambda p: _("Opening must come before closing."),
    "hours.overlap": lambda p: _("Two spans of one day overlap."),
    "field.required": reasons.field_required,
    "field.doubled": lambda p: _("Each may be named only once."),
    "field.several-sites": lambda p: _("All machines of a booking must be at the same site."),
    "field.not-your-name": lambda p: _(
        "Type the name as it is known here: %(name)s.", name=p["person"]
    ),
    "field.text-changed": lambda _p: _("The text changed meanwhile: read it again."),
    "field.your-own-address": lambda _p: _("This is your own address: name somebody else's."),
    "field.not-an-email": lambda p: _("This is not an e-mail address."),
    "field.not-offered": reasons.field_not_offered,
    "field.own-address": lambda _p: _("The booking is theirs already. Name somebody else."),
    "field.nobody": lambda _p: _("There is nobody with this address or identifier."),
    "field.in-the-past": lambda p: _("Choose a moment in the future."),
    "field.ends-before-start": lambda p: _("The end must come after the start."),
    "field.naive-time": lambda p: _(
        "Give the time with its offset, such as 2026-11-26T14:00:00+01:00."
    ),
    "field.wrong": lambda p: _("This value cannot be used: %(why)s.", why=p.get("why", "")),
    "field.unknown": lambda p: _("There is no such field."),
    "field.not-a-number": lambda p: _(
        "“%(value)s” is not a number that fits here.", value=p.get("value", "")
    ),
    "field.not-yes-or-no": lambda p: _(
        "Write yes or no, not “%(value)s”.", value=p.get("value", "")
    ),
    "field.out-of-range": lambda p: _(
        "This must lie between %(lowest)s and %(highest)s.",
        lowest=p["lowest"],
        highest=p["highest"],
    ),
    "field.no-such-time": lambda p: _(
        "The clocks skip this time on that night. The next that exists is %(suggestion)s.",
        suggestion=p["suggestion"],
    ),
    "inventory.missing-column": lambda p: _("The column “%(field)s” is missing.", field=p["field"]),
    "inventory.unknown-column": lambda p: _(
        "There is no column called “%(field)s”.", field=p["field"]
    ),
    "inventory.too-long": lambda p: _("The file has too many lines."),
    "inventory.too-many-cells": lambda p: _("This line has more cells than the heading."),
    "inventory.doubled": lambda p: _("Line %(other)s is the same machine.", other=p["other"]),
    "inventory.elsewhere": lambda p: _("This machine stands at another site."),
    "photo.unreadable": lambda p: _(
        "This is no JPEG, PNG or WebP picture, or the file is damaged."
    ),
    "photo.too-large": lambda p: _(
        "The file is larger than %(most)s MiB. Choose a smaller one.", most=p["most"]
    ),
    "photo.too-many-pixels": lambda p: _(
        "The picture has more than %(most)s million pixels. Make it smaller first.", most=p["most"]
    ),
    **rules_messages.SENTENCES,
    **waiting_messages.SENTENCES,
    **inductions_messages.SENTENCES,
    **lab_messages.SENTENCES,
    **calendar_messages.SENTENCES,
    **members_messages.SENTENCES,
    **plan_messages.SENTENCES,
    **quiz_messages.SENTENCES,
    **incident_messages.SENTENCES,
    **visit_messages.SENTENCES,
    **case_messages.SENTENCES,
}


def _not_open(state: str) -> str:
    sentences = {
        "requested": _("This booking still waits for approval."),
        "confirmed": _("Check in before you finish."),
        "checked_in": _("This booking is running: only its end can be changed."),
        "finished": _("This booking is over."),
        "cancelled": _("This booking was cancelled."),
        "missed": _("Nobody checked in in time, so this booking was released."),
        "rejected": _("This booking was rejected."),
    }
    return str(sentences[state])
