"""Every blueprint, in one place: a new noun is one line here."""

from __future__ import annotations

from labops.blueprints import (
    accounts,
    api,
    bookings,
    certifications,
    feeds,
    health,
    house_rules,
    machines,
    maintenance,
    onboarding,
    pages,
    people,
    privacy,
    series,
    sites,
    skills,
    staff,
    stations,
    strikes,
    waiting,
)

BLUEPRINTS = (
    pages.bp,
    accounts.bp,
    people.bp,
    onboarding.bp,
    privacy.bp,
    machines.bp,
    maintenance.bp,
    sites.bp,
    house_rules.bp,
    bookings.bp,
    series.bp,
    feeds.bp,
    stations.bp,
    staff.bp,
    strikes.bp,
    skills.bp,
    certifications.bp,
    waiting.bp,
    health.bp,
    api.bp,
)
