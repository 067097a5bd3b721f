"""Bookings over the API."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from flask import Response, g, request

from labops.blueprints import fixes
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.api import schemas
from labops.blueprints.api.base import (
    PREFIX,
    answered,
    as_json,
    operation,
    paged,
    read_body,
    read_cursor,
    read_limit,
    read_window,
    reasons_in_json,
)
from labops.blueprints.fixes import Wanted
from labops.blueprints.why_not import lines_of
from labops.domain.bookings import explaining, queries, services, use
from labops.domain.bookings.commands import EARLIEST, LATEST, Book, Move
from labops.domain.bookings.queries import Search
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, Problem
from labops.kernel.idempotency import Keyed
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor

LONGEST_KEY = 200


@operation(
    "GET",
    "/bookings",
    "Bookings by start; other people's without names unless you may see them",
    access=signed_in,
    answers={200: schemas.BookingList},
    query={
        "from": "start, RFC 3339",
        "to": "end, RFC 3339",
        "machine": "slug of a machine",
        "site": "slug of a site",
        "mine": "1 for your own, in every state",
        "limit": "page size",
        "cursor": "from the Link of the page before",
    },
)
def bookings() -> Response:
    """Answer with a page of bookings; others' need a window, so that no list is endless."""
    actor = current_actor()
    mine = request.args.get("mine") == "1"
    search = Search(
        window=read_window(required=not mine),
        machine=request.args.get("machine"),
        site=request.args.get("site"),
        person_id=actor.require_person() if mine else None,
        after=_after(),
        limit=read_limit(),
    )
    found, following = queries.listed_values(reading(), search, actor)
    end = f"{following[0].isoformat()}|{following[1]}" if following else None
    return paged(found, end)


@operation(
    "POST",
    "/bookings",
    "Book machines, all or none",
    access=signed_in,
    body=schemas.NewBooking,
    answers={201: schemas.OneBooking},
)
def create_booking() -> Response:
    """Make a booking; an `Idempotency-Key` sent again gives the first answer again."""
    actor = current_actor()
    command = _command(read_body(schemas.NewBooking), _keyed())
    fixes.start_from(Wanted(machines=command.machines, slot=command.slot, said=_said(command)))
    made = services.book_and_show(command, actor=actor, now=clock.now())
    return answered(made, 201, {"Location": f"{PREFIX}/bookings/{made['uid']}"})


@operation(
    "POST",
    "/bookings/check",
    "Say whether a booking would be allowed: every reason against it, and every rule",
    access=signed_in,
    body=schemas.WishToCheck,
    answers={200: schemas.BookingCheck},
)
def check_booking() -> Response:
    """Answer without booking."""
    body = read_body(schemas.WishToCheck)
    command, actor, now = _command(body, None), current_actor(), clock.now()
    if body.booking is None:
        check = explaining.explain(command, actor=actor, now=now)
    else:
        move = _move_of(body.booking, command, actor)
        check = explaining.explain_move(move, actor=actor, now=now)
    zone = local_time.zone(check.zone)
    fixes.start_from_answer(check, zone, uid=body.booking or "", said=_said(command))
    rules = [
        {
            "rule": line.rule,
            "name": line.name,
            "passed": line.passed,
            "needs_approval": line.approval,
            "code": line.problem.code,
            "detail": line.sentence,
            "machine": line.problem.params.get("machine"),
            "fix": line.problem.fix,
            "fix_url": line.fix_url,
            "fix_label": line.fix_label,
        }
        for line in lines_of(check.rules, zone, fixes.step_of)
    ]
    reasons = reasons_in_json(check.problems, zone)
    return answered({"allowed": check.allowed, "reasons": reasons, "rules": rules})


@operation(
    "GET", "/bookings/{uid}", "One booking", access=signed_in, answers={200: schemas.OneBooking}
)
def booking(uid: str) -> Response:
    """Answer with one booking."""
    return answered(_shown(uid))


@operation(
    "PATCH",
    "/bookings/{uid}",
    "Move or resize a booking by the same rules; honours If-Match",
    access=signed_in,
    body=schemas.BookingChange,
    answers={200: schemas.OneBooking},
)
def change_booking(uid: str) -> Response:
    """Move a booking."""
    actor = current_actor()
    body = read_body(schemas.BookingChange)
    view = queries.one(reading(), uid, actor)
    _honour_if_match(uid)
    g.zone = local_time.zone(view.zone)
    slot = None
    if body.starts_at is not None or body.ends_at is not None:
        slot = _slot(body.starts_at or view.starts_at, body.ends_at or view.ends_at)
    command = Move(
        uid=uid,
        slot=slot,
        machines=tuple(body.machines) if body.machines is not None else None,
        override_reason=body.override_reason,
        expected_sequence=view.sequence if request.if_match else None,
    )
    fixes.start_from(
        Wanted(
            machines=command.machines or view.machines,
            slot=slot or Interval(view.starts_at, view.ends_at),
            uid=uid,
        )
    )
    services.move(command, actor=actor, now=clock.now())
    return answered(_shown(uid))


@operation(
    "POST",
    "/bookings/{uid}/cancel",
    "Give up a booking",
    access=signed_in,
    answers={200: schemas.OneBooking},
)
def cancel_booking(uid: str) -> Response:
    """Cancel a booking."""
    services.cancel(uid, actor=current_actor(), now=clock.now())
    return answered(_shown(uid))


@operation(
    "POST",
    "/bookings/{uid}/check-in",
    "Begin the use of a booking at its machine",
    access=signed_in,
    answers={200: schemas.OneBooking},
)
def check_in_booking(uid: str) -> Response:
    """Check in to a booking."""
    use.check_in(uid, actor=current_actor(), now=clock.now())
    return answered(_shown(uid))


@operation(
    "POST",
    "/bookings/{uid}/finish",
    "End the use now and give the rest of the time back",
    access=signed_in,
    answers={200: schemas.OneBooking},
)
def finish_booking(uid: str) -> Response:
    """Finish a booking."""
    use.finish(uid, actor=current_actor(), now=clock.now())
    return answered(_shown(uid))


def _command(body: schemas.NewBooking, keyed: Keyed | None) -> Book:
    if not body.machines:
        raise Invalid.field("machines", "field.required")
    return Book(
        machines=tuple(body.machines),
        slot=_slot(body.starts_at, body.ends_at),
        note=body.note,
        override_reason=body.override_reason,
        keyed=keyed,
        people=body.people,
        fields=body.fields,
        firm_uid=body.firm.replace("\x00", ""),
    )


def _move_of(uid: str, command: Book, actor: Actor) -> Move:
    """Return the wish as a change of a booking; machines that stay are not named."""
    before = queries.one(reading(), uid, actor).machines
    machines = command.machines if set(command.machines) != set(before) else None
    return Move(
        uid=uid, slot=command.slot, machines=machines, override_reason=command.override_reason
    )


def _said(command: Book) -> dict[str, str]:
    """Return what the form of a page would be filled with besides machines and times."""
    said = {f"said-{name}": text for name, text in command.fields.items() if text}
    if command.people != 1:
        said["people"] = str(command.people)
    return said | ({"note": command.note} if command.note else {})


def _slot(starts_at: datetime, ends_at: datetime) -> Interval:
    try:
        starts_at, ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
    except OverflowError as error:  # an offset that reaches before year 1 or after year 9999
        raise Invalid.field(
            "starts_at", "field.out-of-range", lowest=EARLIEST.date(), highest=LATEST.date()
        ) from error
    if ends_at <= starts_at:
        raise Invalid.field("ends_at", "field.ends-before-start")
    return Interval(starts_at, ends_at)


def _keyed() -> Keyed | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return None
    if len(key) > LONGEST_KEY:
        raise Invalid.field("Idempotency-Key", "field.out-of-range", lowest=1, highest=LONGEST_KEY)
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    return Keyed(key, hashlib.sha256(asked).hexdigest())


def _shown(uid: str) -> dict[str, Any]:
    """Return one booking with what was said when it was booked; raises `NotFound`."""
    return queries.one_values(reading(), uid, current_actor())


def _honour_if_match(uid: str) -> None:
    if not request.if_match:
        return
    probe = Response(as_json(_shown(uid)))
    probe.add_etag()
    etag, _weak = probe.get_etag()
    if etag is None or not request.if_match.contains(etag):
        raise Changed


def _after() -> tuple[datetime, int] | None:
    cursor = read_cursor()
    if cursor is None:
        return None
    starts_at, _bar, last_id = cursor.partition("|")
    try:
        return datetime.fromisoformat(starts_at).astimezone(UTC), int(last_id)
    except ValueError as error:
        raise Invalid([Problem("request.wrong-cursor", {"field": "cursor"})]) from error
