"""Names of states, acts, capacities and verdicts of cases in the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date
from flask_babel import get_locale
from flask_babel import gettext as _

from labops.domain.applications.states import Action, Capacity, CaseState, Verdict
from labops.domain.applications.working_days import ZONE


def state_name(state: str) -> str:
    """Return the state in words."""
    names = {
        CaseState.DRAFT: _("draft"),
        CaseState.SUBMITTED: _("submitted"),
        CaseState.UNDER_REVIEW: _("under review"),
        CaseState.SUPPLEMENT_REQUESTED: _("supplement requested"),
        CaseState.REJECTION_NOTICE: _("notice of rejection"),
        CaseState.QUALIFIED: _("qualified"),
        CaseState.REJECTED: _("application rejected"),
        CaseState.EXPIRING: _("qualified, ending soon"),
        CaseState.EXPIRED: _("qualification ended"),
        CaseState.CHANGE_UNDER_REVIEW: _("change under review"),
        CaseState.RENEWAL_UNDER_REVIEW: _("renewal under review"),
        CaseState.SUSPENDED: _("qualification suspended"),
        CaseState.REMOVAL_NOTICE: _("notice of removal"),
        CaseState.REMOVED: _("removed from the list"),
        CaseState.WITHDRAWN: _("application withdrawn"),
    }
    return str(names[CaseState(state)])


def action_name(action: str) -> str:
    """Return the act in words, as a button or a line of the history says it."""
    names = {
        Action.EDIT: _("Prepare answers and evidence"),
        Action.SUBMIT: _("Submit the application"),
        Action.WITHDRAW: _("Withdraw the application"),
        Action.START_REVIEW: _("Start the review"),
        Action.ASSESS: _("Assess a criterion"),
        Action.NOTE: _("Add an internal note"),
        Action.EXTEND: _("Extend the term"),
        Action.REQUEST_SUPPLEMENT: _("Ask for a supplement"),
        Action.REPLY: _("Send the supplement"),
        Action.LAPSE_SUPPLEMENT: _("Close the term for the supplement"),
        Action.NOTIFY_REJECTION: _("Give notice of rejection"),
        Action.OBSERVE: _("Send observations"),
        Action.LAPSE_NOTICE: _("Close the term for observations"),
        Action.QUALIFY: _("Qualify"),
        Action.REJECT: _("Reject the application"),
        Action.ANNOUNCE_END: _("Tell of the coming end"),
        Action.EXPIRE: _("End the qualification"),
        Action.ASK_RENEWAL: _("Ask for renewal"),
        Action.RENEW: _("Renew"),
        Action.REFUSE_RENEWAL: _("Refuse the renewal"),
        Action.CHANGE: _("Report a change"),
        Action.ACCEPT_CHANGE: _("Accept the change"),
        Action.REFUSE_CHANGE: _("Refuse the change"),
        Action.SUSPEND: _("Suspend"),
        Action.PROVE: _("Send new evidence"),
        Action.REINSTATE: _("Reinstate"),
        Action.NOTIFY_REMOVAL: _("Give notice of removal"),
        Action.DROP_REMOVAL: _("Drop the removal"),
        Action.REMOVE: _("Remove from the list"),
        Action.LEAVE: _("Leave the list"),
    }
    return str(names[Action(action)])


def capacity_name(capacity: str) -> str:
    """Return in words as what somebody acts."""
    names = {
        Capacity.REPRESENTATIVE: _("representative of the lab"),
        Capacity.OFFICER: _("officer of the list"),
        Capacity.DECIDER: _("decider of the list"),
        Capacity.SYSTEM: _("the system"),
    }
    return str(names[Capacity(capacity)])


def verdict_name(verdict: str) -> str:
    """Return the verdict in words."""
    names = {
        Verdict.MET: _("met"),
        Verdict.NOT_MET: _("not met"),
        Verdict.NEEDS_SUPPLEMENT: _("needs a supplement"),
    }
    return str(names[Verdict(verdict)])


def day_name(on: date) -> str:
    """Return "26 novembre 2026"."""
    words: str = format_date(on, "d MMMM y", locale=get_locale() or "en")
    return words


def day_of(iso: str) -> str:
    """Return a day that an entry keeps, such as `2026-11-26`, in words."""
    return day_name(date.fromisoformat(iso))


def when(at: datetime) -> str:
    """Return "26 novembre 2026, 14:00" on the city's clock."""
    local = at.astimezone(ZONE)
    return f"{day_name(local.date())}, {local:%H:%M}"


def day_apart(at: datetime, on: date) -> bool:
    """Say whether an act counts from another day than the one on which it was done."""
    return at.astimezone(ZONE).date() != on
