"""All rules of a site as one file: taken home, and brought in whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.house_rules.base import LONGEST_TEXT, Ground, bp, ground_of
from labops.blueprints.house_rules.changes import Changes, changes
from labops.blueprints.house_rules.text import WrongLine, wrong_lines
from labops.blueprints.sites.base import staffed_site
from labops.domain.house_rules import queries, services
from labops.domain.house_rules.files import Levels, place_of, read_file, write_file
from labops.domain.house_rules.places import with_lines
from labops.domain.house_rules.values import Level
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission


@dataclass(frozen=True, slots=True)
class Looked:
    """A file that was looked at: its text, what is wrong, or what each level would change."""

    text: str = ""
    wrong: list[WrongLine] = field(default_factory=list)
    levels: list[tuple[str, Changes]] | None = None


@bp.get("/sites/<slug>/rules.toml")
@requires(Permission.RULES_EDIT)
def export(slug: str) -> ResponseReturnValue:
    """Give all rules of the site as a file."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    text = write_file(queries.site_rules(reading(), site.id).levels)
    headers = {"Content-Disposition": f'attachment; filename="{site.slug}-rules.toml"'}
    return Response(text, headers=headers, content_type="application/toml; charset=utf-8")


@bp.get("/sites/<slug>/rules/file")
@requires(Permission.RULES_EDIT)
def file_page(slug: str) -> ResponseReturnValue:
    """Show where to put the file."""
    return _page(ground_of(slug, Level.SITE, ""), Looked())


@bp.post("/sites/<slug>/rules/file")
@requires(Permission.RULES_EDIT)
def import_file(slug: str) -> ResponseReturnValue:
    """Say what the file would change; with `act=import`, change it."""
    ground = ground_of(slug, Level.SITE, "")
    text, complaint = file_text()
    if complaint:
        return _page(ground, Looked(text, [WrongLine(0, "", complaint)])), 422
    importing = request.form.get("act") == "import"
    try:
        levels = read_file(text).levels
        services.import_rules(
            slug, levels, actor=current_actor(), now=clock.now(), dry_run=not importing
        )
    except Invalid as invalid:
        problems = invalid.problems
        if not any("line" in one.params for one in problems):
            problems = with_lines(problems, text)
        return _page(ground, Looked(text, wrong_lines(ground, problems))), 422
    if importing:
        flash(_("The rules are in force for bookings made from now on."), "success")
        return redirect(url_for(".level", slug=slug, level=Level.SITE.value, of=""), 303)
    return _page(ground, Looked(text, levels=_changed(ground, levels)))


def file_text() -> tuple[str, str]:
    """Return the text of the file, else what was pasted, and why it cannot be used, if so."""
    upload = request.files.get("file")
    raw = upload.read(4 * LONGEST_TEXT) if upload is not None and upload.filename else b""
    try:
        text = raw.decode("utf-8-sig") if raw else request.form.get("text", "")
    except UnicodeDecodeError:
        return "", str(_("This file is not UTF-8 text."))
    text = text.replace("\x00", "").replace("\r\n", "\n")
    if not text.strip():
        return "", str(_("Choose a file, or paste its lines below."))
    if len(text) > LONGEST_TEXT:
        return "", str(_("This is too long."))
    return text, ""


def _changed(ground: Ground, levels: Levels) -> list[tuple[str, Changes]]:
    """Return by name what each level would change; what the file leaves out is taken back."""
    before: Levels = ground.rules.levels
    wanted: dict[tuple[str, str], Mapping[str, Any]] = {**{key: {} for key in before}, **levels}
    found = []
    for (level, key), data in wanted.items():
        own = before.get((level, key), {})
        if data == own:
            continue
        try:
            there = ground_of(ground.site.slug, level, key)
        except NotFound:
            continue
        name = there.name if level != Level.SITE else str(_("The whole site"))
        below = queries.SiteRules(wanted).below(Level(level), key, category=there.category)
        found.append((name or place_of(level, key), changes(there, own, data, below=below)))
    return found


def _page(ground: Ground, looked: Looked) -> str:
    return render_template("house_rules/file.html", ground=ground, site=ground.site, looked=looked)
