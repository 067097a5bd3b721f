"""Reads of house rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.values import HouseRules, Level, laid_over, level_keys
from labops.kernel.db import remembered


@dataclass(frozen=True, slots=True)
class SiteRules:
    """All levels of one site's rules as they stand now."""

    levels: Mapping[tuple[str, str], Mapping[str, Any]]

    def of(self, *, category: str, machine: str, plan: str = "") -> HouseRules:
        """Return the rules for a machine: site, then category, machine, and the plan's."""
        keys = level_keys(category=category, machine=machine, plan=plan)
        return laid_over(self.levels.get(key, {}) for key in keys)


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """Which version of a level's rules is in force, and since when."""

    version: int
    created_at: datetime


def newest_version(session: Session, site_id: int, level: Level, key: str) -> SavedVersion | None:
    """Return the version of the level that is in force; `None` when it never said anything."""
    row = session.execute(
        select(HouseRulesVersion.version, HouseRulesVersion.created_at)
        .where(
            HouseRulesVersion.site_id == site_id,
            HouseRulesVersion.level == level.value,
            HouseRulesVersion.key == key,
        )
        .order_by(HouseRulesVersion.version.desc())
        .limit(1)
    ).one_or_none()
    return SavedVersion(row[0], row[1]) if row else None


def rules_in_force(
    session: Session, site_id: int, revision: int, *, category: str, machine: str, plan: str = ""
) -> HouseRules:
    """Return the rules for a machine; costs no query while the site's revision stands."""
    return remembered(
        session,
        ("house rules", site_id, revision, category, machine, plan),
        lambda: levels_in_force(session, site_id, revision).of(
            category=category, machine=machine, plan=plan
        ),
    )


def levels_in_force(session: Session, site_id: int, revision: int) -> SiteRules:
    """Return all levels of the site's rules, read once while the site's revision stands."""
    return remembered(
        session, ("rules of all levels", site_id, revision), lambda: site_rules(session, site_id)
    )


def site_rules(session: Session, site_id: int) -> SiteRules:
    """Return the newest version of every level of the site."""
    newest = (
        select(
            HouseRulesVersion.level,
            HouseRulesVersion.key,
            func.max(HouseRulesVersion.version).label("version"),
        )
        .where(HouseRulesVersion.site_id == site_id)
        .group_by(HouseRulesVersion.level, HouseRulesVersion.key)
        .subquery()
    )
    rows = session.execute(
        select(HouseRulesVersion.level, HouseRulesVersion.key, HouseRulesVersion.data)
        .join(
            newest,
            (newest.c.level == HouseRulesVersion.level)
            & (newest.c.key == HouseRulesVersion.key)
            & (newest.c.version == HouseRulesVersion.version),
        )
        .where(HouseRulesVersion.site_id == site_id)
    )
    return SiteRules({(level, key): data for level, key, data in rows})
