"""Who is asking, and who may use a route. A route that says nothing fails a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, request
from flask_login import LoginManager, UserMixin, current_user

from labops.domain.people import queries, services
from labops.domain.people.queries import CurrentPerson
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Forbidden, NotSignedIn
from labops.kernel.permissions import NOBODY, Actor, Permission

Route = TypeVar("Route", bound=Callable[..., Any])

SEEN_EVERY_SECONDS = 300
_MARK = "labops_access"


class SignedIn(UserMixin):  # type: ignore[misc]  # the library is not typed
    """What Flask-Login hands around: the person behind a valid sign-in cookie."""

    def __init__(self, person: CurrentPerson) -> None:
        self.person = person

    def get_id(self) -> str:
        """Return the sign-in's identifier; the session cookie never holds it."""
        return str(self.person.sign_in_id)


def init_app(app: Flask) -> None:
    """Find out who asks by the sign-in cookie alone: its row can be listed and ended."""
    manager = LoginManager()
    manager.session_protection = None
    manager.init_app(app)
    manager.request_loader(_of_request)


def cookie_name() -> str:
    """Return the name of the sign-in cookie; browsers guard `__Host-` names over https."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    return "__Host-labops_sign_in" if secure else "labops_sign_in"


def current_person() -> CurrentPerson | None:
    """Return who is signed in, or `None`."""
    user = current_user._get_current_object()
    return user.person if isinstance(user, SignedIn) else None


def worn_hat() -> str:
    """Return the uid of the firm under whose name the person acts; nothing for her own."""
    person = current_person()
    return person.firm_uid if person else ""


def current_actor() -> Actor:
    """Return who acts in this web request: by token, by cookie, or nobody."""
    if "actor" in g:
        return cast("Actor", g.actor)
    person = current_person()
    return person.actor if person else NOBODY


def public(route: Route) -> Route:
    """Declare that anybody may use the route."""
    setattr(route, _MARK, "public")
    return route


def signed_in(route: Route) -> Route:
    """Declare that the route needs somebody to be signed in."""

    @wraps(route)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not current_actor().signed_in:
            raise NotSignedIn
        return route(*args, **kwargs)

    setattr(guarded, _MARK, "signed-in")
    return cast("Route", guarded)


def requires(permission: Permission) -> Callable[[Route], Route]:
    """Declare that the route needs a permission at some site; the service checks which."""

    def declare(route: Route) -> Route:
        @wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            actor = current_actor()
            if not actor.signed_in:
                raise NotSignedIn
            if not actor.may_somewhere(permission):
                raise Forbidden
            return route(*args, **kwargs)

        setattr(guarded, _MARK, str(permission))
        return cast("Route", guarded)

    return declare


def access_of(route: Callable[..., Any]) -> str | None:
    """Return what a route declared: `public`, `signed-in` or a permission."""
    return getattr(route, _MARK, None)


def _of_request(_request: object) -> SignedIn | None:
    secret = request.cookies.get(cookie_name())
    if not secret or request.path.startswith("/static/"):
        return None
    now = clock.now()
    person = queries.of_sign_in(reading(), secret, now=now)
    if person is None:
        return None
    g.person_id = person.person_id
    if (now - person.last_seen_at).total_seconds() > SEEN_EVERY_SECONDS:
        services.note_seen(person.sign_in_id, now=now)
    return SignedIn(person)
