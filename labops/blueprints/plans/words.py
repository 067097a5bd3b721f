"""Plans, prices and entries of a statement in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from labops.blueprints import formats
from labops.domain.plans.policies import Cost, month_days
from labops.domain.plans.queries import PlanView
from labops.domain.plans.statements import Statement, StatementLine
from labops.domain.plans.states import EntryKind, Method, Period, SubscriptionState
from labops.kernel import money

PERIODS = {
    Period.MONTH: _l("a month"),
    Period.QUARTER: _l("a quarter"),
    Period.YEAR: _l("a year"),
    Period.ONCE: _l("once"),
}
METHODS = {
    Method.CASH: _l("Cash"),
    Method.TRANSFER: _l("Bank transfer"),
    Method.PAGOPA: _l("PagoPA notice"),
}
STATES = {
    SubscriptionState.ACTIVE: _l("running"),
    SubscriptionState.SUSPENDED: _l("suspended"),
    SubscriptionState.ENDED: _l("ended"),
}
WHOLE = 100
KINDS = {
    EntryKind.FEE: _l("Plan"),
    EntryKind.GRANT: _l("Hours included"),
    EntryKind.BOOKING: _l("Booking"),
    EntryKind.LATE: _l("Late cancellation"),
    EntryKind.INDUCTION: _l("Induction"),
    EntryKind.PAYMENT: _l("Payment"),
    EntryKind.REVERSAL: _l("Taken back"),
}


def amount(euro: Decimal) -> str:
    """Return "1.234,50" or "1,234.50", with a sign only below zero."""
    return str(format_decimal(euro, "#,##0.00", locale=formats.language()))


def euro(value: Decimal) -> str:
    """Return "12.50 euro"."""
    return str(_("%(amount)s euro", amount=amount(value)))


def time(minutes: int) -> str:
    """Return "1 h 30 min", below zero with a sign."""
    words = formats.duration(timedelta(minutes=abs(minutes)))
    return f"−{words}" if minutes < 0 else words


def month(name: str) -> str:
    """Return "November 2026" for `2026-11`."""
    first, _last = month_days(name)
    return format_date(first, "LLLL y", locale=formats.language())


def price(plan: PlanView) -> str:
    """Return "15.00 euro a month"."""
    if not plan.price:
        return str(_("free"))
    return f"{euro(plan.price)} {PERIODS[plan.period]}"


def hours(plan: PlanView) -> list[str]:
    """Return "Laser: 4 h a month" for each machine type."""
    return [
        str(_("%(name)s: %(time)s a month", name=names[formats.language()], time=time(minutes)))
        for _slug, names, minutes in plan.hours
    ]


def inductions(plan: PlanView) -> str:
    """Return what the plan does to the price of inductions; nothing where it does nothing."""
    if not plan.induction_percent:
        return ""
    if plan.induction_percent == WHOLE:
        return str(_("Inductions are included."))
    return str(_("Inductions cost %(percent)d %% less.", percent=plan.induction_percent))


def cost(found: Cost) -> str:
    """Return what a booking costs: "2 h included, then 6.00 euro"."""
    included = sum(found.included.values())
    due = money.euro(found.cents)
    if included and found.cents:
        return str(_("%(time)s included, then %(price)s", time=time(included), price=euro(due)))
    if included:
        return str(_("%(time)s included: nothing to pay", time=time(included)))
    return euro(due) if found.cents else str(_("nothing to pay"))


def owed(balance: Decimal) -> str:
    """Return what somebody has to pay, or has paid ahead."""
    if balance > 0:
        return str(_("%(amount)s to pay", amount=euro(balance)))
    if balance < 0:
        return str(_("%(amount)s paid ahead", amount=euro(-balance)))
    return str(_("Nothing to pay."))


def entry(line: StatementLine, zone: str, types: Mapping[str, Mapping[str, str]]) -> str:
    """Return what an entry is about in one line."""
    kind = line.reversed_kind or line.kind
    said = [str(KINDS[line.kind])]
    if line.kind is EntryKind.REVERSAL:
        said.append(str(KINDS[kind]))
    about = _about(line, kind, zone, types)
    return ": ".join([*said, about] if about else said)


def minutes_in_words(
    minutes: Mapping[str, int], types: Mapping[str, Mapping[str, str]]
) -> Iterable[str]:
    """Yield "Laser 2 h" for each machine type."""
    for category, count in sorted(minutes.items()):
        if count:
            yield f"{_type(category, types)} {time(count)}"


def rows(found: Statement, zone: str) -> list[dict[str, str]]:
    """Return the statement's entries as they stand in its table, its PDF and its CSV."""
    return [
        {
            "at": formats.moment(line.at, zone),
            "what": entry(line, zone, found.types),
            "hours": ", ".join(minutes_in_words(line.minutes, found.types)),
            "amount": amount(line.amount) if line.amount else "",
            "reason": line.reason,
        }
        for line in found.lines
    ]


def _about(
    line: StatementLine, kind: EntryKind, zone: str, types: Mapping[str, Mapping[str, str]]
) -> str:
    detail = line.detail
    if kind in {EntryKind.BOOKING, EntryKind.LATE} and line.starts_at and line.ends_at:
        when = formats.slot(line.starts_at, line.ends_at, zone)
        return f"{', '.join(line.machines)}, {when}"
    if kind is EntryKind.INDUCTION and detail:
        when = formats.moment(datetime.fromisoformat(detail["starts_at"]), zone)
        return f"{detail[f'name_{formats.language()}']}, {when}"
    if kind is EntryKind.FEE and detail:
        name = str(detail[f"name_{formats.language()}"])
        days = [_day(detail[key]) for key in ("from", "until") if detail.get(key)]
        return f"{name}, {'–'.join(days)}"
    if kind is EntryKind.GRANT and detail:
        return f"{_type(detail['category'], types)}, {month(detail['month'])}"
    if kind is EntryKind.PAYMENT and detail:
        words = str(METHODS[Method(detail["method"])])
        return f"{words} {detail['notice']}".strip() + f", {_day(detail['paid_on'])}"
    return ""


def _type(category: str, types: Mapping[str, Mapping[str, str]]) -> str:
    return types[category][formats.language()] if category in types else category


def _day(text: str) -> str:
    return format_date(date.fromisoformat(text), "d MMM y", locale=formats.language())
