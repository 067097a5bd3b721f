"""The page of whoever answers for a minor. The link of the mail is the key, without an account."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.markdown import safe_html
from labops.blueprints.access import public
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.formats import language
from labops.blueprints.sites.base import key, put_errors
from labops.blueprints.waivers.base import (
    GuardianSignForm,
    bp,
    receipt_answer,
    signing_of,
    today,
)
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import OwnSearch
from labops.domain.people import queries as people
from labops.domain.waivers import guardians, queries
from labops.domain.waivers.queries import GuardianView, VersionView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import NOBODY


@bp.get("/t/<token>/guardian")
@public
def guardian(token: str) -> ResponseReturnValue:
    """Show what is to sign for the child, and the bookings that come."""
    return _page(token, _guardian(token))


@bp.get("/t/<token>/guardian/<int:version_id>")
@public
def read_for_child(token: str, version_id: int) -> ResponseReturnValue:
    """Show one text whole, and where to sign."""
    found = _guardian(token)
    version = _version(found, version_id)
    return _sign_page(token, found, version, GuardianSignForm(data={"digest": version.digest}), 200)


@bp.post("/t/<token>/guardian/<int:version_id>")
@public
def sign_for_child(token: str, version_id: int) -> ResponseReturnValue:
    """Sign for the child."""
    found = _guardian(token)
    version = _version(found, version_id)
    form = GuardianSignForm(request.form)
    if not form.validate():
        return _sign_page(token, found, version, form, 422)
    signing = signing_of(form, version, form.relation.data or "")
    try:
        guardians.sign_for_child(found.uid, signing, now=clock.now())
    except Invalid as error:
        put_errors(form, error.problems)
        return _sign_page(token, found, version, form, 422)
    flash(_("Signed. The receipt stands with the text."), "success")
    return redirect(url_for(".guardian", token=token), 303)


@bp.post("/t/<token>/guardian/consent")
@public
def consent(token: str) -> ResponseReturnValue:
    """Agree where there is nothing to sign."""
    guardians.consent(_guardian(token).uid, now=clock.now())
    flash(_("Thank you. Your consent is noted."), "success")
    return redirect(url_for(".guardian", token=token), 303)


@bp.post("/t/<token>/guardian/copies")
@public
def choose_copies(token: str) -> ResponseReturnValue:
    """Let her get copies of the child's letters, or no more."""
    wanted = request.form.get("wanted") == "yes"
    guardians.choose_copies(_guardian(token).uid, wanted=wanted, now=clock.now())
    said = _("You get copies from now on.") if wanted else _("You get no copies any more.")
    flash(said, "success")
    return redirect(url_for(".guardian", token=token), 303)


@bp.post("/t/<token>/guardian/withdraw")
@public
def withdraw(token: str) -> ResponseReturnValue:
    """Take everything back."""
    found = _guardian(token)
    guardians.withdraw(found.uid, now=clock.now())
    return render_template("waivers/withdrawn.html", guardian=found)


@bp.get("/t/<token>/guardian/<uid>.pdf")
@public
def guardian_receipt(token: str, uid: str) -> Response:
    """Answer with the receipt of a signature that she gave."""
    found = _guardian(token)
    return receipt_answer(queries.signature_of_guardian(reading(), key(uid), found.uid))


def _guardian(token: str) -> GuardianView:
    return queries.guardian(reading(), links.read_guardian(token))


def _version(found: GuardianView, version_id: int) -> VersionView:
    offered = queries.to_sign(reading(), found.child_id, today=today())
    version = next((one.latest for one in offered if one.latest.id == version_id), None)
    if version is None:
        raise NotFound
    return version


def _page(token: str, found: GuardianView) -> ResponseReturnValue:
    session, now = reading(), clock.now()
    child = people.actor_of(session, found.child_id, now=now)
    search = OwnSearch(person_id=found.child_id, now=now, coming=True)
    return render_template(
        "waivers/guardian.html",
        token=token,
        guardian=found,
        papers=queries.to_sign(session, found.child_id, today=today()),
        bookings=bookings.own(session, search, child)[0],
        language=language(),
        zone=home_zone(NOBODY),
    )


def _sign_page(
    token: str, found: GuardianView, version: VersionView, form: GuardianSignForm, status: int
) -> ResponseReturnValue:
    page = render_template(
        "waivers/guardian_sign.html",
        token=token,
        guardian=found,
        version=version,
        title=version.title(language()),
        text=safe_html(version.text(language())),
        form=form,
    )
    return page, status
