"""Which kinds of letter there are, and what a person may choose about each.

A new kind is a member, an entry in `KINDS` and a label in labops/adapters/notices/labels.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LetterKind(StrEnum):
    """What a letter is about, as far as its reader may want it or not."""

    ACCOUNT = "account"
    BOOKING_BY_OTHERS = "booking-by-others"
    BOOKING = "booking"
    CERTIFICATION = "certification"
    INVITATION = "invitation"
    REMINDER = "reminder"
    DIGEST = "digest"
    STAFF_DIGEST = "staff-digest"
    SERVICE = "service"
    CIRCULAR = "circular"
    MEMBERSHIP = "membership"
    STATEMENT = "statement"
    CASE = "case"


ON, OFF = "on", "off"
AUTOMATIC, ALWAYS, NEVER = "auto", "always", "never"
ONE_DAY, TWO_HOURS = "1d", "2h"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may be chosen about a kind of letter.

    The first of `choices` holds until a person chooses; without any the letter is necessary and
    always sent. `one_click` letters carry an address that switches them off without a sign-in.
    """

    choices: tuple[str, ...] = ()
    for_staff: bool = False
    one_click: bool = False

    @property
    def necessary(self) -> bool:
        """Say whether the letter is sent whatever its reader likes."""
        return not self.choices


NECESSARY = Offer()

KINDS: Mapping[LetterKind, Offer] = {
    # Proofs of an address, passwords: without them an account can be lost or taken over.
    LetterKind.ACCOUNT: NECESSARY,
    # What staff or the house rules do to a booking: whoever is not told comes for nothing.
    LetterKind.BOOKING_BY_OTHERS: NECESSARY,
    LetterKind.MEMBERSHIP: NECESSARY,
    # Terms run from them, and acts are told by them.
    LetterKind.CASE: NECESSARY,
    LetterKind.BOOKING: Offer(choices=(ON, OFF)),
    LetterKind.CERTIFICATION: Offer(choices=(ON, OFF), one_click=True),
    LetterKind.INVITATION: Offer(choices=(AUTOMATIC, ALWAYS, NEVER)),
    LetterKind.REMINDER: Offer(choices=(ONE_DAY, TWO_HOURS, OFF), one_click=True),
    LetterKind.DIGEST: Offer(choices=(OFF, ON), one_click=True),
    LetterKind.STAFF_DIGEST: Offer(choices=(OFF, ON), for_staff=True, one_click=True),
    # A closure or a changed price: whoever is not told stands before a locked door.
    LetterKind.SERVICE: NECESSARY,
    LetterKind.CIRCULAR: Offer(choices=(ON, OFF), one_click=True),
    LetterKind.STATEMENT: Offer(choices=(ON, OFF), one_click=True),
}
