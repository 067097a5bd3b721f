"""Incidents, harm, and the maintenance that comes round again, with its parts.

Revision ID: 2026112330
Revises: 2026112335
"""

import sqlalchemy as sa
from alembic import op

revision = "2026112330"
down_revision = "2026112335"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(60), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("reporter_id", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("photo", sa.String(120), nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
        sa.Column("solved_at", MOMENT, nullable=True),
        sa.Column("solved_by_id", sa.Integer(), nullable=True),
        sa.Column("solution", sa.String(300), nullable=False),
        sa.Column("duplicate_of_id", sa.Integer(), nullable=True),
        sa.UniqueConstraint("uid", name="uq_incident_uid"),
        sa.CheckConstraint(
            "severity IN ('note', 'careful', 'stops')", name=op.f("ck_incident_severity_known")
        ),
        sa.CheckConstraint(
            "(solved_at IS NULL) = (solved_by_id IS NULL)",
            name=op.f("ck_incident_solved_by_somebody"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name="fk_incident_site_id_site"),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["bookable.id"], name="fk_incident_machine_id_bookable"
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["person.id"], name="fk_incident_reporter_id_person"
        ),
        sa.ForeignKeyConstraint(
            ["solved_by_id"], ["person.id"], name="fk_incident_solved_by_id_person"
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["incident.id"], name="fk_incident_duplicate_of_id_incident"
        ),
    )
    op.create_index("ix_incident_machine_id_solved_at", "incident", ["machine_id", "solved_at"])
    op.create_index("ix_incident_site_id_solved_at", "incident", ["site_id", "solved_at"])
    op.create_index(
        "ix_incident_reporter_id_nonce", "incident", ["reporter_id", "nonce"], unique=True
    )
    op.create_index("ix_incident_solved_by_id", "incident", ["solved_by_id"])
    op.create_index("ix_incident_duplicate_of_id", "incident", ["duplicate_of_id"])

    op.create_table(
        "incident_echo",
        _refers("incident_id", "incident.id", primary_key=True),
        _refers("person_id", "person.id", primary_key=True),
        sa.Column("said_at", MOMENT, nullable=False),
    )
    op.create_index("ix_incident_echo_person_id", "incident_echo", ["person_id"])
    op.create_table(
        "harm_record",
        *_identity("harm_record"),
        sa.Column("nonce", sa.String(60), nullable=False),
        _refers("site_id", "site.id"),
        _refers("machine_id", "bookable.id", nullable=True),
        _refers("reporter_id", "person.id"),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("reported_at", MOMENT, nullable=False),
    )
    op.create_index("ix_harm_record_site_id_happened_at", "harm_record", ["site_id", "happened_at"])
    op.create_index(
        "ix_harm_record_reporter_id_nonce", "harm_record", ["reporter_id", "nonce"], unique=True
    )
    _add_plans_and_parts()
    _add_tasks()


def _add_plans_and_parts() -> None:
    op.create_table(
        "maintenance_plan",
        *_identity("maintenance_plan"),
        _refers("site_id", "site.id"),
        _refers("machine_id", "bookable.id"),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("every_months", sa.Integer(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("checklist", sa.String(2000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.Column("told", sa.String(10), nullable=False),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "every_months > 0 OR every_hours > 0", name=op.f("ck_maintenance_plan_comes_round")
        ),
    )
    for column in ("site_id", "machine_id"):
        name = f"ix_maintenance_plan_{column}_retired_at"
        op.create_index(name, "maintenance_plan", [column, "retired_at"])
    op.create_table(
        "spare_part",
        *_identity("spare_part"),
        _refers("site_id", "site.id"),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("supplier", sa.String(200), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
        sa.Column("stock", sa.Integer(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("revised_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "stock >= 0 AND minimum >= 0", name=op.f("ck_spare_part_counts_not_negative")
        ),
    )
    op.create_index("ix_spare_part_site_id_name", "spare_part", ["site_id", "name"], unique=True)


def _add_tasks() -> None:
    op.create_table(
        "maintenance_task",
        *_identity("maintenance_task"),
        sa.Column("nonce", sa.String(60), nullable=False),
        _refers("machine_id", "bookable.id"),
        _refers("plan_id", "maintenance_plan.id", nullable=True),
        _refers("incident_id", "incident.id", nullable=True),
        _refers("person_id", "person.id"),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("done_steps", sa.String(2000), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Numeric(10, 2), nullable=False),
        sa.Column("photo", sa.String(120), nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
    )
    op.create_index(
        "ix_maintenance_task_machine_id_done_at", "maintenance_task", ["machine_id", "done_at"]
    )
    op.create_index(
        "ix_maintenance_task_person_id_nonce",
        "maintenance_task",
        ["person_id", "nonce"],
        unique=True,
    )
    op.create_index("ix_maintenance_task_plan_id", "maintenance_task", ["plan_id"])
    op.create_index("ix_maintenance_task_incident_id", "maintenance_task", ["incident_id"])
    op.create_table(
        "maintenance_task_part",
        _refers("task_id", "maintenance_task.id", primary_key=True),
        _refers("part_id", "spare_part.id", primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
    )
    op.create_index("ix_maintenance_task_part_part_id", "maintenance_task_part", ["part_id"])


def _identity(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.UniqueConstraint("uid", name=f"uq_{table}_uid"),
    )


def _refers(
    name: str, to: str, *, nullable: bool = False, primary_key: bool = False
) -> sa.Column[int]:
    """Return a column whose foreign key is named by the convention of the metadata."""
    return sa.Column(
        name, sa.Integer(), sa.ForeignKey(to), nullable=nullable, primary_key=primary_key
    )


def downgrade() -> None:
    """Forget what was reported and done."""
    for table in (
        "maintenance_task_part",
        "maintenance_task",
        "spare_part",
        "maintenance_plan",
        "harm_record",
        "incident_echo",
        "incident",
    ):
        op.drop_table(table)
