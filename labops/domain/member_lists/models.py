"""The table of how each site's files of members are laid out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base


class MemberListMapping(Base):
    """Which field each heading of a site's last file stood for (empty: none)."""

    __tablename__ = "member_list_mapping"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    columns: Mapped[dict[str, Any]]
    revised_at: Mapped[datetime]
