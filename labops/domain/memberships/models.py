"""The table of memberships."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Membership(Base):
    """A person's membership at one site. Days are the site's local days, both included.

    `plan` is the slug of its plan, `groups` what else house rules know her as (students), and
    `suspended_until` the end of a suspension that strikes led to.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index("uq_membership_person_id_site_id", "person_id", "site_id", unique=True),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    created_at: Mapped[datetime]
    plan: Mapped[str] = mapped_column(String(60), default="")
    groups: Mapped[list[str]] = mapped_column(default=list)
    suspended_until: Mapped[datetime | None]
