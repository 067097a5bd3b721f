"""The clock against an oracle that walks day by day, and the history against what may never be."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.applications.clocks import Clock, Pause, term, working_day
from labops.domain.applications.history import Case, Entry, walk
from labops.domain.applications.policies import RULES
from labops.domain.applications.states import ON_LIST, Action, CaseState
from labops.domain.applications.working_days import holidays
from labops.domain.calls.terms import Terms

START = date(2026, 11, 2)
DAY = timedelta(days=1)


def days(most: int = 200) -> st.SearchStrategy[date]:
    return st.integers(-5, most).map(lambda n: START + n * DAY)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    pauses = []
    for _ in range(draw(st.integers(0, 4))):
        first = draw(days())
        last = first + draw(st.integers(0, 40)) * DAY
        pauses.append(Pause(first, last if draw(st.integers(0, 9)) else None))
    return Clock(START, draw(st.integers(1, 90)), tuple(pauses))


def counts(clock: Clock, day: date) -> bool:
    """Say of one day whether it counts."""
    return day > clock.starts_on and not any(
        pause.begins_on < day and (pause.ends_on is None or day <= pause.ends_on)
        for pause in clock.pauses
    )


def last_by_walking(clock: Clock) -> date | None:
    day, left = clock.starts_on, clock.days
    for _ in range(2000):
        day += DAY
        left -= counts(clock, day)
        if not left:
            return day
    return None


@settings(max_examples=300)
@given(clocks(), days(400))
def test_a_clock_equals_one_that_walks_day_by_day(clock: Clock, on: date) -> None:
    walked = sum(counts(clock, START + n * DAY) for n in range(1, max((on - START).days, 0) + 1))
    assert clock.elapsed(on) == walked
    last = last_by_walking(clock)
    assert clock.runs_out_on() == last
    due = clock.due_on(holidays)
    if last is None:
        assert due is None
    else:
        while last.weekday() >= 5 or last in holidays(last.year):
            last += DAY
        assert due == last


@settings(max_examples=200)
@given(clocks(), days(400))
def test_no_day_counts_while_the_clock_is_paused(clock: Clock, on: date) -> None:
    if clock.is_paused(on):
        assert clock.elapsed(on + DAY) == clock.elapsed(on)
    assert clock.elapsed(on) <= clock.elapsed(on + DAY) <= clock.elapsed(on) + 1


def test_terms_end_on_working_days_of_the_city() -> None:
    assert term(date(2026, 11, 27), 10, holidays) == date(2026, 12, 9)  # Monday 7 is Sant'Ambrogio
    assert working_day(date(2026, 12, 25), holidays) == date(2026, 12, 28)
    assert working_day(date(2027, 3, 27), holidays) == date(2027, 3, 30)  # Easter Monday
    assert working_day(date(2026, 11, 24), holidays) == date(2026, 11, 24)


def test_day_twelve_of_thirty_is_said_while_paused() -> None:
    clock = Clock(START, 30).paused(START + 12 * DAY)
    on = START + 20 * DAY
    assert clock.is_paused(on)
    assert clock.elapsed(on) == 12
    assert clock.due_on(holidays) is None
    assert clock.resumed(on).due_on(holidays) == date(2026, 12, 10)


WAITING = {CaseState.SUPPLEMENT_REQUESTED, CaseState.REJECTION_NOTICE}


def entries(case: Case, on: date) -> list[Entry]:
    """Return every entry that the state allows on the day."""
    dates = {"reply_by": (on + 10 * DAY).isoformat(), "valid_from": on.isoformat()}
    dates["valid_to"] = (on + 730 * DAY).isoformat()
    return [
        Entry(action=action, capacity=capacity, on=on, person_id=7, detail=dates)
        for action, rule in RULES.items()
        for capacity in sorted(rule.by)
        if case.state in rule.leads and action is not Action.EDIT
    ]


@settings(max_examples=150)
@given(st.data())
def test_whatever_happens_one_state_and_no_clock_that_runs_while_it_stands(
    data: st.DataObject,
) -> None:
    case, on, done = Case(terms=Terms()), START, []
    for _ in range(data.draw(st.integers(1, 25))):
        possible = entries(case, on)
        if not possible:
            break
        entry = data.draw(st.sampled_from(possible))
        done.append(entry)
        case = case.after(entry)
        assert isinstance(case.state, CaseState)
        assert bool(case.before) == (case.state in {CaseState.SUSPENDED, CaseState.REMOVAL_NOTICE})
        assert set(case.before) <= ON_LIST | {CaseState.SUSPENDED}
        later = on + data.draw(st.integers(0, 45)) * DAY
        if case.state in WAITING:
            assert case.clock is not None
            assert case.clock.is_paused(on)
            assert case.clock.elapsed(later) == case.clock.elapsed(on)
            assert case.reply_by is not None
        if case.clock is not None and case.clock.stopped_on is not None:
            assert case.clock.elapsed(later) == case.clock.elapsed(on)
        on = later
    assert walk(Terms(), done) == case
