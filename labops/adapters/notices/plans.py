"""Mails about plans and payments, to whoever is on the plan or speaks for the firm that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from babel.numbers import format_currency
from flask_babel import format_date, get_locale
from flask_babel import gettext as _

from labops.adapters.notices.words import Action, Notice, Teller, Told, page_address
from labops.domain.firms import queries as firms
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.queries import Addressee
from labops.domain.plans import monthly, telling
from labops.domain.plans.monthly import ToldStatement
from labops.domain.plans.policies import month_days
from labops.domain.plans.states import SubscriptionState
from labops.domain.plans.telling import ToldPayment, ToldSubscription
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading

# What must still be true when an act is told.
_STILL = {
    "started": {SubscriptionState.ACTIVE},
    "renewed": {SubscriptionState.ACTIVE},
    "resumed": {SubscriptionState.ACTIVE},
    "ending": {SubscriptionState.ACTIVE},
    "suspended": {SubscriptionState.SUSPENDED},
    "ended": {SubscriptionState.ENDED},
}


def _changed(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    found = telling.subscription_told(reading(), fact["subscription_uid"])
    if found is None or found.state not in _STILL[fact["act"]]:
        return ()
    if fact["act"] == "ending" and found.renews:
        return ()  # she decided otherwise meanwhile
    site = sites.by_id(reading(), found.site_id)
    words = partial(_change, fact["act"], found, site)
    return [
        Told(to, words, LetterKind.MEMBERSHIP) for to in _readers(found.person_uid, found.firm_uid)
    ]


def _paid(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    found = telling.payment_told(reading(), fact["payment_uid"])
    if found is None:
        return ()
    words = partial(_payment, found, sites.by_id(reading(), found.site_id))
    return [
        Told(to, words, LetterKind.MEMBERSHIP) for to in _readers(found.person_uid, found.firm_uid)
    ]


def _month_over(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    found = monthly.statement_told(reading(), fact["account_id"], fact["month"])
    if found is None:
        return ()
    words = partial(_statement, found, sites.by_id(reading(), found.site_id))
    return [
        Told(to, words, LetterKind.STATEMENT) for to in _readers(found.person_uid, found.firm_uid)
    ]


TELLERS: Mapping[str, Teller] = {
    "SubscriptionChanged": _changed,
    "PaymentRecorded": _paid,
    "StatementReady": _month_over,
}


def _readers(person_uid: str, firm_uid: str) -> list[Addressee]:
    uids = firms.representatives(reading(), firm_uid) if firm_uid else [person_uid]
    found = (queries.addressee_of(reading(), uid) for uid in uids)
    return [one for one in found if one is not None]


def _change(act: str, found: ToldSubscription, site: SiteView) -> Notice:
    plan = found.names[_language()]
    subject = {
        "started": _("You are on the plan %(plan)s", plan=plan),
        "renewed": _("The plan %(plan)s goes on", plan=plan),
        "suspended": _("The plan %(plan)s rests", plan=plan),
        "resumed": _("The plan %(plan)s goes on after its rest", plan=plan),
        "ending": _("The plan %(plan)s ends soon", plan=plan),
        "ended": _("The plan %(plan)s has ended", plan=plan),
    }[act]
    lead = {
        "started": _("Its hours are yours from today on. Its price stands in your account."),
        "renewed": _("A new period has begun. Its price stands in your account."),
        "suspended": _("Until staff take it up again it gives no hours, and costs nothing."),
        "resumed": _("The days that it rested were added to its period."),
        "ending": _("It does not renew by itself. If you want to keep it, renew it before then."),
        "ended": _("From now on machines cost what the house rules say."),
    }[act]
    return Notice(
        subject=subject,
        lead=(lead,),
        details=_details(found, site),
        action=_action(found.firm_uid, site),
        signature=site.name,
    )


def _details(found: ToldSubscription, site: SiteView) -> tuple[tuple[str, str], ...]:
    facts = [(_("Site"), site.name)]
    if found.firm_name:
        facts.append((_("Firm"), found.firm_name))
    if found.state is SubscriptionState.ENDED and found.ends_on:
        facts.append((_("Last day"), format_date(found.ends_on, "full")))
    elif found.period_ends_on:
        facts.append((_("Present period ends"), format_date(found.period_ends_on, "full")))
    facts.append((_("Price"), _euro(found.price)))
    return tuple(facts)


def _payment(found: ToldPayment, site: SiteView) -> Notice:
    return Notice(
        subject=_("We have received %(amount)s", amount=_euro(found.amount)),
        lead=(_("Thank you. The payment stands in your account."),),
        details=(
            (_("Site"), site.name),
            (_("Amount"), _euro(found.amount)),
            (_("Paid on"), format_date(found.paid_on, "full")),
        ),
        action=_action(found.firm_uid, site),
        rest=(_("This mail is no receipt for taxes: ask the staff for one."),),
        signature=site.name,
    )


def _statement(found: ToldStatement, site: SiteView) -> Notice:
    first, last = month_days(found.month)
    month = format_date(first, "LLLL y")
    owed = found.closing > 0
    facts = [(_("Site"), site.name)]
    if found.firm_name:
        facts.append((_("Firm"), found.firm_name))
    facts.append((_("When the month began"), _balance(found.opening)))
    facts.append((_("On %(day)s", day=format_date(last, "long")), _balance(found.closing)))
    for line in found.hours:
        said = _(
            "%(used)s of %(granted)s used", used=_hours(line.used), granted=_hours(line.granted)
        )
        facts.append((line.names[_language()], said))
    pay = _("Pay at the desk, by transfer or with the PagoPA notice that staff give you.")
    return Notice(
        subject=_("Your statement of %(month)s", month=month),
        lead=(
            _("You owe %(amount)s.", amount=_euro(found.closing))
            if owed
            else _("There is nothing to pay."),
        ),
        details=tuple(facts),
        action=_action(found.firm_uid, site, found.month),
        rest=(pay,) if owed else (),
        signature=site.name,
        reply_to=site.email,
    )


def _balance(amount: Decimal) -> str:
    if amount < 0:
        return str(_("%(amount)s paid ahead", amount=_euro(-amount)))
    return str(_("%(amount)s to pay", amount=_euro(amount)))


def _hours(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02} h"


def _action(firm_uid: str, site: SiteView, month: str = "") -> Action:
    asked = {"site": site.slug, **({"month": month} if month else {})}
    if firm_uid:
        address = page_address("firms.account", firm_uid=firm_uid, **asked)
        return Action(_("See the firm's account"), address)
    return Action(_("See my account"), page_address("plans.own", **asked))


def _euro(amount: Any) -> str:
    return format_currency(amount, "EUR", locale=get_locale() or "it")


def _language() -> str:
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "it"
