"""How a case stands after its history: a pure walk through the entries, one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from labops.domain.applications.clocks import Clock
from labops.domain.applications.policies import BEGINS_REVIEW, DECIDES, RULES
from labops.domain.applications.states import Action, Capacity, CaseState
from labops.domain.calls.terms import Terms

_PAUSED_ASIDE = frozenset({CaseState.CHANGE_UNDER_REVIEW, CaseState.RENEWAL_UNDER_REVIEW})


class Impossible(ValueError):
    """An entry that no state before it allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act, as far as the state of the case depends on it."""

    action: Action
    capacity: Capacity
    on: date
    person_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a case stands.

    `before` are the states it goes back to, last first, after a suspension or a dropped removal.
    `touched` are the criteria that the review is about, all when empty. `announced` counts the
    letters that told of the coming end. `renewal_open` says that a renewal was asked for in time
    and not decided.
    """

    terms: Terms
    state: CaseState = CaseState.DRAFT
    before: tuple[CaseState, ...] = ()
    officer_id: int | None = None
    reviewers: frozenset[int] = frozenset()
    clock: Clock | None = None
    reply_by: date | None = None
    verdicts: Mapping[str, str] = field(default_factory=dict)
    touched: tuple[str, ...] = ()
    supplements: int = 0
    supplement_lapsed: bool = False
    notice_given: bool = False
    observed: bool = False
    extended: bool = False
    valid_from: date | None = None
    valid_to: date | None = None
    announced: int = 0
    renewal_open: bool = False

    def after(self, entry: Entry) -> Case:
        """Return the case after the entry; raises `Impossible`."""
        rule = RULES[entry.action]
        if self.state not in rule.leads or entry.capacity not in rule.by:
            raise Impossible(f"{entry.action} by {entry.capacity} in {self.state}")
        target = rule.leads[self.state]
        changed = _EFFECTS.get(entry.action, _nothing)(self, entry)
        if target is not None:
            return replace(changed, state=target)
        *earlier, back = self.before
        if back in _PAUSED_ASIDE:
            changed = replace(changed, clock=_clock(changed).resumed(entry.on))
        return replace(changed, state=back, before=tuple(earlier))


def walk(terms: Terms, entries: Iterable[Entry]) -> Case:
    """Return how the case stands after the entries, in their order; raises `Impossible`."""
    case = Case(terms=terms)
    for entry in entries:
        case = case.after(entry)
    return case


def _nothing(case: Case, entry: Entry) -> Case:
    del entry
    return case


def _begin_review(case: Case, entry: Entry) -> Case:
    return replace(
        case,
        clock=Clock(entry.on, case.terms.review_days),
        touched=tuple(entry.detail.get("touched", ())),
        verdicts={},
        reviewers=frozenset(),
        renewal_open=case.renewal_open or entry.action is Action.ASK_RENEWAL,
    )


def _by_officer(case: Case, entry: Entry) -> Case:
    who = frozenset() if entry.person_id is None else frozenset({entry.person_id})
    officer = case.officer_id
    if entry.action is Action.START_REVIEW:
        officer = entry.person_id
    verdicts = dict(case.verdicts) | dict(entry.detail.get("verdicts", {}))
    return replace(case, officer_id=officer, reviewers=case.reviewers | who, verdicts=verdicts)


def _wait_for_lab(case: Case, entry: Entry) -> Case:
    case = _by_officer(case, entry)
    asks = entry.action is Action.REQUEST_SUPPLEMENT
    return replace(
        case,
        clock=_clock(case).paused(entry.on),
        reply_by=_day(entry, "reply_by"),
        supplements=case.supplements + asks,
        supplement_lapsed=False,
        notice_given=case.notice_given or not asks,
        observed=case.observed and asks,
    )


def _go_on(case: Case, entry: Entry) -> Case:
    if case.state is CaseState.UNDER_REVIEW:  # a late reply: the clock runs already
        return replace(case, supplement_lapsed=False)
    return replace(
        case,
        clock=_clock(case).resumed(entry.on),
        reply_by=None,
        supplement_lapsed=entry.action is Action.LAPSE_SUPPLEMENT,
    )


def _observed(case: Case, entry: Entry) -> Case:
    if case.state is CaseState.REMOVAL_NOTICE:
        return replace(case, observed=True)
    resumes = entry.on + timedelta(days=case.terms.resume_days)
    return replace(case, clock=_clock(case).resumed(resumes), reply_by=None, observed=True)


def _extended(case: Case, entry: Entry) -> Case:
    case = _by_officer(case, entry)
    return replace(case, clock=_clock(case).extended(case.terms.extended_days), extended=True)


def _decided(case: Case, entry: Entry) -> Case:
    stopped = case.clock.stopped(entry.on) if case.clock else None
    if entry.action in {Action.QUALIFY, Action.RENEW}:
        case = replace(
            case,
            valid_from=_day(entry, "valid_from"),
            valid_to=_day(entry, "valid_to"),
            announced=0,
        )
    renewed = entry.action in {Action.RENEW, Action.REFUSE_RENEWAL}
    return replace(case, clock=stopped, touched=(), renewal_open=case.renewal_open and not renewed)


def _announced(case: Case, entry: Entry) -> Case:
    del entry
    return replace(case, announced=case.announced + 1)


def _set_aside(case: Case, entry: Entry) -> Case:
    """Remember where the case was; what was being looked at waits."""
    removing = entry.action is Action.NOTIFY_REMOVAL
    return replace(
        case,
        before=(*case.before, case.state),
        clock=_clock(case).paused(entry.on) if case.state in _PAUSED_ASIDE else case.clock,
        reply_by=_day(entry, "reply_by") if removing else case.reply_by,
        observed=False if removing else case.observed,
    )


def _taken_back(case: Case, entry: Entry) -> Case:
    del entry
    return replace(case, reply_by=None)


def _ended(case: Case, entry: Entry) -> Case:
    open_clock = case.clock is not None and case.clock.stopped_on is None
    # A renewal that was asked for in time is still to be decided.
    keeps = entry.action is Action.EXPIRE and case.renewal_open
    clock = _clock(case).stopped(entry.on) if open_clock and not keeps else case.clock
    return replace(case, clock=clock, reply_by=None, before=())


def _clock(case: Case) -> Clock:
    if case.clock is None:
        raise Impossible("There is no clock yet.")
    return case.clock


def _day(entry: Entry, name: str) -> date | None:
    said = entry.detail.get(name)
    return date.fromisoformat(said) if said else None


_EFFECTS: Mapping[Action, Callable[[Case, Entry], Case]] = {
    **dict.fromkeys(BEGINS_REVIEW, _begin_review),
    **dict.fromkeys((Action.START_REVIEW, Action.ASSESS), _by_officer),
    **dict.fromkeys((Action.REQUEST_SUPPLEMENT, Action.NOTIFY_REJECTION), _wait_for_lab),
    **dict.fromkeys((Action.REPLY, Action.LAPSE_SUPPLEMENT, Action.LAPSE_NOTICE), _go_on),
    **dict.fromkeys(DECIDES, _decided),
    **dict.fromkeys((Action.SUSPEND, Action.NOTIFY_REMOVAL), _set_aside),
    **dict.fromkeys((Action.WITHDRAW, Action.EXPIRE, Action.REMOVE, Action.LEAVE), _ended),
    Action.OBSERVE: _observed,
    Action.EXTEND: _extended,
    Action.ANNOUNCE_END: _announced,
    Action.DROP_REMOVAL: _taken_back,
}
