"""Spaces of a site: adding and describing them."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.sites.base import bp, key, put_errors, staffed_site
from labops.blueprints.sites.forms import SpaceForm
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries, services
from labops.domain.spaces.queries import SpaceView
from labops.domain.spaces.services import DescribeSpace
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


@bp.get("/sites/<slug>/spaces")
@requires(Permission.SITE_EDIT)
def spaces(slug: str) -> ResponseReturnValue:
    """List the spaces, and the form for another."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    return _page(site, SpaceForm())


@bp.post("/sites/<slug>/spaces")
@requires(Permission.SITE_EDIT)
def open_space(slug: str) -> ResponseReturnValue:
    """Add a space."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    form = SpaceForm(request.form)
    if not form.validate():
        return _page(site, form), 422
    try:
        services.open_space(site.id, _command(form), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("The space was added."), "success")
    return redirect(url_for(".spaces", slug=site.slug), 303)


@bp.get("/sites/<slug>/spaces/<space>")
@requires(Permission.SITE_EDIT)
def edit_space(slug: str, space: str) -> ResponseReturnValue:
    """Show the form of a space."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    found = queries.by_slug(reading(), site.id, key(space))
    return _space_page(site, found, SpaceForm(data=asdict(found)))


@bp.post("/sites/<slug>/spaces/<space>")
@requires(Permission.SITE_EDIT)
def save_space(slug: str, space: str) -> ResponseReturnValue:
    """Save a space."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    found = queries.by_slug(reading(), site.id, key(space))
    form = SpaceForm(request.form)
    if not form.validate():
        return _space_page(site, found, form), 422
    try:
        services.describe_space(found.id, _command(form), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _space_page(site, found, form), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".spaces", slug=site.slug), 303)


def _command(form: SpaceForm) -> DescribeSpace:
    return DescribeSpace(
        name=str(form.name.data),
        capacity=form.capacity.data or 0,
        description=str(form.description.data or ""),
        people_capacity=form.people_capacity.data,
    )


def _page(site: SiteView, form: SpaceForm) -> str:
    return render_template(
        "sites/spaces.html", site=site, form=form, spaces=queries.of_site(reading(), site.id)
    )


def _space_page(site: SiteView, space: SpaceView, form: SpaceForm) -> str:
    return render_template("sites/space.html", site=site, space=space, form=form)
