"""Use cases of a case: what the lab, the officers and the deciders do in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications import acting, casefile, drafting
from labops.domain.applications.acting import Act
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.clocks import term
from labops.domain.applications.models import Application
from labops.domain.applications.policies import NUMBERED
from labops.domain.applications.states import ON_LIST, Action, CaseState, Verdict
from labops.domain.applications.working_days import city_day, holidays
from labops.domain.calls.terms import Terms
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line, without_controls

LONGEST_NOTE = 8000
# Whoever does this says why, to be read by the other side.
_NEEDS_NOTE = frozenset(
    {
        Action.EXTEND,
        Action.OBSERVE,
        Action.REJECT,
        Action.REFUSE_RENEWAL,
        Action.REFUSE_CHANGE,
        Action.SUSPEND,
        Action.NOTIFY_REMOVAL,
        Action.REMOVE,
        Action.DROP_REMOVAL,
        Action.CHANGE,
    }
)
LAST_DAY = date(9000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says with an act; which parts are needed depends on it.

    `note` both sides read, `internal_note` only the city. `happened_on` is the day of the fact
    that a change reports. `verdicts` are by criterion.
    """

    note: str = ""
    internal_note: str = ""
    act_number: str = ""
    act_on: date | None = None
    valid_from: date | None = None
    happened_on: date | None = None
    criterion: str = ""
    verdict: Verdict | None = None


def act(uid: str, action: Action, said: Said, *, actor: Actor, now: datetime) -> int:
    """Do something in a case; return the number of its entry.

    Raises `NotFound` for whoever has nothing to do with the case, `Refused` with every reason
    against the act, and `Invalid` for what is missing or wrong in what was said.
    """
    actor.require_write()
    with unit_of_work() as session:
        file = casefile.find(session, uid, actor, now=now, locked=True)
        acting.require(session, file, action, actor, now)
        note = without_controls(said.note).strip()
        _check(action, said, note, now)
        detail = _DETAILS.get(action, _no_detail)(session, file, said, now)
        if action in NUMBERED and said.act_on is not None:
            detail |= {"act_number": one_line(said.act_number), "act_on": said.act_on.isoformat()}
        entry = acting.perform(
            session,
            file,
            Act(
                action=action,
                note=note,
                internal_note=without_controls(said.internal_note).strip(),
                detail=detail,
            ),
            actor=actor,
            now=now,
        )
        if action in {Action.REFUSE_CHANGE, Action.REFUSE_RENEWAL}:
            drafting.go_back(session, file.row.id, file.sent.in_force, now=now)
        return entry.number


def _check(action: Action, said: Said, note: str, now: datetime) -> None:
    needed = {
        "note": action in _NEEDS_NOTE and not note,
        "internal_note": action is Action.NOTE and not said.internal_note.strip(),
        "act_number": action in NUMBERED and not said.act_number.strip(),
        "act_on": action in NUMBERED and said.act_on is None,
        "happened_on": action is Action.CHANGE and said.happened_on is None,
    }
    wrong = [Problem("field.required", {"field": name}) for name, lacks in needed.items() if lacks]
    wrong += [
        Problem("field.too-long", {"field": name, "longest": LONGEST_NOTE})
        for name in ("note", "internal_note")
        if len(getattr(said, name)) > LONGEST_NOTE
    ]
    today = city_day(now)
    if action in NUMBERED and said.act_on is not None and said.act_on > today:
        wrong.append(Problem("case.act-in-the-future", {"field": "act_on"}))
    if action is Action.CHANGE and said.happened_on is not None and said.happened_on > today:
        wrong.append(Problem("case.fact-in-the-future", {"field": "happened_on"}))
    if wrong:
        raise Invalid(wrong)


def _no_detail(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, file, said, now
    return {}


def _assessed(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, now
    criterion = file.call.criterion(said.criterion)
    if said.verdict is None:
        raise Invalid.field("verdict", "field.required")
    if said.verdict is not Verdict.MET and not said.note.strip():
        # What is not met, or is to be supplemented, is told to the lab in words.
        raise Invalid.field("note", "field.required")
    if file.case.touched and criterion.slug not in file.case.touched:
        raise Invalid.field("criterion", "case.criterion-untouched")
    return {"criterion": criterion.slug, "verdicts": {criterion.slug: str(said.verdict)}}


def _asking(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, said
    return {
        "reply_by": _until(now, file.case.terms.supplement_days),
        "criteria": _found(file, Verdict.NEEDS_SUPPLEMENT),
    }


def _noticing(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, said
    return {
        "reply_by": _until(now, file.case.terms.notice_days),
        "grounds": _found(file, Verdict.NOT_MET),
    }


def _removing(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, said
    return {"reply_by": _until(now, file.case.terms.removal_days)}


def _replying(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, said, now
    return {"late": True} if file.case.state is CaseState.UNDER_REVIEW else {}


def _qualifying(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    on = city_day(now)
    first = said.valid_from or on
    if not on <= first <= on + timedelta(days=366):
        raise Invalid.field("valid_from", "field.in-the-past")
    _require_no_other_place(session, file)
    return _valid(first, file.case.terms)


def _renewing(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del said
    on = city_day(now)
    _require_no_other_place(session, file)
    last = file.case.valid_to
    running = last is not None and last >= on
    first = last + timedelta(days=1) if running and last is not None else on
    return _valid(first, file.case.terms)


def _changing(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session
    if said.happened_on is None:
        return {}
    late = (city_day(now) - said.happened_on).days > file.case.terms.change_days
    return {"fact_on": said.happened_on.isoformat(), "late": late}


def _rejecting(session: Session, file: CaseFile, said: Said, now: datetime) -> dict[str, Any]:
    del session, said, now
    return {"grounds": _found(file, Verdict.NOT_MET)}


_DETAILS: Mapping[Action, Callable[[Session, CaseFile, Said, datetime], dict[str, Any]]] = {
    Action.ASSESS: _assessed,
    Action.REQUEST_SUPPLEMENT: _asking,
    Action.NOTIFY_REJECTION: _noticing,
    Action.NOTIFY_REMOVAL: _removing,
    Action.REPLY: _replying,
    Action.QUALIFY: _qualifying,
    Action.RENEW: _renewing,
    Action.CHANGE: _changing,
    Action.REJECT: _rejecting,
    Action.REFUSE_RENEWAL: _rejecting,
    Action.REFUSE_CHANGE: _rejecting,
}


def _found(file: CaseFile, verdict: Verdict) -> list[str]:
    said = file.case.verdicts
    return [each.slug for each in file.call.criteria if said.get(each.slug) == verdict]


def _until(now: datetime, days: int) -> str:
    return term(city_day(now), days, holidays).isoformat()


def _valid(first: date, terms: Terms) -> dict[str, Any]:
    """Return the validity of so many months: to the day before the same day of the month."""
    months = first.month - 1 + terms.valid_months
    year, month = first.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    last_of_month = (following - timedelta(days=1)).day
    end = date(year, month, min(first.day, last_of_month)) - timedelta(days=1)
    return {"valid_from": first.isoformat(), "valid_to": end.isoformat()}


def _require_no_other_place(session: Session, file: CaseFile) -> None:
    """Raise `Invalid` when the lab got a place by another case meanwhile."""
    other = session.scalar(
        select(Application.id).where(
            Application.lab_id == file.row.lab_id,
            Application.id != file.row.id,
            Application.state.in_({*ON_LIST, CaseState.SUSPENDED, CaseState.REMOVAL_NOTICE}),
        )
    )
    if other is not None:
        raise Invalid.field("valid_from", "case.other-place")
