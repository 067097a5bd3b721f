"""Tables of calls and their criteria. A published edition never changes; a new one follows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.ids import new_uid
from labops.kernel.orm import Base, PrimaryKey


class Call(Base):
    """One edition of a call. Without `closes_at` it is permanent.

    `terms` holds the fields of `terms.Terms`; `digest` is made when it is published. Applications
    stay with the edition they were begun under.
    """

    __tablename__ = "call"
    __table_args__ = (UniqueConstraint("slug", "edition"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True, default=new_uid)
    slug: Mapped[str] = mapped_column(String(60))
    edition: Mapped[int]
    title_it: Mapped[str] = mapped_column(String(160))
    title_en: Mapped[str] = mapped_column(String(160))
    text_it: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    terms: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64), default="")
    published_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class CallCriterion(Base):
    """One thing that a call demands, and what shows it.

    `evidence` says whether files must show it; `dated` that they end on a day. A `merit` may be
    left out.
    """

    __tablename__ = "call_criterion"
    __table_args__ = (UniqueConstraint("call_id", "slug"),)

    id: Mapped[PrimaryKey]
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    position: Mapped[int]
    slug: Mapped[str] = mapped_column(String(40))
    title_it: Mapped[str] = mapped_column(String(160))
    title_en: Mapped[str] = mapped_column(String(160))
    text_it: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    evidence: Mapped[bool]
    dated: Mapped[bool]
    merit: Mapped[bool]
