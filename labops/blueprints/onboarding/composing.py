"""How a site composes its steps."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from labops.adapters.notices.labels import STEPS
from labops.blueprints.access import current_actor, requires
from labops.blueprints.formats import language
from labops.blueprints.onboarding import words
from labops.blueprints.onboarding.base import bp
from labops.blueprints.sites.base import put_errors, staffed_site
from labops.domain.machines.queries import machine_types
from labops.domain.onboarding import queries, services
from labops.domain.onboarding.kinds import StepKind
from labops.domain.onboarding.services import NewStep
from labops.domain.quizzes.queries import listed
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


class StepForm(Form):
    """A step to add."""

    kind = SelectField(_l("Step"), [InputRequired()])
    subject = SelectField(_l("Machine type, for an induction"), [Optional()])
    quiz = SelectField(_l("Quiz, for a quiz"), [Optional()])
    note_it = StringField(_l("What to do, in Italian"), [Optional(), Length(max=300)])
    note_en = StringField(_l("What to do, in English"), [Optional(), Length(max=300)])

    def offer(self, site_id: int) -> None:
        """Fill in the kinds of steps, the machine types, and the quizzes of the site."""
        self.kind.choices = [(kind.value, name) for kind, name in STEPS.items()]
        self.subject.choices = [("", "–")] + [
            (kind.slug, kind.name_it if language() == "it" else kind.name_en)
            for kind in machine_types(reading())
        ]
        self.quiz.choices = [("", "–")] + [
            (one.slug, one.title(language()))
            for one in listed(reading(), only_published=True)
            if one.site_id in {None, site_id}
        ]

    def chosen_subject(self) -> str:
        """Return what the step is about."""
        return self.subject_field.data or ""

    @property
    def subject_field(self) -> SelectField:
        """Return the field that says what a step of the chosen kind is about."""
        return self.quiz if self.kind.data == StepKind.QUIZ else self.subject


@bp.get("/sites/<slug>/onboarding")
@requires(Permission.SITE_EDIT)
def compose(slug: str) -> ResponseReturnValue:
    """Show the steps in order, and the form for another."""
    return _page(staffed_site(slug, Permission.SITE_EDIT), StepForm(), 200)


@bp.post("/sites/<slug>/onboarding")
@requires(Permission.SITE_EDIT)
def add(slug: str) -> ResponseReturnValue:
    """Add a step at the end."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    form = StepForm(request.form)
    form.offer(site.id)
    if not form.validate():
        return _page(site, form, 422)
    new = NewStep(
        kind=StepKind(form.kind.data),
        subject=form.chosen_subject(),
        note_it=form.note_it.data or "",
        note_en=form.note_en.data or "",
    )
    try:
        services.add_step(site.id, new, actor=current_actor(), now=clock.now())
    except Invalid as error:
        put_errors(form, error.problems, {"subject": form.subject_field.name})
        return _page(site, form, 422)
    flash(_("The step was added. Who applies already sees it, too."), "success")
    return redirect(url_for(".compose", slug=site.slug), 303)


@bp.post("/sites/<slug>/onboarding/<int:step_id>")
@requires(Permission.SITE_EDIT)
def change(slug: str, step_id: int) -> ResponseReturnValue:
    """Move a step up or down, or take it out."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    act, actor, now = request.form.get("act", ""), current_actor(), clock.now()
    if act == "retire":
        services.retire_step(step_id, actor=actor, now=now)
        flash(_("The step was taken out."), "success")
    else:
        services.move_step(step_id, up=act == "up", actor=actor, now=now)
    return redirect(url_for(".compose", slug=site.slug), 303)


def _page(site: SiteView, form: StepForm, status: int) -> ResponseReturnValue:
    form.offer(site.id)
    found = queries.steps_of(reading(), site.id)
    page = render_template(
        "onboarding/compose.html", site=site, form=form, steps=found, step_name=words.step_name
    )
    return page, status
