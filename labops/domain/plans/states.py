"""The words of plans and ledgers."""

from __future__ import annotations

from enum import StrEnum

EURO = "euro"


class Period(StrEnum):
    """For how long a plan's price is paid."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ONCE = "once"


class SubscriptionState(StrEnum):
    """How a person stands with her plan."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class AccountKind(StrEnum):
    """What an account counts: the first two are somebody's, the others the site's own."""

    BALANCE = "balance"
    HOURS = "hours"
    INCOME = "income"
    RECEIVED = "received"
    GRANTED = "granted"
    USED = "used"


OWNED = (AccountKind.BALANCE, AccountKind.HOURS)


class EntryKind(StrEnum):
    """Why something was entered into the ledgers."""

    FEE = "fee"
    GRANT = "grant"
    BOOKING = "booking"
    LATE = "late"
    INDUCTION = "induction"
    PAYMENT = "payment"
    REVERSAL = "reversal"


class Method(StrEnum):
    """How somebody paid."""

    CASH = "cash"
    TRANSFER = "transfer"
    PAGOPA = "pagopa"


def minutes_of(category: str) -> str:
    """Return the unit of a machine type's minutes."""
    return f"minutes:{category}"
