"""What stands around every page: navigation, language, security headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request, session, url_for
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden as ForbiddenAnswer

from labops.blueprints.access import current_actor, current_person
from labops.kernel.permissions import Permission

LANGUAGES = ("it", "en")
_ANYWHERE = "labops_from_anywhere"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
NOT_MODIFIED = 304
# What every answer says unless its route said something else.
_HEADERS = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    # A page may hold names: no shared cache keeps it.
    ("Cache-Control", "private, no-cache"),
)

csrf = CSRFProtect()
babel = Babel()
Route = TypeVar("Route", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a navigation."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class AccountMenu:
    """The menu under the signed-in person's name; `firm` is the one whose hat she wears."""

    name: str
    links: list[Link]
    firm: str = ""


def init_app(app: Flask) -> None:
    """Wire language, CSRF, headers and the words around every page."""
    babel.init_app(app, locale_selector=_language)
    csrf.init_app(app)
    app.before_request(_refuse_cross_site)
    app.after_request(_add_headers)
    app.jinja_env.globals.update(
        get_locale=get_locale,
        navigation=navigation,
        footer_links=footer_links,
        account_menu=account_menu,
        may=_may,
    )


def from_anywhere(route: Route) -> Route:
    """Let programs post to the route without a form of ours: its address proves enough."""
    setattr(route, _ANYWHERE, True)
    csrf.exempt(route)
    return route


def navigation() -> list[Link]:
    """Return the main navigation for whoever asks."""
    actor = current_actor()
    entries = [(_("Sites"), "pages.home"), (_("Machines"), "machines.index")]
    entries.append((_("Labs"), "labs.index"))
    entries.append((_("Inductions"), "inductions.index"))
    if actor.signed_in:
        entries += [(_("Calendar"), "bookings.calendar"), (_("My bookings"), "bookings.index")]
    if actor.may_somewhere(Permission.BOOKING_EDIT_OTHERS):
        entries.append((_("Today"), "staff.today"))
    if actor.may_somewhere(Permission.BOOKING_SEE_NAMES):
        entries.append((_("Numbers"), "numbers.index"))
    if actor.may_somewhere(Permission.VISIT_RECORD):
        entries.append((_("Desk"), "visits.desks"))
    if actor.may_somewhere(Permission.VISIT_SEE):
        entries.append((_("Evacuation"), "visits.evacuations"))
    if actor.may_somewhere(Permission.APPLICATION_SEE):
        entries.append((_("Review desk"), "review.queue"))
    if actor.may_somewhere(Permission.PERSON_SEE):
        entries.append((_("People"), "people.index"))
    if actor.may_somewhere(Permission.OUTBOX_SEE):
        entries.append((_("Messages"), "staff.messages"))
    return [
        Link(label, url_for(endpoint), active=request.endpoint == endpoint)
        for label, endpoint in entries
    ]


def footer_links() -> list[Link]:
    """Return the links at the foot of every page."""
    return [
        Link(_("Accessibility"), url_for("pages.accessibility")),
        Link(_("Privacy"), url_for("pages.privacy")),
        Link(_("Open data"), url_for("open_data.index")),
        Link(_("Calls"), url_for("calls.index")),
        Link(_("For programs"), url_for("api.docs")),
    ]


def account_menu() -> AccountMenu | None:
    """Return the account menu, or `None` when nobody is signed in."""
    person = current_person()
    if person is None:
        return None
    admin = [Link(_("Backups"), url_for("backups.index"))] if _may("backup:take") else []
    return AccountMenu(
        person.name,
        [
            Link(_("My pass"), url_for("visits.own_pass")),
            Link(_("Profile"), url_for("accounts.profile")),
            Link(_("Become a member"), url_for("onboarding.join")),
            Link(_("Waivers"), url_for("waivers.mine")),
            Link(_("Letters"), url_for("accounts.letters")),
            Link(_("My data"), url_for("privacy.mine")),
            Link(_("My skills"), url_for("skills.index")),
            Link(_("My account"), url_for("plans.own")),
            Link(_("Quizzes"), url_for("quizzes.index")),
            Link(_("My firms"), url_for("firms.index")),
            Link(_("My labs"), url_for("labs.mine")),
            Link(_("My strikes"), url_for("strikes.index")),
            Link(_("Applications of my labs"), url_for("applications.index")),
            Link(_("Calendar addresses"), url_for("feeds.index")),
            Link(_("Signed-in devices"), url_for("accounts.devices")),
            Link(_("Tokens for programs"), url_for("accounts.tokens")),
            *admin,
        ],
        person.firm_name,
    )


def _may(permission: str, site_id: int | None = None) -> bool:
    """Let templates hide what would be refused; the service is what refuses."""
    actor = current_actor()
    wanted = Permission(permission)
    return actor.may_somewhere(wanted) if site_id is None else actor.may(wanted, site_id)


def _language() -> str:
    chosen = request.cookies.get("labops_language")
    person = current_person() if "actor" not in g else None
    if person is not None:
        return person.language
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES) or "it"


def _refuse_cross_site() -> None:
    """Refuse writes that another site's page sent; browsers say so in one of two headers."""
    if request.method in SAFE_METHODS:
        return
    if hasattr(current_app.view_functions.get(request.endpoint or ""), _ANYWHERE):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise ForbiddenAnswer
        return
    origin = request.headers.get("Origin")
    if origin is None:
        return
    if origin not in {request.host_url.rstrip("/"), current_app.config["LABOPS"].public_url}:
        raise ForbiddenAnswer


def _add_headers(response: Response) -> Response:
    headers = response.headers
    given = {name.lower() for name, _value in headers}
    # Whoever is told that nothing changed has the rest from before.
    unchanged = response.status_code == NOT_MODIFIED
    for name, value in _HEADERS[-1:] if unchanged else _HEADERS:
        if name.lower() not in given:
            headers.add(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"] and "strict-transport-security" not in given:
        headers.add("Strict-Transport-Security", "max-age=31536000")
    return response


def forget_visitor() -> None:
    """Empty the visitor's session, so that nothing from before a sign-in lives on after it."""
    session.clear()
