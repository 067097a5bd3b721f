"""How a case can stand, who acts in it, and what can be done: the words of the case file."""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands. It is in exactly one of these at any time."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    REJECTION_NOTICE = "rejection_notice"
    QUALIFIED = "qualified"
    REJECTED = "rejected"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    CHANGE_UNDER_REVIEW = "change_under_review"
    RENEWAL_UNDER_REVIEW = "renewal_under_review"
    SUSPENDED = "suspended"
    REMOVAL_NOTICE = "removal_notice"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


class Capacity(StrEnum):
    """As what somebody acts in a case."""

    REPRESENTATIVE = "representative"
    OFFICER = "officer"
    DECIDER = "decider"
    SYSTEM = "system"


class Action(StrEnum):
    """What is done in a case; each is an entry of its history, but for `EDIT`, which prepares."""

    EDIT = "edit"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    START_REVIEW = "start_review"
    ASSESS = "assess"
    NOTE = "note"
    EXTEND = "extend"
    REQUEST_SUPPLEMENT = "request_supplement"
    REPLY = "reply"
    LAPSE_SUPPLEMENT = "lapse_supplement"
    NOTIFY_REJECTION = "notify_rejection"
    OBSERVE = "observe"
    LAPSE_NOTICE = "lapse_notice"
    QUALIFY = "qualify"
    REJECT = "reject"
    ANNOUNCE_END = "announce_end"
    EXPIRE = "expire"
    ASK_RENEWAL = "ask_renewal"
    RENEW = "renew"
    REFUSE_RENEWAL = "refuse_renewal"
    CHANGE = "change"
    ACCEPT_CHANGE = "accept_change"
    REFUSE_CHANGE = "refuse_change"
    SUSPEND = "suspend"
    PROVE = "prove"
    REINSTATE = "reinstate"
    NOTIFY_REMOVAL = "notify_removal"
    DROP_REMOVAL = "drop_removal"
    REMOVE = "remove"
    LEAVE = "leave"


class Verdict(StrEnum):
    """What an officer found about one criterion."""

    MET = "met"
    NOT_MET = "not_met"
    NEEDS_SUPPLEMENT = "needs_supplement"


# While a lab's case is here it has, or may come back to, a place on the list.
ON_LIST = frozenset(
    {
        CaseState.QUALIFIED,
        CaseState.EXPIRING,
        CaseState.CHANGE_UNDER_REVIEW,
        CaseState.RENEWAL_UNDER_REVIEW,
    }
)
CLOSED = frozenset({CaseState.REJECTED, CaseState.EXPIRED, CaseState.REMOVED, CaseState.WITHDRAWN})
# An officer has to look at these.
IN_REVIEW = frozenset(
    {
        CaseState.SUBMITTED,
        CaseState.UNDER_REVIEW,
        CaseState.SUPPLEMENT_REQUESTED,
        CaseState.REJECTION_NOTICE,
        CaseState.CHANGE_UNDER_REVIEW,
        CaseState.RENEWAL_UNDER_REVIEW,
    }
)
