"""Which field each column of a file stands for, guessed from its heading in Italian or English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from labops.domain.member_lists.values import CERTIFICATION, FIELDS
from labops.kernel.errors import Problem

_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name",
        "nome",
        "full name",
        "nome e cognome",
        "cognome e nome",
        "nominativo",
        "nome completo",
        "first name",
        "given name",
        "member",
        "socio",
        "membro",
    ),
    "surname": ("surname", "cognome", "last name", "family name"),
    "email": ("email", "e mail", "mail", "posta elettronica", "indirizzo email", "email address"),
    "born_on": (
        "born on",
        "data di nascita",
        "data nascita",
        "nato il",
        "nata il",
        "nato a il",
        "nascita",
        "date of birth",
        "birth date",
        "birthdate",
        "birthday",
        "dob",
        "born",
    ),
    "phone": (
        "phone",
        "telefono",
        "cellulare",
        "tel",
        "cell",
        "mobile",
        "phone number",
        "numero di telefono",
        "recapito telefonico",
        "recapito",
    ),
    "emergency_name": (
        "emergency name",
        "contatto di emergenza",
        "contatto emergenza",
        "emergency contact",
        "emergency contact name",
        "nome contatto emergenza",
        "in caso di emergenza",
    ),
    "emergency_phone": (
        "emergency phone",
        "telefono emergenza",
        "telefono di emergenza",
        "telefono contatto emergenza",
        "emergency contact phone",
        "emergency number",
    ),
    "language": ("language", "lingua", "lang"),
    "member_from": (
        "member from",
        "iscritto dal",
        "iscritta dal",
        "data iscrizione",
        "data di iscrizione",
        "inizio",
        "dal",
        "from",
        "membership from",
        "member since",
        "joined",
        "start",
        "socio dal",
    ),
    "member_until": (
        "member until",
        "iscritto fino al",
        "scadenza",
        "data scadenza",
        "scadenza iscrizione",
        "al",
        "fino al",
        "until",
        "membership until",
        "expires",
        "expiry",
        "end",
        "fine",
    ),
    "plan": (
        "plan",
        "piano",
        "tipo iscrizione",
        "tipo di iscrizione",
        "tariffa",
        "membership type",
    ),
    "groups": ("groups", "gruppi", "gruppo", "group", "tag", "tags", "etichette"),
}
_GUESSES = {heading: field for field, headings in _HEADINGS.items() for heading in headings}
_CERTIFIED = re.compile(
    "(?:certification|certificazione|abilitazione|certified|abilitato|abilitata|corso|induction)"
    " (.+)"
)


def folded(text: str) -> str:
    """Return the text as it is compared: small letters, no accents, its gaps single spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.sub(r"[^\w]+|_", " ", kept).split())


def guessed(
    headings: Sequence[str], types: Mapping[str, Sequence[str]], kept: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the field of each column, empty for none: as `kept` for the site, else guessed.

    `types` are the names of each machine type by its slug.
    """
    names = {folded(name): slug for slug, all_ in types.items() for name in (*all_, slug)}
    remembered = {folded(heading): field for heading, field in kept.items()}
    found: list[str] = []
    for heading in headings:
        plain = folded(heading)
        field = remembered.get(plain)
        if field is None or not _is_field(field, types):
            field = _GUESSES.get(plain, "") or _certification(plain, names)
        found.append(field if field not in found else "")
    return tuple(found)


def problems_of(
    headings: Sequence[str], mapping: Sequence[str], types: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """Return what is wrong with a choice of fields: one named twice, unknown, or too few."""
    found = []
    for number, field in enumerate(mapping):
        heading = headings[number] if number < len(headings) else ""
        place = {"line": 1, "field": heading, "value": field}
        if field and not _is_field(field, types):
            found.append(Problem("members.unknown-field", place))
        elif field and field in mapping[:number]:
            found.append(Problem("members.field-twice", place))
    if "email" not in mapping and not {"name", "born_on"} <= set(mapping):
        found.append(Problem("members.nothing-to-know-by", {"line": 1, "field": ""}))
    return found


def _is_field(field: str, types: Mapping[str, Sequence[str]]) -> bool:
    return field in ("", *FIELDS) or (
        field.startswith(CERTIFICATION) and field.removeprefix(CERTIFICATION) in types
    )


def _certification(plain: str, names: Mapping[str, str]) -> str:
    match = _CERTIFIED.fullmatch(plain)
    slug = names.get(match[1].strip()) if match else None
    return f"{CERTIFICATION}{slug}" if slug else ""
