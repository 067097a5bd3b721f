"""The shapes of bodies and answers. Lengths in millimetres, durations in minutes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from labops.domain.bookings.commands import MOST_FIELDS, MOST_PEOPLE


class Body(BaseModel):
    """What a program sends: unknown fields are refused, so that no typing error is lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewBooking(Body):
    """A wish for machines during a slot. `machine` is accepted for one.

    `people` is how many come, the person included; `fields` what house rules want to be told;
    `firm` the uid of a firm of the caller's, when it is made under its name and on its plan.
    """

    machines: list[str] = Field(default=[], max_length=20)
    machine: str | None = None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    note: str = Field(default="", max_length=500)
    override_reason: str = Field(default="", max_length=300)
    people: int = Field(default=1, ge=1, le=MOST_PEOPLE)
    fields: dict[str, str] = Field(default={}, max_length=MOST_FIELDS)
    firm: str = Field(default="", max_length=32)

    @model_validator(mode="after")
    def _one_way_to_name_machines(self) -> NewBooking:
        if self.machine is not None:
            if self.machines:
                raise ValueError("give machines or machine, not both")
            self.machines = [self.machine]
        return self


class WishToCheck(NewBooking):
    """A wish to be checked; `booking` is the one that would be moved, `None` for a new one."""

    booking: str | None = None


class BookingChange(Body):
    """New times or machines; what is left out stays."""

    machines: list[str] | None = Field(default=None, max_length=20)
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    override_reason: str = Field(default="", max_length=300)


class Reason(BaseModel):
    """One coded reason against something, with the step that would solve it, if there is one.

    `fix_url` is the path of the page where the step is taken.
    """

    code: str
    detail: str
    params: dict[str, Any]
    overridable: bool
    fix: str
    fix_url: str
    fix_label: str


class ProblemDetails(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    reasons: list[Reason]
    instance: str | None = None


class Span(BaseModel):
    """A half-open span of time."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Booking(BaseModel):
    """A booking as the caller may see it: names and notes of others are null."""

    uid: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    state: Literal[
        "requested", "confirmed", "checked_in", "finished", "cancelled", "missed", "rejected"
    ]
    machines: list[str]
    machine_names: list[str]
    site: str
    site_name: str
    zone: str
    mine: bool
    person_name: str | None
    note: str | None
    sequence: int
    created_at: AwareDatetime
    revised_at: AwareDatetime
    check_in_by: AwareDatetime
    checked_in_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    override_reason: str | None


class OneBooking(Booking):
    """A booking by itself, with how many come and what was said when it was booked."""

    people: int
    fields: dict[str, str]
    firm: str | None


class BookingList(BaseModel):
    """A page of bookings."""

    items: list[Booking]


class CheckedRule(BaseModel):
    """What one rule found, in words; `detail` is empty when it passed."""

    rule: str
    name: str
    passed: bool
    needs_approval: bool
    code: str
    detail: str
    machine: str | None
    fix: str
    fix_url: str
    fix_label: str


class BookingCheck(BaseModel):
    """Whether a booking would be allowed, every reason against it, and what every rule found.

    Failed rules come first, the nearest to solvable first of all.
    """

    allowed: bool
    reasons: list[Reason]
    rules: list[CheckedRule]


class OpeningSpan(BaseModel):
    """A weekly opening in local time; a closing past 24:00 means the next day."""

    weekday: int
    opens: str
    closes: str


class ClosureSpan(Span):
    """A span when the site is shut."""

    reason: str


class Site(BaseModel):
    """A site."""

    slug: str
    name: str
    address: str
    city: str
    zone: str
    email: str
    phone: str
    latitude: float | None
    longitude: float | None
    opening_hours: list[OpeningSpan]
    closures: list[ClosureSpan]
    open_now: bool


class SiteList(BaseModel):
    """All sites."""

    items: list[Site]


class Machine(BaseModel):
    """A machine; `envelope_mm` is the largest workpiece: width, depth, and height if known."""

    slug: str
    name: str
    site: str
    space: str | None
    machine_type: str
    process: str
    maker: str
    model: str
    state: Literal["in_service", "out_of_service", "retired"]
    state_reason: str
    envelope_mm: list[float] | None
    materials: list[str]
    capacity: int
    setup_minutes: int
    cleanup_minutes: int
    certification_needed: bool
    description: str
    house_rules: dict[str, Any]


class MachineList(BaseModel):
    """A page of machines."""

    items: list[Machine]


class FreeSlot(Span):
    """A free slot of a machine, and what keeps whoever asks from booking it."""

    machine: str
    machine_name: str
    site: str
    allowed: bool
    reasons: list[Reason]


class FreeSlotList(BaseModel):
    """Free slots, soonest first."""

    items: list[FreeSlot]


class Availability(BaseModel):
    """Claimed spans, buffers included and without names, and the spans when one can be there."""

    busy: list[Span]
    open: list[Span]


class SignUpWish(Body):
    """Whether the waiting list will do when every place is taken."""

    waits: bool = False


class InductionStanding(BaseModel):
    """How one stands in an induction; `late` when a place was given up late."""

    uid: str
    state: Literal["signed_up", "waiting", "cancelled"]
    late: bool


class Induction(BaseModel):
    """A teaching session on a machine type; `price` is in euro, `null` when nothing was said."""

    uid: str
    site: str
    machine_type: str
    level: int
    machines: list[str]
    space: str
    teacher: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    places: int
    free: int
    waiting: int
    audience: Literal["members", "all"]
    needs: str
    youngest: int | None
    price: str | None
    note: str
    url: str


class InductionList(BaseModel):
    """Sessions by start."""

    items: list[Induction]
