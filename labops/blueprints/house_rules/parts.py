"""The cards of a level: which plain keys and which entries stand together on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from labops.blueprints.house_rules.choices import (
    AS_BELOW,
    STEPS,
    TIMETABLE_OR_OFF,
    WEEKDAYS_TICKED,
    YES_NO,
    one_of,
)
from labops.blueprints.house_rules.kinds import (
    CLOCK,
    CLOCK_OR_OFF,
    COUNT,
    LINES,
    MANY_MINUTES,
    MINUTES,
    NAMES,
    Key,
    Kind,
)
from labops.blueprints.house_rules.labels import APPROVAL, LATE_CANCEL, START_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One card. `entries` are the keys that hold a list or a table of their own."""

    title: Any
    lead: Any = ""
    keys: tuple[Key, ...] = ()
    entries: tuple[str, ...] = ()


def _key(path: str, kind: Kind, label: Any, help_: Any = "") -> Key:
    return Key(path=path, kind=kind, label=label, help=help_)


_NO_LIMIT = _l("0 means no limit.")
_DASH = _l("A dash (-) switches it off.")

PARTS: Mapping[str, Part] = {
    "length": Part(
        title=_l("Length"),
        keys=(
            _key("grid_minutes", STEPS, _l("Bookings start and last in steps of")),
            _key("shortest_minutes", MINUTES, _l("Shortest booking")),
            _key("longest_minutes", MINUTES, _l("Longest booking")),
            _key(
                "lengths_minutes",
                MANY_MINUTES,
                _l("Only these lengths"),
                _l("With commas between them: 30 min, 1 h, 90 min. A dash (-) means any length."),
            ),
        ),
        entries=("sessions", "overnight"),
    ),
    "ahead": Part(
        title=_l("How long before"),
        keys=(
            _key(
                "notice_minutes",
                MINUTES,
                _l("Notice"),
                _l("How long before its start a booking must be made."),
            ),
            _key(
                "notice_days",
                COUNT,
                _l("Notice in days"),
                _l("1 means: not on the same day."),
            ),
            _key("notice_working_days", COUNT, _l("Notice in working days")),
            _key(
                "notice_until",
                CLOCK_OR_OFF,
                _l("A day of notice ends at"),
                _l("What is booked later counts as the next day's. A dash (-) switches it off."),
            ),
            _key("horizon_days", COUNT, _l("Days that one may book ahead")),
            _key(
                "horizon_opens",
                CLOCK,
                _l("A new day opens at"),
                _l("The time of day at which one more day can be booked."),
            ),
            _key(
                "horizon_minutes",
                MINUTES,
                _l("To the minute: how far one may book ahead"),
                _l("In place of days. 0 switches it off."),
            ),
            _key(
                "horizon_days_with_approval",
                COUNT,
                _l("Days ahead if staff agree"),
                _NO_LIMIT,
            ),
            _key(
                "working_days",
                WEEKDAYS_TICKED,
                _l("Working days"),
                _l("None ticked: as it is otherwise. Public holidays never are."),
            ),
        ),
        entries=("releases",),
    ),
    "hours": Part(
        title=_l("Hours"),
        lead=_l("Besides the site's own opening hours and closures."),
        keys=(
            _key("open_hours", TIMETABLE_OR_OFF, _l("Bookable only during")),
            _key(
                "latest_start_minutes",
                MINUTES,
                _l("Start before closing"),
                _l("How long before closing a booking must have started."),
            ),
            _key("unattended", YES_NO, _l("May go on alone while the site is closed")),
            _key("staffed_hours", TIMETABLE_OR_OFF, _l("Staff are there during")),
            _key("staffed_only", YES_NO, _l("Bookable only while staff are there")),
            _key(
                "closed_days",
                LINES,
                _l("Closed on"),
                _l(
                    "A date on each line, 2026-12-25, or two with a slash: 2026-12-24/2027-01-06."
                    " A dash (-) means none."
                ),
            ),
        ),
        entries=("timetables", "audiences"),
    ),
    "beside": Part(
        title=_l("Beside other bookings"),
        keys=(
            _key("setup_minutes", MINUTES, _l("Set-up before each booking")),
            _key("cleanup_minutes", MINUTES, _l("Clean-up after each booking")),
            _key("buffers_inside", YES_NO, _l("Both are part of the booking")),
            _key("gap_minutes", MINUTES, _l("Between two bookings of a person on one machine")),
            _key(
                "one_at_a_time",
                COUNT,
                _l("Machines that one person may have at the same time"),
                _NO_LIMIT,
            ),
            _key(
                "open_bookings",
                COUNT,
                _l("Bookings still to come that one person may have"),
                _NO_LIMIT,
            ),
            _key("next_once_begun", YES_NO, _l("The next booking only once the current one began")),
        ),
    ),
    "limits": Part(
        title=_l("Quotas and limits"),
        lead=_l("How much one person may book in a day, a week, a month."),
        entries=("quotas", "add_quotas", "limits", "add_limits"),
    ),
    "people": Part(
        title=_l("Who may book"),
        keys=(
            _key("certification_needed", YES_NO, _l("A certification for this kind of machine")),
            _key(
                "certification_level",
                COUNT,
                _l("Of which level"),
                _l("Levels are named for each machine type; 1 is the first."),
            ),
            _key(
                "certifications_needed",
                NAMES,
                _l("Further certifications"),
                _l("Kinds of machines, with commas between them. A dash (-) means none."),
            ),
            _key("waiver_needed", YES_NO, _l("A signed waiver")),
            _key("youngest", COUNT, _l("Youngest to work alone"), _NO_LIMIT),
            _key("youngest_supervised", COUNT, _l("Youngest while staff are there"), _NO_LIMIT),
            _key("oldest", COUNT, _l("Oldest"), _NO_LIMIT),
            _key(
                "guardian_consent_below", COUNT, _l("A guardian signs below the age of"), _NO_LIMIT
            ),
        ),
    ),
    "approval": Part(
        title=_l("Approval by staff"),
        keys=(
            _key("approval", one_of(APPROVAL, silent=AS_BELOW), _l("Staff must agree")),
            _key("approval_outside", TIMETABLE_OR_OFF, _l("Staff must agree outside of")),
            _key(
                "approval_above_minutes",
                MINUTES,
                _l("Staff must agree to bookings above"),
                _l("0 switches it off."),
            ),
            _key(
                "approval_held_minutes",
                MINUTES,
                _l("A requested booking holds its time for"),
                _l("What staff have not decided by then lapses."),
            ),
        ),
    ),
    "cancelling": Part(
        title=_l("Cancelling and moving"),
        keys=(
            _key(
                "cancel_notice_minutes",
                MINUTES,
                _l("Cancelling"),
                _l("How long before the start one must cancel."),
            ),
            _key("cancel_notice_days", COUNT, _l("Cancelling, in days")),
            _key("cancel_notice_working_days", COUNT, _l("Cancelling, in working days")),
            _key("cancel_until", CLOCK_OR_OFF, _l("A day to cancel ends at"), _DASH),
            _key(
                "move_notice_minutes",
                MINUTES,
                _l("Moving"),
                _l("How long before the start one must move a booking, if other than cancelling."),
            ),
            _key("late_cancel", one_of(LATE_CANCEL, silent=AS_BELOW), _l("Later than that")),
            _key(
                "forgiven_when_taken",
                YES_NO,
                _l("Nothing counts when somebody else takes the time"),
            ),
        ),
        entries=("late_charges",),
    ),
    "check-in": Part(
        title=_l("Check-in and missed bookings"),
        keys=(
            _key(
                "early_check_in_minutes",
                MINUTES,
                _l("Early check-in"),
                _l("How long before the start one may check in."),
            ),
            _key(
                "grace_minutes",
                MINUTES,
                _l("Grace"),
                _l("How long after the start a booking waits for its check-in."),
            ),
        ),
        entries=("strikes",),
    ),
    "waiting": Part(
        title=_l("Waiting list"),
        keys=(
            _key("waiting_list", YES_NO, _l("There is a waiting list")),
            _key("offer_held_minutes", MINUTES, _l("An offer is held for")),
        ),
    ),
    "fields": Part(
        title=_l("What must be said when booking"),
        entries=("fields",),
    ),
    "prices": Part(title=_l("Prices"), entries=("prices",)),
    "start": Part(
        title=_l("Where nothing is said"),
        keys=(
            _key(
                "start_from",
                one_of(START_FROM),
                _l("For whatever these rules do not say"),
                _l(
                    "Usual limits: steps of 30 minutes, 30 minutes to 4 hours, 14 days ahead, 6"
                    " bookings still to come, one machine at a time, 15 minutes of grace."
                ),
            ),
        ),
    ),
}
SITE_ONLY = frozenset({"start"})
