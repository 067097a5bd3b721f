"""Who may follow what, decided anew each time a feed is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from labops.domain.calendars.scopes import OF_A_PLACE, FeedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a person is now, at the site of a feed when it has one.

    `may_sign_in`: there is an account with a proved address. `member_from` and `member_until`
    are the local days of an active membership, both included. `works_there` and `sees_names`
    come from roles at the site or over all sites.
    """

    may_sign_in: bool
    member_from: date | None = None
    member_until: date | None = None
    works_there: bool = False
    sees_names: bool = False
    suspended: bool = False


def answers(kind: FeedKind, standing: Standing, today: date) -> bool:
    """Say whether a feed of this kind answers its owner on this local day.

    One's own bookings and the inductions are there as long as one may sign in, as on the pages:
    who left still has a past here, and who was shut out may read why. A machine or a site is
    for those who belong to it, so such a feed falls silent with the membership or the role, and
    speaks again with the next one.
    """
    if not standing.may_sign_in:
        return False
    if kind not in OF_A_PLACE:
        return True
    works_there = standing.works_there and not standing.suspended
    return works_there or _is_member(standing, today)


def shows_names(kind: FeedKind, standing: Standing, *, wanted: bool) -> bool:
    """Say whether other people's bookings come with their names."""
    return wanted and kind in OF_A_PLACE and standing.sees_names and not standing.suspended


def _is_member(standing: Standing, today: date) -> bool:
    if standing.member_from is None or standing.member_from > today:
        return False
    return standing.member_until is None or today <= standing.member_until
