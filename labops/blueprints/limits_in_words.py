"""Quotas, bound limits and timetables in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import groupby

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints import formats
from labops.domain.house_rules.limits import (
    ALWAYS,
    Beyond,
    Exempt,
    Limit,
    LimitRule,
    Notice,
    Party,
    Quota,
    QuotaScope,
    Unit,
    When,
    Window,
    usual_scope,
)
from labops.domain.house_rules.timetables import WEEKDAYS, Holidays, Span, Timetable, write_minute


def quotas_in_words(quotas: Iterable[Quota]) -> Iterator[str]:
    """Yield a sentence for each scope and condition: "At most 3 h a day and 2 days a week..."."""
    same = groupby(quotas, key=lambda quota: (quota.scope, quota.when, quota.sums, _remarks(quota)))
    for (scope, when, _sums, remarks), group in same:
        amounts = listed(
            in_window(_amount(quota), quota.window, quota.rolling_days) for quota in group
        )
        yield " ".join([_in_scope(scope, amounts), *remarks]) + _conditions(when)


def _remarks(quota: Quota) -> tuple[str, ...]:
    """Return what else a quota says of how it counts, where that is not as usual."""
    said = []
    if quota.sums is Party.FIRM:
        said.append(_("All bookings of your firm count."))
    elif quota.sums is Party.PROJECT:
        said.append(_("All bookings of the project count."))
    if quota.week_starts and quota.window is Window.WEEK:
        said.append(_("The week begins on %(day)s.", day=formats.weekday(quota.week_starts)))
    if not quota.missed_counts:
        said.append(_("What was missed does not count."))
    if quota.late_cancelled_counts:
        said.append(_("What was cancelled too late counts too."))
    return tuple(map(str, said))


def bound_in_words(limits: Iterable[Limit]) -> Iterator[str]:
    """Yield a sentence for each bound limit, with what binds it."""
    for limit in limits:
        yield " ".join([_limit(limit), *_reach(limit)]) + _conditions(limit.when)


def _reach(limit: Limit) -> Iterator[str]:
    """Yield what a bound limit adds up, where that is not as usual."""
    if limit.scope is not usual_scope(limit.rule):
        yield {
            QuotaScope.MACHINE: _("This is about each machine by itself."),
            QuotaScope.CATEGORY: _("This is about the machines of one kind together."),
            QuotaScope.SITE: _("This is about all machines of the site together."),
            QuotaScope.EVERYWHERE: _("This is about all sites together."),
        }[limit.scope]
    if not limit.begun:
        yield _("Bookings that have begun do not count.")


def notice_in_words(notice: Notice, *, cancelling: bool = False, moving: bool = False) -> str:
    """Return how long before the start one must book, cancel or move."""
    said = []
    if notice.length:
        said.append(formats.duration(notice.length))
    if notice.days:
        said.append(_days(notice.days))
    if notice.working_days:
        said.append(ngettext("%(num)d working day", "%(num)d working days", notice.working_days))
    if notice.until is not None:
        said.append(_("by %(time)s", time=write_minute(notice.until)))
    time = ", ".join(said)
    if cancelling:
        return str(_("Cancel at least %(notice)s before the start.", notice=time))
    if moving:
        return str(_("Move it at least %(notice)s before the start.", notice=time))
    if notice.days == 1 and len(said) == 1:
        return str(_("Book the day before at the latest."))
    return str(_("Book at least %(notice)s before the start.", notice=time))


def hours_in_words(table: Timetable) -> str:
    """Return "Monday–Friday 09:00–18:00 (not on public holidays)"."""
    shown = spans_in_words(table.hours)
    if table.seasons:
        seasons = ", ".join(f"{season.first}–{season.last}" for season in table.seasons)
        shown += f" ({seasons})"
    if table.holidays is Holidays.AS_USUAL:
        return shown
    said = {
        Holidays.OFF: _("not on public holidays"),
        Holidays.AS_SUNDAY: _("public holidays as on Sunday"),
    }
    return f"{shown} ({said[table.holidays]})"


def spans_in_words(spans: Iterable[Span]) -> str:
    """Return "Monday–Friday 09:00–18:00; Saturday 10:00–14:00"."""
    days: dict[tuple[int, int], list[int]] = {}
    for weekday, start, end in spans:
        days.setdefault((start, end), []).append(weekday)
    return "; ".join(
        f"{_weekdays(on)} {write_minute(start)}–{write_minute((end - 1) % 1440 + 1)}"
        for (start, end), on in sorted(days.items(), key=lambda item: item[1])
    )


def listed(names: Iterable[str]) -> str:
    """Return "a, b and c" in the reader's language."""
    *first, last = [*names] or [""]
    if not first:
        return last
    return str(_("%(first)s and %(last)s", first=", ".join(first), last=last))


def _amount(quota: Quota) -> str:
    return amount_in_words(quota.limit if quota.unit is Unit.MINUTES else quota.count, quota.unit)


def amount_in_words(amount: int | timedelta, unit: Unit) -> str:
    """Return "3 h", "2 bookings", "1 day"."""
    if isinstance(amount, timedelta):
        return formats.duration(amount)
    if unit is Unit.BOOKINGS:
        return str(ngettext("%(num)d booking", "%(num)d bookings", amount))
    if unit is Unit.SESSIONS:
        return str(ngettext("%(num)d session", "%(num)d sessions", amount))
    return _days(amount)


def run_in_words(count: int, unit: Unit) -> str:
    """Return how many days in a row somebody may book."""
    if unit is Unit.WORKING_DAYS:
        return str(
            ngettext(
                "At most one working day in a row.",
                "At most %(num)d working days in a row.",
                count,
            )
        )
    return str(ngettext("At most one day in a row.", "At most %(num)d days in a row.", count))


def _days(count: int) -> str:
    return str(ngettext("%(num)d day", "%(num)d days", count))


def in_window(amount: str, window: Window, days: int = 0) -> str:
    """Return "3 h a day", "2 days in any 7 days"."""
    if window is Window.ROLLING:
        return str(
            ngettext("%(amount)s on any day", "%(amount)s in any %(num)d days", days, amount=amount)
        )
    sentences = {
        Window.BOOKING: _("%(amount)s in one booking", amount=amount),
        Window.DAY: _("%(amount)s a day", amount=amount),
        Window.WEEK: _("%(amount)s a week", amount=amount),
        Window.MONTH: _("%(amount)s a month", amount=amount),
        Window.YEAR: _("%(amount)s a year", amount=amount),
    }
    return str(sentences[window])


def _in_scope(scope: QuotaScope, amounts: str) -> str:
    sentences = {
        QuotaScope.MACHINE: _("At most %(amounts)s on one machine.", amounts=amounts),
        QuotaScope.CATEGORY: _("At most %(amounts)s on machines of one kind.", amounts=amounts),
        QuotaScope.SITE: _("At most %(amounts)s at this site.", amounts=amounts),
        QuotaScope.EVERYWHERE: _("At most %(amounts)s over all sites.", amounts=amounts),
    }
    return str(sentences[scope])


def _limit(limit: Limit) -> str:
    length = formats.duration(limit.length)
    if limit.rule is LimitRule.NOTICE:
        return notice_in_words(limit.notice)
    if limit.rule is LimitRule.CANCEL_NOTICE:
        return notice_in_words(limit.notice, cancelling=True)
    if limit.rule is LimitRule.SHORTEST:
        return str(_("A booking lasts at least %(shortest)s.", shortest=length))
    if limit.rule is LimitRule.LONGEST:
        return str(_("A booking lasts at most %(longest)s.", longest=length))
    if limit.rule is LimitRule.GAP:
        return str(_("Leave %(gap)s between two of your bookings.", gap=length))
    return _counted(limit)


def _counted(limit: Limit) -> str:
    length, count = formats.duration(limit.length), limit.count
    if limit.rule is LimitRule.ONE_AT_A_TIME:
        return str(
            ngettext(
                "You may have one machine at a time.",
                "You may have %(num)d machines at the same time.",
                count,
            )
        )
    if limit.rule is LimitRule.RUN:
        return run_in_words(count, limit.unit)
    if limit.rule is LimitRule.HORIZON:
        ahead = length if limit.unit is Unit.MINUTES else _days(count)
        return str(_("Book at most %(horizon)s before the start.", horizon=ahead))
    if limit.unit is Unit.MINUTES:
        return str(_("You may have %(length)s of bookings still to come.", length=length))
    return str(
        ngettext(
            "You may have one booking still to come.",
            "You may have %(num)d bookings still to come.",
            count,
        )
    )


def _conditions(when: When) -> str:
    """Return what binds a limit as further sentences, each after a space."""
    if when == ALWAYS:
        return ""
    said = []
    if when.during is not None:
        name, hours = when.during.name, hours_in_words(when.during)
        said.append(
            _("Every booking counts that touches %(name)s: %(hours)s.", name=name, hours=hours)
            if when.whole
            else _("Only time in %(name)s counts: %(hours)s.", name=name, hours=hours)
        )
    if when.outside is not None:
        said.append(
            _(
                "Only time outside of these hours counts: %(hours)s.",
                hours=hours_in_words(when.outside),
            )
        )
    if when.categories or when.machines:
        names = listed((*when.categories, *when.machines))
        said.append(_("This is about %(names)s.", names=names))
    if when.plans:
        said.append(_("This is for the plan %(names)s.", names=listed(when.plans)))
    if when.exempt is not None:
        said += _spared(when.exempt)
    if when.beyond is Beyond.APPROVAL:
        said.append(_("Beyond it, staff must agree."))
    return "".join(f" {sentence}" for sentence in said)


def _spared(exempt: Exempt) -> Iterator[str]:
    if exempt.same_date:
        yield _("Bookings made on their own day do not count.")
    if exempt.same_date_after is not None:
        yield _(
            "Bookings made on their own day from %(time)s on do not count.",
            time=write_minute(exempt.same_date_after),
        )
    if exempt.within is not None:
        yield _(
            "Bookings made less than %(time)s before their start do not count.",
            time=formats.duration(exempt.within),
        )
    if exempt.same_week:
        yield _("Bookings made in their own week do not count.")
    if exempt.walk_in:
        yield _("Whoever simply walks in is not counted.")


def _weekdays(days: list[int]) -> str:
    if len(days) == len(WEEKDAYS):
        return str(_("every day"))
    names = [formats.weekday(day) for day in sorted(days)]
    in_a_row = len(names) > 2 and days[-1] - days[0] == len(days) - 1  # noqa: PLR2004
    return f"{names[0]}–{names[-1]}" if in_a_row else ", ".join(names)
