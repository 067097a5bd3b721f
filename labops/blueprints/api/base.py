"""What every API route shares: who asks, how bodies are read, how answers are written."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson
from flask import Blueprint, Response, abort, g, request
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from labops.blueprints import fixes
from labops.blueprints.access import current_person
from labops.blueprints.messages import sentence_for
from labops.blueprints.shell import csrf
from labops.domain.people import queries
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotSignedIn, Problem
from labops.kernel.interval import Interval

Model = TypeVar("Model", bound=BaseModel)
Route = TypeVar("Route", bound=Callable[..., Any])

PREFIX = "/api/v1"
LIMIT_DEFAULT = 100
LIMIT_MOST = 1000
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

bp = Blueprint("api", __name__)
# Programs carry a token that no browser sends by itself; a signed-in browser is checked below.
csrf.exempt(bp)
_instant = TypeAdapter(AwareDatetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the documentation says of one route."""

    method: str
    path: str
    summary: str
    access: str
    answers: Mapping[int, type[BaseModel] | None]
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    summary: str,
    *,
    access: Callable[[Route], Route],
    answers: Mapping[int, type[BaseModel] | None],
    body: type[BaseModel] | None = None,
    query: Mapping[str, str] | None = None,
) -> Callable[[Route], Route]:
    """Register a route together with its documentation, so that neither is without the other."""

    def register(route: Route) -> Route:
        guarded = access(route)
        rule = PREFIX + path.replace("{", "<").replace("}", ">")
        bp.add_url_rule(rule, route.__name__, guarded, methods=[method])
        OPERATIONS.append(
            Operation(
                method=method,
                path=path,
                summary=summary,
                access=access.__name__,
                answers=answers,
                body=body,
                query=query or {},
            )
        )
        return guarded

    return register


@bp.before_request
def _identify() -> None:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        found = None
        if scheme.lower() == "bearer" and secret:
            found = queries.of_token(reading(), secret.strip(), now=clock.now())
        if found is None:
            raise NotSignedIn
        g.actor, g.token_holder = found.actor, found
        g.person_id = g.actor.person_id
    elif request.method not in SAFE_METHODS and current_person() is not None:
        csrf.protect()


def read_body(model: type[Model]) -> Model:
    """Return the request's JSON body as the model.

    Answers 415 for another content type, 400 for unreadable JSON; raises `Invalid` with one
    problem for each field that is missing or wrong.
    """
    if request.mimetype != "application/json":
        abort(415)
    try:
        return model.model_validate_json(request.get_data() or b"null")
    except ValidationError as error:
        details = error.errors(include_url=False)
        if any(detail["type"] == "json_invalid" for detail in details):
            abort(400)
        raise Invalid([_problem(detail) for detail in details]) from error


def _problem(detail: Mapping[str, Any]) -> Problem:
    name = ".".join(str(part) for part in detail["loc"]) or "body"
    code = {
        "missing": "field.required",
        "timezone_aware": "field.naive-time",
        "extra_forbidden": "field.unknown",
    }.get(detail["type"], "field.wrong")
    return Problem(code, {"field": name, "why": str(detail["msg"])})


def read_window(*, required: bool) -> Interval | None:
    """Return the span of `from` and `to`; raises `Invalid` when they are missing or wrong."""
    names = ("from", "to")
    given = [request.args.get(name) for name in names]
    if not required and given == [None, None]:
        return None
    problems = [
        Problem("field.required", {"field": name})
        for name, value in zip(names, given, strict=True)
        if not value
    ]
    if problems:
        raise Invalid(problems)
    starts_at, ends_at = (read_instant(name) for name in names)
    if ends_at <= starts_at:
        raise Invalid.field("to", "field.ends-before-start")
    return Interval(starts_at, ends_at)


def read_instant(name: str) -> datetime:
    """Return a query parameter as an instant; a naive time is refused."""
    # A "+" that was not escaped arrives as a space.
    text = request.args.get(name, "").replace(" ", "+")
    try:
        return _instant.validate_python(text)
    except (ValidationError, OverflowError) as error:
        raise Invalid.field(name, "field.naive-time") from error


def read_number(name: str, *, lowest: int, highest: int) -> int | None:
    """Return a whole number of the address, `None` when it is not given; raises `Invalid`."""
    text = request.args.get(name)
    if text is None:
        return None
    known = text.isdecimal() and len(text) <= len(str(highest))
    if not known or not lowest <= int(text) <= highest:
        raise Invalid.field(name, "field.out-of-range", lowest=lowest, highest=highest)
    return int(text)


def read_limit(usual: int = LIMIT_DEFAULT) -> int:
    """Return the page size that was asked for, 100 unless told, 1000 at most."""
    text = request.args.get("limit", str(usual))
    if not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= LIMIT_MOST:  # noqa: PLR2004
        raise Invalid.field("limit", "field.out-of-range", lowest=1, highest=LIMIT_MOST)
    return int(text)


def read_cursor() -> str | None:
    """Return what the last page ended with, or `None` on the first page."""
    cursor = request.args.get("cursor")
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise Invalid.field("cursor", "request.wrong-cursor") from error


def answered(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return data as JSON; a GET carries an ETag and honours `If-None-Match`."""
    response = Response(as_json(data), status, headers, content_type="application/json")
    if request.method in SAFE_METHODS:
        response.add_etag()
        response.make_conditional(request)
    return response


def reasons_in_json(problems: Iterable[Problem], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return reasons with their sentences, in the wall time of a zone."""
    return [
        {
            "code": problem.code,
            "detail": sentence_for(problem, zone),
            "params": problem.params,
            "overridable": problem.overridable,
            **fixes.in_json(problem),
        }
        for problem in problems
    ]


def as_json(data: object) -> bytes:
    """Return data as JSON: instants in UTC with a `Z`, durations as ISO 8601."""
    return orjson.dumps(data, default=to_jsonable_python, option=orjson.OPT_UTC_Z)


def paged(items: list[Any], following: str | None) -> Response:
    """Return a page of a list, with a `Link` to the next one when there is one."""
    headers = {}
    if following is not None:
        cursor = base64.urlsafe_b64encode(following.encode()).decode()
        args = {**request.args.to_dict(), "cursor": cursor}
        headers["Link"] = f'<{request.path}?{urlencode(args)}>; rel="next"'
    return answered({"items": items}, headers=headers)
