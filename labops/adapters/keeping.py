"""Jobs that keep what must be kept, and let go of what must go."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from labops.adapters.backups import erased_list, nightly
from labops.domain.bookings import leaving
from labops.domain.erasure import services as erasing
from labops.kernel.db import reading


def erase_people(now: datetime, dry_run: bool) -> str:  # noqa: FBT001 - a job's signature
    """Erase whose time has come, cancel their coming bookings, and list them beside the data."""
    erased = erasing.erase_due(now=now, dry_run=dry_run)
    cancelled = leaving.cancel_of_erased(now=now, dry_run=dry_run)
    if not dry_run:
        erased_list.write_down(reading(), current_app.config["LABOPS"].data_dir)
    return f"{erased} erased, {cancelled} bookings cancelled"


def backup(now: datetime, dry_run: bool) -> str:  # noqa: FBT001 - a job's signature
    """Take the night's backup, or one that was asked for."""
    return nightly.run(now=now, dry_run=dry_run)
