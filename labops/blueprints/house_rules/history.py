"""Every version of a level: who said what, when, and saying it again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from labops.blueprints.access import requires
from labops.blueprints.house_rules.base import Ground, at_level, ground_of
from labops.blueprints.house_rules.changes import Changes, changes
from labops.domain.house_rules import queries
from labops.domain.house_rules.queries import OldVersion
from labops.kernel.db import reading
from labops.kernel.permissions import Permission

MOST = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One version and what it changed."""

    version: OldVersion
    changes: Changes


@at_level("/history")
@requires(Permission.RULES_EDIT)
def history(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Show the newest versions, each with what it changed."""
    ground = ground_of(slug, level, of)
    found = _versions(ground, MOST + 1)
    steps = [
        Step(one, changes(ground, before.data if before else {}, one.data))
        for one, before in zip_longest(found[:MOST], found[1 : MOST + 1])
        if one is not None
    ]
    return render_template(
        "house_rules/history.html",
        ground=ground,
        site=ground.site,
        steps=steps,
        more=len(found) > MOST,
    )


@at_level("/history/<int:number>")
@requires(Permission.RULES_EDIT)
def old_version(slug: str, level: str, of: str, number: int) -> ResponseReturnValue:
    """Show what would change if the level said again what it said then."""
    ground = ground_of(slug, level, of)
    wanted = next((one for one in _versions(ground, 100_000) if one.version == number), None)
    if wanted is None:
        abort(404)
    return render_template(
        "house_rules/preview.html",
        ground=ground.with_draft(wanted.data),
        site=ground.site,
        changes=changes(ground, ground.own, wanted.data),
        problems=(),
        version=wanted,
    )


def _versions(ground: Ground, limit: int) -> list[OldVersion]:
    return queries.versions(reading(), ground.site.id, ground.level, ground.key, limit=limit)
