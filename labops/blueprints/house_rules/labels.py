"""What house rules call things, in words: units, windows, scopes and their like."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from labops.domain.house_rules.limits import (
    Beyond,
    LimitRule,
    Party,
    QuotaScope,
    Unit,
    Window,
)
from labops.domain.house_rules.parts import Approval, LateCancel, StartFrom
from labops.domain.house_rules.timetables import Holidays

START_FROM = {
    StartFrom.USUAL: _l("The usual limits hold"),
    StartFrom.NOTHING: _l("Nothing is limited"),
}
APPROVAL = {Approval.NONE: _l("Never"), Approval.ALWAYS: _l("For every booking")}
LATE_CANCEL = {
    LateCancel.REFUSE: _l("Only staff can cancel"),
    LateCancel.MISSED: _l("It counts as missed"),
    LateCancel.CHARGE: _l("It has to be paid for"),
}
UNITS: dict[Unit, Any] = {
    Unit.MINUTES: _l("of time (3 h, 90 min)"),
    Unit.BOOKINGS: _l("bookings"),
    Unit.DAYS: _l("days"),
    Unit.WORKING_DAYS: _l("working days"),
    Unit.SESSIONS: _l("named sessions"),
}
QUOTA_UNITS: dict[Unit, Any] = {unit: UNITS[unit] for unit in UNITS if unit != Unit.WORKING_DAYS}
LIMIT_UNITS: dict[Unit, Any] = {unit: UNITS[unit] for unit in UNITS if unit != Unit.SESSIONS}
WINDOWS = {
    Window.DAY: _l("each day"),
    Window.WEEK: _l("each week"),
    Window.MONTH: _l("each month"),
    Window.YEAR: _l("each year"),
    Window.ROLLING: _l("any days in a row, as many as below"),
    Window.BOOKING: _l("one booking"),
}
SCOPES = {
    QuotaScope.MACHINE: _l("one machine"),
    QuotaScope.CATEGORY: _l("machines of one kind"),
    QuotaScope.SITE: _l("all machines of the site"),
    QuotaScope.EVERYWHERE: _l("the machines of all sites"),
}
PARTIES = {
    Party.PERSON: _l("each person alone"),
    Party.FIRM: _l("everybody of one firm"),
    Party.PROJECT: _l("everybody in one project"),
}
BEYOND = {
    Beyond.REFUSE: _l("the booking is refused"),
    Beyond.APPROVAL: _l("staff are asked"),
}
HOLIDAYS = {
    Holidays.AS_USUAL: _l("as on any other day"),
    Holidays.AS_SUNDAY: _l("as on Sunday"),
    Holidays.OFF: _l("these hours do not exist"),
}
LIMIT_RULES = {
    LimitRule.LONGEST: _l("the longest booking"),
    LimitRule.SHORTEST: _l("the shortest booking"),
    LimitRule.NOTICE: _l("notice before a booking"),
    LimitRule.HORIZON: _l("how far one may book ahead"),
    LimitRule.OPEN_BOOKINGS: _l("bookings still to come"),
    LimitRule.ONE_AT_A_TIME: _l("machines at the same time"),
    LimitRule.GAP: _l("time between two bookings of a person"),
    LimitRule.RUN: _l("days in a row with a booking"),
    LimitRule.CANCEL_NOTICE: _l("until when one may cancel"),
}
