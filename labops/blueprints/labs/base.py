"""What the pages of labs share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.shell import CONTENT_SECURITY_POLICY
from labops.blueprints.sites.base import asked
from labops.domain.labs.listing import LabSearch
from labops.domain.labs.states import Access
from labops.domain.labs.vocabulary import MATERIALS, SERVICES, word_for
from labops.domain.machines.processes import PROCESSES, process_name

bp = Blueprint("labs", __name__)

MUNICIPI = range(1, 10)
LONGEST_SIDE = 100_000
SIDES = ("width", "depth", "height")


@dataclass(frozen=True, slots=True)
class Offered:
    """What the filters offer: identifiers with their names, by name."""

    processes: list[tuple[str, str]]
    materials: list[tuple[str, str]]
    services: list[tuple[str, str]]
    access: list[tuple[str, str]]


def root() -> str:
    """Return where this installation lives."""
    return str(current_app.config["LABOPS"].public_url)


def offered() -> Offered:
    """Return what can be looked for, in the reader's language."""
    language = formats.language()

    def by_name(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return sorted(pairs, key=lambda pair: pair[1].casefold())

    return Offered(
        by_name([(key, process_name(key, language)) for key in PROCESSES]),
        by_name([(key, word_for(MATERIALS, key, language)) for key in MATERIALS]),
        by_name([(key, word_for(SERVICES, key, language)) for key in SERVICES]),
        [(key, access_name(key)) for key in Access],
    )


def access_name(key: str) -> str:
    """Return in words what makes a lab accessible."""
    names = {
        "step_free": _("Step-free access"),
        "lift": _("Lift"),
        "accessible_toilet": _("Accessible toilet"),
        "reserved_parking": _("Reserved parking"),
        "adjustable_benches": _("Adjustable benches"),
        "sign_language": _("Sign language"),
        "quiet_hours": _("Quiet hours"),
    }
    return str(names.get(str(key), key))


def address(endpoint: str, filters: Mapping[str, Any]) -> str:
    """Return the address of a page with filters."""
    return url_for(endpoint, **filters)


def language_name(code: str) -> str:
    """Return what a language is called in the reader's."""
    return str((get_locale() or Locale("en")).languages.get(code, code))


def language_names(codes: Iterable[str]) -> str:
    """Return languages in words, a comma between them."""
    return ", ".join(language_name(code) for code in codes)


def given() -> dict[str, str]:
    """Return the filters of the address that mean something; the others are left out."""
    known = {
        "process": PROCESSES,
        "material": MATERIALS,
        "municipio": {str(number) for number in MUNICIPI},
        "service": SERVICES,
        "access": {str(each) for each in Access},
    }
    found = {"q": asked("q")} if asked("q") else {}
    found |= {name: asked(name) for name, words in known.items() if asked(name) in words}
    return found | {side: text for side in SIDES if (text := _side(asked(side)))}


def wanted(filters: dict[str, str]) -> LabSearch:
    """Return what the filters look for. A side alone is as much as two of them."""
    width, depth, height = (filters.get(side) for side in SIDES)
    flat = [float(side) for side in (width or depth, depth or width) if side]
    size = tuple(flat + ([float(height)] if height else [])) if flat else ()
    return LabSearch(
        words=filters.get("q", ""),
        process=filters.get("process", ""),
        material=filters.get("material", ""),
        municipio=int(filters["municipio"]) if "municipio" in filters else None,
        service=filters.get("service", ""),
        access=filters.get("access", ""),
        size_mm=size,
    )


def with_map(response: Response) -> Response:
    """Let the page show tiles of the server that the settings name, and of no other."""
    tiles = current_app.config["LABOPS"].map_tiles
    if tiles:
        host = urlsplit(tiles).netloc
        policy = CONTENT_SECURITY_POLICY.replace("img-src ", f"img-src https://{host} ")
        response.headers["Content-Security-Policy"] = policy
    return response


def embeddable(response: Response) -> Response:
    """Let any page hold this one in a frame. It knows nobody: it shows what is public alone."""
    policy = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")
    response.headers["Content-Security-Policy"] = policy.replace("script-src 'self'; ", "")
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def answered(body: str | bytes, media_type: str) -> Response:
    """Return data that any program and any page may fetch, and keep for five minutes."""
    response = Response(body, content_type=media_type)
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response


def _side(text: str) -> str:
    text = text.replace(",", ".").removesuffix("mm").strip()
    try:
        side = float(text)
    except ValueError:
        return ""
    return f"{side:g}" if 0 < side <= LONGEST_SIDE else ""
