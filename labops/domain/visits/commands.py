"""What can be asked of a door, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from labops.domain.visits.states import Act, Way
from labops.kernel.errors import Invalid

LONGEST_NONCE = 64
LONGEST_TEXT = 200
LONGEST_REASON = 300
MOST_GUESTS = 500
MOST_NAMES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a device read, or what a person pressed.

    Without a `text` (what a camera read or fingers typed) or a `person_uid` (whom staff found by
    name) it is about whoever acts. `screen` is the changing part of a door's address, `booking` the
    one it is about, `at` when it happened if that was without a connection. With an
    `override_reason` staff say yes anyway.
    """

    site_id: int
    device: str
    nonce: str
    act: Act = Act.CHECK_IN
    way: Way = Way.WALL
    station_id: int | None = None
    text: str = ""
    person_uid: str = ""
    screen: str = ""
    booking: str = ""
    override_reason: str = ""
    at: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.nonce) <= LONGEST_NONCE:
            raise Invalid.field("nonce", "field.wrong")
        for name, text, longest in (
            ("pass", self.text, LONGEST_TEXT),
            ("screen", self.screen, LONGEST_TEXT),
            ("override_reason", self.override_reason, LONGEST_REASON),
        ):
            if len(text) > longest:
                raise Invalid.field(name, "field.too-long", longest=longest)

    @property
    def about_oneself(self) -> bool:
        """Say whether it is about whoever acts."""
        return not (self.text or self.person_uid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guests:
    """People for whom a member who is in answers: one by name, or a group by name and number.

    `host_text` is the host's pass, or `host_uid` whom staff chose.
    """

    site_id: int
    device: str
    nonce: str
    name: str
    people_count: int = 1
    names: tuple[str, ...] = ()
    minors: bool = False
    host_text: str = ""
    host_uid: str = ""
    station_id: int | None = None
    over_capacity: bool = False
    at: datetime | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.people_count <= MOST_GUESTS:
            raise Invalid.field("people_count", "field.out-of-range", lowest=1, highest=MOST_GUESTS)
        if not 1 <= len(self.nonce) <= LONGEST_NONCE:
            raise Invalid.field("nonce", "field.wrong")
        if len(self.names) > MOST_NAMES:
            raise Invalid.field("names", "field.too-long", longest=MOST_NAMES)
