"""Use cases of time passing: terms that lapse, ends that come near, alerts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.applications import acting, casefile
from labops.domain.applications import content as contents
from labops.domain.applications.acting import Act
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.events import CaseTermNear
from labops.domain.applications.guards import problems_with
from labops.domain.applications.models import Application
from labops.domain.applications.policies import RULES
from labops.domain.applications.states import IN_REVIEW, Action, Capacity, CaseState
from labops.domain.applications.working_days import city_day, holidays
from labops.kernel import outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM

ONE_DAY = timedelta(days=1)
SYSTEM_ONLY = frozenset({Capacity.SYSTEM})
_VALID = frozenset(state for state in CaseState if state in RULES[Action.EXPIRE].leads)


def keep_terms(*, now: datetime, dry_run: bool = False) -> int:
    """Do in every case what time asks for; return how many acts that were.

    Each case is looked at again until nothing is due, so that a night that was missed is made up.
    """
    rows = _candidates(reading(), city_day(now))
    files = casefile.files_of(reading(), rows, SYSTEM_ONLY)
    due = [file.row.uid for file in files if _due(file, now) is not None]
    if dry_run:
        return len(due)
    done = 0
    for uid in due:
        while _one(uid, now):
            done += 1
    return done


def alert(*, now: datetime, dry_run: bool = False) -> int:
    """Tell officers of reviews whose term ends soon or has passed; return how many."""
    on = city_day(now)
    events = []
    # A renewal that was asked for in time is reviewed after the end, too.
    states = {*IN_REVIEW, CaseState.EXPIRED}
    rows = reading().scalars(select(Application).where(Application.state.in_(states)))
    for file in casefile.files_of(reading(), rows, SYSTEM_ONLY):
        due = file.due_on
        if due is None or file.case.clock is None or file.case.clock.stopped_on is not None:
            continue
        late = file.case.clock.is_late(on, holidays)
        if late or (due - on).days <= file.case.terms.alert_days:
            event = CaseTermNear(application_uid=file.row.uid, due_on=due.isoformat(), late=late)
            events.append(event)
    if dry_run or not events:
        return len(events)
    with unit_of_work() as session:
        return sum(outbox.record_once(session, event, now=now) for event in events)


def _candidates(session: Session, on: date) -> list[Application]:
    """Return the cases in which something may be due; `_due` decides."""
    query = select(Application).where(
        or_(
            (Application.state.in_((CaseState.SUPPLEMENT_REQUESTED, CaseState.REJECTION_NOTICE)))
            & (Application.reply_by < on),
            Application.state.in_(_VALID),
        )
    )
    return list(session.scalars(query.order_by(Application.id)))


def _one(uid: str, now: datetime) -> bool:
    with unit_of_work() as session:
        file = casefile.find(session, uid, SYSTEM, now=now, locked=True)
        due = _due(file, now)
        if due is None:
            return False
        acting.perform(session, file, due, actor=SYSTEM, now=now)
        return True


def _due(file: CaseFile, now: datetime) -> Act | None:
    """Return what is to be done first, with the day from which it counts."""
    case, on = file.case, city_day(now)
    if case.state in {CaseState.SUPPLEMENT_REQUESTED, CaseState.REJECTION_NOTICE}:
        asked = case.state is CaseState.SUPPLEMENT_REQUESTED
        lapse = Action.LAPSE_SUPPLEMENT if asked else Action.LAPSE_NOTICE
        return _if_possible(file, Act(action=lapse, on=case.reply_by), now)
    if case.valid_to is not None and on > case.valid_to:
        expire = Act(action=Action.EXPIRE, on=case.valid_to + ONE_DAY)
        return _if_possible(file, expire, now)
    last = contents.lapses_on(file.call, file.sent.last)
    if last is not None and on > last and case.state in RULES[Action.SUSPEND].leads:
        lapsed = list(contents.lapsed(file.call, file.sent.last, on))
        detail = {"lapsed": lapsed, "ended_on": last.isoformat()}
        return Act(action=Action.SUSPEND, on=last + ONE_DAY, detail=detail)
    return _if_possible(file, Act(action=Action.ANNOUNCE_END), now)


def _if_possible(file: CaseFile, act: Act, now: datetime) -> Act | None:
    facts = acting.facts_of(reading(), file, act.action, SYSTEM, now=now)
    return None if problems_with(file.case, act.action, SYSTEM_ONLY, facts) else act
