"""The words of letters to labs on the list: suspended, reinstated, removed, ending."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _

from labops.adapters.case_letter_parts import Composed, LetterFacts, decides, noted
from labops.adapters.case_words import day_name
from labops.domain.applications.states import Action


def _suspended(facts: LetterFacts) -> Composed:
    if lapsed := facts.listed("lapsed"):
        body = (
            _(
                "this evidence ended on %(day)s, and nothing newer was sent:",
                day=facts.day("ended_on"),
            ),
            *lapsed,
            _(
                "The qualification is suspended from %(day)s until you send new evidence and it is"
                " found good. Meanwhile the lab is not on the list.",
                day=day_name(facts.entry.happened_on),
            ),
        )
        return _("Suspension of the qualification"), body, ()
    return (
        _("Suspension of the qualification"),
        noted(facts),
        decides(
            facts,
            _(
                "to suspend the qualification of %(lab)s until the reason is gone.",
                lab=facts.lab,
            ),
        ),
    )


def _reinstated(facts: LetterFacts) -> Composed:
    return (
        _("End of the suspension"),
        noted(facts),
        decides(facts, _("to reinstate %(lab)s in the qualified list.", lab=facts.lab)),
    )


def _removal_noticed(facts: LetterFacts) -> Composed:
    return (
        _("Notice of removal from the qualified list"),
        (
            _("the lab is to be removed from the list, for this cause:"),
            *noted(facts),
            _("You may send observations, with documents, by %(day)s.", day=facts.day("reply_by")),
        ),
        (),
    )


def _removal_dropped(facts: LetterFacts) -> Composed:
    return _("The removal is dropped"), (*noted(facts), _("The file is as it was before.")), ()


def _removed(facts: LetterFacts) -> Composed:
    return (
        _("Removal from the qualified list"),
        (_("notice of the removal was given. The cause:"), *noted(facts)),
        decides(facts, _("to remove %(lab)s from the qualified list.", lab=facts.lab)),
    )


def _end_announced(facts: LetterFacts) -> Composed:
    last = facts.file.case.valid_to
    return (
        _("Your qualification ends soon"),
        (
            _(
                "the qualification ends on %(day)s. Renewal can be asked for from %(days)s days"
                " before that day.",
                day=day_name(last) if last else "",
                days=facts.file.call.terms.renewal_days,
            ),
        ),
        (),
    )


def _expired(facts: LetterFacts) -> Composed:
    return (
        _("Your qualification has ended"),
        (
            _(
                "its last day has passed: since %(day)s the lab is not on the list.",
                day=day_name(facts.entry.happened_on),
            ),
        ),
        (),
    )


LETTERS: Mapping[Action, Callable[[LetterFacts], Composed]] = {
    Action.SUSPEND: _suspended,
    Action.REINSTATE: _reinstated,
    Action.NOTIFY_REMOVAL: _removal_noticed,
    Action.DROP_REMOVAL: _removal_dropped,
    Action.REMOVE: _removed,
    Action.ANNOUNCE_END: _end_announced,
    Action.EXPIRE: _expired,
}
