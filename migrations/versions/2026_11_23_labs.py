"""Labs: addresses, hours, machines, services, representatives; the catalogue of machine models.

Revision ID: 2026112340
Revises: 2026112320
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112340"
down_revision = "2026112320"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    "lab_fact",
    "lab_representative",
    "lab_service",
    "lab_machine_material",
    "lab_machine_process",
    "lab_machine",
    "catalogue_model",
    "lab_hours",
    "lab_address",
    "lab",
)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)


def _whole(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _number(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=True)


def _words(name: str, length: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length) if length else sa.Text(), nullable=False)


def _list(name: str) -> sa.Column[list[str]]:
    return sa.Column(name, sa.JSON(), nullable=False)


def upgrade() -> None:
    """Add the ten tables."""
    _add_lab()
    _add_places()
    _add_machines()
    _add_people_and_facts()


def _add_lab() -> None:
    op.create_table(
        "lab",
        _whole("id"),
        _words("uid", 32),
        _words("slug", 60),
        _whole("site_id", nullable=True),
        _words("public_name", 160),
        _words("legal_name", 200),
        _words("legal_form", 20),
        _words("vat_number", 11),
        _words("tax_code", 16),
        _words("certified_email", 254),
        _words("ateco_code", 12),
        _words("ateco_version", 10),
        _words("contact_name", 160),
        _words("contact_email", 254),
        _words("contact_phone", 40),
        _words("internal_note"),
        _words("description_it"),
        _words("description_en"),
        _words("website", 300),
        _words("price_list", 300),
        _words("email", 254),
        _words("phone", 40),
        _list("languages"),
        _list("skills"),
        _list("accessibility"),
        _words("hours_note_it", 300),
        _words("hours_note_en", 300),
        _whole("lead_time_days", nullable=True),
        _whole("most_pieces", nullable=True),
        _whole("free_hours_a_month", nullable=True),
        sa.Column("hourly_rate", sa.Numeric(8, 2), nullable=True),
        _words("source", 16),
        _words("source_ref", 300),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        _whole("revision"),
        sa.Column("probed_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("silent_since", MOMENT, nullable=True),
        _words("probe_failure", 40),
        sa.Column("silence_seen_at", MOMENT, nullable=True),
        _whole("silence_seen_by_id", nullable=True),
        _refers("lab", "site_id", "site"),
        _refers("lab", "silence_seen_by_id", "person"),
        _key("lab"),
        sa.UniqueConstraint("uid", name=op.f("uq_lab_uid")),
        sa.UniqueConstraint("slug", name=op.f("uq_lab_slug")),
        sa.UniqueConstraint("site_id", name=op.f("uq_lab_site_id")),
    )
    op.create_index(op.f("ix_lab_silent_since"), "lab", ["silent_since"])
    op.create_index(op.f("ix_lab_source_source_ref"), "lab", ["source", "source_ref"])


def _add_places() -> None:
    op.create_table(
        "lab_address",
        _whole("id"),
        _whole("lab_id"),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
        _words("street", 200),
        _words("postcode", 12),
        _words("city", 80),
        _words("province", 80),
        _words("country", 2),
        _whole("municipio", nullable=True),
        _number("latitude"),
        _number("longitude"),
        sa.CheckConstraint(
            "municipio BETWEEN 1 AND 9", name=op.f("ck_lab_address_municipio_exists")
        ),
        sa.CheckConstraint(
            "latitude BETWEEN -90 AND 90", name=op.f("ck_lab_address_latitude_exists")
        ),
        sa.CheckConstraint(
            "longitude BETWEEN -180 AND 180", name=op.f("ck_lab_address_longitude_exists")
        ),
        _refers("lab_address", "lab_id", "lab"),
        _key("lab_address"),
    )
    op.create_index(
        "uq_lab_address_main",
        "lab_address",
        ["lab_id"],
        unique=True,
        sqlite_where=sa.text("is_main"),
        postgresql_where=sa.text("is_main"),
    )
    op.create_index(op.f("ix_lab_address_lab_id"), "lab_address", ["lab_id"])
    op.create_index(op.f("ix_lab_address_municipio"), "lab_address", ["municipio"])
    op.create_table(
        "lab_hours",
        _whole("id"),
        _whole("lab_id"),
        _whole("weekday"),
        _whole("opens_minute"),
        _whole("closes_minute"),
        sa.CheckConstraint(
            "weekday BETWEEN 0 AND 6", name=op.f("ck_lab_hours_weekday_is_a_weekday")
        ),
        sa.CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 2880",
            name=op.f("ck_lab_hours_closes_after_opening"),
        ),
        _refers("lab_hours", "lab_id", "lab"),
        _key("lab_hours"),
    )
    op.create_index(op.f("ix_lab_hours_lab_id_weekday"), "lab_hours", ["lab_id", "weekday"])


def _add_machines() -> None:
    op.create_table(
        "catalogue_model",
        _whole("id"),
        _words("maker", 80),
        _words("model", 120),
        _words("machine_class", 40),
        _words("process", 40),
        _words("technology", 80),
        _number("width_mm"),
        _number("depth_mm"),
        _number("height_mm"),
        _list("materials"),
        _words("words", 210),
        sa.Column("imported_at", MOMENT, nullable=False),
        _key("catalogue_model"),
        sa.UniqueConstraint(
            "maker",
            "model",
            "machine_class",
            name=op.f("uq_catalogue_model_maker_model_machine_class"),
        ),
    )
    op.create_index(op.f("ix_catalogue_model_words"), "catalogue_model", ["words"])
    op.create_table(
        "lab_machine",
        _whole("id"),
        _words("uid", 32),
        _whole("lab_id"),
        _whole("catalogue_model_id", nullable=True),
        _words("name", 120),
        _words("maker", 80),
        _words("model", 120),
        _words("machine_class", 40),
        _whole("count"),
        _number("width_mm"),
        _number("depth_mm"),
        _number("height_mm"),
        _number("tolerance_mm"),
        _number("thickness_mm"),
        _number("power_w"),
        _words("state", 16),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        _refers("lab_machine", "lab_id", "lab"),
        _refers("lab_machine", "catalogue_model_id", "catalogue_model"),
        _key("lab_machine"),
        sa.UniqueConstraint("uid", name=op.f("uq_lab_machine_uid")),
    )
    op.create_index(op.f("ix_lab_machine_lab_id_name"), "lab_machine", ["lab_id", "name"])
    _add_of_machine("lab_machine_process", "process")
    _add_of_machine("lab_machine_material", "material", _number("thickness_mm"))


def _add_of_machine(table: str, word: str, *more: sa.Column[float]) -> None:
    op.create_table(
        table,
        _whole("lab_machine_id"),
        _words(word, 40),
        *more,
        _refers(table, "lab_machine_id", "lab_machine"),
        _key(table, "lab_machine_id", word),
    )
    op.create_index(op.f(f"ix_{table}_{word}"), table, [word])


def _add_people_and_facts() -> None:
    op.create_table(
        "lab_service",
        _whole("lab_id"),
        _words("service", 40),
        _refers("lab_service", "lab_id", "lab"),
        _key("lab_service", "lab_id", "service"),
    )
    op.create_index(op.f("ix_lab_service_service"), "lab_service", ["service"])
    op.create_table(
        "lab_representative",
        _whole("id"),
        _whole("lab_id"),
        _whole("person_id"),
        _words("role", 16),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        _whole("named_by_id", nullable=True),
        _refers("lab_representative", "lab_id", "lab"),
        _refers("lab_representative", "person_id", "person"),
        _refers("lab_representative", "named_by_id", "person"),
        _key("lab_representative"),
        sa.UniqueConstraint(
            "lab_id",
            "person_id",
            "since",
            name=op.f("uq_lab_representative_lab_id_person_id_since"),
        ),
    )
    op.create_index(op.f("ix_lab_representative_person_id"), "lab_representative", ["person_id"])
    op.create_table(
        "lab_fact",
        _whole("lab_id"),
        _words("field", 40),
        sa.Column("verified_on", sa.Date(), nullable=False),
        _refers("lab_fact", "lab_id", "lab"),
        _key("lab_fact", "lab_id", "field"),
    )


def downgrade() -> None:
    """Forget labs and the catalogue."""
    for table in TABLES:
        op.drop_table(table)
