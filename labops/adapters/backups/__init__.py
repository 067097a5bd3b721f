"""Backups: one archive that either engine can be restored from.

An archive is a ZIP file: `tables/NAME.jsonl` with a line for each row in the order of the primary
key, `files/...` with what the data folder holds besides the database, and `manifest.json` with the
schema's revision, and the digest and length of every member. Nothing of the settings is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine

from labops.kernel.db import db


class ArchiveRefused(Exception):
    """The archive, or the place it would go to, cannot be used; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps what a backup holds."""

    engine: Engine
    data_dir: Path


def work_on() -> Place:
    """Return the place of the application in hand."""
    return Place(db.engine, current_app.config["LABOPS"].data_dir)
