"""What somebody needs to use a machine, and which of it she has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from flask_babel import gettext as _

from labops.blueprints import fixes, formats
from labops.blueprints.access import current_actor
from labops.domain.certifications import queries as certifications
from labops.domain.certifications.queries import CertificationView
from labops.domain.machines.queries import MachineView
from labops.domain.people import queries as people
from labops.kernel import local_time
from labops.kernel.db import reading


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is needed; `has` is `None` when nobody is signed in.

    Where there is a step that gets it, it has an address and a name.
    """

    name: str
    has: bool | None
    detail: str
    url: str = ""
    label: str = ""


def needs_of(machine: MachineView, *, now: datetime) -> list[Need]:
    """Return everything that is needed, with whether the actor has it today."""
    today = now.astimezone(local_time.zone(machine.zone)).date()
    needs = [_membership(machine, today)]
    if machine.certification_needed:
        needs.append(_with_induction(_certification(machine, today), machine))
    return needs


def _membership(machine: MachineView, today: date) -> Need:
    name = _("Membership of %(site)s", site=machine.site_name)
    actor = current_actor()
    if actor.person_id is None:
        return Need(name, None, _("Staff of the site make you a member."))
    if actor.everywhere or machine.site_id in actor.at_sites:
        return Need(name, has=True, detail=_("You work there."))
    for found in people.memberships(reading(), actor.person_id):
        if (
            found.site_id == machine.site_id
            and found.state == "active"
            and found.starts_on <= today
            and (found.ends_on is None or today <= found.ends_on)
        ):
            return Need(name, has=True, detail=_until(found.ends_on))
    return Need(name, has=False, detail=_("Ask staff of the site to become a member."))


def _certification(machine: MachineView, today: date) -> Need:
    kind = machine.type_name(formats.language())
    name = _("Certification: %(kind)s", kind=kind)
    actor = current_actor()
    if actor.person_id is None:
        return Need(name, None, _("Staff grant it when they have seen that you can use it safely."))
    mine = [
        found
        for found in certifications.of_person(reading(), actor.person_id)
        if found.type_slug == machine.type_slug
    ]
    valid = [found for found in mine if found.valid_on(today)]
    if valid:
        return Need(name, has=True, detail=_until(_last_day(valid)))
    if any(gap.covers(today) for found in mine for gap in found.suspensions):
        return Need(name, has=False, detail=_("Yours is suspended. See why under your skills."))
    if any(found.revoked_at for found in mine):
        return Need(name, has=False, detail=_("Yours was revoked. Ask staff of the site."))
    if mine:
        return Need(name, has=False, detail=_("Yours is not valid today. Ask staff to renew it."))
    return Need(name, has=False, detail=_("Ask staff of the site to show you the machine."))


def _with_induction(need: Need, machine: MachineView) -> Need:
    """Name the next induction to whoever lacks the certification."""
    if need.has:
        return need
    url, label = fixes.next_induction(machine.type_slug)
    return replace(need, url=url, label=label)


def _last_day(valid: list[CertificationView]) -> date | None:
    ends = [found.last_on for found in valid]
    return None if None in ends else max(end for end in ends if end is not None)


def _until(ends_on: date | None) -> str:
    if ends_on is None:
        return str(_("You have it."))
    return str(_("You have it until %(day)s.", day=formats.day(ends_on)))
