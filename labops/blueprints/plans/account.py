"""One's account, or a person's for staff: plan, hours, what was entered in a month and paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.plans import words
from labops.blueprints.plans.asking import Asked, account_of_form, asked, own_account
from labops.blueprints.plans.base import bp
from labops.blueprints.plans.forms import PaymentForm, SubscribeForm
from labops.blueprints.plans.papers import csv_of, pdf_of
from labops.domain.firms import queries as firms
from labops.domain.people import queries as people
from labops.domain.plans import queries, subscribing
from labops.domain.plans.policies import month_days, month_of
from labops.domain.plans.queries import PlanView
from labops.domain.plans.statements import months_of, statement
from labops.domain.plans.subscribing import Subscribe
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Refused
from labops.kernel.permissions import Permission

_OF_FIRM = {
    "": "firms.account",
    "pay": "firms.pay",
    "reverse": "firms.reverse",
    "own_csv": "firms.account_csv",
    "person_csv": "firms.account_csv",
    "own_pdf": "firms.account_pdf",
    "person_pdf": "firms.account_pdf",
}
"""Where a firm's account has the same under an address of its own."""
ACTS = {
    "renew": lambda uid, **who: subscribing.set_renewal(uid, renews=True, **who),
    "let-end": lambda uid, **who: subscribing.set_renewal(uid, renews=False, **who),
    "suspend": subscribing.suspend,
    "resume": subscribing.resume,
    "end": subscribing.end,
}


@bp.get("/account")
@signed_in
def own() -> ResponseReturnValue:
    """Show the actor's own account."""
    return page(own_account())


@bp.get("/account/statement.csv")
@signed_in
def own_csv() -> Response:
    """Answer with a month of the actor's own account as CSV."""
    return csv_of(own_account())


@bp.get("/account/statement.pdf")
@signed_in
def own_pdf() -> Response:
    """Answer with a month of the actor's own account as PDF."""
    return pdf_of(own_account())


@bp.get("/people/<person>/account")
@requires(Permission.PAYMENT_RECORD)
def of_person(person: str) -> ResponseReturnValue:
    """Show a person's account at a site where the actor records payments."""
    return page(asked(person))


@bp.get("/people/<person>/account/statement.csv")
@requires(Permission.PAYMENT_RECORD)
def person_csv(person: str) -> Response:
    """Answer with a month of a person's account as CSV."""
    return csv_of(asked(person))


@bp.get("/people/<person>/account/statement.pdf")
@requires(Permission.PAYMENT_RECORD)
def person_pdf(person: str) -> Response:
    """Answer with a month of a person's account as PDF."""
    return pdf_of(asked(person))


@bp.post("/account/subscribe")
@signed_in
def subscribe() -> ResponseReturnValue:
    """Begin with a plan, for oneself or, by staff, for somebody."""
    found = account_of_form()
    form = SubscribeForm(request.form)
    command = Subscribe(
        person_uid="" if found.of_firm else found.uid,
        firm_uid=found.uid if found.of_firm else "",
        site_id=found.site.id,
        plan=str(form.plan.data or ""),
        renews=bool(form.renews.data),
    )
    try:
        subscribing.subscribe(command, actor=current_actor(), now=clock.now())
    except Refused as refused:
        form.form_errors.extend(reason.detail for reason in reasons_of(refused.problems))
        return page(found, {"subscribe": form})[0], 409
    flash(_("The plan runs from today."), "success")
    return redirect(address(found), 303)


@bp.post("/account/subscriptions/<subscription>/<act>")
@signed_in
def change(subscription: str, act: str) -> ResponseReturnValue:
    """Renew a plan, let it end with its period, let it rest, take it up again or end it now."""
    if act not in ACTS:
        raise NotFound
    found = account_of_form()
    try:
        ACTS[act](subscription, actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return page(found)[0], 409
    flash(_("Saved."), "success")
    return redirect(address(found), 303)


def address(found: Asked, endpoint: str = "", **more: Any) -> str:
    """Return the address of the account, or of another form of it."""
    args = {"site": found.site.slug, **more}
    if found.of_firm:
        return url_for(_OF_FIRM[endpoint], firm_uid=found.uid, **args)
    if found.own:
        return url_for(f".{endpoint or 'own'}", **args)
    return url_for(f".{endpoint or 'of_person'}", person=found.uid, **args)


def page(found: Asked, forms: Mapping[str, Form] | None = None) -> tuple[str, int]:
    """Draw the account; `forms` are those that came back with errors."""
    session, site = reading(), found.site
    mine = queries.subscriptions_of(session, found.owner, site.id, today=found.today)
    running = next((one for one in mine if one.state != "ended"), None)
    offered = _offered(found, running.plan.slug if running else "")
    shown = statement(session, site.id, found.owner, found.month, site.tz)
    blank: dict[str, Form] = {
        "subscribe": SubscribeForm(data={"renews": True}),
        "payment": PaymentForm(data={"paid_on": found.today}),
    }
    every = blank | dict(forms or {})
    every["subscribe"]["plan"].choices = [  # type: ignore[attr-defined]
        (plan.slug, f"{plan.name(language())}, {words.price(plan)}") for plan in offered
    ]
    first = months_of(session, site.id, found.owner, found.today, site.tz)
    html = render_template(
        "plans/account.html",
        asked=found,
        running=running,
        earlier=[one for one in mine if one.state == "ended"],
        offered=offered,
        statement=shown,
        rows=list(zip(shown.lines, words.rows(shown, site.zone), strict=True)),
        balance=queries.balance_of(session, found.owner, site.id),
        words=words,
        forms=every,
        to=lambda endpoint="", **more: address(found, endpoint, **more),
        before=_month(found.month, -1) if found.month > first else "",
        after=_month(found.month, 1) if found.month < month_of(found.today) else "",
    )
    return html, 200


def _offered(found: Asked, running: str) -> list[PlanView]:
    """Return the plans that the owner may begin with today."""
    session, site, owner = reading(), found.site, found.owner
    count, groups = None, []
    if owner.firm_id is not None:
        count = firms.counts(session, [owner.firm_id])[owner.firm_id]
    else:
        memberships = people.memberships(session, owner.person_id or 0)
        groups = [group for one in memberships if one.site_id == site.id for group in one.groups]
    today = found.today
    may_have = queries.may_have(session, site.id, groups, today=today, firm_people=count)
    return [
        plan
        for plan in queries.plans_of(session, site.id, today=today)
        if plan.slug in may_have and plan.slug != running
    ]


def _month(month: str, step: int) -> str:
    """Return the month before or after."""
    first, last = month_days(month)
    return month_of(first - timedelta(days=1) if step < 0 else last + timedelta(days=1))
