"""House rules in plain words, for whoever books and for whoever edits them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask_babel import force_locale, ngettext
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.limits_in_words import (
    bound_in_words,
    hours_in_words,
    listed,
    notice_in_words,
    quotas_in_words,
)
from labops.domain.house_rules.limits import Notice
from labops.domain.house_rules.parts import Approval, Audience, LateCancel, Release
from labops.domain.house_rules.shape import LONGEST_POSSIBLE, NO_GRID, NO_HORIZON, HouseRules
from labops.domain.house_rules.timetables import write_minute


def rules_in_words(rules: HouseRules, language: str | None = None) -> list[str]:
    """Return what the rules mean, a sentence each; in the reader's language unless named."""
    if language is not None:
        with force_locale(language):
            return rules_in_words(rules)
    parts = (
        _length(rules),
        _ahead(rules),
        _hours(rules),
        _others(rules),
        quotas_in_words(rules.quotas),
        bound_in_words(rules.limits),
        _person(rules),
        _approval(rules),
        _cancelling(rules),
        _check_in(rules),
        _besides(rules),
    )
    return [str(sentence) for part in parts for sentence in part]


def _length(rules: HouseRules) -> Iterator[str]:
    said = formats.duration
    if rules.sessions:
        names = listed(session.name for session in rules.sessions)
        yield _("Whole sessions are booked: %(names)s.", names=names)
    elif rules.lengths:
        yield _("A booking lasts %(lengths)s.", lengths=_either(map(said, rules.lengths)))
    elif rules.grid == NO_GRID:
        if rules.longest < LONGEST_POSSIBLE:
            yield _("A booking lasts at most %(longest)s.", longest=said(rules.longest))
        if rules.shortest > NO_GRID:
            yield _("A booking lasts at least %(shortest)s.", shortest=said(rules.shortest))
    else:
        yield _(
            "A booking lasts from %(shortest)s to %(longest)s, in steps of %(grid)s.",
            shortest=said(max(rules.shortest, min(rules.grid, rules.longest))),
            longest=said(rules.longest),
            grid=said(rules.grid),
        )
    if (shape := rules.overnight) is not None:
        yield _(
            "A booking over night starts at %(start)s or later and ends by %(end)s.",
            start=write_minute(shape.starts_from),
            end=write_minute(shape.ends_by),
        )


def _ahead(rules: HouseRules) -> Iterator[str]:
    for release in rules.releases:
        yield _release(release)
    if rules.releases:
        pass
    elif rules.horizon is not None:
        yield _(
            "Book at most %(horizon)s before the start.", horizon=formats.duration(rules.horizon)
        )
    elif rules.horizon_days == 0:
        yield _("Book for today only.")
    elif rules.horizon_days < NO_HORIZON:
        yield ngettext(
            "Book today or tomorrow.", "Book up to %(num)d days ahead.", rules.horizon_days
        )
    if rules.horizon_opens:
        yield _("A new day opens at %(time)s.", time=write_minute(rules.horizon_opens))
    if rules.horizon_days_with_approval is not None:
        yield ngettext(
            "Staff may agree to a booking one day ahead.",
            "Staff may agree to a booking up to %(num)d days ahead.",
            rules.horizon_days_with_approval,
        )
    if rules.booking_notice:
        yield notice_in_words(rules.booking_notice)
    else:
        yield _("You may book up to the last moment.")


def _release(release: Release) -> str:
    at = write_minute(release.at)
    if release.weekday is not None:
        when = _("Every %(weekday)s at %(time)s", weekday=formats.weekday(release.weekday), time=at)
    else:
        when = _(
            "On day %(day)s of every month at %(time)s", day=str(release.month_day or 1), time=at
        )
    if release.month is not None:
        return str(
            ngettext(
                "%(when)s the next calendar month opens.",
                "%(when)s the calendar month %(num)d months later opens.",
                release.month,
                when=when,
            )
        )
    return str(
        ngettext(
            "%(when)s one more day opens, %(first)s days later.",
            "%(when)s %(num)d more days open, from %(first)s days later.",
            release.days,
            when=when,
            first=str(release.first_day),
        )
    )


def _hours(rules: HouseRules) -> Iterator[str]:
    if rules.open_hours is not None:
        yield _("Bookable only at: %(hours)s.", hours=hours_in_words(rules.open_hours))
    if rules.latest_start:
        yield _(
            "Start at least %(time)s before closing.", time=formats.duration(rules.latest_start)
        )
    if rules.staffed_only and rules.staffed_hours is not None:
        yield _("Only while staff are there: %(hours)s.", hours=hours_in_words(rules.staffed_hours))
    for closed in rules.closed_days:
        if closed.first == closed.last:
            yield _("Closed on %(day)s.", day=formats.day(closed.first))
        else:
            yield _(
                "Closed from %(first)s to %(last)s.",
                first=formats.day(closed.first),
                last=formats.day(closed.last),
            )
    for audience in rules.audiences:
        yield _audience(audience)
    if rules.unattended:
        yield _("The machine may go on alone while the site is closed.")
    if (rules.setup or rules.cleanup) and not rules.buffers_inside:
        yield _(
            "Kept free around each booking: %(before)s before and %(after)s after it.",
            before=formats.duration(rules.setup or timedelta(0)),
            after=formats.duration(rules.cleanup or timedelta(0)),
        )


def _audience(audience: Audience) -> str:
    who = [_("plan %(name)s", name=name) for name in audience.plans]
    who += [_("group %(name)s", name=name) for name in audience.groups]
    if audience.youngest is not None:
        who.append(_("from %(age)s years", age=str(audience.youngest)))
    if audience.oldest is not None:
        who.append(_("up to %(age)s years", age=str(audience.oldest)))
    return str(
        _(
            "Reserved for some people (%(who)s): %(hours)s.",
            who=listed(who),
            hours=hours_in_words(audience.during),
        )
    )


def _others(rules: HouseRules) -> Iterator[str]:
    if rules.gap:
        yield _(
            "Leave %(gap)s between two of your bookings on one machine.",
            gap=formats.duration(rules.gap),
        )
    if rules.open_bookings is not None:
        yield ngettext(
            "You may have one booking still to come.",
            "You may have %(num)d bookings still to come.",
            rules.open_bookings,
        )
    if rules.next_once_begun:
        yield _("Book the next one only once the current one has begun.")
    if rules.one_at_a_time is not None:
        yield ngettext(
            "You may have one machine at a time.",
            "You may have %(num)d machines at the same time.",
            rules.one_at_a_time,
        )


def _person(rules: HouseRules) -> Iterator[str]:
    if rules.certification_needed or rules.certifications_needed:
        names = listed(rules.certifications_needed)
        if names:
            yield _("You need a certification: %(names)s.", names=names)
        else:
            yield _("You need the certification for this kind of machine.")
    if rules.waiver_needed:
        yield _("You need a signed waiver.")
    if rules.youngest is not None:
        yield _("You must be at least %(age)s to work alone.", age=str(rules.youngest))
    if rules.youngest_supervised is not None:
        yield _("While staff are there, %(age)s is old enough.", age=str(rules.youngest_supervised))
    if rules.oldest is not None:
        yield _("Only for people up to %(age)s.", age=str(rules.oldest))
    if rules.guardian_consent_below is not None:
        yield _(
            "Below %(age)s, a guardian must have signed.", age=str(rules.guardian_consent_below)
        )


def _approval(rules: HouseRules) -> Iterator[str]:
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


def _cancelling(rules: HouseRules) -> Iterator[str]:
    notice = rules.cancelling_notice
    if not notice:
        yield _("You may cancel until the start.")
        return
    yield notice_in_words(notice, cancelling=True)
    if rules.move_notice is not None:
        yield notice_in_words(Notice(length=rules.move_notice), moving=True)
    yield {
        LateCancel.REFUSE: _("Later, only staff can cancel it."),
        LateCancel.MISSED: _("Later, it counts as missed."),
        LateCancel.CHARGE: _("Later, it has to be paid for."),
    }[rules.late_cancel]
    if rules.forgiven_when_taken:
        yield _("Nothing counts when somebody else takes the time.")


def _check_in(rules: HouseRules) -> Iterator[str]:
    if rules.grace < LONGEST_POSSIBLE:
        yield _(
            "Check in from %(early)s before the start until %(grace)s after it: then the booking"
            " counts as missed and its time is free for others.",
            early=formats.duration(rules.early_check_in),
            grace=formats.duration(rules.grace),
        )
    if (strikes := rules.strikes) is not None:
        yield _(
            "%(missed)s missed bookings in %(days)s days suspend booking for %(suspended)s days.",
            missed=str(strikes.missed),
            days=str(strikes.in_days),
            suspended=str(strikes.suspended_days),
        )


def _besides(rules: HouseRules) -> Iterator[str]:
    if rules.waiting_list and rules.offer_held != timedelta(hours=24):
        yield _(
            "An offer from the waiting list is held for %(time)s.",
            time=formats.duration(rules.offer_held),
        )
    if not rules.waiting_list:
        yield _("There is no waiting list.")
    for field in rules.fields:
        if field.values:
            yield _("Say %(name)s: %(values)s.", name=field.name, values=listed(field.values))
        elif field.required:
            yield _("Say %(name)s.", name=field.name)
        if field.excluded:
            yield _(
                "Not allowed as %(name)s: %(values)s.",
                name=field.name,
                values=listed(field.excluded),
            )
    for price in rules.prices:
        if price.per_hour:
            yield _("It costs %(amount)s euro an hour.", amount=str(price.per_hour))
        if price.per_use:
            yield _("It costs %(amount)s euro a use.", amount=str(price.per_use))


def _either(names: Iterator[str]) -> str:
    *first, last = names
    if not first:
        return last
    return str(_("%(first)s or %(last)s", first=", ".join(first), last=last))
