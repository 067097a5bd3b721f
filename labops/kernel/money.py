"""Amounts of money: `Decimal` euro with two places, kept as whole cents."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
MOST = Decimal("100000.00")  # what no single amount here comes near


def cents(euro: Decimal) -> int:
    """Return the amount in whole cents; half a cent counts as one."""
    return int(euro.quantize(CENT, rounding=ROUND_HALF_UP).scaleb(2))


def euro(amount: int) -> Decimal:
    """Return so many cents in euro, with two places."""
    return Decimal(amount).scaleb(-2).quantize(CENT)
