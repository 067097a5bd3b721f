"""Plans, subscriptions, and the ledgers of hours and euro with their own guards.

Revision ID: 2026112317
Revises: 2026112318
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112317"
down_revision = "2026112318"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RUNNING = sa.text("state <> 'ended'")
ONE_OWNER = "(person_id IS NULL) <> (firm_id IS NULL)"
OWNER = (
    f"(kind IN ('balance', 'hours') AND {ONE_OWNER})"
    " OR (NOT (kind IN ('balance', 'hours')) AND person_id IS NULL AND firm_id IS NULL)"
)
APPEND_ONLY = ("posting", "ledger_entry")

# SQLite has no constraint that waits for the end of a transaction but foreign keys: postings come
# before their entry, which is checked as it arrives, and none can be added to one that is there.
_SQLITE_BALANCED = """
CREATE TRIGGER ledger_balanced AFTER INSERT ON ledger_entry
WHEN NOT EXISTS (SELECT 1 FROM posting WHERE entry_uid = NEW.uid)
  OR EXISTS (
    SELECT 1 FROM posting WHERE entry_uid = NEW.uid GROUP BY unit HAVING sum(amount) <> 0
  )
BEGIN
  SELECT RAISE(ABORT, 'ledger_balanced');
END
"""
_SQLITE_SEALED = """
CREATE TRIGGER ledger_sealed BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM ledger_entry WHERE uid = NEW.entry_uid)
BEGIN
  SELECT RAISE(ABORT, 'ledger_sealed');
END
"""
_SQLITE_UNIT = """
CREATE TRIGGER ledger_unit BEFORE INSERT ON posting
WHEN NEW.unit <> (SELECT unit FROM ledger_account WHERE id = NEW.account_id)
BEGIN
  SELECT RAISE(ABORT, 'ledger_unit');
END
"""
_SQLITE_APPEND_ONLY = """
CREATE TRIGGER ledger_append_only_{table}_{event} BEFORE {event} ON {table}
BEGIN
  SELECT RAISE(ABORT, 'ledger_append_only');
END
"""
# Functions outlive their tables where a backup is restored.
_POSTGRESQL = (
    """
CREATE OR REPLACE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM posting WHERE entry_uid = NEW.entry_uid GROUP BY unit HAVING sum(amount) <> 0
  ) THEN
    RAISE EXCEPTION 'ledger_balanced' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$
""",
    """
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON posting
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced()
""",
    """
CREATE OR REPLACE FUNCTION ledger_unit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.unit <> (SELECT unit FROM ledger_account WHERE id = NEW.account_id) THEN
    RAISE EXCEPTION 'ledger_unit' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
""",
    """
CREATE TRIGGER ledger_unit BEFORE INSERT ON posting
FOR EACH ROW EXECUTE FUNCTION ledger_unit()
""",
    """
CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'ledger_append_only' USING ERRCODE = 'check_violation';
END $$
""",
)
_POSTGRESQL_APPEND_ONLY = """
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION ledger_append_only()
"""


def upgrade() -> None:
    """Add the tables and put the guards up."""
    _add_plans()
    _add_ledgers()
    if op.get_bind().dialect.name == "sqlite":
        for statement in (_SQLITE_BALANCED, _SQLITE_SEALED, _SQLITE_UNIT):
            op.execute(statement)
        for table in APPEND_ONLY:
            for event in ("UPDATE", "DELETE"):
                op.execute(_SQLITE_APPEND_ONLY.format(table=table, event=event))
    else:
        for statement in _POSTGRESQL:
            op.execute(statement)
        for table in APPEND_ONLY:
            op.execute(_POSTGRESQL_APPEND_ONLY.format(table=table))


def downgrade() -> None:
    """Forget plans and what was charged and paid; triggers go with their tables."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        # Dropping a table first deletes its rows.
        for table in APPEND_ONLY:
            for event in ("UPDATE", "DELETE"):
                op.execute(f"DROP TRIGGER ledger_append_only_{table}_{event}")
    for table in (
        "payment",
        "posting",
        "ledger_entry",
        "ledger_account",
        "subscription",
        "plan_hours",
        "plan",
    ):
        op.drop_table(table)
    if not sqlite:
        for name in ("ledger_balanced", "ledger_unit", "ledger_append_only"):
            op.execute(f"DROP FUNCTION {name}()")


def _add_plans() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("name_it", sa.String(80), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("price_cents", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("sold_from", sa.Date(), nullable=True),
        sa.Column("sold_until", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("price_cents >= 0", name=op.f("ck_plan_price_not_negative")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_plan_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("site_id", "slug", name=op.f("uq_plan_site_id_slug")),
    )
    op.create_table(
        "plan_hours",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("machine_type_id", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_plan_hours_some")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_hours_plan_id_plan")),
        sa.ForeignKeyConstraint(
            ["machine_type_id"],
            ["machine_type.id"],
            name=op.f("fk_plan_hours_machine_type_id_machine_type"),
        ),
        sa.PrimaryKeyConstraint("plan_id", "machine_type_id", name=op.f("pk_plan_hours")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("renews", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("period_ends_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("suspended_on", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(ONE_OWNER, name=op.f("ck_subscription_one_owner")),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_subscription_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plan.id"], name=op.f("fk_subscription_plan_id_plan")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_subscription_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("uid", name=op.f("uq_subscription_uid")),
    )
    op.create_index(op.f("ix_subscription_plan_id"), "subscription", ["plan_id"])
    for owner in ("person", "firm"):
        columns = [f"{owner}_id", "site_id"]
        op.create_index(op.f(f"ix_subscription_{owner}_id_site_id"), "subscription", columns)
        op.create_index(
            f"uq_subscription_running_{owner}",
            "subscription",
            columns,
            unique=True,
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        )
    op.create_index(
        "ix_subscription_running_period",
        "subscription",
        ["period_ends_on"],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def _add_ledgers() -> None:
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(160), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.CheckConstraint(OWNER, name=op.f("ck_ledger_account_owner")),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_ledger_account_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_ledger_account_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("name", name=op.f("uq_ledger_account_name")),
    )
    for owner in ("person", "firm"):
        op.create_index(
            op.f(f"ix_ledger_account_{owner}_id_site_id"),
            "ledger_account",
            [f"{owner}_id", "site_id"],
        )
    _add_entries()
    op.create_table(
        "posting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_uid", sa.String(32), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_posting_some")),
        sa.ForeignKeyConstraint(
            ["entry_uid"],
            ["ledger_entry.uid"],
            name=op.f("fk_posting_entry_uid_ledger_entry"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["ledger_account.id"], name=op.f("fk_posting_account_id_ledger_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
    )
    op.create_index(op.f("ix_posting_entry_uid"), "posting", ["entry_uid"])
    op.create_index(op.f("ix_posting_account_id_entry_uid"), "posting", ["account_id", "entry_uid"])
    _add_payments()


def _add_entries() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("booking_id", sa.Integer(), nullable=True),
        sa.Column("subscription_id", sa.Integer(), nullable=True),
        sa.Column("reverses_uid", sa.String(32), nullable=True),
        sa.Column("key", sa.String(120), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"], ["site.id"], name=op.f("fk_ledger_entry_site_id_site")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.id"], name=op.f("fk_ledger_entry_booking_id_booking")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_ledger_entry_subscription_id_subscription"),
        ),
        sa.ForeignKeyConstraint(
            ["reverses_uid"],
            ["ledger_entry.uid"],
            name=op.f("fk_ledger_entry_reverses_uid_ledger_entry"),
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("reverses_uid", name=op.f("uq_ledger_entry_reverses_uid")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
    )
    op.create_index(op.f("ix_ledger_entry_site_id_at"), "ledger_entry", ["site_id", "at"])
    with_booking = sa.text("booking_id IS NOT NULL")
    op.create_index(
        "ix_ledger_entry_booking_id",
        "ledger_entry",
        ["booking_id"],
        sqlite_where=with_booking,
        postgresql_where=with_booking,
    )


def _add_payments() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("firm_id", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(16), nullable=False),
        sa.Column("notice_number", sa.String(18), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("entry_uid", sa.String(32), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint(ONE_OWNER, name=op.f("ck_payment_one_owner")),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_some")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_payment_site_id_site")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_payment_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["person.id"], name=op.f("fk_payment_recorded_by_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["entry_uid"], ["ledger_entry.uid"], name=op.f("fk_payment_entry_uid_ledger_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("uid", name=op.f("uq_payment_uid")),
        sa.UniqueConstraint("entry_uid", name=op.f("uq_payment_entry_uid")),
    )
    op.create_index(op.f("ix_payment_person_id_site_id"), "payment", ["person_id", "site_id"])
