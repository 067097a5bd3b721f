"""The catalogue of our open data after DCAT-AP_IT, the Italian profile of the European one."""

from __future__ import annotations

from datetime import date

from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, XSD

from labops.adapters.open_data.dcat import DataFile, DataSet, Publisher
from labops.adapters.open_data.records import LICENCE

DCATAPIT = Namespace("http://dati.gov.it/onto/dcatapit#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_EU = "http://publications.europa.eu/resource/authority"
_THEMES = ("ECON", "TECH")
_PLACE = URIRef(f"{_EU}/place/ITA_MIL")


def catalogue(
    sets: tuple[DataSet, ...], publisher: Publisher, root: str, *, modified: date
) -> Graph:
    """Return the catalogue as a graph; `root` is where this installation lives."""
    graph = Graph()
    for prefix, namespace in (("dcatapit", DCATAPIT), ("vcard", VCARD), ("dct", DCTERMS)):
        graph.bind(prefix, namespace)
    agent = _agent(graph, publisher, root)
    home = URIRef(f"{root}/open-data/")
    graph.add((home, RDF.type, DCAT.Catalog))
    graph.add((home, RDF.type, DCATAPIT.Catalog))
    _say(graph, home, DCTERMS.title, "Dati aperti sui laboratori", "Open data about labs")
    _say(
        graph,
        home,
        DCTERMS.description,
        "L’elenco qualificato dei laboratori, le loro macchine e la storia dell’elenco.",
        "The qualified list of labs, their machines, and the history of the list.",
    )
    graph.add((home, DCTERMS.publisher, agent))
    graph.add((home, DCTERMS.modified, _day(modified)))
    graph.add((home, DCTERMS.language, URIRef(f"{_EU}/language/ITA")))
    graph.add((home, DCTERMS.license, URIRef(LICENCE)))
    graph.add((home, DCAT.themeTaxonomy, URIRef(f"{_EU}/data-theme")))
    graph.add((home, FOAF.homepage, home))
    _licence(graph)
    for each in sets:
        graph.add((home, DCAT.dataset, _data_set(graph, each, agent, publisher, root, modified)))
    return graph


def written(graph: Graph, form: str) -> str:
    """Return the graph as Turtle or JSON-LD; the same graph always gives the same text."""
    return graph.serialize(format=form)


def _agent(graph: Graph, publisher: Publisher, root: str) -> URIRef:
    agent = URIRef(f"{root}/open-data/#publisher")
    graph.add((agent, RDF.type, FOAF.Agent))
    graph.add((agent, RDF.type, DCATAPIT.Agent))
    graph.add((agent, FOAF.name, Literal(publisher.name, lang="it")))
    graph.add((agent, DCTERMS.identifier, Literal(publisher.code)))
    return agent


def _data_set(
    graph: Graph, each: DataSet, agent: URIRef, publisher: Publisher, root: str, modified: date
) -> URIRef:
    subject = URIRef(f"{root}/open-data/#{each.slug}")
    graph.add((subject, RDF.type, DCAT.Dataset))
    graph.add((subject, RDF.type, DCATAPIT.Dataset))
    graph.add((subject, DCTERMS.identifier, Literal(f"{publisher.code}:{each.slug}")))
    _say(graph, subject, DCTERMS.title, each.title_it, each.title_en)
    _say(graph, subject, DCTERMS.description, each.about_it, each.about_en)
    graph.add((subject, DCTERMS.modified, _day(modified)))
    graph.add((subject, DCTERMS.accrualPeriodicity, URIRef(f"{_EU}/frequency/CONT")))
    graph.add((subject, DCTERMS.rightsHolder, agent))
    graph.add((subject, DCTERMS.publisher, agent))
    graph.add((subject, DCTERMS.spatial, _PLACE))
    graph.add((subject, DCTERMS.language, URIRef(f"{_EU}/language/ITA")))
    graph.add((subject, DCAT.landingPage, URIRef(f"{root}/open-data/")))
    for theme in _THEMES:
        graph.add((subject, DCAT.theme, URIRef(f"{_EU}/data-theme/{theme}")))
    graph.add((_PLACE, RDF.type, DCTERMS.Location))
    graph.add((subject, DCAT.contactPoint, _contact(graph, publisher, root)))
    for file in each.files:
        graph.add((subject, DCAT.distribution, _distribution(graph, file, root, modified)))
    return subject


def _contact(graph: Graph, publisher: Publisher, root: str) -> URIRef:
    contact = URIRef(f"{root}/open-data/#contact")
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, RDF.type, VCARD.Organization))
    graph.add((contact, RDF.type, DCATAPIT.Organization))
    graph.add((contact, VCARD.fn, Literal(publisher.name)))
    graph.add((contact, VCARD.hasEmail, URIRef(f"mailto:{publisher.email}")))
    return contact


def _distribution(graph: Graph, file: DataFile, root: str, modified: date) -> URIRef:
    address = URIRef(f"{root}{file.path}")
    graph.add((address, RDF.type, DCAT.Distribution))
    graph.add((address, RDF.type, DCATAPIT.Distribution))
    _say(graph, address, DCTERMS.title, file.title_it, file.title_en)
    graph.add((address, DCAT.accessURL, URIRef(f"{root}/open-data/")))
    graph.add((address, DCAT.downloadURL, address))
    graph.add((address, DCTERMS.format, URIRef(f"{_EU}/file-type/{file.kind}")))
    graph.add((address, DCAT.mediaType, Literal(file.media_type)))
    graph.add((address, DCTERMS.license, URIRef(LICENCE)))
    graph.add((address, DCTERMS.modified, _day(modified)))
    return address


def _licence(graph: Graph) -> None:
    licence = URIRef(LICENCE)
    graph.add((licence, RDF.type, DCTERMS.LicenseDocument))
    graph.add((licence, RDF.type, DCATAPIT.LicenseDocument))
    graph.add((licence, DCTERMS.type, URIRef("http://purl.org/adms/licencetype/Attribution")))
    graph.add((licence, FOAF.name, Literal("Creative Commons Attribution 4.0", lang="en")))


def _say(graph: Graph, subject: URIRef, predicate: URIRef, italian: str, english: str) -> None:
    graph.add((subject, predicate, Literal(italian, lang="it")))
    graph.add((subject, predicate, Literal(english, lang="en")))


def _day(on: date) -> Literal:
    return Literal(on.isoformat(), datatype=XSD.date)
