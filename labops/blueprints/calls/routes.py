"""Calls as everybody reads them."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from labops.adapters.markdown import safe_html
from labops.blueprints.access import public
from labops.blueprints.calls.base import bp
from labops.blueprints.calls.forms import term_names
from labops.blueprints.formats import language
from labops.blueprints.sites.base import key
from labops.domain.applications.working_days import ZONE
from labops.domain.calls import queries
from labops.kernel import clock
from labops.kernel.db import reading


@bp.get("/calls")
@public
def index() -> ResponseReturnValue:
    """List the calls that are published."""
    return render_template(
        "calls/index.html",
        calls=queries.listed(reading(), only_published=True),
        language=language(),
        zone=ZONE,
        now=clock.now(),
    )


@bp.get("/calls/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show a call with its criteria and terms."""
    call = queries.published(reading(), key(slug))
    return render_template(
        "calls/show.html",
        call=call,
        term_names=term_names(),
        language=language(),
        zone=ZONE,
        html=safe_html,
        now=clock.now(),
    )
