"""Mails about faults: to staff, to those whose bookings a stop hits, to those who reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    moment,
    page_address,
    short_moment,
    short_slot,
    slot,
)
from labops.domain.bookings.rebooking import Suggestion
from labops.domain.incidents import alternatives, queries
from labops.domain.incidents.alternatives import Hit
from labops.domain.incidents.queries import HarmView, IncidentView
from labops.domain.incidents.states import Severity
from labops.domain.maintenance import history
from labops.domain.maintenance.coming_round import RANK, Standing
from labops.domain.maintenance.history import PlanView
from labops.domain.notifications import queries as people
from labops.domain.notifications.kinds import LetterKind
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission


def _reported(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    incident = _open(fact)
    if incident is None:
        return ()
    session = reading()
    site = sites.by_id(session, incident.site_id)
    hits = []
    if incident.severity is Severity.STOPS:
        hits = alternatives.of_machine(session, incident.machine_id, now=now)
    words = partial(_to_staff, incident, site, len(hits))
    told = _all_staff(site.id, Permission.MACHINE_EDIT, words)
    for hit in hits:
        to = people.addressee_by_person(session, hit.booking.person_id)
        if to is not None and not hit.booking.is_running:
            words = partial(_to_booked, incident, site, hit)
            told.append(Told(to, words, LetterKind.BOOKING_BY_OTHERS))
    return told


def _solved(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    session = reading()
    try:
        incident = queries.one(session, fact["incident_uid"])
    except NotFound:
        return ()
    if incident.solved_at is None:
        return ()
    site = sites.by_id(session, incident.site_id)
    addressees = (
        people.addressee_by_person(session, one)
        for one in queries.interested(session, incident.uid)
    )
    words = partial(_solved_words, incident, site)
    return [Told(to, words, LetterKind.BOOKING_BY_OTHERS) for to in addressees if to]


def _harm(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    try:
        record = queries.one_harm(reading(), fact["harm_uid"])
    except NotFound:
        return ()
    site = sites.by_id(reading(), record.site_id)
    return _all_staff(site.id, Permission.HARM_SEE, partial(_harm_words, record, site))


def _due(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    try:
        plan = history.one(reading(), fact["plan_uid"], now=now)
    except NotFound:
        return ()
    if RANK[plan.standing] < RANK[Standing(fact["standing"])]:
        return ()  # it was done meanwhile
    site = sites.by_id(reading(), plan.site_id)
    return _all_staff(site.id, Permission.MACHINE_EDIT, partial(_due_words, plan, site))


TELLERS: Mapping[str, Teller] = {
    "HarmReported": _harm,
    "IncidentReported": _reported,
    "IncidentSolved": _solved,
    "UpkeepDue": _due,
}


def _open(fact: Mapping[str, Any]) -> IncidentView | None:
    try:
        incident = queries.one(reading(), fact["incident_uid"])
    except NotFound:
        return None
    return incident if incident.solved_at is None else None


def _all_staff(site_id: int, permission: Permission, words: Callable[[], Notice]) -> list[Told]:
    staff = people.staff_of(reading(), site_id, permission)
    return [Told(to, words, LetterKind.SERVICE) for to in staff]


def _to_staff(incident: IncidentView, site: SiteView, hit_count: int) -> Notice:
    lead = {
        Severity.NOTE: _("Somebody noted something about a machine."),
        Severity.CAREFUL: _("A machine does not work as it should."),
        Severity.STOPS: _("A machine was stopped, and is out of service from now on."),
    }[incident.severity]
    rest: tuple[str, ...] = ()
    if hit_count:
        rest = (
            ngettext(
                "One booking of the next days is told, with alternatives.",
                "%(num)d bookings of the next days are told, with alternatives.",
                hit_count,
            ),
        )
    return Notice(
        subject=_("Fault: %(machine)s", machine=incident.machine_name),
        lead=(lead,),
        details=_details(incident, site),
        action=Action(_("See the report"), page_address("incidents.show", incident=incident.uid)),
        rest=rest,
        signature=site.name,
    )


def _to_booked(incident: IncidentView, site: SiteView, hit: Hit) -> Notice:
    booking = hit.booking
    offered = tuple((_("Instead"), _where(one, site)) for one in hit.suggestions)
    return Notice(
        subject=_(
            "%(machine)s is out of service: your booking of %(when)s",
            machine=incident.machine_name,
            when=short_moment(booking.slot.starts_at, site.zone),
        ),
        lead=(
            _("A machine that you booked had to be stopped.")
            if offered
            else _("A machine that you booked had to be stopped, and nothing like it is free."),
        ),
        details=(
            (_("What"), ", ".join(booking.machine_names)),
            (_("When"), slot(booking.slot.starts_at, booking.slot.ends_at, site.zone)),
            (_("Reason"), incident.text),
            *offered,
        ),
        action=Action(
            _("Choose another time or machine"),
            page_address("incidents.instead", uid=booking.uid),
        ),
        instead=Action(
            _("See, move or cancel the booking"), page_address("bookings.show", uid=booking.uid)
        ),
        rest=(_("It does not count against you."),),
        signature=site.name,
        reply_to=site.email,
    )


def _where(one: Suggestion, site: SiteView) -> str:
    when = short_slot(one.slot.starts_at, one.slot.ends_at, site.zone)
    return f"{', '.join(one.machine_names)}, {when}"


def _solved_words(incident: IncidentView, site: SiteView) -> Notice:
    return Notice(
        subject=_("Solved: %(machine)s", machine=incident.machine_name),
        lead=(_("The fault that you reported, or met as well, is solved. Thank you."),),
        details=(*_details(incident, site), (_("What was done"), incident.solution)),
        action=Action(_("See the machine"), page_address("machines.show", slug=incident.machine)),
        signature=site.name,
        reply_to=site.email,
    )


def _harm_words(record: HarmView, site: SiteView) -> Notice:
    return Notice(
        subject=_("Somebody came to harm, or nearly: %(site)s", site=site.name),
        lead=(_("What happened is not told by mail. Every look at it is written down."),),
        details=((_("When"), moment(record.happened_at, site.zone)),),
        action=Action(_("Read the record"), page_address("incidents.harm", harm=record.uid)),
        signature=site.name,
    )


def _due_words(plan: PlanView, site: SiteView) -> Notice:
    subject = {
        Standing.SOON: _("Maintenance due soon: %(machine)s", machine=plan.machine_name),
        Standing.OVERDUE: _("Maintenance overdue: %(machine)s", machine=plan.machine_name),
    }.get(plan.standing, _("Maintenance due: %(machine)s", machine=plan.machine_name))
    due = ((_("Due"), moment(plan.due_at, site.zone)),) if plan.due_at else ()
    return Notice(
        subject=subject,
        lead=(_("Plan it at an hour when few people book, or write down that it is done."),),
        details=((_("What"), plan.title), *due),
        action=Action(
            _("See what comes round"), page_address("maintenance.rounds", slug=site.slug)
        ),
        signature=site.name,
    )


def _details(incident: IncidentView, site: SiteView) -> tuple[tuple[str, str], ...]:
    return (
        (_("What"), incident.machine_name),
        (_("Reported"), moment(incident.reported_at, site.zone)),
        (_("What is wrong"), incident.text),
    )
