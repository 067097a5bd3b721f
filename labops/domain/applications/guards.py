"""What else must be true before an act, beside state and capacity: pure, all reasons at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from labops.domain.applications.history import Case
from labops.domain.applications.policies import NEEDS_ANOTHER, problem_with
from labops.domain.applications.states import Action, Capacity, CaseState, Verdict
from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the guards look at, gathered once.

    `missing` are criteria of the call that lack an answer or evidence, `required` those that must
    be met, `lapsed` those whose evidence has ended, `changed` those that differ from what counts.
    `due_on` is the last day of the review. `person_id` is `None` for the system.
    """

    on: date
    person_id: int | None
    call_open: bool = True
    missing: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unsent_files: int = 0
    due_on: date | None = None


Guard = Callable[[Case, Facts], Problem | None]


def problems_with(
    case: Case, action: Action, as_what: frozenset[Capacity], facts: Facts
) -> list[Problem]:
    """Return every reason against the act; an empty list means yes."""
    plain = problem_with(case.state, action, as_what)
    if plain is not None:
        return [plain]
    found = [problem for guard in GUARDS.get(action, ()) if (problem := guard(case, facts))]
    if action in NEEDS_ANOTHER and facts.person_id in case.reviewers:
        found.append(Problem("case.same-person"))
    return found


def _call_is_open(case: Case, facts: Facts) -> Problem | None:
    del case
    return None if facts.call_open else Problem("case.call-closed")


def _nothing_is_missing(case: Case, facts: Facts) -> Problem | None:
    del case
    if not facts.missing:
        return None
    return Problem("case.incomplete", {"criteria": facts.missing})


def _not_extended(case: Case, facts: Facts) -> Problem | None:
    del facts
    return Problem("case.extended-already") if case.extended else None


def _in_time_to_extend(case: Case, facts: Facts) -> Problem | None:
    late = facts.due_on is not None and facts.on > facts.due_on
    return Problem("case.term-over", {"due": facts.due_on}) if late and case.clock else None


def _supplements_left(case: Case, facts: Facts) -> Problem | None:
    del facts
    most = case.terms.most_supplements
    return Problem("case.supplements-used", {"most": most}) if case.supplements >= most else None


def _no_notice_yet(case: Case, facts: Facts) -> Problem | None:
    del facts
    return Problem("case.notice-given") if case.notice_given else None


def _may_reply_late(case: Case, facts: Facts) -> Problem | None:
    del facts
    if case.state is CaseState.UNDER_REVIEW and not case.supplement_lapsed:
        return Problem("case.nothing-asked")
    return None


def _reply_time_is_over(case: Case, facts: Facts) -> Problem | None:
    if case.reply_by is not None and facts.on <= case.reply_by:
        return Problem("case.term-running", {"until": case.reply_by})
    return None


def _everything_is_met(case: Case, facts: Facts) -> Problem | None:
    looked_at = [one for one in facts.required if not case.touched or one in case.touched]
    unmet = tuple(one for one in looked_at if case.verdicts.get(one) != Verdict.MET)
    return Problem("case.not-all-met", {"criteria": unmet}) if unmet else None


def _notice_went_before(case: Case, facts: Facts) -> Problem | None:
    del facts
    return None if case.notice_given else Problem("case.no-notice")


def _some_grounds(case: Case, facts: Facts) -> Problem | None:
    """A refusal needs at least one criterion that was found not to be met."""
    known = [one for one in facts.required if case.verdicts.get(one) == Verdict.NOT_MET]
    return None if known else Problem("case.no-grounds")


def _some_gap(case: Case, facts: Facts) -> Problem | None:
    """A supplement is asked for criteria that were found to need one."""
    del facts
    wanting = [one for one, said in case.verdicts.items() if said == Verdict.NEEDS_SUPPLEMENT]
    return None if wanting else Problem("case.nothing-to-supplement")


def _evidence_runs(case: Case, facts: Facts) -> Problem | None:
    del case
    return Problem("case.evidence-lapsed", {"criteria": facts.lapsed}) if facts.lapsed else None


def _renewal_is_open(case: Case, facts: Facts) -> Problem | None:
    if case.valid_to is None:
        return None
    opens = case.valid_to - timedelta(days=case.terms.renewal_days)
    if facts.on < opens:
        return Problem("case.renewal-too-early", {"opens": opens})
    return None


def _renewal_was_asked(case: Case, facts: Facts) -> Problem | None:
    del facts
    return None if case.renewal_open else Problem("case.no-renewal-asked")


def _is_still_reviewed(case: Case, facts: Facts) -> Problem | None:
    if case.state is not CaseState.EXPIRED:
        return None
    return _renewal_was_asked(case, facts)


def _something_changed(case: Case, facts: Facts) -> Problem | None:
    del case
    return None if facts.changed else Problem("case.nothing-changed")


def _something_is_shown(case: Case, facts: Facts) -> Problem | None:
    del case
    return None if facts.unsent_files or facts.changed else Problem("case.nothing-changed")


def _end_is_near(case: Case, facts: Facts) -> Problem | None:
    days = (case.terms.first_reminder_days, case.terms.second_reminder_days)
    if case.valid_to is None or case.announced >= len(days):
        return Problem("case.not-due")
    due = case.valid_to - timedelta(days=days[case.announced])
    return None if facts.on >= due else Problem("case.not-due")


def _validity_is_over(case: Case, facts: Facts) -> Problem | None:
    over = case.valid_to is not None and facts.on > case.valid_to
    return None if over else Problem("case.not-due")


def _still_valid(case: Case, facts: Facts) -> Problem | None:
    over = case.valid_to is not None and facts.on > case.valid_to
    return Problem("case.validity-over", {"valid_to": case.valid_to}) if over else None


def _observations_are_in(case: Case, facts: Facts) -> Problem | None:
    if case.observed or case.reply_by is None or facts.on > case.reply_by:
        return None
    return Problem("case.term-running", {"until": case.reply_by})


GUARDS: Mapping[Action, tuple[Guard, ...]] = {
    Action.EDIT: (_may_reply_late,),
    Action.SUBMIT: (_call_is_open, _nothing_is_missing),
    Action.ASSESS: (_is_still_reviewed,),
    Action.EXTEND: (_not_extended, _in_time_to_extend),
    Action.REQUEST_SUPPLEMENT: (_supplements_left, _some_gap),
    Action.REPLY: (_may_reply_late,),
    Action.LAPSE_SUPPLEMENT: (_reply_time_is_over,),
    Action.NOTIFY_REJECTION: (_no_notice_yet, _some_grounds),
    Action.LAPSE_NOTICE: (_reply_time_is_over,),
    Action.QUALIFY: (_everything_is_met, _evidence_runs),
    Action.REJECT: (_notice_went_before, _some_grounds),
    Action.ANNOUNCE_END: (_end_is_near,),
    Action.EXPIRE: (_validity_is_over,),
    Action.ASK_RENEWAL: (_renewal_is_open, _still_valid, _nothing_is_missing),
    Action.RENEW: (_renewal_was_asked, _everything_is_met, _evidence_runs),
    Action.REFUSE_RENEWAL: (_renewal_was_asked, _some_grounds),
    Action.CHANGE: (_something_changed, _nothing_is_missing),
    Action.ACCEPT_CHANGE: (_everything_is_met, _evidence_runs),
    Action.REFUSE_CHANGE: (_some_grounds,),
    Action.PROVE: (_something_is_shown,),
    Action.REINSTATE: (_evidence_runs, _still_valid),
    Action.REMOVE: (_observations_are_in,),
}
