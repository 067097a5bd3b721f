"""What staff write into a person's account: payments, and what was entered by mistake."""

from __future__ import annotations

from decimal import Decimal

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.plans.account import address, page
from labops.blueprints.plans.asking import Asked, asked
from labops.blueprints.plans.base import bp
from labops.blueprints.plans.forms import PaymentForm
from labops.domain.plans import services
from labops.domain.plans.services import RecordPayment
from labops.domain.plans.states import Method
from labops.kernel import clock
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission


@bp.post("/people/<person>/account/payments")
@requires(Permission.PAYMENT_RECORD)
def pay(person: str) -> ResponseReturnValue:
    """Write down that the person paid."""
    return pay_into(asked(person))


def pay_into(found: Asked) -> ResponseReturnValue:
    """Write down the payment of the form into somebody's account."""
    form = PaymentForm(request.form)
    if not form.validate() or form.paid_on.data is None:
        return page(found, {"payment": form})[0], 422
    command = RecordPayment(
        person_uid="" if found.of_firm else found.uid,
        firm_uid=found.uid if found.of_firm else "",
        site_id=found.site.id,
        amount=Decimal(str(form.amount.data)),
        method=Method(form.method.data),
        paid_on=form.paid_on.data,
        notice_number="".join((form.notice_number.data or "").split()),
    )
    try:
        services.record_payment(command, actor=current_actor(), now=clock.now())
    except Invalid as error:
        for problem, reason in zip(error.problems, reasons_of(error.problems), strict=True):
            field = form[str(problem.params["field"])]
            field.errors = [*field.errors, reason.detail]
        return page(found, {"payment": form})[0], 422
    except Refused as refused:
        form.form_errors.extend(reason.detail for reason in reasons_of(refused.problems))
        return page(found, {"payment": form})[0], 409
    flash(_("The payment is written down."), "success")
    return redirect(address(found), 303)


@bp.post("/people/<person>/account/entries/<entry>/reverse")
@requires(Permission.PAYMENT_RECORD)
def reverse(person: str, entry: str) -> ResponseReturnValue:
    """Take an entry back, with a reason."""
    return reverse_in(asked(person), entry)


def reverse_in(found: Asked, entry: str) -> ResponseReturnValue:
    """Take an entry of somebody's account back, with the reason of the form."""
    reason = request.form.get("reason", "")
    try:
        services.reverse(entry, reason=reason, actor=current_actor(), now=clock.now())
    except Invalid as error:
        flash(reasons_of(error.problems)[0].detail, "danger")
        return page(found)[0], 422
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return page(found)[0], 409
    flash(_("The entry is taken back."), "success")
    return redirect(address(found, month=request.form.get("month", "") or found.month), 303)
