"""What notices are made of, and how one becomes a letter in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date, format_datetime
from flask import current_app, render_template
from flask_babel import get_locale
from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.letters import CalendarPart, Letter
from labops.adapters.notices.calendar_parts import InductionInvitation, Invitation
from labops.adapters.notices.labels import LABELS
from labops.domain.notifications.kinds import KINDS, LetterKind
from labops.domain.notifications.queries import Addressee
from labops.kernel import local_time
from labops.kernel.local_time import WallClock

LANGUAGES = ("it", "en")
_EMPTY_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing to do next."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail's words, before they become text and HTML."""

    subject: str
    lead: tuple[str, ...]
    signature: str
    details: tuple[tuple[str, str], ...] = ()
    action: Action | None = None
    instead: Action | None = None
    rest: tuple[str, ...] = ()
    reply_to: str = ""
    foot: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody to be told, and what makes the words once the language is set.

    `kind` decides whether she wants to be; without one the letter is necessary. An `invitation`
    is attached when she wants those.
    """

    to: Addressee
    words: Callable[[], Notice]
    kind: LetterKind = LetterKind.ACCOUNT
    invitation: Invitation | InductionInvitation | None = None


Teller = Callable[[Mapping[str, Any], datetime], Sequence[Told]]


def letter(told: Told, key: str, calendar: CalendarPart | None = None) -> Letter:
    """Return what is told as text and HTML; kinds that stop by one click say where."""
    notice, to, stop = told.words(), told.to, ""
    if KINDS[told.kind].one_click:
        stop = links.stop_link(to.account_id, told.kind)
        notice = replace(notice, foot=_foot(told.kind, stop))
    words = {
        "notice": notice,
        "greeting": _("Hello %(name)s,", name=to.name),
        "language": reader_language(),
    }
    text = render_template("email/message.txt", **words)
    return Letter(
        key=f"{key}:{to.email}",
        name=to.name,
        email=to.email,
        subject=notice.subject,
        text=_EMPTY_LINES.sub("\n\n", text).strip("\n") + "\n",
        html=render_template("email/message.html", **words),
        reply_to=notice.reply_to,
        unsubscribe=stop,
        calendar=calendar,
    )


def _foot(kind: LetterKind, stop: str) -> tuple[Action, ...]:
    return (
        Action(_("You get this letter because of “%(kind)s”. Stop it", kind=LABELS[kind]), stop),
        Action(_("Choose your letters"), page_address("accounts.letters")),
    )


def language_of(to: Addressee) -> str:
    """Return the language in which the person reads."""
    return to.language if to.language in LANGUAGES else LANGUAGES[0]


def page_address(endpoint: str, **values: Any) -> str:
    """Return the address of a page as people outside reach it."""
    public = urlsplit(current_app.config["LABOPS"].public_url)
    routes = current_app.url_map.bind(public.netloc, url_scheme=public.scheme)
    return str(routes.build(endpoint, values, force_external=True))


def host_name() -> str:
    """Return the name under which people know this installation, for mails of no site."""
    public: str = current_app.config["LABOPS"].public_url
    return urlsplit(public).netloc


def moment(at: datetime, zone: str) -> str:
    """Return "giovedì 26 novembre 2026, 14:00"; UTC is named, being nobody's own clock."""
    tz = local_time.zone(zone)
    day = format_datetime(at.astimezone(tz), "EEEE d MMMM y", tzinfo=None, locale=reader_language())
    return f"{day}, {_clock(at, zone)}" + (" UTC" if zone == "UTC" else "")


def long_day(on: date) -> str:
    """Return "giovedì 26 novembre 2026"."""
    words: str = format_date(on, "EEEE d MMMM y", locale=reader_language())
    return words


def slot(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Return "giovedì 26 novembre 2026, 14:00–16:00", with the second day when it is another."""
    tz = local_time.zone(zone)
    same_day = starts_at.astimezone(tz).date() == ends_at.astimezone(tz).date()
    return f"{moment(starts_at, zone)}–" + (
        _clock(ends_at, zone) if same_day else f" {moment(ends_at, zone)}"
    )


def short_moment(at: datetime, zone: str) -> str:
    """Return "gio 26 nov, 14:00", for subjects."""
    local = at.astimezone(local_time.zone(zone))
    words: str = format_datetime(local, "EEE d MMM, HH:mm", tzinfo=None, locale=reader_language())
    return words


def short_slot(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Return "gio 26 nov, 14:00–16:00", for lists; with the second day when it is another."""
    tz = local_time.zone(zone)
    same_day = starts_at.astimezone(tz).date() == ends_at.astimezone(tz).date()
    end = _clock(ends_at, zone) if same_day else short_moment(ends_at, zone)
    return f"{short_moment(starts_at, zone)}–{end}"


def _clock(at: datetime, zone: str) -> str:
    """Return the time of day; in the hour that happens twice it says which one."""
    tz = local_time.zone(zone)
    local = at.astimezone(tz)
    twice = local_time.wall_clock(local.replace(tzinfo=None, fold=0), tz) is WallClock.TWICE
    return f"{local:%H:%M} {local:%Z}" if twice else f"{local:%H:%M}"


def reader_language() -> str:
    """Return the language in which the letter is written."""
    locale = get_locale()
    return locale.language if locale is not None else "en"
