"""The words of letters of a review, from its start to the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext as _

from labops.adapters.case_letter_parts import Composed, LetterFacts, decides, noted
from labops.domain.applications.states import Action


def _started(facts: LetterFacts) -> Composed:
    clock = facts.file.case.clock
    days = facts.file.call.terms.review_days if clock is None else clock.days
    return (
        _("Start of the procedure for the qualified list"),
        (
            _("the procedure has begun, and %(name)s is responsible for it.", name=facts.officer),
            _(
                "It ends within %(days)s days of the application, but for pauses. You can see the"
                " file, and send writings, at any time.",
                days=days,
            ),
        ),
        (),
    )


def _extended(facts: LetterFacts) -> Composed:
    return (
        _("Extension of the term of the procedure"),
        (
            _(
                "the term of the procedure is extended, once, to %(days)s days in all, for this"
                " reason:",
                days=facts.file.call.terms.extended_days,
            ),
            *noted(facts),
        ),
        (),
    )


def _supplement(facts: LetterFacts) -> Composed:
    return (
        _("Request for a supplement to your application"),
        (
            _("these criteria need a supplement:"),
            *facts.listed("criteria"),
            *noted(facts),
            _(
                "Send it by %(day)s. Until then the term of the procedure is paused; after that day"
                " the review goes on with what is there.",
                day=facts.day("reply_by"),
            ),
        ),
        (),
    )


def _notice(facts: LetterFacts) -> Composed:
    return (
        _("Notice of rejection of your application (article 10-bis, law 241/1990)"),
        (
            _("the application cannot be accepted, for these grounds:"),
            *facts.listed("grounds"),
            *noted(facts),
            _(
                "You may send observations, with documents, by %(day)s. The term of the procedure"
                " is paused, and goes on ten days after.",
                day=facts.day("reply_by"),
            )
            if facts.file.call.terms.resume_days == 10  # noqa: PLR2004 - the law's own number
            else _(
                "You may send observations, with documents, by %(day)s. The term of the procedure"
                " is paused.",
                day=facts.day("reply_by"),
            ),
        ),
        (),
    )


def _qualified(facts: LetterFacts) -> Composed:
    lab = facts.lab
    return (
        _("Entry of %(lab)s in the qualified list", lab=lab),
        (_("the review found every criterion of the call met."), *noted(facts)),
        decides(
            facts,
            _(
                "to enter %(lab)s in the qualified list from %(first)s to %(last)s.",
                lab=lab,
                first=facts.day("valid_from"),
                last=facts.day("valid_to"),
            ),
        ),
    )


def _rejected(facts: LetterFacts) -> Composed:
    return (
        _("Rejection of your application"),
        (
            _("notice of the rejection was given, and what you observed was weighed. The grounds:"),
            *facts.listed("grounds"),
            *noted(facts),
        ),
        decides(facts, _("to reject the application of %(lab)s.", lab=facts.lab)),
    )


def _renewed(facts: LetterFacts) -> Composed:
    return (
        _("Renewal of the qualification of %(lab)s", lab=facts.lab),
        (_("the review found every criterion of the call met."), *noted(facts)),
        decides(
            facts,
            _(
                "to renew the qualification of %(lab)s from %(first)s to %(last)s.",
                lab=facts.lab,
                first=facts.day("valid_from"),
                last=facts.day("valid_to"),
            ),
        ),
    )


def _renewal_refused(facts: LetterFacts) -> Composed:
    return (
        _("Refusal of the renewal"),
        (
            _("the renewal cannot be granted, for these grounds:"),
            *facts.listed("grounds"),
            *noted(facts),
        ),
        decides(facts, _("not to renew the qualification of %(lab)s.", lab=facts.lab)),
    )


def _change_accepted(facts: LetterFacts) -> Composed:
    return (
        _("Your change was accepted"),
        (_("the criteria that the change touches are met."), *noted(facts)),
        decides(facts, _("to note the change that %(lab)s reported.", lab=facts.lab)),
    )


def _change_refused(facts: LetterFacts) -> Composed:
    return (
        _("Your change was not accepted"),
        (
            _("the change cannot be accepted, for these grounds:"),
            *facts.listed("grounds"),
            *noted(facts),
        ),
        decides(
            facts,
            _("to leave the file of %(lab)s as it was before the change.", lab=facts.lab),
        ),
    )


LETTERS: Mapping[Action, Callable[[LetterFacts], Composed]] = {
    Action.START_REVIEW: _started,
    Action.EXTEND: _extended,
    Action.REQUEST_SUPPLEMENT: _supplement,
    Action.NOTIFY_REJECTION: _notice,
    Action.QUALIFY: _qualified,
    Action.REJECT: _rejected,
    Action.RENEW: _renewed,
    Action.REFUSE_RENEWAL: _renewal_refused,
    Action.ACCEPT_CHANGE: _change_accepted,
    Action.REFUSE_CHANGE: _change_refused,
}
