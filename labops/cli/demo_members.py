"""What the demonstration knows of its people: particulars, and notes about two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from labops.domain.notes import queries as note_queries
from labops.domain.notes import services as notes
from labops.domain.notes.values import Visibility
from labops.domain.people import profiles, queries
from labops.domain.people.profiles import SaveProfile
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

# Day of birth, phone, and whom to call, for as many people as there are lines.
_PARTICULARS = (
    (date(1989, 4, 12), "333 201 4477", "Paola, sorella", "333 201 4478", "Milano"),
    (date(1994, 9, 30), "347 118 2031", "Marco, marito", "347 118 2032", "Monza"),
    (date(2001, 1, 23), "320 555 0134", "Lucia, madre", "02 8901 2345", "Sesto San Giovanni"),
    (date(1976, 11, 5), "338 700 1192", "", "", "Milano"),
)


def fill(people: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Write down particulars of a few people and a note about two, unless that was done."""
    for entry, (born_on, phone, name, number, town) in zip(people, _PARTICULARS, strict=False):
        uid = _uid(entry["email"])
        if uid is None or profiles.profile_of(reading(), _id(uid)).phone:
            continue
        command = SaveProfile(
            name=entry["name"],
            born_on=born_on,
            language=entry.get("language", "it"),
            phone=phone,
            emergency_name=name,
            emergency_phone=number,
            town=town,
            accessibility="Un banco alto, per lavorare in piedi." if name.endswith("madre") else "",
        )
        profiles.save_profile(uid, command, actor=SYSTEM, now=now)
    site = by_slug(reading(), "mhuma")
    told = (
        ("Ha imparato in fretta: può aiutare chi comincia con il laser.", Visibility.STAFF),
        ("Il tuo taglierino è rimasto qui: è all'ingresso, nella scatola blu.", Visibility.PERSON),
    )
    for entry, (text, visibility) in zip(people, told, strict=False):
        uid = _uid(entry["email"])
        if uid is not None and not note_queries.of_person(reading(), _id(uid), SYSTEM):
            notes.write_note(uid, site.id, text=text, visibility=visibility, actor=SYSTEM, now=now)


def _uid(email: str) -> str | None:
    return queries.uid_by_email(reading(), email)


def _id(uid: str) -> int:
    return queries.ids_of_uids(reading(), [uid])[uid]
