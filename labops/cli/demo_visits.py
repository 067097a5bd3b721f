"""The demonstration's doors: who is in, a screen at the door, a school class, the last scans."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from labops.domain.people import queries as people
from labops.domain.sites.queries import SiteView, by_slug
from labops.domain.stations import queries as stations
from labops.domain.stations.kinds import StationKind
from labops.domain.visits import codes, kiosks, services
from labops.domain.visits.commands import Guests, Scan
from labops.domain.visits.queries import pass_key
from labops.domain.visits.states import Act, Way
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

# Who came how many minutes ago, by which way, and what for.
CAME = (
    ("staff@example.org", 150, Way.NAME, Act.CHECK_IN),
    ("rosa@example.org", 95, Way.PASS, Act.CHECK_IN),
    ("tomas@example.org", 80, Way.PASS, Act.CHECK_IN),
    ("maker@example.org", 40, Way.PASS, Act.CHECK_IN),
    ("paolo@example.org", 25, Way.PASS, Act.CHECK_IN),
    ("tomas@example.org", 10, Way.PASS, Act.CHECK_OUT),
)
_STAFF_SAY = "Seen by the staff at the desk"


def fill(*, now: datetime) -> None:
    """Let people be in at the first site, whatever the hour; a second run is never asked for."""
    site = by_slug(reading(), "mhuma")
    for email, minutes, way, act in CAME:
        uid = people.uid_by_email(reading(), email)
        if uid is not None:
            _scan(site, uid, now - timedelta(minutes=minutes), way, act)
    _receive_class(site, now - timedelta(minutes=30))
    _show_to_strangers(site, now - timedelta(minutes=5))
    door = _door(site)
    if door is not None:
        kiosks.enrol(
            site.id, door, name="Tablet all'ingresso", only_screen=False, actor=SYSTEM, now=now
        )


def _scan(site: SiteView, uid: str, at: datetime, way: Way, act: Act) -> None:
    step = codes.step_at(at, codes.PASS_STEP)
    by_pass = way is Way.PASS
    command = Scan(
        site_id=site.id,
        station_id=_door(site),
        device="desk:demo",
        nonce=uuid4().hex,
        act=act,
        way=way,
        text=codes.pass_text(pass_key(reading()), uid, step) if by_pass else "",
        person_uid="" if by_pass else uid,
        override_reason=_STAFF_SAY,
    )
    services.scan(command, actor=SYSTEM, now=at)


def _receive_class(site: SiteView, at: datetime) -> None:
    host = people.uid_by_email(reading(), "staff@example.org")
    if host is None:
        return
    command = Guests(
        site_id=site.id,
        device="desk:demo",
        nonce=uuid4().hex,
        name="Classe 3B, scuola Pertini",
        people_count=18,
        minors=True,
        host_uid=host,
    )
    services.receive_guests(command, actor=SYSTEM, now=at)


def _show_to_strangers(site: SiteView, at: datetime) -> None:
    """Let two passes be refused: one that is a week old, one that is none of ours."""
    uid = people.uid_by_email(reading(), "maker@example.org")
    old = codes.step_at(at - timedelta(days=7), codes.PASS_STEP)
    texts = ["https://example.com/menu"]
    if uid is not None:
        texts.append(codes.pass_text(pass_key(reading()), uid, old))
    for text in texts:
        command = Scan(
            site_id=site.id,
            station_id=_door(site),
            device="desk:demo",
            nonce=uuid4().hex,
            way=Way.PASS,
            text=text,
        )
        services.scan(command, actor=SYSTEM, now=at)


def _door(site: SiteView) -> int | None:
    hanging = stations.hanging(reading(), site.id)
    return next((one.id for one in hanging if one.kind == StationKind.DOOR), None)
