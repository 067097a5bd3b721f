"""Two accounts of one human become one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.people.base import bp
from labops.blueprints.sites.base import asked
from labops.domain.people import merging, queries, selecting
from labops.domain.people.selecting import Choice
from labops.domain.sites.queries import names
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission

OFFERED = 20


@bp.get("/<uid>/merge")
@requires(Permission.PERSON_MERGE)
def choose_other(uid: str) -> ResponseReturnValue:
    """Find the other account."""
    session, actor, words = reading(), current_actor(), asked("q")
    person = queries.seen_by(session, uid, actor)
    now = clock.now()
    found, _count = selecting.listed(
        session, actor, Choice(words=words or person.name), now=now, limit=OFFERED
    )
    others = [one for one in found if one.uid != uid]
    return render_template("people/merge_choose.html", person=person, others=others, words=words)


@bp.get("/<uid>/merge/<other>")
@requires(Permission.PERSON_MERGE)
def look_at_merge(uid: str, other: str) -> ResponseReturnValue:
    """Show what would move from the other to this person."""
    return _page(uid, other, 200)


@bp.post("/<uid>/merge/<other>")
@requires(Permission.PERSON_MERGE)
def merge(uid: str, other: str) -> ResponseReturnValue:
    """Merge the other into this person, once her name is typed."""
    typed = request.form.get("typed_name", "")
    try:
        merging.merge(uid, other, typed_name=typed, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return _page(uid, other, 422, typed, reasons_of(error.problems)[0].detail)
    except Refused:
        return _page(uid, other, 409, typed)
    flash(_("The two accounts are one now."), "success")
    return redirect(url_for(".show", uid=uid), 303)


def _page(
    uid: str, other: str, status: int, typed: str = "", error: str = ""
) -> ResponseReturnValue:
    preview = merging.preview(uid, other, actor=current_actor())
    words = moved_words()
    page = render_template(
        "people/merge.html",
        preview=preview,
        reasons=reasons_of(preview.problems),
        moved=[
            (label, sum(preview.goes.counts.get(name, 0) for name in columns))
            for label, columns in words.items()
        ],
        sites=names(reading(), [choice.site_id for choice in preview.memberships]),
        typed=typed,
        error=error,
    )
    return page, status


def moved_words() -> dict[str, tuple[str, ...]]:
    """Return what people call the rows that move, with the columns that refer to her."""
    return {
        _("Bookings"): ("booking.person_id",),
        _("Series"): ("series.person_id",),
        _("Memberships"): ("membership.person_id",),
        _("Certifications"): ("certification.person_id",),
        _("Roles"): ("role_grant.person_id",),
        _("Restrictions and additions to quotas"): ("restriction.person_id", "top_up.person_id"),
        _("Strikes"): ("strike.person_id",),
        _("Calendar addresses"): ("feed.person_id",),
        _("Inductions"): ("induction_sign_up.person_id",),
        _("Wishes on the waiting list"): ("waiting_wish.person_id",),
        _("Notes"): ("note.person_id",),
        _("Tokens for programs, which are revoked"): ("api_token.person_id",),
    }
