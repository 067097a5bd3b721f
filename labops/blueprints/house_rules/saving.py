"""The changes so far: what they mean before and after, and putting them in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.house_rules.base import Ground, at_level, drafted_ground, ground_of
from labops.blueprints.house_rules.changes import changes, reasons
from labops.domain.house_rules import services
from labops.domain.house_rules.services import SaveRules
from labops.kernel import clock
from labops.kernel.errors import Changed, Invalid
from labops.kernel.permissions import Permission


@at_level("/preview", "POST")
@requires(Permission.RULES_EDIT)
def preview(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Say once more what the changes mean that the form carries."""
    return preview_page(drafted_ground(slug, level, of))


@at_level("/save", "POST")
@requires(Permission.RULES_EDIT)
def save(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Put the changes in force for bookings made from now on."""
    ground = drafted_ground(slug, level, of)
    if ground.data == ground.own:
        flash(_("Nothing was different, so nothing was saved."), "info")
        return redirect(ground.url("level"), 303)
    command = SaveRules(
        site_id=ground.site.id,
        data=ground.data,
        level=ground.level,
        key=ground.key,
        seen=ground.seen,
    )
    try:
        services.save_rules(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        return preview_page(ground, problems=reasons(ground, invalid.problems)), 422
    except Changed:
        newest = ground_of(slug, level, of)
        said = _(
            "Somebody else changed these rules meanwhile. This is what yours would change now:"
            " look at it, then put it in force or change it once more."
        )
        return preview_page(replace(newest, draft=ground.draft), problems=[str(said)]), 409
    flash(_("The rules are in force for bookings made from now on."), "success")
    return redirect(ground.url("level"), 303)


def preview_page(ground: Ground, *, problems: Sequence[str] = ()) -> str:
    """Return the page that says what the changes mean before anything is saved."""
    return render_template(
        "house_rules/preview.html",
        ground=ground,
        site=ground.site,
        changes=changes(ground, ground.own, ground.data),
        problems=problems,
    )
