"""Pages for managers: each machine type's names, levels, ends, ways to renew, and trainers."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.certifications.base import bp
from labops.blueprints.certifications.forms import RENEWALS, TrainerForm, TypeForm
from labops.blueprints.formats import language
from labops.blueprints.sites.base import key, put_errors
from labops.domain.certifications import settings
from labops.domain.certifications.settings import DescribeType, TypeSettings
from labops.domain.certifications.states import Renewal
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

RULES_EDIT = Permission.RULES_EDIT


@bp.get("/machine-types")
@requires(RULES_EDIT)
def types() -> ResponseReturnValue:
    """List every machine type and what its certifications get."""
    found = settings.all_types(reading())
    return render_template(
        "certifications/types.html", types=found, language=language(), renewals=RENEWALS
    )


@bp.get("/machine-types/<slug>")
@requires(RULES_EDIT)
def show(slug: str) -> ResponseReturnValue:
    """Show one machine type."""
    found = settings.type_by_slug(reading(), key(slug))
    return _page(found)


@bp.post("/machine-types/<slug>")
@requires(RULES_EDIT)
def change(slug: str) -> ResponseReturnValue:
    """Change one machine type."""
    found = settings.type_by_slug(reading(), key(slug))
    form = TypeForm(request.form)
    if not form.validate():
        return _page(found, form), 422
    command = DescribeType(
        slug=found.slug,
        name_it=(form.name_it.data or "").strip(),
        name_en=(form.name_en.data or "").strip(),
        valid_months=form.valid_months.data,
        unused_days=form.unused_days.data,
        renewal=tuple(Renewal(way) for way in form.renewal.data or ()),
        levels=form.named_levels(),
    )
    try:
        settings.describe_type(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(found, form), 422
    flash(_("Saved. It holds for certifications granted from now on."), "success")
    return redirect(url_for(".show", slug=found.slug), 303)


@bp.post("/machine-types/<slug>/trainers")
@requires(RULES_EDIT)
def name_trainer(slug: str) -> ResponseReturnValue:
    """Name a trainer."""
    found = settings.type_by_slug(reading(), key(slug))
    form = TrainerForm(request.form)
    if not form.validate():
        return _page(found, trainer=form), 422
    email = form.email.data or ""
    try:
        settings.name_trainer(found.slug, email, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(found, trainer=form), 422
    flash(_("The trainer is named."), "success")
    return redirect(url_for(".show", slug=found.slug, _anchor="trainers"), 303)


@bp.post("/machine-types/<slug>/trainers/<person>/dismiss")
@requires(RULES_EDIT)
def dismiss_trainer(slug: str, person: str) -> ResponseReturnValue:
    """Let somebody no longer be a trainer."""
    settings.dismiss_trainer(key(slug), key(person), actor=current_actor(), now=clock.now())
    flash(_("This person is no trainer any more."), "success")
    return redirect(url_for(".show", slug=slug, _anchor="trainers"), 303)


def _page(
    found: TypeSettings, form: TypeForm | None = None, trainer: TrainerForm | None = None
) -> str:
    return render_template(
        "certifications/type.html",
        kind=found,
        language=language(),
        form=form or _form_of(found),
        trainer=trainer or TrainerForm(),
        trainers=settings.trainers(reading(), found.id),
    )


def _form_of(found: TypeSettings) -> TypeForm:
    return TypeForm(
        name_it=found.name_it,
        name_en=found.name_en,
        levels="\n".join(f"{name_it} / {name_en}" for name_it, name_en in found.levels),
        valid_months=found.valid_months,
        unused_days=found.unused_days,
        renewal=[way.value for way in found.renewal],
    )
