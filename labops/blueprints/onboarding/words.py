"""How pages and mails call steps, and where each is done."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from labops.adapters.notices.labels import STEPS
from labops.blueprints.formats import language
from labops.domain.machines.queries import machine_types
from labops.domain.onboarding.kinds import StepKind, StepState
from labops.domain.onboarding.policies import Step, StepStanding
from labops.domain.quizzes.queries import listed
from labops.kernel.db import reading

STATES = {
    StepState.DONE: _l("Done"),
    StepState.WAIVED: _l("Not needed"),
    StepState.OPEN: _l("To do"),
    StepState.STAFF: _l("With the staff"),
}
HOW = {
    StepKind.EMAIL: _l("Open the link in the mail that we sent you."),
    StepKind.PROFILE: _l("The staff need to know when you were born: some machines have an age."),
    StepKind.WAIVERS: _l("Read what the site wants you to accept. For minors a guardian signs."),
    StepKind.IDENTITY: _l(
        "Bring an identity document to the site. The staff look at it and keep no copy."
    ),
    StepKind.ORIENTATION: _l("On your first visit the staff show you where everything is."),
    StepKind.INDUCTION: _l("It makes you certified for the machines of that type."),
    StepKind.QUIZ: _l("Some questions. You may stop and come back, and try again."),
    StepKind.PLAN: _l("Choose the plan that fits you when the other steps are done."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One step as pages show it: its name, what to do, and where (empty where nothing can be)."""

    standing: StepStanding
    name: str
    how: str
    url: str = ""
    label: str = ""


def step_name(step: Step) -> str:
    """Return what the step is called, with the machine type it is about."""
    name = str(STEPS[step.kind])
    if step.kind is StepKind.INDUCTION:
        return f"{name}: {_type_name(step.subject)}"
    if step.kind is StepKind.QUIZ:
        return f"{name}: {_quiz_title(step.subject)}"
    return name


def lines(standings: tuple[StepStanding, ...], site: str) -> list[Line]:
    """Return the steps at a site, by its slug, for whoever has to do them."""
    left = {one.step.kind for one in standings if not one.is_over}
    return [_line(one, site, last=left == {one.step.kind}) for one in standings]


def _line(one: StepStanding, site: str, *, last: bool) -> Line:
    step = one.step
    note = step.note_it if language() == "it" else step.note_en
    how = note or str(HOW[step.kind])
    url = label = ""
    if one.state is StepState.OPEN and (last or step.kind is not StepKind.PLAN):
        url, label = _where(step, site)
    return Line(one, step_name(step), how, url, label)


def _where(step: Step, site: str) -> tuple[str, str]:
    """Return the page on which a step is done, and what leads to it."""
    if step.kind is StepKind.PROFILE:
        return url_for("accounts.profile"), _("Open your profile")
    if step.kind is StepKind.WAIVERS:
        return url_for("waivers.mine"), _("Read and sign")
    if step.kind is StepKind.QUIZ:
        return url_for("quizzes.show", slug=step.subject), _("Take the quiz")
    if step.kind is StepKind.INDUCTION:
        return url_for("inductions.index", type=step.subject), _("Find an induction")
    if step.kind is StepKind.PLAN:
        return url_for("plans.own", site=site), _("Choose a plan")
    return "", ""


def _quiz_title(slug: str) -> str:
    for quiz in listed(reading()):
        if quiz.slug == slug:
            return quiz.title(language())
    return slug


def _type_name(slug: str) -> str:
    for kind in machine_types(reading()):
        if kind.slug == slug:
            return kind.name_it if language() == "it" else kind.name_en
    return slug
