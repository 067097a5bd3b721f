"""Visits, kiosks and roll calls; scans of everybody at every door, refusals too.

Revision ID: 2026112320
Revises: 2026112315
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "2026112320"
down_revision = "2026112315"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = sa.text("ends_at IS NULL")


def upgrade() -> None:
    """Add the tables, widen stations and scans, and make the secret behind passes."""
    with op.batch_alter_table("site") as batch:
        batch.add_column(sa.Column("people_capacity", sa.Integer(), nullable=True))
    with op.batch_alter_table("station") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("space_id", sa.Integer(), nullable=True))
        batch.add_column(
            sa.Column("needs_screen", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch.create_foreign_key("fk_station_space_id_space", "space", ["space_id"], ["id"])
    with op.batch_alter_table("station") as batch:
        batch.alter_column("version", server_default=None)
        batch.alter_column("needs_screen", server_default=None)
    _add_visits()
    _add_kiosks()
    _add_roll_calls()
    _widen_scans()
    facts = sa.table("instance_fact", sa.column("name"), sa.column("value"))
    op.execute(facts.insert().values(name="pass_key", value=secrets.token_hex(32)))


def downgrade() -> None:
    """Keep what people did at stations by themselves, and forget the rest."""
    op.execute("DELETE FROM instance_fact WHERE name = 'pass_key'")
    op.execute(
        "DELETE FROM scan WHERE station_id IS NULL OR person_id IS NULL"
        " OR device NOT LIKE 'person:%' OR booking_id IS NULL"
    )
    with op.batch_alter_table("scan") as batch:
        for name in (
            "uq_scan_device_nonce",
            "uq_scan_site_id_proof",
            "ix_scan_site_id_at",
            "ix_scan_visit_id",
            "ix_scan_at",
        ):
            batch.drop_index(name)
        for name in (
            "fk_scan_site_id_site",
            "fk_scan_visit_id_visit",
            "fk_scan_scanned_by_id_person",
        ):
            batch.drop_constraint(name, type_="foreignkey")
        for name in (
            "site_id",
            "device",
            "way",
            "detail",
            "proof",
            "visit_id",
            "scanned_by_id",
            "recorded_at",
        ):
            batch.drop_column(name)
        batch.alter_column("station_id", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("person_id", existing_type=sa.Integer(), nullable=False)
        batch.create_index("uq_scan_person_id_nonce", ["person_id", "nonce"], unique=True)
    for table in ("roll_call_tick", "roll_call", "kiosk", "visit"):
        op.drop_table(table)
    with op.batch_alter_table("station") as batch:
        batch.drop_constraint("fk_station_space_id_space", type_="foreignkey")
        for name in ("version", "space_id", "needs_screen"):
            batch.drop_column(name)
    with op.batch_alter_table("site") as batch:
        batch.drop_column("people_capacity")


def _add_visits() -> None:
    table = "visit"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("space_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("host_id", sa.Integer(), nullable=True),
        sa.Column("guest_name", sa.String(120), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("people_count", sa.Integer(), nullable=False),
        sa.Column("minors", sa.Boolean(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("auto_closed", sa.Boolean(), nullable=False),
        sa.Column("over_capacity", sa.Boolean(), nullable=False),
        sa.CheckConstraint("people_count >= 1", name=op.f("ck_visit_somebody_came")),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at <= ends_at", name=op.f("ck_visit_ends_after_start")
        ),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (host_id IS NULL)", name=op.f("ck_visit_person_or_host")
        ),
        _to(table, "site_id", "site"),
        _to(table, "space_id", "space"),
        _to(table, "person_id", "person"),
        _to(table, "host_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("uid", name=op.f("uq_visit_uid")),
    )
    op.create_index(
        "uq_visit_open_person_id",
        table,
        ["person_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_visit_open_site_id", table, ["site_id"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index(op.f("ix_visit_site_id_starts_at"), table, ["site_id", "starts_at"])
    op.create_index(op.f("ix_visit_person_id_starts_at"), table, ["person_id", "starts_at"])
    op.create_index(op.f("ix_visit_host_id"), table, ["host_id"])
    op.create_index(op.f("ix_visit_ends_at"), table, ["ends_at"])


def _add_kiosks() -> None:
    op.create_table(
        "kiosk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("secret_digest", sa.String(64), nullable=False),
        sa.Column("enrolled_at", MOMENT, nullable=False),
        sa.Column("enrolled_by_id", sa.Integer(), nullable=True),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        _to("kiosk", "site_id", "site"),
        _to("kiosk", "station_id", "station"),
        _to("kiosk", "enrolled_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosk")),
        sa.UniqueConstraint("uid", name=op.f("uq_kiosk_uid")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_kiosk_secret_digest")),
    )
    op.create_index(op.f("ix_kiosk_site_id"), "kiosk", ["site_id"])


def _add_roll_calls() -> None:
    op.create_table(
        "roll_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _to("roll_call", "site_id", "site"),
        _to("roll_call", "started_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call")),
        sa.UniqueConstraint("uid", name=op.f("uq_roll_call_uid")),
    )
    op.create_index(op.f("ix_roll_call_site_id_started_at"), "roll_call", ["site_id", "started_at"])
    op.create_table(
        "roll_call_tick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roll_call_id", sa.Integer(), nullable=False),
        sa.Column("visit_id", sa.Integer(), nullable=False),
        sa.Column("found_count", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        _to("roll_call_tick", "roll_call_id", "roll_call"),
        _to("roll_call_tick", "visit_id", "visit"),
        _to("roll_call_tick", "by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roll_call_tick")),
    )
    op.create_index(
        "uq_roll_call_tick_nonce", "roll_call_tick", ["roll_call_id", "nonce"], unique=True
    )
    op.create_index(op.f("ix_roll_call_tick_visit_id"), "roll_call_tick", ["visit_id"])


def _widen_scans() -> None:
    """Let a scan be of nobody known, and say where, by which device and way it came."""
    with op.batch_alter_table("scan") as batch:
        batch.add_column(sa.Column("site_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("device", sa.String(48), nullable=True))
        batch.add_column(sa.Column("way", sa.String(16), nullable=True))
        batch.add_column(sa.Column("detail", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("proof", sa.String(48), nullable=True))
        batch.add_column(sa.Column("visit_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("scanned_by_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("recorded_at", MOMENT, nullable=True))
    op.execute(
        "UPDATE scan SET device = 'person:' || person_id, way = 'wall', detail = '{}',"
        " site_id = (SELECT station.site_id FROM station WHERE station.id = scan.station_id)"
    )
    with op.batch_alter_table("scan") as batch:
        batch.drop_index("uq_scan_person_id_nonce")
        for name, kind in (
            ("site_id", sa.Integer()),
            ("device", sa.String(48)),
            ("way", sa.String(16)),
            ("detail", sa.JSON()),
        ):
            batch.alter_column(name, existing_type=kind, nullable=False)
        for name in ("station_id", "person_id"):
            batch.alter_column(name, existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key("fk_scan_site_id_site", "site", ["site_id"], ["id"])
        batch.create_foreign_key("fk_scan_visit_id_visit", "visit", ["visit_id"], ["id"])
        batch.create_foreign_key(
            "fk_scan_scanned_by_id_person", "person", ["scanned_by_id"], ["id"]
        )
        batch.create_index("uq_scan_device_nonce", ["device", "nonce"], unique=True)
        batch.create_index("uq_scan_site_id_proof", ["site_id", "proof"], unique=True)
        batch.create_index("ix_scan_site_id_at", ["site_id", "at"])
        batch.create_index("ix_scan_visit_id", ["visit_id"])
        batch.create_index("ix_scan_at", ["at"])


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)
