"""Use cases of plans and payments: what a site offers, and what staff write down as paid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.plans import entries, payers, terms
from labops.domain.plans.entries import Entry, Owner
from labops.domain.plans.events import PaymentRecorded
from labops.domain.plans.models import LedgerAccount, LedgerEntry, Payment, Plan, PlanHours, Posting
from labops.domain.plans.policies import is_notice_number
from labops.domain.plans.states import EntryKind, Method, Period
from labops.kernel import audit, money, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 60
LONGEST_NAME = 80
LONGEST_REASON = 300
MOST_FIRM_PEOPLE = 1000
MOST_MINUTES = 60 * 24 * 31
REVERSIBLE = (
    EntryKind.FEE,
    EntryKind.BOOKING,
    EntryKind.LATE,
    EntryKind.PAYMENT,
    EntryKind.INDUCTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribePlan:
    """What a plan is. `hours` are minutes a month by machine type; `price` is euro."""

    site_id: int
    slug: str
    name_it: str
    name_en: str
    price: Decimal
    period: Period
    hours: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    sold_from: date | None = None
    sold_until: date | None = None
    firm_people: int | None = None
    induction_percent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment:
    """Money that a person, or else a firm, paid to a site: euro, how and on which local day."""

    person_uid: str = ""
    firm_uid: str = ""
    site_id: int
    amount: Decimal
    method: Method
    paid_on: date
    notice_number: str = ""


def describe_plan(command: DescribePlan, *, actor: Actor, now: datetime) -> None:
    """Add a plan, or change what the one of that slug says from now on.

    What people are on it for goes on; the next period costs the new price, and the hours of the
    next month are the new ones. Raises `Forbidden`, and `Invalid` for what cannot be.
    """
    actor.require(Permission.PLAN_EDIT, command.site_id)
    problems = list(_plan_problems(command))
    if problems:
        raise Invalid(problems)
    with unit_of_work() as session:
        add_plan(session, command, actor=actor, now=now)


def add_plan(session: Session, command: DescribePlan, *, actor: Actor, now: datetime) -> None:
    """Write a plan inside the caller's transaction; raises `Invalid` for unknown types."""
    rows = session.execute(select(MachineType.slug, MachineType.id))
    types = {row[0]: row[1] for row in rows}
    if set(command.hours) - set(types):
        raise Invalid.field("hours", "field.unknown")
    plan = session.scalar(
        select(Plan).where(Plan.site_id == command.site_id, Plan.slug == command.slug)
    )
    if plan is None:
        plan = Plan(site_id=command.site_id, slug=command.slug, created_at=now)
        session.add(plan)
    plan.name_it, plan.name_en = command.name_it.strip(), command.name_en.strip()
    plan.price_cents = money.cents(command.price)
    plan.period = command.period.value
    plan.groups = sorted(set(command.groups))
    plan.sold_from, plan.sold_until = command.sold_from, command.sold_until
    plan.firm_people = command.firm_people
    plan.induction_percent = command.induction_percent
    session.flush()  # its hours refer to it
    session.execute(delete(PlanHours).where(PlanHours.plan_id == plan.id))
    for slug, minutes in command.hours.items():
        session.add(PlanHours(plan_id=plan.id, machine_type_id=types[slug], minutes=minutes))
    audit.record(
        session,
        actor,
        "plan.described",
        f"plan:{plan.id}",
        now=now,
        after={
            "slug": plan.slug,
            "price": str(command.price),
            "period": plan.period,
            "hours": dict(command.hours),
        },
    )


def record_payment(command: RecordPayment, *, actor: Actor, now: datetime) -> None:
    """Write down that somebody paid.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` for what cannot be, `Refused`
    with `payment.known-notice` when that notice was written down as paid before.
    """
    actor.require(Permission.PAYMENT_RECORD, command.site_id)
    with unit_of_work() as session:
        owner = payers.owner_named(session, command.person_uid, command.firm_uid)
        today = terms.today_at(session, command.site_id, now)
        problems = list(_payment_problems(command, today))
        if problems:
            raise Invalid(problems)
        payers.lock(session, owner)
        _pay(session, command, owner, actor=actor, now=now)


def _pay(
    session: Session, command: RecordPayment, owner: Owner, *, actor: Actor, now: datetime
) -> None:
    amount = money.cents(command.amount)
    notice = command.notice_number if command.method is Method.PAGOPA else ""
    uid = entries.enter(
        session,
        Entry(
            site_id=command.site_id,
            kind=EntryKind.PAYMENT,
            amounts={
                entries.received(command.site_id, command.method): amount,
                entries.balance(command.site_id, owner): -amount,
            },
            key=_notice_key(session, notice) if notice else None,
            detail={
                "method": command.method.value,
                "notice": notice,
                "paid_on": command.paid_on.isoformat(),
            },
        ),
        now=now,
    )
    if uid is None:
        raise Refused([Problem("payment.known-notice")])
    payment = Payment(
        uid=new_uid(),
        site_id=command.site_id,
        person_id=owner.person_id,
        firm_id=owner.firm_id,
        method=command.method.value,
        notice_number=notice,
        amount_cents=amount,
        paid_on=command.paid_on,
        entry_uid=uid,
        recorded_by_id=actor.person_id,
        recorded_at=now,
    )
    session.add(payment)
    outbox.record(session, PaymentRecorded(payment_uid=payment.uid), now=now)
    audit.record(
        session,
        actor,
        "payment.recorded",
        f"firm:{command.firm_uid}" if command.firm_uid else f"person:{command.person_uid}",
        now=now,
        after={"amount": str(command.amount), "method": payment.method, "entry": uid},
    )


def reverse(uid: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take an entry back by its opposite, with a reason; a second time is refused.

    Raises `NotFound` unless the actor records payments there, `Invalid` without a reason,
    `Refused` with `entry.reversed` for what was taken back or cannot be.
    """
    actor.require_write()
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        entry = session.get(LedgerEntry, uid)
        if entry is None or not actor.may(Permission.PAYMENT_RECORD, entry.site_id):
            raise NotFound
        owners = session.execute(
            select(LedgerAccount.person_id, LedgerAccount.firm_id)
            .join(Posting, Posting.account_id == LedgerAccount.id)
            .where(
                Posting.entry_uid == uid,
                LedgerAccount.person_id.is_not(None) | LedgerAccount.firm_id.is_not(None),
            )
        )
        payers.lock(session, *(Owner(*row) for row in owners))
        if entry.kind not in REVERSIBLE or not entries.stands(session, uid):
            raise Refused([Problem("entry.reversed")])
        entries.reverse(
            session,
            uid,
            site_id=entry.site_id,
            booking_id=entry.booking_id,
            now=now,
            reason=reason,
        )
        audit.record(session, actor, "entry.reversed", f"entry:{uid}", now=now, reason=reason)


def _notice_key(session: Session, notice: str) -> str:
    """Return the key under which a notice is paid: again only once that was taken back."""
    reversed_one = select(LedgerEntry.reverses_uid).where(LedgerEntry.reverses_uid.is_not(None))
    taken_back = session.scalar(
        select(func.count())
        .select_from(Payment)
        .where(Payment.notice_number == notice, Payment.entry_uid.in_(reversed_one))
    )
    return f"notice:{notice}:{taken_back}"


def _plan_problems(command: DescribePlan) -> Iterator[Problem]:
    if not SLUG.fullmatch(command.slug) or len(command.slug) > LONGEST_SLUG:
        yield Problem("field.not-a-short-name", {"field": "slug", "value": command.slug})
    for name in ("name_it", "name_en"):
        said = getattr(command, name).strip()
        if not said or len(said) > LONGEST_NAME:
            yield Problem("field.required", {"field": name})
    if not 0 <= command.price <= money.MOST or command.price != round(command.price, 2):
        yield Problem("field.not-an-amount", {"field": "price"})
    if any(not 0 < minutes <= MOST_MINUTES for minutes in command.hours.values()):
        yield Problem("field.not-an-amount", {"field": "hours"})
    for group in command.groups:
        if not SLUG.fullmatch(group) or len(group) > LONGEST_SLUG:
            yield Problem("field.not-a-short-name", {"field": "groups", "value": group})
    yield from _out_of_range(command)
    begins, ends = command.sold_from, command.sold_until
    if begins and ends and ends < begins:
        yield Problem("field.ends-before-start", {"field": "sold_until"})


def _out_of_range(command: DescribePlan) -> Iterator[Problem]:
    for name, value, lowest, highest in (
        ("firm_people", command.firm_people, 1, MOST_FIRM_PEOPLE),
        ("induction_percent", command.induction_percent, 0, 100),
    ):
        if value is not None and not lowest <= value <= highest:
            bounds = {"lowest": lowest, "highest": highest}
            yield Problem("field.out-of-range", {"field": name, **bounds})


def _payment_problems(command: RecordPayment, today: date) -> Iterator[Problem]:
    amount = command.amount
    if not 0 < amount <= money.MOST or amount != round(amount, 2):
        yield Problem("field.not-an-amount", {"field": "amount"})
    if command.paid_on > today:
        yield Problem("field.in-the-future", {"field": "paid_on"})
    if command.method is Method.PAGOPA and not is_notice_number(command.notice_number):
        yield Problem("payment.not-a-notice", {"field": "notice_number"})
