"""Whoever signed an older version is asked for the new one, and reminded a week before."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from labops.domain.sites.models import Site
from labops.domain.waivers import queries
from labops.domain.waivers.events import SignatureAsked
from labops.domain.waivers.models import Waiver, WaiverVersion
from labops.kernel import local_time, outbox
from labops.kernel.db import reading, unit_of_work

WEEK = timedelta(days=7)
BATCH_COUNT = 200


def ask_for_signatures(*, now: datetime, dry_run: bool = False) -> int:
    """Record for each person that she is asked; return how many were recorded now.

    Asked by query and recorded once for each person and version, so that a run that stopped in
    the middle, or never came, loses nobody and asks nobody twice.
    """
    count = 0
    versions = reading().execute(
        select(WaiverVersion.id, WaiverVersion.asks_from, Site.zone)
        .join(Waiver, Waiver.id == WaiverVersion.waiver_id)
        .join(Site, Site.id == Waiver.site_id)
        .where(
            WaiverVersion.published_at.is_not(None),
            WaiverVersion.number > 1,
            Waiver.retired_at.is_(None),
        )
    )
    for version_id, asks_from, zone in versions.all():
        today = now.astimezone(local_time.zone(zone)).date()
        version = queries.version_by_id(reading(), version_id)
        if version is None or asks_from is None or asks_from <= today:
            continue  # bookings say so by now
        people = queries.waiting_for_newer(reading(), version)
        last = asks_from - today <= WEEK
        facts = [
            SignatureAsked(person_uid=uid, version_id=version_id, last=is_last)
            for uid in people
            for is_last in ((False, True) if last else (False,))
        ]
        if dry_run:
            count += len(facts)
            continue
        for start in range(0, len(facts), BATCH_COUNT):
            with unit_of_work() as session:
                for fact in facts[start : start + BATCH_COUNT]:
                    count += outbox.record_once(session, fact, now=now)
    return count
