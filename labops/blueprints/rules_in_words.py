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
    spans_in_words,
)
from labops.blueprints.rules_after_in_words import (
    approval_in_words,
    cancelling_in_words,
    check_in_in_words,
    fields_in_words,
    prices_in_words,
    strikes_in_words,
    waiting_in_words,
)
from labops.domain.house_rules.parts import Audience, Overnight, Release
from labops.domain.house_rules.shape import (
    LONGEST_POSSIBLE,
    NO_GRID,
    NO_HORIZON,
    WORKING_DAYS,
    HouseRules,
)
from labops.domain.house_rules.timetables import Session, write_minute

NOTHING = timedelta(0)


def rules_in_words(rules: HouseRules, language: str | None = None) -> list[str]:
    """Return what the rules mean, a sentence each; in the reader's language unless named."""
    if language is not None:
        with force_locale(language):
            return rules_in_words(rules)
    return [sentence for part in groups_in_words(rules).values() for sentence in part]


def groups_in_words(rules: HouseRules) -> dict[str, list[str]]:
    """Return the sentences by what they are about, in the order in which they are told."""
    groups = {
        "length": _length(rules),
        "ahead": _ahead(rules),
        "hours": _hours(rules),
        "beside": _others(rules),
        "limits": (*quotas_in_words(rules.quotas), *bound_in_words(rules.limits)),
        "people": _person(rules),
        "approval": approval_in_words(rules),
        "cancelling": cancelling_in_words(rules),
        "check-in": (*check_in_in_words(rules), *strikes_in_words(rules.strikes)),
        "waiting": waiting_in_words(rules),
        "fields": fields_in_words(rules.fields),
        "prices": prices_in_words(rules.prices),
    }
    return {name: [str(sentence) for sentence in part] for name, part in groups.items()}


def _length(rules: HouseRules) -> Iterator[str]:
    said = formats.duration
    if rules.sessions or rules.lengths or rules.grid == NO_GRID:
        yield from _shapes(rules)
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
    if rules.overnight is not None:
        yield overnight_in_words(rules.overnight)


def _shapes(rules: HouseRules) -> Iterator[str]:
    if rules.sessions:
        yield _(
            "Whole sessions are booked: %(names)s.",
            names=listed(session_in_words(session) for session in rules.sessions),
        )
    elif rules.lengths:
        yield _(
            "A booking lasts %(lengths)s.", lengths=_either(map(formats.duration, rules.lengths))
        )
        if rules.grid != NO_GRID:
            yield _("It starts in steps of %(grid)s.", grid=formats.duration(rules.grid))


def session_in_words(session: Session) -> str:
    """Return "morning (every day 09:00–13:00)"."""
    return f"{session.name} ({spans_in_words(session.hours)})"


def overnight_in_words(shape: Overnight) -> str:
    """Return between which hours a booking over midnight lies, and how long it may be."""
    sentence = _(
        "A booking over night starts at %(start)s or later and ends by %(end)s.",
        start=write_minute(shape.starts_from),
        end=write_minute(shape.ends_by),
    )
    if shape.shortest:
        shortest = formats.duration(shape.shortest)
        sentence += " " + _("It lasts at least %(shortest)s.", shortest=shortest)
    if shape.longest is not None:
        longest = formats.duration(shape.longest)
        sentence += " " + _("It lasts at most %(longest)s.", longest=longest)
    return str(sentence)


def _ahead(rules: HouseRules) -> Iterator[str]:
    for release in rules.releases:
        yield release_in_words(release)
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
    if rules.working_days != WORKING_DAYS:
        names = listed(formats.weekday(day) for day in rules.working_days)
        yield _("Working days are: %(names)s.", names=names)


def release_in_words(release: Release) -> str:
    """Return when new days open, and which."""
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
    elif rules.staffed_hours is not None:
        yield _("Staff are there: %(hours)s.", hours=hours_in_words(rules.staffed_hours))
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
        yield audience_in_words(audience)
    if rules.unattended:
        yield _("The machine may go on alone while the site is closed.")


def audience_in_words(audience: Audience) -> str:
    """Return whom which hours are reserved for."""
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
    if rules.setup or rules.cleanup:
        times = {
            "before": formats.duration(rules.setup or NOTHING),
            "after": formats.duration(rules.cleanup or NOTHING),
        }
        if rules.buffers_inside:
            yield _(
                "Setting up (%(before)s) and cleaning up (%(after)s) are part of the booking.",
                **times,
            )
        else:
            yield _(
                "Kept free around each booking: %(before)s before and %(after)s after it.", **times
            )
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
    if rules.certification_needed or rules.certification_level > 1 or rules.certifications_needed:
        names = listed(rules.certifications_needed)
        if rules.certification_level > 1:
            yield _(
                "You need the certification for this kind of machine, at level %(level)s.",
                level=str(rules.certification_level),
            )
        if names:
            yield _("You need a certification: %(names)s.", names=names)
        elif rules.certification_level <= 1:
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


def _either(names: Iterator[str]) -> str:
    *first, last = names
    if not first:
        return last
    return str(_("%(first)s or %(last)s", first=", ".join(first), last=last))
