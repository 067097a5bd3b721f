"""One's account, or a person's for staff: plan, hours, what was entered in a month and paid."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.adapters.statements import Sheet, statement_pdf
from labops.blueprints.access import current_actor, current_person, requires, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.plans import words
from labops.blueprints.plans.base import bp
from labops.blueprints.plans.forms import PaymentForm, SubscribeForm
from labops.domain.people import queries as people
from labops.domain.plans import queries, subscribing
from labops.domain.plans.entries import Owner
from labops.domain.plans.policies import month_days, month_of
from labops.domain.plans.statements import Statement, months_of, statement
from labops.domain.plans.subscribing import Subscribe
from labops.domain.sites.queries import SiteView, all_sites, by_slug
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Refused
from labops.kernel.permissions import Permission

ACTS = {
    "renew": lambda uid, **who: subscribing.set_renewal(uid, renews=True, **who),
    "let-end": lambda uid, **who: subscribing.set_renewal(uid, renews=False, **who),
    "suspend": subscribing.suspend,
    "resume": subscribing.resume,
    "end": subscribing.end,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose account at which site, and of which month."""

    person_id: int
    person_uid: str
    name: str
    own: bool
    staff: bool
    site: SiteView
    sites: list[SiteView]
    month: str
    today: date

    @property
    def owner(self) -> Owner:
        """Return whose account it is."""
        return Owner(self.person_id)


@bp.get("/account")
@signed_in
def own() -> ResponseReturnValue:
    """Show the actor's own account."""
    return page(_own())


@bp.get("/account/statement.csv")
@signed_in
def own_csv() -> Response:
    """Answer with a month of the actor's own account as CSV."""
    return _csv(_own())


@bp.get("/account/statement.pdf")
@signed_in
def own_pdf() -> Response:
    """Answer with a month of the actor's own account as PDF."""
    return _pdf(_own())


@bp.get("/people/<person>/account")
@requires(Permission.PAYMENT_RECORD)
def of_person(person: str) -> ResponseReturnValue:
    """Show a person's account at a site where the actor records payments."""
    return page(asked(person))


@bp.get("/people/<person>/account/statement.csv")
@requires(Permission.PAYMENT_RECORD)
def person_csv(person: str) -> Response:
    """Answer with a month of a person's account as CSV."""
    return _csv(asked(person))


@bp.get("/people/<person>/account/statement.pdf")
@requires(Permission.PAYMENT_RECORD)
def person_pdf(person: str) -> Response:
    """Answer with a month of a person's account as PDF."""
    return _pdf(asked(person))


@bp.post("/account/subscribe")
@signed_in
def subscribe() -> ResponseReturnValue:
    """Begin with a plan, for oneself or, by staff, for somebody."""
    found = asked(request.form.get("person", "")) if request.form.get("person") else _own()
    form = SubscribeForm(request.form)
    command = Subscribe(
        person_uid=found.person_uid,
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
    found = asked(request.form.get("person", "")) if request.form.get("person") else _own()
    try:
        ACTS[act](subscription, actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return page(found)[0], 409
    flash(_("Saved."), "success")
    return redirect(address(found), 303)


def asked(person: str) -> Asked:
    """Return whose account is asked for, for staff; raises `NotFound` for nobody of theirs."""
    actor = current_actor()
    where = [one for one in _sites() if actor.may(Permission.PAYMENT_RECORD, one.id)]
    found = people.seen_by(reading(), person, actor)
    return _asked(found.id, found.uid, found.name, where, own=False)


def _own() -> Asked:
    actor = current_actor()
    person_id = actor.require_person()
    me = current_person()
    if me is None:  # a program with a token has pages of its own
        raise NotFound
    known = set(queries.sites_with_account(reading(), person_id))
    known |= {one.site_id for one in people.memberships(reading(), person_id)}
    sites = _sites()
    where = [site for site in sites if site.id in known] or sites
    return _asked(person_id, me.uid, me.name, where, own=True)


def _sites() -> list[SiteView]:
    return [by_slug(reading(), one.slug) for one in all_sites(reading())]


def _asked(person_id: int, uid: str, name: str, sites: list[SiteView], *, own: bool) -> Asked:
    wanted = request.values.get("site", "").replace("\x00", "")
    site = next((one for one in sites if one.slug == wanted), None)
    if site is None:
        if wanted or not sites:
            raise NotFound
        site = sites[0]
    today = clock.now().astimezone(site.tz).date()
    month = request.args.get("month", "") or month_of(today)
    try:
        first, _last = month_days(month)
    except (ValueError, OverflowError) as error:
        raise NotFound from error
    if first > today or first.year < 2000 or month != month_of(first):  # noqa: PLR2004
        raise NotFound
    staff = current_actor().may(Permission.PAYMENT_RECORD, site.id)
    return Asked(person_id, uid, name, own, staff and not own, site, sites, month, today)


def address(found: Asked, endpoint: str = "", **more: Any) -> str:
    """Return the address of the account, or of another form of it."""
    args = {"site": found.site.slug, **more}
    if found.own:
        return url_for(f".{endpoint or 'own'}", **args)
    return url_for(f".{endpoint or 'of_person'}", person=found.person_uid, **args)


def page(found: Asked, forms: Mapping[str, Form] | None = None) -> tuple[str, int]:
    """Draw the account; `forms` are those that came back with errors."""
    session, site = reading(), found.site
    mine = queries.subscriptions_of(session, found.person_id, site.id, today=found.today)
    running = next((one for one in mine if one.state != "ended"), None)
    groups = [
        group
        for one in people.memberships(session, found.person_id)
        if one.site_id == site.id
        for group in one.groups
    ]
    may_have = queries.may_have(session, site.id, groups, today=found.today)
    offered = [
        plan
        for plan in queries.plans_of(session, site.id, today=found.today)
        if plan.slug in may_have and (running is None or plan.slug != running.plan.slug)
    ]
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
        balance=queries.balance_of(session, found.person_id, site.id),
        words=words,
        forms=every,
        to=lambda endpoint="", **more: address(found, endpoint, **more),
        before=_month(found.month, -1) if found.month > first else "",
        after=_month(found.month, 1) if found.month < month_of(found.today) else "",
    )
    return html, 200


def _month(month: str, step: int) -> str:
    """Return the month before or after."""
    first, last = month_days(month)
    return month_of(first - timedelta(days=1) if step < 0 else last + timedelta(days=1))


def _found(found: Asked) -> Statement:
    return statement(reading(), found.site.id, found.owner, found.month, found.site.tz)


def _csv(found: Asked) -> Response:
    shown = _found(found)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["date", "entry", "hours", "euro", "reason"])
    writer.writerow(["", _("Opening balance"), "", shown.opening, ""])
    for line, row in zip(shown.lines, words.rows(shown, found.site.zone), strict=True):
        at = line.at.astimezone(found.site.tz).isoformat(timespec="minutes")
        cells = [at, row["what"], row["hours"], line.amount, row["reason"]]
        writer.writerow([_harmless(cell) for cell in cells])
    writer.writerow(["", _("Closing balance"), "", shown.closing, ""])
    for one in shown.hours:
        for name, minutes in ((_("used"), one.used), (_("left"), one.left)):
            writer.writerow(["", f"{one.names[language()]}, {name}", words.time(minutes), "", ""])
    return _file(buffer.getvalue().encode(), f"{found.site.slug}-{found.month}.csv", "text/csv")


def _pdf(found: Asked) -> Response:
    shown = _found(found)
    sheet = Sheet(
        title=_("Statement of %(month)s", month=words.month(found.month)),
        facts=(found.name, f"{found.site.name}, {found.site.address}, {found.site.city}"),
        columns=(_("Date"), _("Entry"), _("Hours"), _("Euro")),
        rows=(
            ("", _("Opening balance"), "", words.amount(shown.opening)),
            *(
                (row["at"], " ".join(filter(None, (row["what"], row["reason"]))), row["hours"],
                 row["amount"])
                for row in words.rows(shown, found.site.zone)
            ),
            ("", _("Closing balance"), "", words.amount(shown.closing)),
        ),
        notes=tuple(
            _(
                "%(name)s: %(used)s used, %(left)s left of %(granted)s",
                name=one.names[language()],
                used=words.time(one.used),
                left=words.time(one.left),
                granted=words.time(one.granted),
            )
            for one in shown.hours
        ),
        language=language(),
    )  # fmt: skip
    name = f"{found.site.slug}-{found.month}.pdf"
    return _file(statement_pdf(sheet), name, "application/pdf")


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{cell}"
    return cell
