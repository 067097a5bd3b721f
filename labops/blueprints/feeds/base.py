"""The blueprint of feeds, and why files and programs that come by themselves know no visitor."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Request, Response
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

bp = Blueprint("feeds", __name__)
FEEDS, FEED_ENDING = "/feeds/", ".ics"
PHOTOS, PROGRAMS = "/photos/", "/api/"


class NoSession(SecureCookieSession):
    """What stands in for a session where there is none."""


class NoVisitorForFiles(SecureCookieSessionInterface):
    """Flask's sessions, except where a feed or a photo is fetched: its address is all that counts.

    Nothing is read from a cookie there and none is set, so the answer never varies by cookie. The
    same holds for a program that shows its token.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return an empty session where nobody visits."""
        if _is_file(request.path) or _is_program(request):
            return NoSession()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Leave an answer to nobody's visit as it is."""
        if not isinstance(session, NoSession):
            super().save_session(app, session, response)


def _is_file(path: str) -> bool:
    return path.startswith(PHOTOS) or (path.startswith(FEEDS) and path.endswith(FEED_ENDING))


def _is_program(request: Request) -> bool:
    return request.path.startswith(PROGRAMS) and "HTTP_AUTHORIZATION" in request.environ


@bp.record_once
def _use_it(state: BlueprintSetupState) -> None:
    cast("Flask", state.app).session_interface = NoVisitorForFiles()
