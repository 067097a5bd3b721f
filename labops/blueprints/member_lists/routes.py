"""A member list: looked at first, then brought in whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, flash, g, redirect, render_template, url_for
from flask import request as web_request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters import sheets
from labops.blueprints import progress
from labops.blueprints.access import current_actor, requires
from labops.blueprints.member_lists.base import bp
from labops.blueprints.member_lists.forms import Asked, Unusable, field_names, read_asked
from labops.blueprints.messages import sentence_for
from labops.blueprints.sites.base import staffed_site
from labops.domain.member_lists import queries, services
from labops.domain.member_lists.services import ImportMembers
from labops.domain.member_lists.values import (
    Duplicates,
    FoundBy,
    Imported,
    OnDuplicate,
    PlannedLine,
    Step,
)
from labops.domain.sites.queries import SiteView, all_sites
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Permission

MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class WrongCell:
    """What is wrong in one cell of the file; the heading is line 1."""

    line: int
    column: str
    sentence: str


@bp.get("/member-lists")
@requires(Permission.MEMBERSHIP_GRANT)
def choose_site() -> ResponseReturnValue:
    """Lead to the list of the only site, or let choose one."""
    actor = current_actor()
    sites = [
        site for site in all_sites(reading()) if actor.may(Permission.MEMBERSHIP_GRANT, site.id)
    ]
    if len(sites) == 1:
        return redirect(url_for(".page", site=sites[0].slug), 302)
    return render_template("member_lists/sites.html", sites=sites)


@bp.get("/sites/<site>/members/file")
@requires(Permission.MEMBERSHIP_GRANT)
def page(site: str) -> ResponseReturnValue:
    """Show where to put a file, and where to get one."""
    return _page(staffed_site(site, Permission.MEMBERSHIP_GRANT))


@bp.post("/sites/<site>/members/file")
@requires(Permission.MEMBERSHIP_GRANT)
def bring_in(site: str) -> ResponseReturnValue:
    """Say what the file would change; with `act=import`, change it."""
    at = staffed_site(site, Permission.MEMBERSHIP_GRANT)
    try:
        asked = read_asked(at.id)
    except Unusable as error:
        return _page(at, error=str(error)), 422
    actor, now = current_actor(), clock.now()
    command = ImportMembers(
        site=at, sheet=asked.sheet, mapping=asked.mapping, duplicates=asked.duplicates
    )
    importing = web_request.form.get("act") == "import"
    with_bar = importing and progress.is_wanted()
    try:
        if importing and not with_bar:
            done = services.import_members(command, actor=actor, now=now)
            flash(done_in_words(done), "success")
            return redirect(url_for("people.index", site=at.slug), 303)
        plans = services.look_at(command, actor=actor, now=now)
    except Invalid as invalid:
        return _page(at, asked, wrong=[_wrong_cell(one) for one in invalid.problems]), 422
    if with_bar:  # nothing is wrong with the file
        return progress.streamed(
            lambda counted: {
                "said": done_in_words(
                    services.import_members(command, actor=actor, now=now, progress=counted)
                )
            }
        )
    return _page(at, asked, plans=plans)


@bp.get("/sites/<site>/members/export.csv")
@requires(Permission.PERSON_EDIT)
def export_csv(site: str) -> Response:
    """Answer with the site's members as CSV."""
    at = staffed_site(site, Permission.PERSON_EDIT)
    body = sheets.to_csv(queries.exported(reading(), at.id, current_actor()))
    return _download(body, "text/csv; charset=utf-8", f"{at.slug}-members.csv")


@bp.get("/sites/<site>/members/export.xlsx")
@requires(Permission.PERSON_EDIT)
def export_xlsx(site: str) -> Response:
    """Answer with the site's members as an Excel file."""
    at = staffed_site(site, Permission.PERSON_EDIT)
    rows = queries.exported(reading(), at.id, current_actor())
    body = sheets.to_xlsx(rows, title=at.slug)
    return _download(body, sheets.XLSX, f"{at.slug}-members.xlsx")


def done_in_words(done: Imported) -> str:
    """Return what an import did in one sentence."""
    return str(
        _(
            "Done: %(created)s, %(updated)s, %(unchanged)s, %(skipped)s.",
            created=ngettext("%(num)d person added", "%(num)d people added", done.created),
            updated=ngettext("%(num)d changed", "%(num)d changed", done.updated),
            unchanged=ngettext(
                "%(num)d left as it was", "%(num)d left as they were", done.unchanged
            ),
            skipped=ngettext("%(num)d skipped", "%(num)d skipped", done.skipped),
        )
    )


def _download(body: bytes, kind: str, name: str) -> Response:
    response = Response(body, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _wrong_cell(problem: Problem) -> WrongCell:
    return WrongCell(
        int(problem.params.get("line", 1)),
        str(problem.params.get("field", "")),
        sentence_for(problem, g.get("zone")),
    )


def _page(
    site: SiteView,
    asked: Asked | None = None,
    *,
    plans: Sequence[PlannedLine] | None = None,
    wrong: Sequence[WrongCell] = (),
    error: str = "",
) -> str:
    steps = {
        Step.CREATE: _("added"),
        Step.UPDATE: _("changed"),
        Step.NOTHING: _("nothing to change"),
        Step.SKIP: _("skipped"),
    }
    names = field_names()
    return render_template(
        "member_lists/file.html",
        site=site,
        asked=asked,
        duplicates=asked.duplicates if asked else Duplicates(),
        plans=plans,
        counts=Imported.of(plans) if plans is not None else None,
        wrong=wrong,
        error=error,
        fields=names,
        steps=steps,
        found_by={
            FoundBy.NOBODY: "",
            FoundBy.EMAIL: _("by e-mail"),
            FoundBy.NAME: _("by name and date of birth"),
        },
        on_duplicate={
            OnDuplicate.UPDATE: _("bring up to date"),
            OnDuplicate.SKIP: _("skip"),
        },
        most_shown=MOST_SHOWN,
    )
