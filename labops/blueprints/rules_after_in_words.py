"""In plain words what happens after booking: agreeing, cancelling, checking in, paying."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.limits_in_words import hours_in_words, listed, notice_in_words
from labops.domain.house_rules.limits import LimitRule, Notice
from labops.domain.house_rules.parts import Approval, Charge, FieldRule, LateCancel, Price, Strikes
from labops.domain.house_rules.shape import LONGEST_POSSIBLE, HouseRules

USUAL_OFFER = timedelta(hours=24)


def approval_in_words(rules: HouseRules) -> Iterator[str]:
    """Yield which bookings staff must agree to, and by when."""
    if rules.approval is Approval.ALWAYS:
        yield _("Staff must agree to every booking.")
    if rules.approval_outside is not None:
        yield _(
            "Staff must agree to bookings outside of: %(hours)s.",
            hours=hours_in_words(rules.approval_outside),
        )
    if rules.approval_above is not None:
        yield _(
            "Staff must agree to bookings above %(length)s.",
            length=formats.duration(rules.approval_above),
        )
    asked = rules.approval is Approval.ALWAYS or rules.approval_outside or rules.approval_above
    if asked and rules.approval_held != timedelta(hours=72):
        yield _(
            "What staff have not decided within %(time)s lapses.",
            time=formats.duration(rules.approval_held),
        )


def cancelling_in_words(rules: HouseRules) -> Iterator[str]:
    """Yield until when one may cancel or move, and what happens later."""
    notice = rules.cancelling_notice
    if notice:
        yield notice_in_words(notice, cancelling=True)
    else:
        yield _("You may cancel until the start.")
    if rules.move_notice is not None:
        yield notice_in_words(Notice(length=rules.move_notice), moving=True)
    bound = any(limit.rule is LimitRule.CANCEL_NOTICE for limit in rules.limits)
    if not notice and not bound and rules.move_notice is None:
        return
    yield {
        LateCancel.REFUSE: _("Later, only staff can cancel it."),
        LateCancel.MISSED: _("Later, it counts as missed."),
        LateCancel.CHARGE: _("Later, it has to be paid for."),
    }[rules.late_cancel]
    for charge in rules.late_charges:
        yield charge_in_words(charge)
    if rules.forgiven_when_taken:
        yield _("Nothing counts when somebody else takes the time.")


def charge_in_words(charge: Charge) -> str:
    """Return what cancelling costs, and how late."""
    within, percent = formats.duration(charge.within), str(charge.percent)
    if charge.first_hour:
        return str(
            _(
                "Less than %(time)s before the start: %(percent)s %% of the price of one hour.",
                time=within,
                percent=percent,
            )
        )
    return str(
        _(
            "Less than %(time)s before the start: %(percent)s %% of the price.",
            time=within,
            percent=percent,
        )
    )


def check_in_in_words(rules: HouseRules) -> Iterator[str]:
    """Yield from when until when one checks in."""
    early = formats.duration(rules.early_check_in)
    if rules.grace < LONGEST_POSSIBLE:
        yield _(
            "Check in from %(early)s before the start until %(grace)s after it: then the booking"
            " counts as missed and its time is free for others.",
            early=early,
            grace=formats.duration(rules.grace),
        )
    else:
        yield _("Check in from %(early)s before the start.", early=early)


def strikes_in_words(strikes: Strikes | None) -> Iterator[str]:
    """Yield when missed bookings suspend."""
    if strikes is None:
        return
    yield _(
        "%(missed)s missed bookings in %(days)s days suspend booking for %(suspended)s days.",
        missed=str(strikes.missed),
        days=str(strikes.in_days),
        suspended=str(strikes.suspended_days),
    )
    if strikes.late_cancelled:
        yield _("Bookings cancelled too late count as missed ones.")


def waiting_in_words(rules: HouseRules) -> Iterator[str]:
    """Yield whether there is a waiting list, and how long an offer stands."""
    if not rules.waiting_list:
        yield _("There is no waiting list.")
    elif rules.offer_held != USUAL_OFFER:
        yield _(
            "An offer from the waiting list is held for %(time)s.",
            time=formats.duration(rules.offer_held),
        )


def fields_in_words(fields: Iterable[FieldRule]) -> Iterator[str]:
    """Yield what has to be said when booking, and what must not be."""
    for field in fields:
        values = listed(field.values)
        if field.required and values:
            yield _("Say %(name)s: %(values)s.", name=field.name, values=values)
        elif field.required:
            yield _("Say %(name)s.", name=field.name)
        elif values:
            yield _("You may say %(name)s: %(values)s.", name=field.name, values=values)
        else:
            yield _("You may say %(name)s.", name=field.name)
        if field.excluded:
            yield _(
                "Not allowed as %(name)s: %(values)s.",
                name=field.name,
                values=listed(field.excluded),
            )


def prices_in_words(prices: Iterable[Price]) -> Iterator[str]:
    """Yield what it costs, for whom and when."""
    for price in prices:
        said = []
        if price.per_hour:
            said.append(_("It costs %(amount)s euro an hour.", amount=str(price.per_hour)))
        if price.per_use:
            said.append(_("It costs %(amount)s euro a use.", amount=str(price.per_use)))
        if not said:
            said.append(_("It costs nothing."))
        if price.included:
            time = formats.duration(price.included)
            said.append(_("%(time)s of each month are free.", time=time))
        if price.plans:
            said.append(_("This is for the plan %(names)s.", names=listed(price.plans)))
        if price.during is not None:
            hours = hours_in_words(price.during)
            said.append(_("Only time in %(name)s: %(hours)s.", name=price.during.name, hours=hours))
        yield " ".join(map(str, said))
