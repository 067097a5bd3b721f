"""Every row of what a site can say, each with what it allows and what it refuses."""

from __future__ import annotations

import pytest

from labops.domain.house_rules.cases import Result
from tests.unit.house_rules.support import ask, have

PEAK = """
[timetables.peak]
hours = ["mon-fri 09:00-18:00"]
holidays = "off"
"""
Q = "booking.quota"
HOURS = "booking.outside-hours"
SESSIONS = (
    'sessions = { morning = "daily 09:00-13:00", noon = "daily 13:00-17:00",'
    ' evening = "daily 17:00-21:00" }\n'
)
NIGHT = (
    "longest_minutes = 240\n"
    'overnight = { starts_from = "20:00", ends_by = "09:00", longest_minutes = 780 }'
)
LATE = "2026-11-24T"
THURSDAY = 'releases = [{ on = "thu", at = "12:00", first_day = 4, days = 7 }]'


# What is asked, the rules, the arguments of `ask`, and the codes that must come back.
TABLE: list[tuple[str, Result, set[str]]] = []


def row(title: str, result: Result, *codes: str) -> None:
    TABLE.append((title, result, set(codes)))


row("nothing said is nothing limited", ask("", "10:07", "21:00"))
row("grid kept", ask("grid_minutes = 15", "10:15", "11:30"))
row("grid missed by the start", ask("grid_minutes = 15", "10:10", "11:10"), "booking.off-grid")
row("grid missed by the length", ask("grid_minutes = 15", "10:15", "11:20"), "booking.off-grid")
row("a listed length", ask("lengths_minutes = [30, 60, 90]", "10:00", "11:30"))
row("no listed length", ask("lengths_minutes = [30, 60, 90]", "10:00", "12:00"), "booking.off-grid")
row("a whole session", ask(SESSIONS, "09:00", "13:00"))
row("two sessions in a row", ask(SESSIONS, "13:00", "21:00"))
row("half a session", ask(SESSIONS, "09:00", "11:00"), "booking.off-grid")
row(
    "sessions touched",
    ask(
        SESSIONS + 'quotas = [{ sessions = 2, window = "day", scope = "site" }]',
        "13:00",
        "21:00",
        have("09:00", "13:00", "cnc"),
    ),
    Q,
)
row("over night in its shape", ask(NIGHT, "21:00", "2026-11-25T08:00"))
row("over night too early", ask(NIGHT, "18:00", "2026-11-25T06:00"), "booking.too-long")
row("over midnight, not in shape", ask(NIGHT, "19:00", "2026-11-25T00:30"), "booking.too-long")
row("short over midnight", ask(NIGHT, "23:00", "2026-11-25T00:30"))
LATER = NIGHT.replace("20:00", "23:30")
row("short over midnight, too early", ask(LATER, "22:30", "2026-11-25T00:30"), HOURS)
row(
    "a longer limit for a plan",
    ask(
        "longest_minutes = 60\n[plans.pro]\nlongest_minutes = 120",
        "10:00",
        "12:00",
        person={"plan": "pro"},
    ),
)
row(
    "the plan's limit on one category only",
    ask(
        "longest_minutes = 60\n[plans.pro.categories.cnc]\nlongest_minutes = 120",
        "10:00",
        "12:00",
        person={"plan": "pro"},
    ),
    "booking.too-long",
)
row(
    "machine over category",
    ask(
        "[categories.laser]\nlongest_minutes = 60\n[machines.laser]\nlongest_minutes = 90",
        "10:00",
        "11:30",
    ),
)
row(
    "notice by the working day",
    ask("notice_working_days = 2", "2026-11-25T10:00", "2026-11-25T11:00"),
)
row("too few working days", ask("notice_working_days = 2"), "booking.too-soon")
row(
    "a weekend is no working day",
    ask("notice_working_days = 1", "2026-11-29T10:00", "2026-11-29T11:00", now="2026-11-27T09:00"),
    "booking.too-soon",
)
row(
    "nor is a holiday",
    ask(
        "notice_working_days = 1",
        "2026-12-08T10:00",
        "2026-12-08T11:00",
        now="2026-12-07T09:00",
        holidays=["2026-12-08"],
    ),
    "booking.too-soon",
)
row(
    "the day before until noon",
    ask('notice_days = 1\nnotice_until = "12:00"', now="2026-11-23T12:00"),
)
row(
    "the day before after noon",
    ask('notice_days = 1\nnotice_until = "12:00"', now="2026-11-23T12:01"),
    "booking.too-soon",
)
row("the last day ahead", ask("horizon_days = 7", "2026-11-30T22:00", "2026-11-30T23:00"))
row(
    "a day more", ask("horizon_days = 7", "2026-12-01T08:00", "2026-12-01T09:00"), "booking.too-far"
)
row(
    "before a new day opens",
    ask('horizon_days = 7\nhorizon_opens = "10:00"', "2026-11-30T22:00", "2026-11-30T23:00"),
    "booking.too-far",
)
row(
    "as it opens",
    ask(
        'horizon_days = 7\nhorizon_opens = "10:00"',
        "2026-11-30T22:00",
        "2026-11-30T23:00",
        now="2026-11-23T10:00",
    ),
)
row("by the minute", ask("horizon_minutes = 1440", "2026-11-24T09:00", "2026-11-24T10:00"))
row(
    "a minute more",
    ask("horizon_minutes = 1440", "2026-11-24T09:01", "2026-11-24T10:00"),
    "booking.too-far",
)
row("wider with approval", ask("horizon_days = 0\nhorizon_days_with_approval = 1"))
row("released last Thursday", ask(THURSDAY, "2026-11-29T10:00", "2026-11-29T11:00"))
row(
    "not released before Thursday",
    ask(THURSDAY, "2026-11-30T10:00", "2026-11-30T11:00", now="2026-11-26T11:59"),
    "booking.too-far",
)
row(
    "released on Thursday",
    ask(THURSDAY, "2026-12-06T10:00", "2026-12-06T11:00", now="2026-11-26T12:00"),
)
row(
    "next month on the 20th",
    ask("releases = [{ on_day_of_month = 20, month = 1 }]", "2026-12-31T10:00", "2026-12-31T11:00"),
)
row(
    "the month after waits",
    ask("releases = [{ on_day_of_month = 20, month = 1 }]", "2027-01-02T10:00", "2027-01-02T11:00"),
    "booking.too-far",
)
OPEN = 'open_hours = "open"\nlatest_start_minutes = 60\n[timetables.open]\nhours = ["mon-fri 09:00-18:00", "fri 20:00-02:00"]\nholidays = "off"'
row("until closing", ask(OPEN, "17:00", "18:00"))
row("too late a start", ask(OPEN, "17:30", "18:00"), HOURS)
row("past closing", ask(OPEN, "16:00", "19:00"), HOURS)
row("past closing unattended", ask("unattended = true\n" + OPEN, "16:00", "23:00"))
row("hours past midnight", ask(OPEN, "2026-11-28T00:00", "2026-11-28T01:00"))
row("a holiday without hours", ask(OPEN, holidays=["2026-11-24"]), HOURS)
row("closed on a day", ask('closed_days = ["2026-11-24"]'), "booking.closed")
row(
    "closed for days, up to midnight",
    ask('closed_days = ["2026-11-20/2026-11-23"]', "00:00", "01:00"),
)
row(
    "a closure of the case",
    ask("", closures=[{"starts_at": LATE + "10:30", "ends_at": LATE + "12:00"}]),
    "booking.closed",
)
STAFF = 'staffed_hours = "staff"\n[timetables.staff]\nhours = "tue 14:00-18:00"'
row("staffed hours alone restrict nobody", ask(STAFF))
row("only while staff are there", ask("staffed_only = true\n" + STAFF), HOURS)
row("while they are there", ask("staffed_only = true\n" + STAFF, "14:00", "15:00"))
TEENS = 'audiences = [{ during = "teens", youngest = 13, oldest = 17 }]\n[timetables.teens]\nhours = "tue 16:00-18:00"'
row("hours for others", ask(TEENS, "15:00", "16:30"), HOURS)
row("touching them is not overlapping", ask(TEENS, "15:00", "16:00"))
row("hours for oneself", ask(TEENS, "16:00", "17:00", person={"age": 15}))
GROUP = TEENS.replace("youngest = 13, oldest = 17", 'groups = ["women"]')
row("a group's hours", ask(GROUP, "16:00", "17:00", person={"groups": ["women"]}))
row("not of the group", ask(GROUP, "16:00", "17:00"), HOURS)
BUFFER = "setup_minutes = 10\ncleanup_minutes = 20"
OTHER = have("11:00", "12:00", who="other")
row("buffers on both sides", ask(BUFFER, "10:00", "10:31", OTHER), "booking.overlap")
row("buffers just fit", ask(BUFFER, "10:00", "10:30", OTHER))
row("buffers inside the booking", ask(BUFFER + "\nbuffers_inside = true", "10:00", "11:00", OTHER))
row(
    "a gap on another machine",
    ask("gap_minutes = 60", "10:00", "11:00", have("11:00", "12:00", "cnc")),
)
KIND_GAP = '[[limits]]\nrule = "gap"\nminutes = 60\nscope = "category"'
row(
    "a gap in a category",
    ask(KIND_GAP, "10:00", "11:00", have("11:00", "12:00", "laser-2")),
    "booking.gap",
)
ONE = '[[limits]]\nrule = "one_at_a_time"\nbookings = 1\nscope = "category"'
row(
    "one of a kind at a time",
    ask(ONE, "10:00", "11:00", have("10:00", "11:00", "laser-2")),
    "booking.one-at-a-time",
)
row("another kind beside it", ask(ONE, "10:00", "11:00", have("10:00", "11:00", "cnc")))
BEGUN = have("2026-11-23T08:00", "2026-11-23T10:00")
row(
    "begun and not ended is open",
    ask("open_bookings = 1", "10:00", "11:00", BEGUN),
    "booking.too-many-open",
)
row("ended is not", ask("open_bookings = 1", "10:00", "11:00", BEGUN, now="2026-11-23T10:00"))
row(
    "the next once the current one has begun",
    ask("next_once_begun = true", "10:00", "11:00", BEGUN),
)
row(
    "not before",
    ask("next_once_begun = true", "10:00", "11:00", BEGUN, now="2026-11-23T07:00"),
    "booking.too-many-open",
)
OPEN_HOURS = '[[limits]]\nrule = "open_bookings"\nhours = 3\nscope = "machine"'
row("hours still to come", ask(OPEN_HOURS, "10:00", "12:00", have("14:00", "15:00")))
row(
    "more of them",
    ask(OPEN_HOURS, "10:00", "12:01", have("14:00", "15:00")),
    "booking.too-many-open",
)
PEAK_QUOTA = 'quotas = [{ hours = 2, window = "week", scope = "site", during = "peak" }]\n' + PEAK
row("only peak time counts", ask(PEAK_QUOTA, "16:00", "20:00"))
row("peak time used up", ask(PEAK_QUOTA, "15:30", "20:00"), Q)
row("no peak on holidays", ask(PEAK_QUOTA, "10:00", "17:00", holidays=["2026-11-24"]))
WHOLE = PEAK_QUOTA.replace('"peak" }', '"peak", whole = true }')
row("whatever touches it counts whole", ask(WHOLE, "17:30", "20:00"), Q)
row("what does not touch it", ask(WHOLE, "18:00", "23:00"))
OUTSIDE = PEAK_QUOTA.replace("during", "outside")
row("only time outside counts", ask(OUTSIDE, "10:00", "20:00"))
row("too much outside", ask(OUTSIDE, "10:00", "20:01"), Q)
EXEMPT = 'quotas = [{ bookings = 1, window = "week", scope = "site", exempt = { %s } }]'
THERE = have("14:00", "15:00")
row("not exempt", ask(EXEMPT % "same_date = true", "10:00", "11:00", THERE), Q)
row(
    "made on its own day",
    ask(EXEMPT % "same_date = true", "10:00", "11:00", THERE, now=LATE + "08:00"),
)
SPARED = have("14:00", "15:00", booked_at=LATE + "07:00")
row(
    "exempt ones use nothing up",
    ask(EXEMPT % "same_date = true", "2026-11-26T10:00", "2026-11-26T11:00", SPARED),
)
AFTER = EXEMPT % 'same_date_after = "09:00"'
row("on its day, too early", ask(AFTER, "10:00", "11:00", THERE, now=LATE + "08:59"), Q)
row("on its day, from nine on", ask(AFTER, "10:00", "11:00", THERE, now=LATE + "09:00"))
WITHIN = EXEMPT % "within_minutes = 120"
row("exactly two hours are not within", ask(WITHIN, "10:00", "11:00", THERE, now=LATE + "08:00"), Q)
row("a minute less is", ask(WITHIN, "10:00", "11:00", THERE, now=LATE + "08:01"))
row("made in its own week", ask(EXEMPT % "same_week = true", "10:00", "11:00", THERE))
row("a walk-in", ask(EXEMPT % "walk_in = true", "10:00", "11:00", THERE, attempt={"walk_in": True}))
row(
    "an exemption from a quota is none from the longest",
    ask("longest_minutes = 60\n" + EXEMPT % "same_week = true", "10:00", "12:00", THERE),
    "booking.too-long",
)
ROLLING = 'quotas = [{ bookings = 2, window = "7 days", scope = "site" }]'
row(
    "three in seven days",
    ask(
        ROLLING,
        "10:00",
        "11:00",
        have("2026-11-18T10:00", "2026-11-18T11:00"),
        have("2026-11-20T10:00", "2026-11-20T11:00"),
    ),
    Q,
)
row(
    "the first is eight days old",
    ask(
        ROLLING,
        "10:00",
        "11:00",
        have("2026-11-17T10:00", "2026-11-17T11:00"),
        have("2026-11-20T10:00", "2026-11-20T11:00"),
    ),
)
row(
    "the days ahead count too",
    ask(
        ROLLING,
        "10:00",
        "11:00",
        have("2026-11-26T10:00", "2026-11-26T11:00"),
        have("2026-11-30T10:00", "2026-11-30T11:00"),
    ),
    Q,
)
SUNDAYS = 'quotas = [{ bookings = 1, window = "week", scope = "site", week_starts = "sun" }]'
row(
    "a week from Sunday",
    ask(SUNDAYS, "10:00", "11:00", have("2026-11-22T10:00", "2026-11-22T11:00")),
    Q,
)
row("not from Monday", ask(SUNDAYS, "2026-11-29T10:00", "2026-11-29T11:00", have("10:00", "11:00")))
SEASON = 'quotas = [{ hours = 1, window = "month", scope = "site", during = "winter" }]\n[timetables.winter]\nhours = "daily 00:00-24:00"\nseasons = ["12-01/02-28"]'
row("a season that is not now", ask(SEASON, "10:00", "15:00"))
row("a season over New Year", ask(SEASON, "2027-01-12T10:00", "2027-01-12T12:00"), Q)
FIRM = 'quotas = [{ hours = 2, window = "week", scope = "site", sums = "firm" }]'
COLLEAGUE = have("14:00", "16:00", "cnc", who="other", firm="acme")
row("a firm's hours together", ask(FIRM, "10:00", "11:00", COLLEAGUE, person={"firm": "acme"}), Q)
row("another firm's", ask(FIRM, "10:00", "11:00", COLLEAGUE, person={"firm": "other"}))
row("nobody's firm", ask(FIRM, "10:00", "15:00", COLLEAGUE))
TOPPED = 'quotas = [{ name = "month", hours = 2, window = "month", scope = "site" }]'
row("topped up", ask(TOPPED, "10:00", "13:00", person={"top_ups": {"month": {"minutes": 60}}}))
LATE_COUNTS = 'cancel_notice_minutes = 1440\nquotas = [{ bookings = 1, window = "week", scope = "site", late_cancelled_counts = true }]'
CANCELLED = {"state": "cancelled", "cancelled_at": "2026-11-23T12:00"}
row(
    "late-cancelled counts where said",
    ask(LATE_COUNTS, "10:00", "11:00", have("11:00", "12:00", **CANCELLED)),
    Q,
)
row(
    "cancelled in time does not",
    ask(LATE_COUNTS, "10:00", "11:00", have("12:00", "13:00", **CANCELLED)),
)
MISSED = 'quotas = [{ bookings = 1, window = "week", scope = "site", missed_counts = false }]'
row(
    "missed does not count where said",
    ask(MISSED, "10:00", "11:00", have("2026-11-23T08:00", "2026-11-23T09:00", state="missed")),
)
BOTH = 'add_quotas = [{ bookings = 1, window = "day", scope = "machine" }]'
row(
    "a category adds a quota",
    ask(ROLLING + "\n[categories.laser]\n" + BOTH, "10:00", "11:00", THERE),
    Q,
)
ABOUT = 'quotas = [{ bookings = 1, window = "day", scope = "site", categories = ["laser"] }]'
row("a quota about some machines", ask(ABOUT, "10:00", "11:00", have("14:00", "15:00", "cnc")))
row(
    "counted over them together", ask(ABOUT, "10:00", "11:00", have("14:00", "15:00", "laser-2")), Q
)
RUN = '[[limits]]\nrule = "run"\n%s = 2'
YESTERDAY = [have(f"2026-11-2{d}T10:00", f"2026-11-2{d}T11:00") for d in (2, 3)]
row("a third day in a row", ask(RUN % "days", "10:00", "11:00", *YESTERDAY), Q)
row("a day between", ask(RUN % "days", "2026-11-25T10:00", "2026-11-25T11:00", *YESTERDAY))
FRIDAY = [have(f"2026-11-{d}T10:00", f"2026-11-{d}T11:00") for d in (20, 23)]
row("working days over a weekend", ask(RUN % "working_days", "10:00", "11:00", *FRIDAY), Q)
row("days in a row with a weekend between", ask(RUN % "days", "10:00", "11:00", *FRIDAY))
ORIENTED = 'certifications_needed = ["safety"]'
row(
    "a certification besides",
    ask(ORIENTED, person={"certified": ["laser"]}),
    "person.certification-missing",
)
row("which one has", ask(ORIENTED, person={"certified": {"safety": "2026-11-24"}}))
row(
    "valid today, not on the day",
    ask(ORIENTED, person={"certified": {"safety": "2026-11-23"}}),
    "person.certification-expired",
)
AGE = "youngest = 18\nyoungest_supervised = 14\n" + STAFF
row("old enough", ask(AGE, person={"age": 18}))
row("too young alone", ask(AGE, person={"age": 15}), "person.too-young")
row("old enough while staff are there", ask(AGE, "14:00", "15:00", person={"age": 14}))
row("too young for that too", ask(AGE, "14:00", "15:00", person={"age": 13}), "person.too-young")
row("nobody knows the age", ask(AGE, person={"age": None}), "person.too-young")
row("too old", ask("oldest = 17"), "person.too-old")
row(
    "a guardian has not signed",
    ask("guardian_consent_below = 18", person={"age": 17, "waiver": False}),
    "person.waiver-missing",
)
row("nobody has to", ask("guardian_consent_below = 18", person={"waiver": False}))
row("the waiver", ask("waiver_needed = true", person={"waiver": False}), "person.waiver-missing")
row("shut out", ask("", person={"restrictions": [{"until": "2026-11-25"}]}), "person.suspended")
row("until that day", ask("", person={"restrictions": [{"until": "2026-11-24"}]}))
row(
    "limited to another machine",
    ask("", person={"restrictions": [{"machines": ["cnc"]}]}),
    "person.suspended",
)
row("limited to this one", ask("", person={"restrictions": [{"categories": ["laser"]}]}))
row("suspended", ask("", person={"suspended_until": "2026-11-23T09:01"}), "person.suspended")
row("until now", ask("", person={"suspended_until": "2026-11-23T09:00"}))
row("no member", ask("", person={"member": False}), "person.not-member")
row(
    "the space is full",
    ask("", "10:00", "11:00", have("10:00", "11:00", "cnc", who="other"), capacity=1),
    "site.full",
)
row(
    "two are not", ask("", "10:00", "11:00", have("10:00", "11:00", "cnc", who="other"), capacity=2)
)
row(
    "several of a machine",
    ask("", "10:00", "11:00", OTHER | {"starts_at": LATE + "10:00"}, capacity={"laser": 2}),
)
STRIKES = "strikes = { missed = 2, in_days = 30, suspended_days = 14 }"
MISSES = [have(f"2026-11-{d}T10:00", f"2026-11-{d}T11:00", state="missed") for d in (12, 19)]
row("two strikes", ask(STRIKES, "10:00", "11:00", *MISSES), "person.suspended")
row("one forgiven", ask(STRIKES, "10:00", "11:00", MISSES[0], MISSES[1] | {"forgiven": True}))
row(
    "they decay",
    ask(STRIKES, "2026-12-30T10:00", "2026-12-30T11:00", *MISSES, now="2026-12-04T09:00"),
)
STRIKE_LATE = 'cancel_notice_minutes = 1440\nlate_cancel = "missed"\n' + STRIKES
LATELY = [
    have(
        f"2026-11-{d}T10:00",
        f"2026-11-{d}T11:00",
        state="cancelled",
        cancelled_at=f"2026-11-{d}T09:00",
    )
    for d in (12, 19)
]
row(
    "late-cancelled ones are strikes where they count as missed",
    ask(STRIKE_LATE, "10:00", "11:00", *LATELY),
    "person.suspended",
)
FIELDS = 'fields = [{ name = "material", excluded = ["PVC"] }]'
row("nothing said", ask(FIELDS, attempt={"fields": {}}), "field.required")
row(
    "an excluded material",
    ask(FIELDS, attempt={"fields": {"material": "pvc"}}),
    "field.not-offered",
)
row("a material", ask(FIELDS, attempt={"fields": {"material": "plywood"}}))


@pytest.mark.parametrize(
    ("result", "codes"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE]
)
def test_what_it_says(result: Result, codes: set[str]) -> None:
    assert set(result.codes) == codes
    assert result.allowed == (not codes)


MINE = have("2026-11-23T12:00", "2026-11-23T13:00")
CANCEL = {"action": "cancel", "of": 0}


@pytest.mark.parametrize(
    ("rules", "now", "allowed", "late"),
    [
        ("cancel_notice_minutes = 120", "2026-11-23T10:00", True, False),
        ("cancel_notice_minutes = 120", "2026-11-23T10:01", False, True),
        ('cancel_notice_minutes = 120\nlate_cancel = "missed"', "2026-11-23T11:00", True, True),
        ('cancel_notice_minutes = 120\nlate_cancel = "charge"', "2026-11-23T12:30", True, True),
        ('cancel_notice_days = 1\ncancel_until = "18:00"', "2026-11-22T18:00", True, False),
        ('cancel_notice_days = 1\ncancel_until = "18:00"', "2026-11-22T18:01", False, True),
        ("cancel_notice_working_days = 1", "2026-11-20T23:59", True, False),
        ("cancel_notice_working_days = 1", "2026-11-22T09:00", True, False),
        ("cancel_notice_working_days = 1", "2026-11-23T00:00", False, True),
        ("", "2026-11-23T11:59", True, False),
        ("", "2026-11-23T12:01", False, True),
    ],
)
def test_cancelling(rules: str, now: str, allowed: bool, late: bool) -> None:
    result = ask(rules, "10:00", "11:00", MINE, now=now, attempt=CANCEL)
    assert (result.allowed, result.late) == (allowed, late)
    assert result.codes == (() if allowed else ("booking.cancel-too-late",))


def test_cancelled_twice_is_not_open() -> None:
    gone = MINE | {"state": "cancelled", "cancelled_at": "2026-11-20T10:00"}
    assert ask("", "10:00", "11:00", gone, attempt=CANCEL).codes == ("booking.not-open",)


@pytest.mark.parametrize(
    ("rules", "end", "asked"),
    [
        ('approval = "always"', "11:00", ["always"]),
        ("approval_above_minutes = 60", "11:00", []),
        ("approval_above_minutes = 60", "11:01", ["length"]),
        ('approval_outside = "peak"\n' + PEAK, "18:00", []),
        ('approval_outside = "peak"\n' + PEAK, "18:30", ["hours"]),
    ],
)
def test_approval_is_asked_for_not_refused(rules: str, end: str, asked: list[str]) -> None:
    result = ask(rules, "10:00", end)
    assert result.allowed
    assert [problem.params["why"] for problem in result.asked] == asked


def test_beyond_an_ordinary_limit_staff_are_asked() -> None:
    rules = '[[limits]]\nrule = "longest"\nhours = 1\nbeyond = "approval"'
    result = ask(rules, "10:00", "12:00")
    assert (result.allowed, [one.code for one in result.asked]) == (True, ["booking.too-long"])


def test_forgiven_when_somebody_else_takes_all_of_the_time() -> None:
    rules = LATE_COUNTS.replace("\n", "\nforgiven_when_taken = true\n")
    mine = have("11:00", "12:00", **CANCELLED)
    taken = have("11:00", "12:00", who="other", booked_at="2026-11-23T13:00")
    assert ask(rules, "13:00", "14:00", mine).codes == (Q,)
    assert ask(rules, "13:00", "14:00", mine, taken).allowed
    half = taken | {"ends_at": LATE + "11:30"}
    assert ask(rules, "13:00", "14:00", mine, half).codes == (Q,)
