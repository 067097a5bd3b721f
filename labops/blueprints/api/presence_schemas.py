"""The shapes of presence."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from labops.blueprints.api.schemas import Body


class NewCheckIn(Body):
    """Where, and whose pass: as a camera reads it, or its digits. Without one it is one's own."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, populate_by_name=True)

    site: str
    pass_text: str = Field(default="", alias="pass", max_length=200)
    override_reason: str = Field(default="", max_length=300)


class CheckIn(BaseModel):
    """What came of it; `since` is from when on the person is, or was, in."""

    site: str
    result: str
    detail: str
    at: AwareDatetime
    since: AwareDatetime | None
    person: str
    name: str
    replayed: bool


class SpaceOccupancy(BaseModel):
    """How many people are in a space, and how many may be."""

    slug: str
    name: str
    count: int
    capacity: int | None


class Occupancy(BaseModel):
    """How many people are in, guests included, and how many may be."""

    site: str
    count: int
    capacity: int | None
    full: bool
    spaces: list[SpaceOccupancy]
