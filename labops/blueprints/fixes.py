"""From a problem's coded step to the page where one takes it."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _

from labops.kernel.errors import Problem


def step_of(problem: Problem) -> tuple[str, str]:
    """Return the address and the name of the step that would solve the problem; empty if none."""
    kind, _colon, of = problem.fix.partition(":")
    if kind == "times":
        return url_for("machines.show", slug=of), _("See when it is free")
    if kind == "certification":
        return url_for("accounts.profile"), _("See your certifications")
    if kind == "membership":
        return url_for("pages.home"), _("See the sites and how to reach them")
    return "", ""
