"""Sentences about calls, cases and evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.case_words import action_name, capacity_name, state_name


def _not_yours(p: Mapping[str, Any]) -> str:
    who = ", ".join(capacity_name(each) for each in p["by"])
    return str(_("“%(act)s” is for others to do: %(who)s.", act=action_name(p["action"]), who=who))


def _not_now(p: Mapping[str, Any]) -> str:
    words: str = _(
        "“%(act)s” is not possible while the case is in the state “%(state)s”.",
        act=action_name(p["action"]),
        state=state_name(p["state"]),
    )
    return words


def _closed(p: Mapping[str, Any]) -> str:
    words: str = _(
        "The case is closed (%(state)s): “%(act)s” is not possible any more.",
        act=action_name(p["action"]),
        state=state_name(p["state"]),
    )
    return words


SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "case.not-yours": _not_yours,
    "case.not-now": _not_now,
    "case.closed": _closed,
    "case.call-closed": lambda _p: _("The call is not open at this moment."),
    "case.incomplete": lambda p: ngettext(
        "One criterion still lacks its answer or evidence.",
        "%(num)d criteria still lack their answer or evidence.",
        len(p["criteria"]),
    ),
    "case.lab-has-one": lambda _p: _(
        "This lab already has a case that is not closed. Go on with that one."
    ),
    "case.same-person": lambda _p: _(
        "Who reviewed the application cannot decide about it: somebody else does."
    ),
    "case.extended-already": lambda _p: _("The term was extended already; it can be only once."),
    "case.term-over": lambda p: _(
        "The term ended on %(due)s: it cannot be extended any more.", due=p["due"]
    ),
    "case.supplements-used": lambda p: ngettext(
        "The call allows one request for a supplement, and it was made.",
        "The call allows %(num)d requests for a supplement, and they were made.",
        p["most"],
    ),
    "case.nothing-to-supplement": lambda _p: _(
        "Mark first which criteria need a supplement, and what is missing."
    ),
    "case.nothing-asked": lambda _p: _(
        "The city has not asked for anything: while it reviews, nothing can be added."
    ),
    "case.notice-given": lambda _p: _("Notice of rejection was given already."),
    "case.no-notice": lambda _p: _("Notice of rejection must be given first."),
    "case.no-grounds": lambda _p: _("Mark first which criteria are not met, and why."),
    "case.not-all-met": lambda p: ngettext(
        "One criterion was not found met yet.",
        "%(num)d criteria were not found met yet.",
        len(p["criteria"]),
    ),
    "case.evidence-lapsed": lambda p: ngettext(
        "The evidence of one criterion has ended: newer evidence is needed.",
        "The evidence of %(num)d criteria has ended: newer evidence is needed.",
        len(p["criteria"]),
    ),
    "case.renewal-too-early": lambda p: _(
        "Renewal can be asked for from %(opens)s on.", opens=p["opens"]
    ),
    "case.no-renewal-asked": lambda _p: _("Nobody asked for a renewal in time."),
    "case.validity-over": lambda p: _(
        "The qualification ended on %(valid_to)s.", valid_to=p["valid_to"]
    ),
    "case.nothing-changed": lambda _p: _(
        "Nothing differs from what was sent before. Change an answer or add evidence first."
    ),
    "case.not-due": lambda _p: _("It is not time for this yet."),
    "case.term-running": lambda p: _(
        "The lab has until %(until)s to answer: wait for that.", until=p["until"]
    ),
    "case.criterion-untouched": lambda _p: _("The change does not touch this criterion."),
    "case.act-in-the-future": lambda _p: _("The act cannot be dated in the future."),
    "case.fact-in-the-future": lambda _p: _("What is reported must have happened already."),
    "case.other-place": lambda _p: _("The lab has a place on the list by another case."),
    "call.frozen": lambda _p: _(
        "A published call never changes. Write a new edition of it instead."
    ),
    "call.no-criteria": lambda _p: _("A call needs at least one criterion that must be met."),
    "call.closes-too-soon": lambda _p: _("The call would be closed already: choose a later end."),
    "call.too-many-criteria": lambda p: ngettext(
        "A call may have at most one criterion.",
        "A call may have at most %(num)d criteria.",
        p["most"],
    ),
    "evidence.wrong-name": lambda _p: _(
        "The name of the file holds parts of a path or signs that no name has. Rename it."
    ),
    "evidence.empty": lambda _p: _("The file is empty."),
    "evidence.too-large": lambda p: _(
        "The file is larger than %(most)s MB. Send a smaller one.", most=p["most"]
    ),
    "evidence.wrong-type": lambda _p: _(
        "By its content this is no PDF, JPEG or PNG, whatever its name says."
    ),
    "evidence.unreadable": lambda _p: _("The file is damaged or cannot be looked into."),
    "evidence.locked": lambda _p: _("The PDF is locked by a password. Send it without one."),
    "evidence.active": lambda _p: _(
        "The PDF holds a script, a program to start, or other files inside. Print it to a new PDF"
        " and send that."
    ),
    "evidence.bomb": lambda _p: _("Unpacked, the file would be far too large."),
    "evidence.no-end": lambda _p: _("Say until when this evidence holds."),
    "evidence.ended": lambda _p: _("This evidence has ended already: send one that holds."),
    "evidence.too-many": lambda p: ngettext(
        "There may be at most one file for a criterion.",
        "There may be at most %(num)d files for a criterion.",
        p["most"],
    ),
}
