"""Tables of certifications, of the rules for each machine type, and of the cards that show them.

Nothing in here is ever deleted but who is a trainer: what happened to a certification is read from
its rows. A renewal is a row of its own; a suspension and a revocation are stamped once.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.certifications.states import EarnedBy, ShownName
from labops.kernel.orm import Base, PrimaryKey

_OPEN = text("revoked_at IS NULL")


class Certification(Base):
    """One grant of the right to use a machine type, from and to local days, both included.

    It counts for its level and those below. `renews_id` is the grant before it, when this one
    renews it. With `unused_days` it ends on `lapses_on` unless a use moves that day on;
    `last_used_at` and `last_used_on` are the last use's instant and its site's local day.
    """

    __tablename__ = "certification"
    __table_args__ = (
        Index(None, "person_id", "machine_type_id"),
        Index(None, "machine_type_id"),
        Index(None, "ends_on"),
        Index(None, "lapses_on"),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"))
    level: Mapped[int] = mapped_column(default=1)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    unused_days: Mapped[int | None]
    lapses_on: Mapped[date | None]
    last_used_at: Mapped[datetime | None]
    last_used_on: Mapped[date | None]
    earned_by: Mapped[str] = mapped_column(String(16), default=EarnedBy.GRANT)
    evidence: Mapped[str] = mapped_column(String(300), default="")
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("certification.id"))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revoked_reason: Mapped[str] = mapped_column(String(300), default="")


class CertificationSuspension(Base):
    """Local days on which a person's certifications for a machine type do not count.

    It holds for those earned meanwhile as well, from `starts_on` to `ends_on`, both included, or
    without an end, and no longer from `resumed_on` on.
    """

    __tablename__ = "certification_suspension"
    __table_args__ = (Index(None, "person_id", "machine_type_id"),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(300))
    suspended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    suspended_at: Mapped[datetime]
    resumed_on: Mapped[date | None]
    resumed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resumed_at: Mapped[datetime | None]
    resumed_reason: Mapped[str] = mapped_column(String(300), default="")


class CertificationRule(Base):
    """What certifications for a machine type get when they are granted; no row means no end."""

    __tablename__ = "certification_rule"

    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"), primary_key=True)
    valid_months: Mapped[int | None]
    unused_days: Mapped[int | None]
    renewal: Mapped[list[str]] = mapped_column(default=list)
    changed_at: Mapped[datetime]


class CertificationLevel(Base):
    """A named level of certifications for a machine type; levels count from 1."""

    __tablename__ = "certification_level"

    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    name_it: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))


class Trainer(Base):
    """A person named to certify for one machine type, whatever her roles."""

    __tablename__ = "trainer"

    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    named_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    named_at: Mapped[datetime]


class SkillCard(Base):
    """A card whose code lets anybody check what its owner chose to show; at most one is open.

    `types` are the slugs of the machine types it shows.
    """

    __tablename__ = "skill_card"
    __table_args__ = (
        Index(
            "uq_skill_card_open",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    code: Mapped[str] = mapped_column(String(32), unique=True)
    shown_name: Mapped[str] = mapped_column(String(16), default=ShownName.INITIALS)
    types: Mapped[list[str]] = mapped_column(default=list)
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
