"""Every blueprint, in one place: a new noun is one line here."""

from __future__ import annotations

from labops.blueprints import (
    accounts,
    api,
    bookings,
    feeds,
    health,
    machines,
    maintenance,
    pages,
    people,
    sites,
    staff,
    stations,
    strikes,
)

BLUEPRINTS = (
    pages.bp,
    accounts.bp,
    people.bp,
    machines.bp,
    maintenance.bp,
    sites.bp,
    bookings.bp,
    feeds.bp,
    stations.bp,
    staff.bp,
    strikes.bp,
    health.bp,
    api.bp,
)
