"""Who may do what in which state: one table, from which pages, tests and services are fed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labops.domain.applications.states import CLOSED, ON_LIST, Action, Capacity, CaseState
from labops.kernel.errors import Problem

REPRESENTATIVE = frozenset({Capacity.REPRESENTATIVE})
OFFICER = frozenset({Capacity.OFFICER})
DECIDER = frozenset({Capacity.DECIDER})
SYSTEM = frozenset({Capacity.SYSTEM})
S = CaseState
# Goes back to where the case was before a suspension or the notice of a removal.
BACK = None
_LISTED = tuple(state for state in CaseState if state in ON_LIST)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may act, and where each state leads; a target of `BACK` is the state before."""

    by: frozenset[Capacity]
    leads: Mapping[CaseState, CaseState | None]


def _stays(*states: CaseState) -> dict[CaseState, CaseState | None]:
    return {state: state for state in states}


def _to(target: CaseState | None, *states: CaseState) -> dict[CaseState, CaseState | None]:
    return dict.fromkeys(states, target)


RULES: Mapping[Action, Rule] = {
    Action.EDIT: Rule(
        REPRESENTATIVE,
        _stays(
            S.DRAFT,
            S.UNDER_REVIEW,  # for a reply that comes late
            S.SUPPLEMENT_REQUESTED,
            S.REJECTION_NOTICE,
            S.QUALIFIED,
            S.EXPIRING,
            S.SUSPENDED,
            S.REMOVAL_NOTICE,
        ),
    ),
    Action.SUBMIT: Rule(REPRESENTATIVE, _to(S.SUBMITTED, S.DRAFT)),
    Action.WITHDRAW: Rule(
        REPRESENTATIVE,
        _to(
            S.WITHDRAWN,
            S.DRAFT,
            S.SUBMITTED,
            S.UNDER_REVIEW,
            S.SUPPLEMENT_REQUESTED,
            S.REJECTION_NOTICE,
        ),
    ),
    Action.START_REVIEW: Rule(OFFICER, _to(S.UNDER_REVIEW, S.SUBMITTED)),
    Action.ASSESS: Rule(
        OFFICER,
        # In an expired case, too: for a renewal that was asked for in time.
        _stays(S.UNDER_REVIEW, S.CHANGE_UNDER_REVIEW, S.RENEWAL_UNDER_REVIEW, S.EXPIRED),
    ),
    Action.NOTE: Rule(OFFICER | DECIDER, _stays(*(each for each in S if each is not S.DRAFT))),
    Action.EXTEND: Rule(OFFICER, _stays(S.UNDER_REVIEW)),
    Action.REQUEST_SUPPLEMENT: Rule(OFFICER, _to(S.SUPPLEMENT_REQUESTED, S.UNDER_REVIEW)),
    Action.REPLY: Rule(REPRESENTATIVE, _to(S.UNDER_REVIEW, S.SUPPLEMENT_REQUESTED, S.UNDER_REVIEW)),
    Action.LAPSE_SUPPLEMENT: Rule(SYSTEM, _to(S.UNDER_REVIEW, S.SUPPLEMENT_REQUESTED)),
    Action.NOTIFY_REJECTION: Rule(OFFICER, _to(S.REJECTION_NOTICE, S.UNDER_REVIEW)),
    Action.OBSERVE: Rule(
        REPRESENTATIVE,
        _to(S.UNDER_REVIEW, S.REJECTION_NOTICE) | _stays(S.REMOVAL_NOTICE),
    ),
    Action.LAPSE_NOTICE: Rule(SYSTEM, _to(S.UNDER_REVIEW, S.REJECTION_NOTICE)),
    Action.QUALIFY: Rule(DECIDER, _to(S.QUALIFIED, S.UNDER_REVIEW)),
    Action.REJECT: Rule(DECIDER, _to(S.REJECTED, S.UNDER_REVIEW)),
    Action.ANNOUNCE_END: Rule(
        SYSTEM,
        _to(S.EXPIRING, S.QUALIFIED, S.EXPIRING) | _stays(S.CHANGE_UNDER_REVIEW, S.SUSPENDED),
    ),
    Action.EXPIRE: Rule(SYSTEM, _to(S.EXPIRED, *_LISTED, S.SUSPENDED, S.REMOVAL_NOTICE)),
    Action.ASK_RENEWAL: Rule(REPRESENTATIVE, _to(S.RENEWAL_UNDER_REVIEW, S.QUALIFIED, S.EXPIRING)),
    Action.RENEW: Rule(DECIDER, _to(S.QUALIFIED, S.RENEWAL_UNDER_REVIEW, S.EXPIRED)),
    Action.REFUSE_RENEWAL: Rule(
        DECIDER, _to(S.EXPIRING, S.RENEWAL_UNDER_REVIEW) | _stays(S.EXPIRED)
    ),
    Action.CHANGE: Rule(REPRESENTATIVE, _to(S.CHANGE_UNDER_REVIEW, S.QUALIFIED, S.EXPIRING)),
    Action.ACCEPT_CHANGE: Rule(DECIDER, _to(S.QUALIFIED, S.CHANGE_UNDER_REVIEW)),
    Action.REFUSE_CHANGE: Rule(DECIDER, _to(S.QUALIFIED, S.CHANGE_UNDER_REVIEW)),
    Action.SUSPEND: Rule(DECIDER | SYSTEM, _to(S.SUSPENDED, *_LISTED)),
    Action.PROVE: Rule(REPRESENTATIVE, _stays(S.SUSPENDED)),
    Action.REINSTATE: Rule(DECIDER, _to(BACK, S.SUSPENDED)),
    Action.NOTIFY_REMOVAL: Rule(DECIDER, _to(S.REMOVAL_NOTICE, *_LISTED, S.SUSPENDED)),
    Action.DROP_REMOVAL: Rule(DECIDER, _to(BACK, S.REMOVAL_NOTICE)),
    Action.REMOVE: Rule(DECIDER, _to(S.REMOVED, S.REMOVAL_NOTICE)),
    Action.LEAVE: Rule(REPRESENTATIVE, _to(S.REMOVED, *_LISTED, S.SUSPENDED, S.REMOVAL_NOTICE)),
}
# What begins another look at the lab, with a clock of its own.
BEGINS_REVIEW = frozenset({Action.SUBMIT, Action.CHANGE, Action.ASK_RENEWAL})
# What sends to the city whatever the lab prepared.
SENDS = frozenset(
    {
        Action.SUBMIT,
        Action.REPLY,
        Action.OBSERVE,
        Action.CHANGE,
        Action.ASK_RENEWAL,
        Action.PROVE,
    }
)
# What ends a review, by an act with a number.
DECIDES = frozenset(
    {
        Action.QUALIFY,
        Action.REJECT,
        Action.RENEW,
        Action.REFUSE_RENEWAL,
        Action.ACCEPT_CHANGE,
        Action.REFUSE_CHANGE,
    }
)
# Acts that change what a lab may do are taken with a number and a date.
NUMBERED = DECIDES | {Action.SUSPEND, Action.REINSTATE, Action.REMOVE}
# Who assessed must not do these.
NEEDS_ANOTHER = DECIDES


def problem_with(state: CaseState, action: Action, as_what: Iterable[Capacity]) -> Problem | None:
    """Return why somebody who acts in these capacities may not do that now; `None` when she may.

    Whose act it is comes before whether it is time for it.
    """
    rule = RULES[action]
    if not rule.by & frozenset(as_what):
        return Problem("case.not-yours", {"action": action, "by": sorted(rule.by)})
    if state not in rule.leads:
        if state in CLOSED:
            return Problem("case.closed", {"action": action, "state": state})
        return Problem("case.not-now", {"action": action, "state": state})
    return None


def possible(state: CaseState, as_what: Iterable[Capacity]) -> list[Action]:
    """Return what somebody may do as far as state and capacity go, in the table's order."""
    capacities = tuple(as_what)
    return [action for action in Action if problem_with(state, action, capacities) is None]
