"""From the digits on a door's screen to the door."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.stations.models import Station
from labops.domain.visits import codes
from labops.domain.visits.codes import Standing
from labops.kernel import instance
from labops.kernel.errors import NotFound


def station_of(session: Session, text: str, *, now: datetime) -> tuple[int, int, str]:
    """Return the station, its site, and the code that stands on its screen with those digits.

    Digits that have expired lead to the code that expired with them. Raises `NotFound` for
    digits of no door.
    """
    typed = codes.read_typed(text)
    station = session.get(Station, typed.number) if typed and typed.number < 2**31 else None
    if typed is None or station is None:
        raise NotFound
    key = instance.pass_key(session)
    standing, step = codes.typed_screen(key, typed, station.id, at=now)
    if standing is Standing.WRONG:
        raise NotFound
    return station.id, station.site_id, codes.screen_text(key, station.id, step)
