"""What the demonstration shows of inductions: some to come, one full, one over with its outcomes.

Everything is done by the use cases that people's own acts go through; a session takes the first
time of its day that no booking has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from labops.domain.inductions import judging, services, signing
from labops.domain.inductions.commands import PlanSession
from labops.domain.inductions.states import Audience, SignUpState
from labops.domain.people import queries as people
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM, Actor

ROME = ZoneInfo("Europe/Rome")
TEACHER, STAFF_SCL = "teacher@example.org", "staff.scl@example.org"
MAKER, NEWCOMER = "maker@example.org", "newcomer@example.org"
OTHERS = ("paolo@example.org", "rosa@example.org", "sofia@example.org", "wei@example.org")
HOURS = (18, 17, 10, 14, 9, 16, 11)
LENGTH = timedelta(hours=2)
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A session so many days from today, and who wants to come."""

    site: str
    teacher: str
    machine: str
    kind: str
    days: int
    places: int = 6
    who: Sequence[str] = ()
    price: str = "25"


_COMING = (
    _Wish(
        site="mhuma",
        teacher=TEACHER,
        machine="mhuma-laser-1",
        kind="laser",
        days=3,
        places=2,
        who=(OTHERS[0], NEWCOMER, OTHERS[1], OTHERS[3]),
    ),
    _Wish(
        site="mhuma",
        teacher=TEACHER,
        machine="mhuma-laser-2",
        kind="laser",
        days=10,
        who=(OTHERS[2],),
    ),
    _Wish(
        site="mhuma",
        teacher=TEACHER,
        machine="mhuma-cnc-1",
        kind="cnc",
        days=8,
        who=(MAKER, OTHERS[0]),
    ),
    _Wish(
        site="smart-city-lab",
        teacher=STAFF_SCL,
        machine="scl-laser",
        kind="laser",
        days=6,
        who=(NEWCOMER,),
        price="0",
    ),
    _Wish(site="smart-city-lab", teacher=STAFF_SCL, machine="scl-cnc", kind="cnc", days=13),
)
_OVER = _Wish(site="mhuma", teacher=TEACHER, machine="mhuma-cnc-2", kind="cnc", days=-9,
              who=OTHERS[:3])  # fmt: skip
_OUTCOMES = (SignUpState.CERTIFIED, SignUpState.AGAIN, SignUpState.ABSENT)


def fill(*, now: datetime) -> None:
    """Let everything happen."""
    for wish in _COMING:
        _plan(wish, now, now)
    before = now + timedelta(days=_OVER.days - 7)
    uid = _plan(_OVER, before, now)
    if uid:
        outcomes = dict(zip(map(_uid, _OVER.who), _OUTCOMES, strict=True))
        judging.judge(uid, outcomes, actor=_actor(TEACHER, now), now=now)


def _plan(wish: _Wish, planned_at: datetime, now: datetime) -> str:
    """Plan the session in the first free time of its day, and let people sign up."""
    day = (now + timedelta(days=wish.days)).astimezone(ROME).date()
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    for hour in HOURS:
        start = datetime.combine(day, time(hour), tzinfo=ROME)
        command = PlanSession(
            machine_type=wish.kind,
            span=Interval(start, start + LENGTH),
            teacher_uid=_uid(wish.teacher),
            places=wish.places,
            machines=(wish.machine,),
            audience=Audience.ALL,
            price=Decimal(wish.price),
            note="Scarpe chiuse, capelli raccolti. Portate un disegno da tagliare, se l'avete.",
        )
        site_id = by_slug(reading(), wish.site).id
        try:
            uid = services.plan(site_id, command, actor=SYSTEM, now=planned_at)
        except Refused:
            continue
        for number, email in enumerate(wish.who):
            moment = planned_at + timedelta(minutes=number)
            signing.sign_up(uid, actor=_actor(email, moment), now=moment, waits=True)
        return uid
    return ""


def _uid(email: str) -> str:
    uid = people.uid_by_email(reading(), email)
    assert uid is not None  # noqa: S101 - the demonstration has just made it
    return uid


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - the demonstration has just made it
    return people.actor_of(reading(), account.person_id, now=now)
