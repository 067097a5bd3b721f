"""The rules in force for one machine and one person's plan, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from labops.domain.house_rules.limits import NO_NOTICE, Limit, Notice, Quota
from labops.domain.house_rules.parts import (
    Approval,
    Audience,
    Charge,
    ClosedDays,
    FieldRule,
    LateCancel,
    Overnight,
    Price,
    Release,
    Strikes,
)
from labops.domain.house_rules.timetables import Session, Timetable

GRIDS = (5, 10, 15, 30, 60)
LONGEST_POSSIBLE = timedelta(days=30)
# What stands for "no limit" where the calendar still needs a number to count with.
NO_GRID = timedelta(minutes=1)
NO_HORIZON = 36_500
WORKING_DAYS = (0, 1, 2, 3, 4)


class Level(StrEnum):
    """Where a rule stands; a later one wins over an earlier one.

    The key of a plan is its slug, or `plan:category:slug` and `plan:machine:slug` where a plan
    says something of one category or machine only.
    """

    SITE = "site"
    CATEGORY = "category"
    MACHINE = "machine"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The rules in force for one machine. `None` switches a limit off.

    Minutes of a day are counted from local midnight, weekdays from Monday as 0.
    """

    grid: timedelta = timedelta(minutes=30)
    shortest: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=4)
    lengths: tuple[timedelta, ...] = ()
    sessions: tuple[Session, ...] = ()
    overnight: Overnight | None = None

    notice: timedelta = timedelta(0)
    notice_days: int = 0
    notice_working_days: int = 0
    notice_until: int | None = None
    horizon_days: int = 14
    horizon: timedelta | None = None
    horizon_opens: int = 0
    horizon_days_with_approval: int | None = None
    releases: tuple[Release, ...] = ()

    open_hours: Timetable | None = None
    closed_days: tuple[ClosedDays, ...] = ()
    latest_start: timedelta = timedelta(0)
    unattended: bool = False
    staffed_hours: Timetable | None = None
    staffed_only: bool = False
    audiences: tuple[Audience, ...] = ()

    setup: timedelta | None = None
    cleanup: timedelta | None = None
    buffers_inside: bool = False
    gap: timedelta = timedelta(0)
    one_at_a_time: int | None = 1
    open_bookings: int | None = 6
    next_once_begun: bool = False
    quotas: tuple[Quota, ...] = ()
    limits: tuple[Limit, ...] = ()

    certification_needed: bool = False
    certification_level: int = 1
    certifications_needed: tuple[str, ...] = ()
    waiver_needed: bool = False
    youngest: int | None = None
    youngest_supervised: int | None = None
    oldest: int | None = None
    guardian_consent_below: int | None = None

    approval: Approval = Approval.NONE
    approval_outside: Timetable | None = None
    approval_above: timedelta | None = None
    approval_held: timedelta = timedelta(hours=72)

    cancel_notice: timedelta = timedelta(0)
    cancel_notice_days: int = 0
    cancel_notice_working_days: int = 0
    cancel_until: int | None = None
    move_notice: timedelta | None = None
    late_cancel: LateCancel = LateCancel.REFUSE
    late_charges: tuple[Charge, ...] = ()
    forgiven_when_taken: bool = False

    early_check_in: timedelta = timedelta(minutes=15)
    grace: timedelta = timedelta(minutes=15)
    strikes: Strikes | None = None
    waiting_list: bool = True
    offer_held: timedelta = timedelta(hours=24)

    fields: tuple[FieldRule, ...] = ()
    prices: tuple[Price, ...] = ()
    working_days: tuple[int, ...] = WORKING_DAYS
    timetables: tuple[Timetable, ...] = field(default=())

    @property
    def booking_notice(self) -> Notice:
        """Return how long before the start a booking must be made."""
        if not self.notice_days and not self.notice_working_days and self.notice_until is None:
            return Notice(length=self.notice) if self.notice else NO_NOTICE
        return Notice(
            length=self.notice,
            days=self.notice_days,
            working_days=self.notice_working_days,
            until=self.notice_until,
        )

    @property
    def cancelling_notice(self) -> Notice:
        """Return how long before the start cancelling is free."""
        return Notice(
            length=self.cancel_notice,
            days=self.cancel_notice_days,
            working_days=self.cancel_notice_working_days,
            until=self.cancel_until,
        )


# What holds where a file of rules is silent: nothing is limited.
UNLIMITED = HouseRules(
    grid=NO_GRID,
    shortest=NO_GRID,
    longest=LONGEST_POSSIBLE,
    horizon_days=NO_HORIZON,
    one_at_a_time=None,
    open_bookings=None,
    grace=LONGEST_POSSIBLE,
)
