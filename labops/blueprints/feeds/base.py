"""The blueprint of feeds, and why a fetched feed knows no visitor."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Request, Response
from flask.blueprints import BlueprintSetupState
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

bp = Blueprint("feeds", __name__)
PREFIX, ENDING = "/feeds/", ".ics"


class NoSession(SecureCookieSession):
    """What stands in for a session where there is none."""


class NoVisitorForFeeds(SecureCookieSessionInterface):
    """Flask's sessions, except where a calendar fetches a feed: its secret is all that counts.

    Nothing is read from a cookie there and none is set, so a feed never varies by cookie.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return an empty session for a feed."""
        if _is_feed(request.path):
            return NoSession()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Leave a feed's answer as it is."""
        if not isinstance(session, NoSession):
            super().save_session(app, session, response)


def _is_feed(path: str) -> bool:
    return path.startswith(PREFIX) and path.endswith(ENDING)


@bp.record_once
def _use_it(state: BlueprintSetupState) -> None:
    cast("Flask", state.app).session_interface = NoVisitorForFeeds()
