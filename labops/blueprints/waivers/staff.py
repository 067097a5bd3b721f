"""What staff write, publish and see of waivers."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, requires
from labops.blueprints.sites.base import key, put_errors, staffed_site
from labops.blueprints.waivers.base import bp, today
from labops.domain.sites.queries import SiteView
from labops.domain.waivers import queries, services
from labops.domain.waivers.queries import VersionView
from labops.domain.waivers.services import WaiverText
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

TEXTS = ("title_it", "title_en", "text_it", "text_en")


class WaiverForm(Form):
    """A waiver's texts. They are Markdown."""

    slug = StringField(
        _l("Short name"),
        [InputRequired(), Length(max=60)],
        description=_l("For addresses: small letters, numbers and hyphens."),
    )
    title_it = StringField(_l("Title in Italian"), [InputRequired(), Length(max=120)])
    text_it = TextAreaField(_l("Text in Italian"), [InputRequired()], render_kw={"rows": 12})
    title_en = StringField(_l("Title in English"), [InputRequired(), Length(max=120)])
    text_en = TextAreaField(_l("Text in English"), [InputRequired()], render_kw={"rows": 12})


class PublishForm(Form):
    """From when on bookings need it."""

    asks_from = DateField(
        _l("Bookings need it from"),
        [InputRequired()],
        description=_l(
            "Who signed the version before has until then. The first version counts at once."
        ),
    )


@bp.get("/sites/<slug>/waivers")
@requires(Permission.RULES_EDIT)
def waivers(slug: str) -> ResponseReturnValue:
    """List the waivers of the site with all their versions, and the form for another."""
    return _page(staffed_site(slug, Permission.RULES_EDIT), WaiverForm(), 200)


@bp.post("/sites/<slug>/waivers")
@requires(Permission.RULES_EDIT)
def write(slug: str) -> ResponseReturnValue:
    """Write a draft."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    form = WaiverForm(request.form)
    if not form.validate():
        return _page(site, form, 422)
    text = WaiverText(**{name: form[name].data or "" for name in TEXTS})
    name = form.slug.data or ""
    try:
        number = services.write(site.id, name, text, actor=current_actor(), now=clock.now())
    except Invalid as error:
        put_errors(form, error.problems)
        return _page(site, form, 422)
    return redirect(url_for(".version", slug=site.slug, waiver=name, number=number), 303)


@bp.get("/sites/<slug>/waivers/<waiver>/<int:number>")
@requires(Permission.RULES_EDIT)
def version(slug: str, waiver: str, number: int) -> ResponseReturnValue:
    """Show a version as people read it; a draft may be changed and published."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    found = queries.version(reading(), site.id, key(waiver), number)
    return _version_page(site, found, PublishForm(data={"asks_from": today()}), 200)


@bp.post("/sites/<slug>/waivers/<waiver>/<int:number>/publish")
@requires(Permission.RULES_EDIT)
def publish(slug: str, waiver: str, number: int) -> ResponseReturnValue:
    """Publish a draft."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    found = queries.version(reading(), site.id, key(waiver), number)
    if found.published_at is not None:
        raise NotFound
    form = PublishForm(request.form)
    if not form.validate() or form.asks_from.data is None:
        return _version_page(site, found, form, 422)
    try:
        services.publish(
            site.id,
            found.slug,
            asks_from=form.asks_from.data,
            today=today(),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as error:
        put_errors(form, error.problems)
        return _version_page(site, found, form, 422)
    flash(_("Published. It never changes from now on."), "success")
    return redirect(url_for(".waivers", slug=site.slug), 303)


@bp.post("/sites/<slug>/waivers/<waiver>/retire")
@requires(Permission.RULES_EDIT)
def retire(slug: str, waiver: str) -> ResponseReturnValue:
    """Ask nobody for it any more."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    services.retire(site.id, key(waiver), actor=current_actor(), now=clock.now())
    flash(_("Nobody is asked for it any more. What was signed stays."), "success")
    return redirect(url_for(".waivers", slug=site.slug), 303)


@bp.get("/sites/<slug>/waivers/<waiver>/signatures")
@requires(Permission.MEMBERSHIP_GRANT)
def signatures(slug: str, waiver: str) -> ResponseReturnValue:
    """List who signed which version."""
    site = staffed_site(slug, Permission.MEMBERSHIP_GRANT)
    versions = [
        one for one in queries.versions_of_site(reading(), site.id) if one.slug == key(waiver)
    ]
    if not versions:
        raise NotFound
    return render_template(
        "waivers/signatures.html",
        site=site,
        latest=versions[0],
        signatures=queries.signed(reading(), versions[0].waiver_id),
    )


def _page(site: SiteView, form: WaiverForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "waivers/index.html",
        site=site,
        versions=queries.versions_of_site(reading(), site.id),
        form=form,
    )
    return page, status


def _version_page(
    site: SiteView, found: VersionView, form: PublishForm, status: int
) -> ResponseReturnValue:
    page = render_template(
        "waivers/version.html",
        site=site,
        version=found,
        texts=[(found.title(code), safe_html(found.text(code)), code) for code in ("it", "en")],
        form=form,
        draft=WaiverForm(data=asdict(found)),
    )
    return page, status
