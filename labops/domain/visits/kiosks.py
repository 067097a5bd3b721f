"""Screens at doors: enrolled once by staff, with a secret of their own and few rights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.stations.kinds import StationKind
from labops.domain.stations.models import Station
from labops.domain.visits.models import Kiosk
from labops.kernel import audit, ids
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import KIOSK_PERMISSIONS, Actor, Permission
from labops.kernel.text import one_line

_SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskView:
    """A screen with its door in words."""

    id: int
    uid: str
    site_id: int
    station_id: int
    station_name: str
    station_code: str
    name: str
    enrolled_at: datetime
    last_seen_at: datetime

    @property
    def device(self) -> str:
        """Return what its scans are written under."""
        return f"kiosk:{self.id}"

    @property
    def actor(self) -> Actor:
        """Return whom it acts as: nobody, who may let people in and out at its site."""
        return Actor(label=self.device, at_sites={self.site_id: KIOSK_PERMISSIONS})


def enrol(
    site_id: int, station_id: int, *, name: str, only_screen: bool, actor: Actor, now: datetime
) -> str:
    """Make a screen of the browser that asks, and return its secret, told once.

    With `only_screen` the code on the wall of that door counts no more, only the screen's. Raises
    `Invalid` without a name or for a station that is no door of the site.
    """
    actor.require(Permission.KIOSK_ENROL, site_id)
    called = one_line(name)[:80]
    if not called:
        raise Invalid.field("name", "field.required")
    secret = ids.new_secret()
    with unit_of_work() as session:
        station = session.get(Station, station_id)
        known = station is not None and station.site_id == site_id and station.retired_at is None
        if station is None or not known or station.kind != StationKind.DOOR:
            raise Invalid.field("station", "field.not-offered")
        station.needs_screen = only_screen
        kiosk = Kiosk(
            uid=ids.new_uid(),
            site_id=site_id,
            station_id=station_id,
            name=called,
            secret_digest=ids.digest(secret),
            enrolled_at=now,
            enrolled_by_id=actor.person_id,
            last_seen_at=now,
        )
        session.add(kiosk)
        session.flush()
        after = {"station": station_id, "only_screen": only_screen}
        audit.record(session, actor, "kiosk.enrolled", f"kiosk:{kiosk.id}", now=now, after=after)
    return secret


def revoke(uid: str, *, actor: Actor, now: datetime) -> None:
    """Let a screen do nothing any more; twice is once. Raises `NotFound`."""
    with unit_of_work() as session:
        kiosk = session.scalar(select(Kiosk).where(Kiosk.uid == uid))
        if kiosk is None or not actor.may(Permission.KIOSK_ENROL, kiosk.site_id):
            raise NotFound
        if kiosk.revoked_at is None:
            kiosk.revoked_at = now
            audit.record(session, actor, "kiosk.revoked", f"kiosk:{kiosk.id}", now=now)
            others = select(Kiosk.id).where(
                Kiosk.station_id == kiosk.station_id, Kiosk.revoked_at.is_(None)
            )
            session.flush()
            if session.scalar(others.limit(1)) is None:
                # Without a screen nobody could come in by phone.
                session.get_one(Station, kiosk.station_id).needs_screen = False


def of_secret(session: Session, secret: str) -> KioskView | None:
    """Return the screen whose cookie holds the secret, unless it was revoked."""
    found = _views(session, secret=secret)
    return found[0] if found else None


def of_site(session: Session, site_id: int) -> Sequence[KioskView]:
    """Return the site's screens that work, by name."""
    return _views(session, site_id=site_id)


def note_seen(kiosk: KioskView, *, now: datetime) -> None:
    """Note now and then that the screen is alive."""
    if now - kiosk.last_seen_at < _SEEN_EVERY:
        return
    with unit_of_work() as session:
        session.execute(update(Kiosk).where(Kiosk.id == kiosk.id).values(last_seen_at=now))


def _views(session: Session, *, secret: str = "", site_id: int | None = None) -> list[KioskView]:
    query = (
        select(
            Kiosk.id,
            Kiosk.uid,
            Kiosk.site_id,
            Kiosk.station_id,
            Station.name.label("station_name"),
            Station.code.label("station_code"),
            Kiosk.name,
            Kiosk.enrolled_at,
            Kiosk.last_seen_at,
        )
        .join(Station, Station.id == Kiosk.station_id)
        .where(Kiosk.revoked_at.is_(None))
        .order_by(Kiosk.name, Kiosk.id)
    )
    if secret:
        query = query.where(Kiosk.secret_digest == ids.digest(secret))
    if site_id is not None:
        query = query.where(Kiosk.site_id == site_id)
    return [KioskView(**row._mapping) for row in session.execute(query)]
