"""What is published, under which addresses, and how such answers are made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask import Blueprint

from labops.adapters.open_data.dcat import DataFile, DataSet
from labops.domain.labs import qualified, queries
from labops.domain.labs.rights import today
from labops.domain.labs.views import LabView
from labops.kernel import clock
from labops.kernel.db import reading

bp = Blueprint("open_data", __name__, url_prefix="/open-data")

SETS = (
    DataSet(
        "labs",
        "Elenco qualificato dei laboratori",
        "Qualified list of labs",
        "Laboratori qualificati oggi: dove sono, quando aprono, che cosa fanno.",
        "Labs that are qualified today: where they are, when they open, what they do.",
        (
            DataFile("/open-data/labs.csv", "CSV", "text/csv", "Laboratori, CSV", "Labs, CSV"),
            DataFile(
                "/open-data/labs.json", "JSON", "application/json", "Laboratori, JSON", "Labs, JSON"
            ),
            DataFile(
                "/open-data/labs.geojson",
                "GEOJSON",
                "application/geo+json",
                "Laboratori, GeoJSON",
                "Labs, GeoJSON",
            ),
            DataFile(
                "/open-data/labs.okw.json",
                "JSON",
                "application/json",
                "Laboratori, Open Know-Where",
                "Labs, Open Know-Where",
            ),
        ),
    ),
    DataSet(
        "machines",
        "Macchine dei laboratori qualificati",
        "Machines of the qualified labs",
        "Macchine con processi, materiali e area di lavoro in millimetri.",
        "Machines with processes, materials and work area in millimetres.",
        (DataFile("/open-data/machines.csv", "CSV", "text/csv", "Macchine, CSV", "Machines, CSV"),),
    ),
    DataSet(
        "history",
        "Storia dell’elenco",
        "History of the list",
        "Chi è stato nell’elenco, da quando e fino a quando.",
        "Who was on the list, from when until when.",
        (DataFile("/open-data/history.csv", "CSV", "text/csv", "Storia, CSV", "History, CSV"),),
    ),
)


def listed() -> Sequence[LabView]:
    """Return the labs that are on the list today, with all that is public of them."""
    return queries.all_listed(reading(), on=today(clock.now()))


def changed_on(labs: Sequence[LabView]) -> date:
    """Return the day of the last change: of a lab, or of who is on the list."""
    on = today(clock.now())
    days = [today(lab.revised_at) for lab in labs]
    for past in qualified.history(reading(), on):
        # A place that ran out changed the list on the next day.
        days += [day for day in (past.starts_on, past.ends_on + timedelta(days=1)) if day <= on]
    return max(days, default=on)
