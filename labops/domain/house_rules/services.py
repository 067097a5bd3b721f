"""Use cases of house rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.house_rules.files import Levels, place_of
from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.queries import level_problems, misfits, new_misfits, site_rules
from labops.domain.house_rules.values import Level
from labops.domain.sites.models import Site
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Changed, Invalid, NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRules:
    """What one level of a site's rules shall say from now on.

    `seen` is the version that whoever changes it looked at (0: none yet); `None` asks nothing.
    """

    site_id: int
    data: Mapping[str, Any]
    level: Level = Level.SITE
    key: str = ""
    seen: int | None = None


def save_rules(command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Put a new version in force and return its number.

    Bookings made before keep what was in force for them. Raises `Forbidden`, `NotFound` for an
    unknown site, `Invalid` naming each wrong key, also where it contradicts another level, and
    `Changed` when the level got another version since the one that was seen.
    """
    actor.require(Permission.RULES_EDIT, command.site_id)
    with unit_of_work() as session:
        if session.get(Site, command.site_id) is None:
            raise NotFound
        changed = {(command.level.value, command.key): command.data}
        problems = new_misfits(session, command.site_id, changed)
        version = add_version(session, command, actor=actor, now=now)
        if problems:
            raise Invalid(problems)
        return version


def import_rules(
    slug: str, levels: Levels, *, actor: Actor, now: datetime, dry_run: bool = False
) -> tuple[str, ...]:
    """Make the levels all that the site's rules say, and return the places that changed.

    What a level said before and the new ones do not name is taken back. Raises `Forbidden`,
    `NotFound` for an unknown site, and `Invalid` for unknown categories or machines and for
    rules that contradict each other on any machine of the site; then nothing is changed.
    """
    with unit_of_work() as session:
        site = session.scalar(select(Site).where(Site.slug == slug))
        if site is None:
            raise NotFound
        actor.require(Permission.RULES_EDIT, site.id)
        before = site_rules(session, site.id).levels
        wanted = {**{key: {} for key in before}, **levels}
        changed = [key for key, data in wanted.items() if data != before.get(key, {})]
        # The site's own rules first: the other levels are laid over them.
        changed.sort(key=lambda key: (key[0] != Level.SITE.value, key))
        if problems := misfits(session, site.id, levels):
            raise Invalid(problems)
        if not dry_run:
            for level, key in changed:
                command = SaveRules(
                    site_id=site.id, data=wanted[level, key], level=Level(level), key=key
                )
                add_version(session, command, actor=actor, now=now)
        return tuple(place_of(level, key) for level, key in changed)


def add_version(session: Session, command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Add the version inside the caller's transaction; raises `Invalid`."""
    if bool(command.key) == (command.level is Level.SITE):
        raise Invalid.field("key", "rules.wrong-key")
    if problems := level_problems(
        session, command.site_id, command.level, command.key, command.data
    ):
        raise Invalid(problems)
    previous = session.scalar(
        select(HouseRulesVersion)
        .where(
            HouseRulesVersion.site_id == command.site_id,
            HouseRulesVersion.level == command.level,
            HouseRulesVersion.key == command.key,
        )
        .order_by(HouseRulesVersion.version.desc())
        .limit(1)
    )
    newest = previous.version if previous else 0
    if command.seen not in {None, newest}:
        raise Changed
    version = newest + 1
    session.add(
        HouseRulesVersion(
            site_id=command.site_id,
            level=command.level,
            key=command.key,
            version=version,
            data=dict(command.data),
            created_at=now,
            created_by_id=actor.person_id,
        )
    )
    session.execute(
        update(Site).where(Site.id == command.site_id).values(revision=Site.revision + 1)
    )
    audit.record(
        session,
        actor,
        "house-rules.saved",
        f"site:{command.site_id}",
        now=now,
        before=previous.data if previous else {},
        after=command.data,
        reason=f"{command.level} {command.key}".strip(),
    )
    return version
