"""A person's skills: how each certification stands today, what became of it, how it is renewed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications import queries
from labops.domain.certifications.models import CertificationLevel, CertificationRule
from labops.domain.certifications.policies import stands
from labops.domain.certifications.queries import CertificationView, SuspensionView
from labops.domain.certifications.states import Act, EarnedBy, Renewal, Standing
from labops.domain.people.models import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the history: who did what when, and why.

    `who` is empty where the house rules did it. For what was granted `words` are the evidence,
    for the rest the reason; `from_on` and `until_on` are the days it is about.
    """

    at: datetime
    act: Act
    who: str
    words: str
    level: int
    from_on: date | None = None
    until_on: date | None = None
    earned_by: EarnedBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSkill:
    """How a level of a machine type stands; `last_on` is `None` where it has no end."""

    certification_id: int
    level: int
    name_it: str
    name_en: str
    standing: Standing
    starts_on: date
    last_on: date | None
    unused_days: int | None
    last_used_on: date | None
    evidence: str
    revoked_reason: str

    def name(self, language: str) -> str:
        """Return the level's name; empty where it has none."""
        return self.name_it if language == "it" else self.name_en

    @property
    def counts(self) -> bool:
        """Say whether there is something to suspend, renew or revoke."""
        return self.standing in {Standing.VALID, Standing.NOT_YET, Standing.SUSPENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """All that a person has of one machine type, the highest level first."""

    type_id: int
    slug: str
    name_it: str
    name_en: str
    levels: tuple[LevelSkill, ...]
    suspension: SuspensionView | None
    renewal: tuple[Renewal, ...]
    history: tuple[Entry, ...]

    def name(self, language: str) -> str:
        """Return the machine type's name."""
        return self.name_it if language == "it" else self.name_en

    @property
    def valid(self) -> bool:
        """Say whether any level of it counts today."""
        return any(level.standing is Standing.VALID for level in self.levels)


def of_person(session: Session, person_id: int, *, today: date) -> list[Skill]:
    """Return the person's skills, those of which nothing is left too, by machine type."""
    grants: dict[int, list[CertificationView]] = {}
    for one in queries.of_person(session, person_id):
        grants.setdefault(one.type_id, []).insert(0, one)
    suspensions = queries.suspensions_of(session, person_id)
    names = _names(session, grants, suspensions)
    levels = level_names(session, list(grants))
    ways = renewals(session, list(grants))
    return [
        _skill(
            of_type,
            [one for one in suspensions if one.type_id == type_id],
            {level: words for (kind, level), words in levels.items() if kind == type_id},
            names,
            ways.get(type_id, ()),
            today,
        )
        for type_id, of_type in grants.items()
    ]


def level_names(
    session: Session, type_ids: Sequence[int]
) -> dict[tuple[int, int], tuple[str, str]]:
    """Return the Italian and English name of each named level, by machine type and level."""
    table = CertificationLevel
    rows = session.execute(
        select(table.machine_type_id, table.level, table.name_it, table.name_en)
        .where(table.machine_type_id.in_(type_ids))
        .order_by(table.machine_type_id, table.level)
    )
    return {(kind, level): (name_it, name_en) for kind, level, name_it, name_en in rows}


def renewals(session: Session, type_ids: Sequence[int]) -> dict[int, tuple[Renewal, ...]]:
    """Return how certifications for each machine type may be renewed."""
    rows = session.execute(
        select(CertificationRule.machine_type_id, CertificationRule.renewal).where(
            CertificationRule.machine_type_id.in_(type_ids)
        )
    )
    return {kind: tuple(Renewal(way) for way in ways) for kind, ways in rows}


def _skill(
    grants: Sequence[CertificationView],
    suspensions: Sequence[SuspensionView],
    names_of_levels: dict[int, tuple[str, str]],
    names: dict[int, str],
    ways: tuple[Renewal, ...],
    today: date,
) -> Skill:
    first = grants[0]
    by_level: dict[int, list[CertificationView]] = {}
    for one in grants:
        by_level.setdefault(one.level, []).append(one)
    running = [one for one in suspensions if one.resumed_at is None and _is_to_come(one, today)]
    return Skill(
        type_id=first.type_id,
        slug=first.type_slug,
        name_it=first.name_it,
        name_en=first.name_en,
        levels=tuple(
            _level(by_level[level], names_of_levels.get(level, ("", "")), today)
            for level in sorted(by_level, reverse=True)
        ),
        suspension=running[0] if running else None,
        renewal=ways,
        history=_history(grants, suspensions, names),
    )


def _level(grants: Sequence[CertificationView], names: tuple[str, str], today: date) -> LevelSkill:
    standing = stands([one.days for one in grants], grants[-1].suspensions, today)
    kept = [one for one in grants if one.revoked_at is None] or grants
    shown = max(kept, key=lambda one: (one.last_on or date.max, one.id))
    latest = max(kept, key=lambda one: one.id)
    return LevelSkill(
        certification_id=shown.id,
        level=shown.level,
        name_it=names[0],
        name_en=names[1],
        standing=standing,
        starts_on=min(one.starts_on for one in kept),
        last_on=shown.last_on,
        unused_days=shown.unused_days,
        last_used_on=shown.last_used_on,
        evidence=latest.evidence,
        revoked_reason=grants[-1].revoked_reason,
    )


def _is_to_come(suspension: SuspensionView, today: date) -> bool:
    return suspension.ends_on is None or suspension.ends_on >= today


def _history(
    grants: Sequence[CertificationView],
    suspensions: Sequence[SuspensionView],
    names: dict[int, str],
) -> tuple[Entry, ...]:
    entries = [
        *(_granted(one, names) for one in grants),
        # Several grants of a level are revoked at once: that is one act.
        *{_revoked(one, names): None for one in grants if one.revoked_at is not None},
        *(
            Entry(
                at=one.suspended_at,
                act=Act.SUSPENDED,
                who=names.get(one.suspended_by_id or 0, ""),
                words=one.reason,
                level=0,
                from_on=one.starts_on,
                until_on=one.ends_on,
            )
            for one in suspensions
        ),
        *(
            Entry(
                at=one.resumed_at,
                act=Act.RESUMED,
                who=names.get(one.resumed_by_id or 0, ""),
                words=one.resumed_reason,
                level=0,
                from_on=one.resumed_on,
            )
            for one in suspensions
            if one.resumed_at is not None
        ),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))


def _granted(one: CertificationView, names: dict[int, str]) -> Entry:
    return Entry(
        at=one.granted_at,
        act=Act.RENEWED if one.renews_id is not None else Act.GRANTED,
        who=names.get(one.granted_by_id or 0, ""),
        words=one.evidence,
        level=one.level,
        from_on=one.starts_on,
        until_on=one.ends_on,
        earned_by=EarnedBy(one.earned_by),
    )


def _revoked(one: CertificationView, names: dict[int, str]) -> Entry:
    assert one.revoked_at is not None  # noqa: S101 - the caller has looked
    return Entry(
        at=one.revoked_at,
        act=Act.REVOKED,
        who=names.get(one.revoked_by_id or 0, ""),
        words=one.revoked_reason,
        level=one.level,
    )


def _names(
    session: Session,
    grants: dict[int, list[CertificationView]],
    suspensions: Iterable[SuspensionView],
) -> dict[int, str]:
    ids = {one.granted_by_id for of_type in grants.values() for one in of_type}
    ids |= {one.revoked_by_id for of_type in grants.values() for one in of_type}
    for gap in suspensions:
        ids |= {gap.suspended_by_id, gap.resumed_by_id}
    wanted = [one for one in ids if one is not None]
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}
