"""The list's own numbers, each with its records, and as CSV."""

from __future__ import annotations

from datetime import date, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from labops.adapters import case_words
from labops.blueprints.access import current_actor, requires
from labops.blueprints.applications.shown import today
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.review.base import bp
from labops.domain.applications.numbers import Numbers
from labops.domain.applications.numbers import numbers as counted
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Permission


@bp.get("/review/numbers")
@requires(Permission.APPLICATION_SEE)
def numbers() -> ResponseReturnValue:
    """Show the numbers of a span: `since` and `until`, the last year by default."""
    return render_template("review/numbers.html", numbers=_numbers(), words=case_words)


@bp.get("/review/numbers.csv")
@requires(Permission.APPLICATION_SEE)
def numbers_csv() -> ResponseReturnValue:
    """Answer with the decisions behind the numbers."""
    found = _numbers()
    columns = (
        "lab", "decision", "sent_on", "decided_on", "days_on_clock", "calendar_days", "late"
    )  # fmt: skip
    rows = [
        (
            one.lab,
            str(one.action),
            one.sent_on.isoformat(),
            one.decided_on.isoformat(),
            str(one.days),
            str(one.calendar_days),
            "yes" if one.late else "no",
        )
        for one in found.decided
    ]
    return csv_answer(f"decisions-{found.since}-{found.until}", columns, rows)


def _numbers() -> Numbers:
    last = _day("until") or today()
    first = _day("since") or last - timedelta(days=365)
    return counted(reading(), current_actor(), since=first, until=last, now=clock.now())


def _day(name: str) -> date | None:
    """Return a day of the address; what is none counts as not given."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
