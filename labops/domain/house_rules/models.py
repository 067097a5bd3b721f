"""The table of house rules: every version ever in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class HouseRulesVersion(Base):
    """What one level said from `created_at` on. `key` is a category's or machine's slug."""

    __tablename__ = "house_rules_version"
    __table_args__ = (
        Index("uq_house_rules_version_all", "site_id", "level", "key", "version", unique=True),
    )

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    level: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(80), default="")
    version: Mapped[int]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
