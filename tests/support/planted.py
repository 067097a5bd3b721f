"""A value of its own in every private column of a lab, to be looked for where all may read."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import JSON, Date, DateTime, String, update
from sqlalchemy.orm import Session

from labops.domain.labs.models import (
    Lab,
    LabAddress,
    LabFact,
    LabHours,
    LabMachine,
    LabMachineMaterial,
    LabMachineProcess,
    LabService,
)
from labops.domain.labs.public import PUBLIC
from labops.kernel import clock
from labops.kernel.orm import Base

TABLES: tuple[type[Base], ...] = (
    Lab, LabAddress, LabFact, LabHours, LabMachine, LabMachineMaterial, LabMachineProcess,
    LabService,
)  # fmt: skip
# Keys and what holds the tables together: they are neither public nor told in any words.
TIES = {"id", "lab_id", "lab_machine_id", "site_id", "is_main", "shown", "catalogue_model_id"}


def plant(session: Session, lab_id: int) -> list[str]:
    """Fill every private column of a lab's rows with a value of its own; return the values."""
    planted = []
    for model in TABLES:
        table = model.__table__
        private = [
            column
            for column in table.columns
            if column.name not in PUBLIC[table.name] and column.name not in TIES
            and not column.foreign_keys
        ]  # fmt: skip
        values: dict[str, object] = {}
        for number, column in enumerate(private):
            value: object
            if isinstance(column.type, JSON):
                value = [f"planted{table.name}{number}"]
                planted.append(value[0])
            elif isinstance(column.type, String):
                value = f"pl{number:02}{table.name}"[: column.type.length or 40]
                planted.append(str(value))
            elif isinstance(column.type, DateTime) or type(column.type).__name__ == "UtcDateTime":
                value = datetime(1987, 6, number % 27 + 1, tzinfo=clock.now().tzinfo)
                planted.append(value.date().isoformat())
            elif isinstance(column.type, Date):
                value = date(1988, 7, number % 27 + 1)
                planted.append(value.isoformat())
            elif column.type.python_type is Decimal:
                value = Decimal("7654.32")
                planted.append("7654.32")
            else:
                value = 910_000 + number
                planted.append(str(value))
            values[column.name] = value
        if values:
            owner = "id" if model is Lab else "lab_id"
            session.execute(update(model).where(getattr(model, owner) == lab_id).values(**values))
    return planted
