"""Why not? Every rule for a wish, with the step that solves each one that fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from labops.blueprints import fixes
from labops.blueprints.access import current_actor, public, worn_hat
from labops.blueprints.asked import rules_for
from labops.blueprints.bookings.base import bp
from labops.blueprints.bookings.forms import SlotForm, read_slot, wait_address
from labops.blueprints.errors import reasons_of
from labops.blueprints.messages import Reason
from labops.blueprints.plans.words import cost as cost_in_words
from labops.blueprints.slots import in_address, prefilled
from labops.blueprints.why_not import Line, lines_of
from labops.domain.bookings import explaining
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.explaining import Answer
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import MachineView
from labops.domain.waiting.policies import TAKEN
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.interval import Interval

MOST_MACHINES = 20
USUAL_LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, ready to be shown."""

    allowed: bool
    lines: list[Line]
    reasons: list[Reason]
    cost: str = ""

    @property
    def asks_staff(self) -> bool:
        """Say whether staff would have to agree first."""
        return any(line.approval and not line.passed for line in self.lines)


def checked(answer: Answer) -> Checked:
    """Return the answer in words, each failed rule with its step; `fixes` knows the wish."""
    lines = lines_of(answer.rules, local_time.zone(answer.zone), fixes.step_of)
    cost = cost_in_words(answer.cost) if answer.cost is not None else ""
    return Checked(answer.allowed, lines, reasons_of(answer.problems), cost)


def check_of_booking(command: Book, said: dict[str, str]) -> Checked:
    """Ask every rule about a new booking; `said` is what else was typed."""
    answer = explaining.explain(command, actor=current_actor(), now=clock.now())
    fixes.start_from_answer(answer, local_time.zone(answer.zone), said=said)
    return checked(answer)


def check_of_move(command: Move) -> Checked:
    """Ask every rule about another time for a booking."""
    answer = explaining.explain_move(command, actor=current_actor(), now=clock.now())
    fixes.start_from_answer(answer, local_time.zone(answer.zone), uid=command.uid)
    return checked(answer)


@bp.get("/bookings/why-not")
@public
def why_not() -> ResponseReturnValue:
    """Show what every rule says to a wish; without a time, ask for one."""
    wanted = _wanted_machines()
    first = wanted[0]
    g.zone = zone = local_time.zone(first.zone)
    form = SlotForm(MultiDict({"length": "60", **request.args.to_dict()}))
    slot, status = _asked_slot(form), 200
    found: Checked | None = None
    if slot is None and (form.errors or "starts_at" in request.args):
        status = 422
    elif slot is None:
        start = (clock.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        form = SlotForm(data=prefilled(Interval(start, start + USUAL_LENGTH), zone))
    else:
        form = SlotForm(data=prefilled(slot, zone))
        try:
            found = _look(wanted, slot)
        except Invalid as invalid:
            form.date.errors, status = [one.detail for one in reasons_of(invalid.problems)], 422
    page = render_template(
        "bookings/why_not.html",
        machines=wanted,
        slot=slot,
        form=form,
        checked=found,
        signed_in=current_actor().signed_in,
        book_url=_book_url(wanted, slot) if slot else "",
        wait_url=_wait_url(wanted, slot, found) if slot and found else "",
    )
    return page, status


def _look(wanted: list[MachineView], slot: Interval) -> Checked:
    actor = current_actor()
    slugs = tuple(machine.slug for machine in wanted)
    try:
        command = Book(machines=slugs, slot=slot, firm_uid=worn_hat())
        answer = explaining.explain(command, actor=actor, now=clock.now())
    except Refused as refused:  # years on end: no calendar holds it
        return Checked(allowed=False, lines=[], reasons=reasons_of(refused.problems))
    zone = local_time.zone(answer.zone)
    fixes.start_from_answer(answer, zone, signed_in=actor.signed_in)
    return checked(answer)


def _wanted_machines() -> list[MachineView]:
    slugs = list(dict.fromkeys(request.args.getlist("machine")))[:MOST_MACHINES]
    if not slugs:
        raise NotFound
    found = [machines.by_slug(reading(), slug) for slug in slugs]
    return [machine for machine in found if machine.site_id == found[0].site_id]


def _asked_slot(form: SlotForm) -> Interval | None:
    """Return the slot of the address: two instants, or what the form on the page typed."""
    if "starts_at" in request.args:
        return _read_instants(form)
    if "date" not in request.args:
        return None
    valid = form.validate()
    typed = read_slot(form, g.zone)
    return typed.slot if valid and typed else None


def _read_instants(form: SlotForm) -> Interval | None:
    # A "+" that was not escaped arrives as a space.
    texts = [request.args.get(name, "").replace(" ", "+") for name in ("starts_at", "ends_at")]
    try:
        starts_at, ends_at = (datetime.fromisoformat(text) for text in texts)
        return Interval(starts_at, ends_at)
    except (ValueError, OverflowError):
        form.date.errors = [
            _("Give two times in order with their offset, such as 2026-11-26T14:00:00+01:00.")
        ]
        return None


def _book_url(wanted: list[MachineView], slot: Interval) -> str:
    where = in_address(slot, local_time.zone(wanted[0].zone))
    return url_for(".new", machine=[machine.slug for machine in wanted], **where)


def _wait_url(wanted: list[MachineView], slot: Interval, found: Checked) -> str:
    """Return where to wait for the time, when nothing but others stands in the way."""
    against = {reason.code for reason in found.reasons}
    listed = all(rules_for(machine, current_actor()).waiting_list for machine in wanted)
    if not against or against - TAKEN or not listed:
        return ""
    return wait_address([machine.slug for machine in wanted], slot, local_time.zone(wanted[0].zone))
