"""A firm's account at a site: its plan, hours, and what was entered and paid."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from labops.blueprints.access import requires, signed_in
from labops.blueprints.firms.base import bp
from labops.blueprints.plans.account import page
from labops.blueprints.plans.asking import firm_account
from labops.blueprints.plans.papers import csv_of, pdf_of
from labops.blueprints.plans.staff import pay_into, reverse_in
from labops.kernel.permissions import Permission


@bp.get("/firms/<firm_uid>/account")
@signed_in
def account(firm_uid: str) -> ResponseReturnValue:
    """Show a firm's account to who speaks for it, and to who records payments."""
    return page(firm_account(firm_uid))


@bp.get("/firms/<firm_uid>/account/statement.csv")
@signed_in
def account_csv(firm_uid: str) -> Response:
    """Answer with a month of a firm's account as CSV."""
    return csv_of(firm_account(firm_uid))


@bp.get("/firms/<firm_uid>/account/statement.pdf")
@signed_in
def account_pdf(firm_uid: str) -> Response:
    """Answer with a month of a firm's account as PDF."""
    return pdf_of(firm_account(firm_uid))


@bp.post("/firms/<firm_uid>/account/payments")
@requires(Permission.PAYMENT_RECORD)
def pay(firm_uid: str) -> ResponseReturnValue:
    """Write down that the firm paid."""
    return pay_into(firm_account(firm_uid))


@bp.post("/firms/<firm_uid>/account/entries/<entry>/reverse")
@requires(Permission.PAYMENT_RECORD)
def reverse(firm_uid: str, entry: str) -> ResponseReturnValue:
    """Take an entry back, with a reason."""
    return reverse_in(firm_account(firm_uid), entry)
