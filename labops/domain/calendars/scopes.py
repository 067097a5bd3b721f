"""What a calendar address can be of, as people and programs name it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from labops.kernel.errors import Invalid


class FeedKind(StrEnum):
    """What a feed shows."""

    ME = "me"
    MACHINE = "machine"
    SITE = "site"
    INDUCTIONS = "inductions"


# Those that name a place after a colon, as in `machine:laser`.
OF_A_PLACE = frozenset({FeedKind.MACHINE, FeedKind.SITE})


@dataclass(frozen=True, slots=True)
class FeedScope:
    """A kind and, for a machine or a site, its slug."""

    kind: FeedKind
    slug: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.slug}" if self.slug else self.kind.value

    @property
    def shows_cancelled(self) -> bool:
        """Say whether cancelled bookings are shown for a while unless one chose otherwise.

        In one's own calendar they explain what happened; in a machine's they are only in the way.
        """
        return self.kind not in OF_A_PLACE

    @classmethod
    def read(cls, text: str) -> FeedScope:
        """Return the scope of a text such as `me` or `site:mhuma`; raises `Invalid`."""
        name, colon, slug = text.partition(":")
        try:
            kind = FeedKind(name)
        except ValueError:
            raise Invalid.field("scope", "field.not-offered", value=text) from None
        if (kind in OF_A_PLACE) != bool(slug) or bool(colon) != bool(slug):
            raise Invalid.field("scope", "field.not-offered", value=text)
        return cls(kind, slug)
