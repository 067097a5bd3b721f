"""Calls with their criteria, applications with their history, and places on the list.

Revision ID: 2026112350
Revises: 2026112340
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112350"
down_revision = "2026112340"
branch_labels = None
depends_on = None

LIVE = sa.text("state NOT IN ('rejected', 'expired', 'removed', 'withdrawn')")
TABLES = (
    "declared_interest",
    "protocol_counter",
    "qualification",
    "case_entry",
    "evidence",
    "application_answer",
    "application",
    "call_criterion",
    "call",
)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _one(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _words(name: str, length: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _truth(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def upgrade() -> None:
    """Add the nine tables."""
    _add_calls()
    _add_applications()
    _add_what_is_sent()
    _add_history()
    _add_places()


def _add_calls() -> None:
    op.create_table(
        "call",
        _whole("id"),
        _words("uid", 32),
        _words("slug", 60),
        _whole("edition"),
        _words("title_it", 160),
        _words("title_en", 160),
        _words("text_it"),
        _words("text_en"),
        _moment("opens_at"),
        _moment("closes_at", nullable=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        _words("digest", 64),
        _moment("published_at", nullable=True),
        _moment("replaced_at", nullable=True),
        _moment("created_at"),
        _whole("created_by_id", nullable=True),
        _refers("call", "created_by_id", "person"),
        _key("call"),
        _one("call", "uid"),
        _one("call", "slug", "edition"),
    )
    op.create_table(
        "call_criterion",
        _whole("id"),
        _whole("call_id"),
        _whole("position"),
        _words("slug", 40),
        _words("title_it", 160),
        _words("title_en", 160),
        _words("text_it"),
        _words("text_en"),
        _truth("evidence"),
        _truth("dated"),
        _truth("merit"),
        _refers("call_criterion", "call_id", "call"),
        _key("call_criterion"),
        _one("call_criterion", "call_id", "slug"),
    )


def _add_applications() -> None:
    op.create_table(
        "application",
        _whole("id"),
        _words("uid", 32),
        _whole("lab_id"),
        _whole("call_id"),
        _words("state", 24),
        _day("valid_to", nullable=True),
        _day("reply_by", nullable=True),
        _moment("created_at"),
        _whole("created_by_id"),
        _refers("application", "lab_id", "lab"),
        _refers("application", "call_id", "call"),
        _refers("application", "created_by_id", "person"),
        _key("application"),
        _one("application", "uid"),
    )
    op.create_index(
        "uq_application_live",
        "application",
        ["lab_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    _index("application", "lab_id")
    _index("application", "call_id")
    _index("application", "state", "reply_by")
    _index("application", "state", "valid_to")


def _add_what_is_sent() -> None:
    op.create_table(
        "application_answer",
        _whole("id"),
        _whole("application_id"),
        _words("criterion", 40),
        _words("text"),
        _moment("saved_at"),
        _refers("application_answer", "application_id", "application"),
        _key("application_answer"),
        _one("application_answer", "application_id", "criterion"),
    )
    op.create_table(
        "evidence",
        _whole("id"),
        _words("uid", 32),
        _whole("application_id"),
        _words("criterion", 40),
        _words("name", 120),
        _words("media_type", 40),
        _whole("size"),
        _words("digest", 64),
        _day("valid_to", nullable=True),
        _moment("added_at"),
        _whole("added_by_id"),
        _whole("sent_with", nullable=True),
        _moment("dropped_at", nullable=True),
        _refers("evidence", "application_id", "application"),
        _refers("evidence", "added_by_id", "person"),
        _key("evidence"),
        _one("evidence", "uid"),
    )
    _index("evidence", "application_id", "criterion")
    _index("evidence", "valid_to")


def _add_history() -> None:
    op.create_table(
        "case_entry",
        _whole("id"),
        _whole("application_id"),
        _whole("number"),
        _words("action", 24),
        _words("capacity", 16),
        _words("state_before", 24),
        _words("state_after", 24),
        _moment("at"),
        _day("happened_on"),
        _whole("person_id", nullable=True),
        _words("note"),
        _words("internal_note"),
        sa.Column("detail", sa.JSON(), nullable=False),
        _whole("protocol_year", nullable=True),
        _whole("protocol_number", nullable=True),
        _refers("case_entry", "application_id", "application"),
        _refers("case_entry", "person_id", "person"),
        _key("case_entry"),
        _one("case_entry", "application_id", "number"),
        _one("case_entry", "protocol_year", "protocol_number"),
    )
    _index("case_entry", "action", "at")
    op.create_table(
        "protocol_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        _whole("last_number"),
        _key("protocol_counter", "year"),
    )


def _add_places() -> None:
    op.create_table(
        "qualification",
        _whole("id"),
        _whole("lab_id"),
        _whole("application_id"),
        _day("starts_on"),
        _day("ends_on"),
        _day("valid_from"),
        _day("valid_to"),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_qualification_ends_after_start")),
        _refers("qualification", "lab_id", "lab"),
        _refers("qualification", "application_id", "application"),
        _key("qualification"),
    )
    _index("qualification", "lab_id", "starts_on")
    _index("qualification", "application_id")
    _index("qualification", "ends_on")
    op.create_table(
        "declared_interest",
        _whole("id"),
        _words("uid", 32),
        _whole("person_id"),
        _whole("lab_id"),
        _words("reason", 300),
        _moment("declared_at"),
        _moment("ended_at", nullable=True),
        _refers("declared_interest", "person_id", "person"),
        _refers("declared_interest", "lab_id", "lab"),
        _key("declared_interest"),
        _one("declared_interest", "uid"),
    )
    _index("declared_interest", "person_id", "lab_id")


def downgrade() -> None:
    """Drop them again."""
    for table in TABLES:
        op.drop_table(table)
