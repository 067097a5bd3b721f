"""What the pages of doors share: nonces, the camera's rights, and outcomes in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, abort, make_response
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.errors import reasons_of
from labops.blueprints.shell import CONTENT_SECURITY_POLICY, LANGUAGES
from labops.blueprints.visit_messages import RESULTS
from labops.domain.sites.queries import SiteView
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Act, Result

bp = Blueprint("visits", __name__)

# What is fine, what somebody should look at, what is refused: each has its own colour and sound.
_FINE = frozenset({Result.CHECKED_IN, Result.WALK_IN, Result.CHECKED_OUT, Result.FINISHED})
_CAMERA = "camera=(self), microphone=(), geolocation=()"


def with_camera(page: str, status: int = 200) -> Response:
    """Let a page use the camera, and the reader of codes that browsers without one load."""
    response = make_response(page, status)
    response.headers["Permissions-Policy"] = _CAMERA
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
        "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'"
    )
    return response


def sent_nonce(text: str) -> str:
    """Return the nonce that the page made; any other text is no nonce."""
    try:
        return str(UUID(text))
    except ValueError:
        abort(400)


def new_nonce() -> str:
    """Return a nonce for a form."""
    return str(uuid4())


def in_words(outcome: Outcome, site: SiteView, *, language: str = "") -> dict[str, Any]:
    """Return what came of a scan as a screen says it, in the language when it is one of ours."""
    if language in LANGUAGES:
        with force_locale(language):
            return in_words(outcome, site)
    reasons = [] if outcome.welcome else reasons_of(outcome.problems)
    return {
        "result": outcome.result.value,
        "welcome": outcome.welcome,
        "tone": "good" if outcome.result in _FINE else "known" if outcome.welcome else "bad",
        "title": str(RESULTS[outcome.result]),
        "name": outcome.name,
        "lines": [*_facts(outcome, site), *(reason.detail for reason in reasons)],
        "overridable": bool(outcome.problems)
        and all(problem.overridable for problem in outcome.problems),
        "codes": [problem.code for problem in outcome.problems],
        "replayed": outcome.replayed,
    }


def _facts(outcome: Outcome, site: SiteView) -> list[str]:
    lines = []
    if outcome.result is Result.ALREADY_IN and outcome.since:
        time = formats.clock_time(outcome.since, site.zone)
        lines.append(str(_("In since %(time)s.", time=time)))
    if outcome.result is Result.CHECKED_OUT and outcome.since:
        length = formats.duration(outcome.at - outcome.since)
        lines.append(str(_("You were here for %(length)s.", length=length)))
    if outcome.guests_left:
        lines.append(
            str(
                ngettext(
                    "One guest of yours is still in.",
                    "%(num)d guests of yours are still in.",
                    outcome.guests_left,
                )
            )
        )
    if outcome.conflict:
        lines.append(str(_("Let in all the same; staff look at it later.")))
    if outcome.result is Result.PASS_USED and outcome.first_at:
        lines.append(
            str(
                _(
                    "First at %(first)s, now at %(now)s.",
                    first=formats.clock_time(outcome.first_at, site.zone),
                    now=formats.clock_time(outcome.at, site.zone),
                )
            )
        )
    return lines


def act_named(text: str) -> Act:
    """Return what is to be done; 400 for anything but in and out."""
    if text not in {Act.CHECK_IN, Act.CHECK_OUT}:
        abort(400)
    return Act(text)
