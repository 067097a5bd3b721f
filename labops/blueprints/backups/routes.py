"""When the last good backup was and what it holds. Nobody can have one by the web."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from labops.adapters.backups.nightly import folder_of, keep_of
from labops.blueprints.access import current_actor, requires
from labops.blueprints.backups.base import bp
from labops.blueprints.bookings.base import home_zone
from labops.domain.backups import queries, services
from labops.domain.backups.policies import TOO_OLD
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Permission

KILOBYTE, MEGABYTE = 1_000, 1_000_000


@bp.get("")
@requires(Permission.BACKUP_TAKE)
def index() -> ResponseReturnValue:
    """Show the last good one, and how the latest went."""
    session, actor, now = reading(), current_actor(), clock.now()
    settings = current_app.config["LABOPS"]
    good = queries.last_good(session)
    return render_template(
        "backups/index.html",
        good=good,
        too_old=good is None or good.started_at is None or good.started_at < now - TOO_OLD,
        runs=queries.listed(session, actor, now=now),
        size_of=size_in_words,
        keep=keep_of(settings),
        folder=folder_of(settings),
        zone=home_zone(actor),
    )


@bp.post("")
@requires(Permission.BACKUP_TAKE)
def ask() -> ResponseReturnValue:
    """Have one taken; a job does it, so that nobody waits for a page."""
    services.ask(actor=current_actor(), now=clock.now())
    flash(_("A backup is taken within two minutes. Look at this page again."), "success")
    return redirect(url_for(".index"), 303)


def size_in_words(size: int) -> str:
    """Return a size in bytes as people read it."""
    if size < MEGABYTE:
        return f"{format_decimal(-(-size // KILOBYTE))} kB"
    return f"{format_decimal(round(size / MEGABYTE, 1))} MB"
