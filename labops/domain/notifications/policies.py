"""When somebody is reminded, written to on Mondays, or sent an invitation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.notifications.kinds import ALWAYS, NEVER, ONE_DAY, TWO_HOURS
from labops.kernel.interval import Interval
from labops.kernel.local_time import at_minute, local_week

LEADS: Mapping[str, timedelta] = {ONE_DAY: timedelta(days=1), TWO_HOURS: timedelta(hours=2)}
LONGEST_LEAD = max(LEADS.values())
# A booking made or changed so many leads before its start has just been told: no reminder.
FRESH_LEADS = 2
# Who asked for a calendar this lately sees bookings there; an invitation would show them twice.
FEED_IS_USED = timedelta(days=7)
DIGEST_MINUTE = 7 * 60  # Mondays at seven, by the clock on the wall


def is_reminder_due(
    choice: str, *, starts_at: datetime, revised_at: datetime, now: datetime
) -> bool:
    """Say whether the person is to be reminded of a booking now; never once it has begun.

    `revised_at` is when the booking was last made or changed.
    """
    lead = LEADS.get(choice)
    if lead is None or not starts_at - lead <= now < starts_at:
        return False
    return starts_at - revised_at > FRESH_LEADS * lead


def is_invited(choice: str, *, polled_at: datetime | None, known: bool, now: datetime) -> bool:
    """Say whether a mail about a booking carries it as an invitation.

    `polled_at` is when one of the person's own feeds was last fetched. Automatically nobody is
    invited who uses a feed, unless the calendar holds the booking by an earlier invitation
    (`known`): then it would stay there as it was.
    """
    if choice == ALWAYS:
        return True
    if choice == NEVER:
        return False
    return known or polled_at is None or now - polled_at > FEED_IS_USED


def digest_week(now: datetime, tz: ZoneInfo) -> tuple[date, Interval] | None:
    """Return the Monday of this week and the span in which its digest is sent.

    `None` early on Mondays: last week's digest is of no use any more.
    """
    today = now.astimezone(tz).date()
    monday = today - timedelta(days=today.weekday())
    span = Interval(at_minute(monday, DIGEST_MINUTE, tz), local_week(monday, tz).ends_at)
    return (monday, span) if span.starts_at <= now else None
