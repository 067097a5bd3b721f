"""Tables of feed addresses and of what they keep ready."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Feed(Base):
    """A subscribable address of one person, scope and device; the secret is kept as a digest.

    `scope` is a `FeedKind`; `bookable_id` or `site_id` say of which machine or site. `names` is
    a wish: whether the person may see names is decided each time the feed is fetched.
    """

    __tablename__ = "feed"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(String(100))
    bookable_id: Mapped[int | None] = mapped_column(ForeignKey("bookable.id"))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    names: Mapped[bool] = mapped_column(default=False, server_default=false())
    show_cancelled: Mapped[bool] = mapped_column(default=True, server_default=true())
    label: Mapped[str] = mapped_column(String(80), default="")
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    polled_at: Mapped[datetime | None]
    polled_by: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None]


class FeedFragment(Base):
    """The VEVENT of one booking in feeds, for one variant and language, ready to be joined.

    It counts only while the booking's `sequence` and `revised_at`, the name of its person
    (empty unless the variant tells it) and `stamp`, which stands for everything else that the
    text was made of, are what they were.
    """

    __tablename__ = "feed_fragment"
    # Rows are only ever looked up by the key: one search instead of two.
    __table_args__ = {"sqlite_with_rowid": False}

    booking_id: Mapped[int] = mapped_column(
        ForeignKey("booking.id", ondelete="CASCADE"), primary_key=True
    )
    variant: Mapped[str] = mapped_column(String(8), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    sequence: Mapped[int]
    revised_at: Mapped[datetime]
    stamp: Mapped[str] = mapped_column(String(32))
    person_name: Mapped[str] = mapped_column(String(120), default="")
    body: Mapped[str] = mapped_column(Text)
