"""The one table from refusals to answers: a page, an htmx fragment or problem+json."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from labops.blueprints import fixes
from labops.blueprints.messages import Reason, sentence_for
from labops.kernel import local_time
from labops.kernel.errors import (
    Changed,
    Forbidden,
    Invalid,
    LabopsError,
    NotFound,
    NotSignedIn,
    Problem,
    Refused,
)

log = logging.getLogger("labops.errors")

STATUS: dict[type[LabopsError], int] = {
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Refused: 409,
    Changed: 412,
    Invalid: 422,
}
NAMES = {
    400: "unreadable",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "wrong-method",
    409: "refused",
    412: "changed",
    413: "too-large",
    415: "wrong-type",
    422: "invalid",
    429: "too-many",
    500: "fault",
    503: "unavailable",
}
_TITLES = {
    400: _l("This cannot be read."),
    401: _l("Sign in first."),
    403: _l("You may not do this."),
    404: _l("There is no such thing here."),
    405: _l("This address does not do that."),
    409: _l("The rules say no."),
    412: _l("It was changed meanwhile."),
    413: _l("This is too large."),
    415: _l("This kind of content cannot be read here."),
    422: _l("Something is missing or wrong."),
    429: _l("Too many attempts. Wait a little."),
    503: _l("The database does not answer. Try again soon."),
}
_UNKNOWN_TITLE = _l("Something went wrong on our side.")


def init_app(app: Flask) -> None:
    """Register the table."""
    app.register_error_handler(LabopsError, _of_domain)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(OperationalError, _of_database)
    app.register_error_handler(Exception, _of_fault)


def reasons_of(problems: Sequence[Problem]) -> list[Reason]:
    """Return problems ready to be shown, each sentence once."""
    reasons: dict[str, Reason] = {}
    for problem in problems:
        detail = sentence_for(problem, g.get("zone"))
        url, label = fixes.step_of(problem)
        reasons.setdefault(detail, Reason(problem.code, detail, problem.overridable, url, label))
    return list(reasons.values())


def wants_json() -> bool:
    """Say whether a program asks."""
    return request.path.startswith("/api/")


def answer(status: int, problems: Sequence[Problem] = (), detail: str = "") -> ResponseReturnValue:
    """Return the refusal in the form that the asker reads."""
    if wants_json():
        return problem_json(status, problems, detail)
    reasons = reasons_of(problems)
    if request.headers.get("HX-Request") == "true":
        page = render_template(
            "errors/_fragment.html",
            status=status,
            reasons=reasons,
            detail=detail,
            request_id=g.get("request_id", ""),
        )
    else:
        page = render_template(
            "errors/page.html",
            status=status,
            reasons=reasons,
            detail=detail,
            request_id=g.get("request_id", ""),
        )
    return page, status


def problem_json(status: int, problems: Sequence[Problem] = (), detail: str = "") -> Response:
    """Return RFC 9457 problem details, with every reason coded."""
    name = NAMES.get(status, "error")
    reasons = [
        {
            "code": problem.code,
            "detail": sentence_for(problem, g.get("zone")),
            "params": {key: _plain(value) for key, value in problem.params.items()},
            "overridable": problem.overridable,
            **fixes.in_json(problem),
        }
        for problem in problems
    ]
    body: dict[str, Any] = {
        "type": f"urn:labops:{name}",
        "title": _title(status),
        "status": status,
        "detail": detail or (reasons[0]["detail"] if reasons else _title(status)),
        "reasons": reasons,
    }
    if request_id := g.get("request_id"):
        body["instance"] = f"urn:labops:request:{request_id}"
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    if status == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = 'Bearer realm="labops"'
    return response


def _plain(value: Any) -> Any:
    if hasattr(value, "total_seconds"):
        return int(value.total_seconds() // 60)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _of_domain(error: LabopsError) -> ResponseReturnValue:
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    problems = error.problems if isinstance(error, Refused | Invalid) else ()
    if isinstance(error, Refused) and error.zone:
        g.zone = local_time.zone(error.zone)
    return answer(status, problems)


def _of_http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:  # noqa: PLR2004 - a redirect made as an exception
        return error
    detail = _("This form is too old. Send it once more.") if isinstance(error, CSRFError) else ""
    made = answer(status, detail=detail)
    response = made if isinstance(made, Response) else Response(*made)  # type: ignore[misc]
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    retry = getattr(error, "retry_after", None)
    if retry:
        response.headers["Retry-After"] = str(retry)
    return response


def _of_database(error: OperationalError) -> ResponseReturnValue:
    log.error("database unavailable", exc_info=error)
    made = answer(503)
    response = made if isinstance(made, Response) else Response(*made)  # type: ignore[misc]
    response.headers["Retry-After"] = "10"
    return response


def _of_fault(error: Exception) -> ResponseReturnValue:
    log.error("fault", exc_info=error)
    return answer(500)


def _title(status: int) -> str:
    return str(_TITLES.get(status, _UNKNOWN_TITLE))
