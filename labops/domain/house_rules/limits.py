"""The parts that house rules are made of: limits, what binds them, whom they spare."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from labops.domain.house_rules.timetables import Timetable


class Window(StrEnum):
    """What a quota counts in, by the site's local days."""

    BOOKING = "booking"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ROLLING = "rolling"


class QuotaScope(StrEnum):
    """Which bookings a limit adds up."""

    MACHINE = "machine"
    CATEGORY = "category"
    SITE = "site"
    EVERYWHERE = "everywhere"


class Unit(StrEnum):
    """What a limit counts. Lengths of time are counted in minutes."""

    MINUTES = "minutes"
    BOOKINGS = "bookings"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    SESSIONS = "sessions"


class Party(StrEnum):
    """Whose bookings a quota adds up."""

    PERSON = "person"
    FIRM = "firm"
    PROJECT = "project"


class LimitRule(StrEnum):
    """What a bound limit limits. Each has a plain key of its own that holds always."""

    SHORTEST = "shortest"
    LONGEST = "longest"
    NOTICE = "notice"
    HORIZON = "horizon"
    OPEN_BOOKINGS = "open_bookings"
    ONE_AT_A_TIME = "one_at_a_time"
    GAP = "gap"
    RUN = "run"
    CANCEL_NOTICE = "cancel_notice"


class Beyond(StrEnum):
    """What happens beyond a limit."""

    REFUSE = "refuse"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """Which bookings a limit spares: those made late, and those of whoever walks in.

    `same_date_after` is a minute of the day; `within` excludes exactly so long before the start.
    `week_starts` is the weekday on which the limit's weeks begin (Monday is 0).
    """

    same_date: bool = False
    same_date_after: int | None = None
    within: timedelta | None = None
    same_week: bool = False
    walk_in: bool = False
    week_starts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When and for whom a limit holds; by default always and for everybody.

    With `during` (or `outside`) only the time inside (or outside) the timetable counts; with
    `whole`, all of every booking that touches it. Empty tuples mean all.
    """

    during: Timetable | None = None
    outside: Timetable | None = None
    whole: bool = False
    categories: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    exempt: Exempt | None = None
    beyond: Beyond = Beyond.REFUSE


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so much in each window. `limit` counts time; other units use `count`.

    `rolling_days` is the length of a rolling window, `week_starts` a weekday (Monday is 0).
    """

    limit: timedelta
    window: Window
    scope: QuotaScope
    unit: Unit = Unit.MINUTES
    count: int = 0
    name: str = ""
    rolling_days: int = 0
    week_starts: int = 0
    missed_counts: bool = True
    late_cancelled_counts: bool = False
    sums: Party = Party.PERSON
    when: When = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How long before a start: so much time, or so many days or working days by date.

    With `until` (a minute of the day) what happens later in a day counts as the next day's.
    """

    length: timedelta = timedelta(0)
    days: int = 0
    working_days: int = 0
    until: int | None = None

    def __bool__(self) -> bool:
        """Say whether any notice is asked for."""
        return bool(self.length or self.days or self.working_days or self.until is not None)


NO_NOTICE = Notice()


def usual_scope(rule: LimitRule) -> QuotaScope:
    """Return which bookings a bound limit adds up when it does not say."""
    return QuotaScope.MACHINE if rule is LimitRule.GAP else QuotaScope.SITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit besides the plain ones. Which fields count depends on `rule`.

    Lengths of time stand in `length`, everything counted in `count` with its `unit`; `begun`
    says whether open bookings that have begun count.
    """

    rule: LimitRule
    name: str = ""
    length: timedelta = timedelta(0)
    count: int = 0
    unit: Unit = Unit.MINUTES
    until: int | None = None
    scope: QuotaScope = QuotaScope.SITE
    begun: bool = True
    when: When = ALWAYS

    @property
    def notice(self) -> Notice:
        """Return the limit as a notice, for the rules that are one."""
        return Notice(
            length=self.length if self.unit is Unit.MINUTES else timedelta(0),
            days=self.count if self.unit is Unit.DAYS else 0,
            working_days=self.count if self.unit is Unit.WORKING_DAYS else 0,
            until=self.until,
        )
