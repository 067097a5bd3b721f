"""The keys of quotas and of limits with conditions."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from labops.blueprints.house_rules.choices import (
    CATEGORIES,
    FIRST_DAY,
    MACHINES,
    TIMETABLE,
    Tick,
    one_of,
)
from labops.blueprints.house_rules.composed import Amount
from labops.blueprints.house_rules.kinds import CLOCK, COUNT, MINUTES, NAMES, TEXT, Key
from labops.blueprints.house_rules.labels import (
    BEYOND,
    LIMIT_RULES,
    LIMIT_UNITS,
    PARTIES,
    QUOTA_UNITS,
    SCOPES,
    WINDOWS,
)

AMOUNT = "amount"


def _condition(path: str, kind: Any, label: Any, help_: Any = "") -> Key:
    return Key(path=path, kind=kind, label=label, help=help_, condition=True)


_SHORT_NAME = Key(
    path="name",
    kind=TEXT,
    label=_l("Short name"),
    help=_l("Without spaces. It lets another level replace this one."),
)
PLANS = Key(
    path="plans",
    kind=NAMES,
    label=_l("Only for these plans"),
    help=_l("Short names with commas between them. Empty means everybody."),
)
_CONDITIONS = (
    _condition("during", TIMETABLE, _l("Only time inside these hours")),
    _condition("outside", TIMETABLE, _l("Only time outside of these hours")),
    _condition("whole", Tick(), _l("Every booking that touches these hours counts whole")),
    _condition("categories", CATEGORIES, _l("Only about these kinds of machines")),
    _condition("machines", MACHINES, _l("Only about these machines")),
    _condition("plans", NAMES, PLANS.label, PLANS.help),
    _condition("exempt.same_date", Tick(), _l("Spares bookings made on their own day")),
    _condition(
        "exempt.same_date_after",
        CLOCK,
        _l("Spares bookings made on their own day from this time on"),
    ),
    _condition(
        "exempt.within_minutes", MINUTES, _l("Spares bookings made less than this before the start")
    ),
    _condition("exempt.same_week", Tick(), _l("Spares bookings made in their own week")),
    _condition("exempt.walk_in", Tick(), _l("Spares whoever simply walks in")),
    _condition("beyond", one_of(BEYOND), _l("Beyond it")),
)
QUOTA = (
    Key(path=AMOUNT, kind=Amount(QUOTA_UNITS), label=_l("At most"), needed=True),
    Key(path="window", kind=one_of(WINDOWS), label=_l("In")),
    Key(
        path="rolling_days",
        kind=COUNT,
        label=_l("How many days in a row"),
        help=_l("Only for days in a row."),
    ),
    Key(path="scope", kind=one_of(SCOPES), label=_l("Adding up")),
    Key(path="sums", kind=one_of(PARTIES), label=_l("Of the bookings of")),
    _SHORT_NAME,
    Key(path="week_starts", kind=FIRST_DAY, label=_l("The week begins on")),
    Key(path="missed_counts", kind=Tick(usually=True), label=_l("What was missed counts")),
    Key(
        path="late_cancelled_counts",
        kind=Tick(),
        label=_l("What was cancelled too late counts too"),
    ),
    *_CONDITIONS,
)
LIMIT = (
    Key(path="rule", kind=one_of(LIMIT_RULES), label=_l("What is limited")),
    Key(path=AMOUNT, kind=Amount(LIMIT_UNITS), label=_l("To"), needed=True),
    Key(
        path="until",
        kind=CLOCK,
        label=_l("The day ends at"),
        help=_l("Only for notice and cancelling: what comes later counts as the next day's."),
    ),
    Key(
        path="scope",
        kind=one_of(SCOPES, silent=_l("As usual for this limit")),
        label=_l("Adding up"),
    ),
    Key(
        path="begun",
        kind=Tick(usually=True),
        label=_l("Bookings that have begun count"),
        help=_l("Only for bookings still to come."),
    ),
    _SHORT_NAME,
    *_CONDITIONS,
)
