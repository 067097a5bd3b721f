"""The demonstration's waivers, signed by its members; a minor whose mother signed for her."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.people import administration
from labops.domain.people import queries as people
from labops.domain.sites.queries import all_sites
from labops.domain.waivers import guardians, queries, services
from labops.domain.waivers.queries import VersionView
from labops.domain.waivers.services import Signing, WaiverText
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor

DATA = Path(__file__).parent / "demo_data"
ROME = ZoneInfo("Europe/Rome")
SLUG = "sicurezza"


def fill(members: Sequence[dict[str, Any]], *, now: datetime) -> None:
    """Publish a waiver at both sites some months ago, and let every member sign it."""
    at = now - timedelta(days=100)
    day = at.astimezone(ROME).date()
    versions = [_publish(site.id, day, at) for site in all_sites(reading())]
    for entry in members:
        actor = _actor(entry["email"], at)
        if "guardian" in entry:
            _grow_up(entry, versions, actor, day, at)
        elif "member" in entry or "roles" in entry:
            for version in versions:
                signing = _signing(version, entry["name"])
                services.sign(signing, today=day, actor=actor, now=at)


def _publish(site_id: int, day: date, at: datetime) -> VersionView:
    text = WaiverText(
        title_it="Regole e rischi",
        title_en="Rules and risks",
        text_it=(DATA / "waiver.it.md").read_text(encoding="utf-8"),
        text_en=(DATA / "waiver.en.md").read_text(encoding="utf-8"),
    )
    number = services.write(site_id, SLUG, text, actor=SYSTEM, now=at)
    services.publish(site_id, SLUG, asks_from=day, today=day, actor=SYSTEM, now=at)
    return queries.version(reading(), site_id, SLUG, number)


def _grow_up(
    entry: dict[str, Any],
    versions: Sequence[VersionView],
    actor: Actor,
    day: date,
    at: datetime,
) -> None:
    born_on = date(day.year - entry["born_years_ago"], 3, 14)
    name, email, relation = entry["guardian"]
    (first, *_others) = all_sites(reading())
    uid = actor.label.removeprefix("person:")
    administration.note_birth_date(uid, born_on, site_id=first.id, actor=SYSTEM, now=at)
    guardian = guardians.invite(name, email, today=day, actor=actor, now=at)
    for version in versions:
        signing = _signing(version, name, relation)
        guardians.sign_for_child(guardian, signing, now=at + timedelta(hours=2))


def _signing(version: VersionView, name: str, relation: str = "") -> Signing:
    return Signing(
        version_id=version.id,
        digest=version.digest,
        name=name,
        language="it",
        address="192.0.2.7",
        device="Demonstration",
        relation=relation,
    )


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - everybody was just added
    return people.actor_of(reading(), account.person_id, now=now)
