"""What the catalogue of our open data holds, after DCAT-AP_IT, the Italian profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FORMATS = {"turtle": "text/turtle", "json-ld": "application/ld+json"}


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for the list: its name, its code in the index of administrations, its mail."""

    name: str
    code: str
    email: str


@dataclass(frozen=True, slots=True)
class DataFile:
    """One form in which a set of data can be had. `kind` is a name of the EU's file types."""

    path: str
    kind: str
    media_type: str
    title_it: str
    title_en: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """One set of data and its files."""

    slug: str
    title_it: str
    title_en: str
    about_it: str
    about_en: str
    files: tuple[DataFile, ...]


def catalogue(
    sets: tuple[DataSet, ...], publisher: Publisher, root: str, *, modified: date, form: str
) -> str:
    """Return the catalogue as `turtle` or `json-ld`; `root` is where this installation lives."""
    from labops.adapters.open_data import dcat_graph  # few processes ever need its library

    graph = dcat_graph.catalogue(sets, publisher, root, modified=modified)
    return dcat_graph.written(graph, form)
