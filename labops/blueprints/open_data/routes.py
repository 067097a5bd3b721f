"""What is published, and how to put the list on a page of one's own."""

from __future__ import annotations

import csv
import html
import io

from flask import Response, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters.open_data import dcat, files
from labops.adapters.open_data.records import LICENCE, list_record
from labops.blueprints import formats
from labops.blueprints.access import public
from labops.blueprints.api.base import as_json
from labops.blueprints.labs.base import answered, root
from labops.blueprints.open_data.base import SETS, bp, changed_on, listed
from labops.domain.labs import qualified
from labops.domain.labs.rights import today
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound

CSV = "text/csv; charset=utf-8"
JSON = "application/json"


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Say what is published and under which licence."""
    return render_template(
        "open_data/index.html",
        sets=SETS,
        licence=LICENCE,
        root=root(),
        italian=formats.language() == "it",
        snippet=_snippet(),
    )


def _snippet() -> str:
    """Return what somebody copies into a page to show the list there, also without frames."""
    title = html.escape(_("Labs of the qualified list"))
    return (
        f'<iframe src="{root()}{url_for("labs.widget")}" title="{title}" width="100%" height="600"'
        ' loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox">'
        f'<a href="{root()}{url_for("labs.index")}">{title}</a></iframe>'
    )


@bp.get("/labs.<form>")
@public
def labs(form: str) -> ResponseReturnValue:
    """Answer with the labs of today: csv, json, geojson, or okw.json after Open Know-Where."""
    if form == "csv":
        return answered(files.labs_csv(listed(), root()), CSV)
    if form == "json":
        return answered(as_json(list_record(listed(), root())), JSON)
    if form == "geojson":
        return answered(as_json(files.geojson(listed(), root())), "application/geo+json")
    if form == "okw.json":
        return answered(as_json(files.know_where(listed(), root())), JSON)
    raise NotFound


@bp.get("/machines.csv")
@public
def machines() -> Response:
    """Answer with the machines of the labs of today."""
    return answered(files.machines_csv(listed()), CSV)


@bp.get("/history.csv")
@public
def history() -> Response:
    """Answer with who was on the list, from when until when."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("lab", "name", "starts_on", "ends_on"))
    for past in qualified.history(reading(), today(clock.now())):
        writer.writerow((past.slug, files.cell(past.name), past.starts_on, past.ends_on))
    return answered(buffer.getvalue(), CSV)


@bp.get("/catalogue.<form>")
@public
def catalogue(form: str) -> ResponseReturnValue:
    """Answer with the catalogue after DCAT-AP_IT, as Turtle (`ttl`) or JSON-LD (`jsonld`)."""
    serialisation = {"ttl": "turtle", "jsonld": "json-ld"}.get(form)
    if serialisation is None:
        raise NotFound
    settings = current_app.config["LABOPS"]
    publisher = dcat.Publisher(
        settings.list_publisher,
        settings.list_publisher_code,
        settings.mail_from.split("<")[-1].rstrip("> "),
    )
    text = dcat.catalogue(
        SETS, publisher, root(), modified=changed_on(listed()), form=serialisation
    )
    return answered(text, dcat.FORMATS[serialisation])
