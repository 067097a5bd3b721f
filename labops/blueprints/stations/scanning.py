"""What a scanned code opens. Looking changes nothing; every act carries a nonce of its page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import Form

from labops.blueprints import fixes, formats
from labops.blueprints.access import current_actor, current_person, public, signed_in, worn_hat
from labops.blueprints.asked import form_with, people_in, questions_for, said_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.fixes import Wanted
from labops.blueprints.sites.base import asked, key, presence
from labops.blueprints.stations.base import bp, scanned
from labops.blueprints.stations.questions import keep_answers, questions_for_act
from labops.blueprints.stations.walk_in import Offer, offer_for, rules_of
from labops.domain.bookings import extending, services
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.extending import Room
from labops.domain.bookings.queries import BookingView, OwnSearch
from labops.domain.bookings.states import BookingState
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import MachineView
from labops.domain.sites.queries import SiteView
from labops.domain.stations import queries
from labops.domain.stations.queries import ActView, StationView
from labops.domain.visits import queries as visits
from labops.domain.visits import services as doors
from labops.domain.visits.commands import Scan
from labops.domain.visits.states import Act, Way
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.idempotency import Keyed
from labops.kernel.interval import Interval
from labops.kernel.ledger import LONGEST_CLAIM

GONE = 410
AROUND_NOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """One of the actor's bookings as it stands here and now."""

    booking: BookingView
    opens_at: datetime
    can_check_in: bool
    can_finish: bool

    @property
    def acts(self) -> bool:
        """Say whether there is something to do about it now."""
        return self.can_check_in or self.can_finish


@bp.get("/s/<code>")
@public
def show(code: str) -> ResponseReturnValue:
    """Show what one can do here; an old code says that its sticker should be reported."""
    station, site = scanned(code)
    return _page(station, site)


@bp.post("/s/<code>/check-in")
@signed_in
def check_in(code: str) -> ResponseReturnValue:
    """Come in; at a machine, or with a booking of one's own that belongs here, begin its use."""
    return _act(code, Act.CHECK_IN)


@bp.post("/s/<code>/check-out")
@signed_in
def check_out(code: str) -> ResponseReturnValue:
    """Leave."""
    return _act(code, Act.CHECK_OUT)


@bp.post("/s/<code>/finish")
@signed_in
def finish(code: str) -> ResponseReturnValue:
    """End the use."""
    return _act(code, Act.FINISH)


@bp.post("/s/<code>/book")
@signed_in
def book(code: str) -> ResponseReturnValue:
    """Book the machine for whoever stands at it; checking in is the next act."""
    station, site = scanned(code)
    if station.retired_at is not None or station.machine is None:
        return _page(station, site)
    form = _asking_form(machines.by_slug(reading(), station.machine))
    slot, nonce = _posted_slot(), _nonce()
    fixes.start_from(
        Wanted(machines=(station.machine,), slot=slot, zone=local_time.zone(site.zone))
    )
    try:
        command = Book(
            machines=(station.machine,),
            slot=slot,
            walk_in=True,
            firm_uid=worn_hat(),
            people=people_in(form),
            fields=said_in(form.data),
            keyed=Keyed(f"station:{nonce}", hashlib.sha256(code.encode()).hexdigest()),
        )
        uid = services.book(command, actor=current_actor(), now=clock.now())
    except (Refused, Invalid) as refused:
        return _page(station, site, refused.problems)
    return redirect(url_for(".show", code=code, booked=uid), 303)


def _act(code: str, act: Act) -> ResponseReturnValue:
    station, site = scanned(code)
    actor, nonce, screen = current_actor(), _nonce(), request.form.get("k", "")[:60]
    booking = ""
    if act is not Act.CHECK_OUT and (request.form.get("booking") or act is Act.FINISH):
        found = bookings.one(reading(), key(request.form.get("booking", "")), actor)
        if not _belongs_here(found, station):
            raise NotFound
        booking = found.uid
    command = Scan(
        site_id=site.id,
        station_id=station.id,
        device=f"person:{actor.require_person()}",
        nonce=nonce,
        act=act,
        way=Way.SCREEN if screen else Way.WALL,
        screen=screen,
        booking=booking,
    )
    outcome = doors.scan(command, actor=actor, now=clock.now())
    if not outcome.welcome:
        return _page(station, site, outcome.problems)
    keep_answers(station, act, outcome.booking_uid)
    return redirect(url_for(".show", code=code, done=nonce), 303)


def _page(
    station: StationView, site: SiteView, problems: Sequence[Problem] = ()
) -> ResponseReturnValue:
    """Return the page of the station; its status says whether an act was refused."""
    now = clock.now()
    values = {
        "station": station,
        "site": site,
        "now": now,
        "person": current_person(),
        "new_nonce": uuid4,
        "presence": presence(site, now=now),
        "act": _earlier_act(),
        "inside_since": _inside_since(site),
        "screen": asked("k") or request.form.get("k", "")[:60],
    }
    if station.retired_at is not None:
        return render_template("stations/retired.html", **values), GONE
    status = 409 if problems else 200
    if station.machine is None:
        claims, reasons = _claims(station, now), reasons_of(problems)
        page = render_template("stations/door.html", **values, claims=claims, reasons=reasons)
        return page, status
    return render_template("stations/machine.html", **values, **_at(station, problems, now)), status


def _at(station: StationView, problems: Sequence[Problem], now: datetime) -> dict[str, Any]:
    """Return what the page of a machine's station shows."""
    machine = machines.by_slug(reading(), str(station.machine))
    here = _claims(station, now)
    acting = next((claim for claim in here if claim.acts), None)
    offer = None if acting else _offer(machine, now)
    against = [*problems, *(offer.problems if offer and not problems else ())]
    elsewhere = [claim for claim in _claims(replace(station, machine=None), now) if claim.acts]
    return {
        "machine": machine,
        "state": machines.states_now(reading(), [machine], now=now)[machine.id],
        "acting": acting,
        "room": _room(acting, now),
        "questions": questions_for_act(machine.id, finishing=acting.can_finish) if acting else (),
        "said": request.form,
        "language": formats.language(),
        "coming": next((claim for claim in here if claim is not acting), None),
        "elsewhere": None if acting or not elsewhere else elsewhere[0],
        "offer": offer,
        "form": _asking_form(machine),
        "refused": bool(problems),
        "reasons": reasons_of(against),
        "booked": asked("booked"),
    }


def _room(acting: Claim | None, now: datetime) -> Room | None:
    """Return how much longer a booking in use could be."""
    if acting is None or not acting.can_finish:
        return None
    return extending.room(reading(), acting.booking.uid, current_actor(), now=now)


def _asking_form(machine: MachineView) -> Form:
    """Return what the house rules want to be told, as it was typed if it was sent."""
    questions = questions_for([machine], current_actor())
    return form_with(Form, questions)(request.form if request.method == "POST" else None)


def _offer(machine: MachineView, now: datetime) -> Offer | None:
    actor = current_actor()
    return offer_for(machine, actor, now=now) if actor.signed_in else None


def _claims(station: StationView, now: datetime) -> list[Claim]:
    """Return the actor's bookings that belong here and begin within a day or run, by start."""
    actor = current_actor()
    if actor.person_id is None:
        return []
    search = OwnSearch(
        person_id=actor.person_id,
        now=now,
        coming=True,
        machine=station.machine,
        site=station.site,
    )
    found, _count = bookings.own(reading(), search, actor)
    soon = [booking for booking in found if booking.starts_at < now + AROUND_NOW]
    return [_claim(booking, now) for booking in soon]


def _claim(booking: BookingView, now: datetime) -> Claim:
    session = reading()
    rules = [rules_of(machines.by_slug(session, slug)) for slug in booking.machines]
    opens_at = booking.starts_at - min(rule.early_check_in for rule in rules)
    return Claim(
        booking=booking,
        opens_at=opens_at,
        can_check_in=booking.state == BookingState.CONFIRMED
        and opens_at <= now < booking.check_in_by,
        can_finish=booking.state == BookingState.CHECKED_IN,
    )


def _earlier_act() -> ActView | None:
    """Return the act that this page is the answer to, if it is one."""
    actor, nonce = current_actor(), asked("done")
    if actor.person_id is None or not nonce:
        return None
    return queries.act_of_nonce(reading(), actor.person_id, nonce)


def _inside_since(site: SiteView) -> datetime | None:
    """Return from when on the reader is in at the site, if she is."""
    person_id = current_actor().person_id
    visit = visits.own_visit(reading(), person_id) if person_id is not None else None
    return visit[1] if visit and visit[0] == site.id else None


def _belongs_here(booking: BookingView, station: StationView) -> bool:
    if not booking.mine:
        return False
    if station.machine is None:
        return booking.site == station.site
    return station.machine in booking.machines


def _nonce() -> str:
    """Return the nonce that the page made; any other text is no nonce."""
    try:
        return str(UUID(request.form.get("nonce", "")))
    except ValueError:
        abort(400)


def _posted_slot() -> Interval:
    """Return the slot of the button that was pressed; the rules decide whether it may be had."""
    try:
        starts, _slash, ends = request.form.get("slot", "").partition("/")
        slot = Interval(datetime.fromisoformat(starts), datetime.fromisoformat(ends))
    except (ValueError, OverflowError):
        abort(400)
    if abs(slot.starts_at - clock.now()) > AROUND_NOW or slot.length > LONGEST_CLAIM:
        abort(400)
    return slot
