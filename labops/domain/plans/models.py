"""Tables of plans, subscriptions and ledgers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.plans.states import OWNED
from labops.kernel.orm import Base, PrimaryKey

_ONE_OWNER = "(person_id IS NULL) <> (firm_id IS NULL)"
_OWNED = "kind IN ({})".format(", ".join(f"'{kind.value}'" for kind in OWNED))
OWNER_OF_ACCOUNT = (
    f"({_OWNED} AND {_ONE_OWNER}) OR (NOT ({_OWNED}) AND person_id IS NULL AND firm_id IS NULL)"
)
_RUNNING = text("state <> 'ended'")


class Plan(Base):
    """What a site offers by the month, quarter or year, or once. Prices are cents.

    The slug is what house rules call it. Only people in one of the `groups` may have it, everybody
    when there are none. It is for sale between two local days, both included. One for firms says
    how many people of a firm may use it together (`firm_people`); others are for single people.
    `induction_percent` is taken off the price of inductions for whoever is on it.
    """

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("site_id", "slug"),
        CheckConstraint("price_cents >= 0", name="price_not_negative"),
    )

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    slug: Mapped[str] = mapped_column(String(60))
    name_it: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    price_cents: Mapped[int]
    period: Mapped[str] = mapped_column(String(16))
    groups: Mapped[list[str]] = mapped_column(default=list)
    sold_from: Mapped[date | None]
    sold_until: Mapped[date | None]
    firm_people: Mapped[int | None]
    induction_percent: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]


class PlanHours(Base):
    """How many minutes on machines of a type a plan includes in each calendar month."""

    __tablename__ = "plan_hours"
    __table_args__ = (CheckConstraint("minutes > 0", name="some"),)

    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"), primary_key=True)
    minutes: Mapped[int]


class Subscription(Base):
    """A person (or firm) on a plan. Days are the site's local days, both included.

    Its present period ends on `period_ends_on`, never for what is paid once; then a new one
    begins if it `renews`, and otherwise it ends. `ends_on` is its last day once that is known.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint(_ONE_OWNER, name="one_owner"),
        Index(None, "person_id", "site_id"),
        Index(None, "firm_id", "site_id"),
        Index(
            "uq_subscription_running_person",
            "person_id",
            "site_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index(
            "uq_subscription_running_firm",
            "firm_id",
            "site_id",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index(
            "ix_subscription_running_period",
            "period_ends_on",
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    firm_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(16))
    renews: Mapped[bool]
    starts_on: Mapped[date]
    period_starts_on: Mapped[date]
    period_ends_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    suspended_on: Mapped[date | None]
    created_at: Mapped[datetime]


class LedgerAccount(Base):
    """One account of a site's books: somebody's, or the site's own.

    Its unit is euro (kept as cents), or minutes on machines of a type; the hours somebody may
    use are an account for each calendar month. `name` says all of that in one word.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint(OWNER_OF_ACCOUNT, name="owner"),
        Index(None, "person_id", "site_id"),
        Index(None, "firm_id", "site_id"),
    )

    id: Mapped[PrimaryKey]
    name: Mapped[str] = mapped_column(String(160), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(80))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    firm_id: Mapped[int | None]
    month: Mapped[str] = mapped_column(String(7), default="")


class LedgerEntry(Base):
    """One balanced change of the books; never changed, only reversed by another entry.

    `key` makes what may happen only once happen once. `detail` is how it was worked out.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index(None, "site_id", "at"),
        Index(
            "ix_ledger_entry_booking_id",
            "booking_id",
            sqlite_where=text("booking_id IS NOT NULL"),
            postgresql_where=text("booking_id IS NOT NULL"),
        ),
    )

    uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    reverses_uid: Mapped[str | None] = mapped_column(ForeignKey("ledger_entry.uid"), unique=True)
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(String(300), default="")


class Posting(Base):
    """What an entry adds to one account (or takes from it): cents or minutes.

    Those of one entry sum to zero in each unit; the database refuses any others.
    """

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="some"),
        Index(None, "account_id", "entry_uid"),
    )

    id: Mapped[PrimaryKey]
    # Deferred: the postings come first, so that an entry can be checked as it arrives.
    entry_uid: Mapped[str] = mapped_column(
        ForeignKey("ledger_entry.uid", deferrable=True, initially="DEFERRED"), index=True
    )
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    unit: Mapped[str] = mapped_column(String(80))
    amount: Mapped[int]


class Payment(Base):
    """Money that came in, as staff wrote it down; taken back by reversing its entry."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(_ONE_OWNER, name="one_owner"),
        CheckConstraint("amount_cents > 0", name="some"),
        Index(None, "person_id", "site_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    firm_id: Mapped[int | None]
    method: Mapped[str] = mapped_column(String(16))
    notice_number: Mapped[str] = mapped_column(String(18), default="")
    amount_cents: Mapped[int]
    paid_on: Mapped[date]
    entry_uid: Mapped[str] = mapped_column(ForeignKey("ledger_entry.uid"), unique=True)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
