"""Use cases of house rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.values import Level, read_rules
from labops.domain.sites.models import Site
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRules:
    """What one level of a site's rules shall say from now on."""

    site_id: int
    data: Mapping[str, Any]
    level: Level = Level.SITE
    key: str = ""


def save_rules(command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Put a new version in force and return its number.

    Bookings made before keep what was in force for them. Raises `Forbidden`, `NotFound` for an
    unknown site, and `Invalid` naming each wrong key.
    """
    actor.require(Permission.RULES_EDIT, command.site_id)
    with unit_of_work() as session:
        if session.get(Site, command.site_id) is None:
            raise NotFound
        return add_version(session, command, actor=actor, now=now)


def add_version(session: Session, command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Add the version inside the caller's transaction; raises `Invalid`."""
    if bool(command.key) == (command.level is Level.SITE):
        raise Invalid.field("key", "rules.wrong-key")
    read_rules(command.data)
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
    version = previous.version + 1 if previous else 1
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
