"""What the demonstration shows of certifications: some end soon, one is suspended, one unused."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from labops.domain.certifications import cards, services, settings, uses
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.services import Certify, Suspend
from labops.domain.certifications.settings import DescribeType
from labops.domain.certifications.states import Renewal
from labops.domain.people import queries as people
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor

TEACHER, MAKER = "teacher@example.org", "maker@example.org"
PAOLO, ROSA, SOFIA = "paolo@example.org", "rosa@example.org", "sofia@example.org"
LEVELS = (("Base", "Basic"), ("Avanzato", "Advanced"))


def fill(*, now: datetime) -> None:
    """Let it happen, by the use cases that people's own acts go through."""
    today = local_today(reading(), now=now)
    _describe("laser", now, months=12, unused=180, ways=tuple(Renewal), levels=LEVELS)
    _describe("cnc", now, months=12, ways=(Renewal.SESSION,))
    _describe("printer-resin", now, unused=90, ways=(Renewal.QUIZ,))
    _describe("embroidery", now, months=12, ways=(Renewal.USE, Renewal.QUIZ))
    settings.name_trainer("embroidery", ROSA, actor=SYSTEM, now=now)
    for email, kind, since, days_left in (
        (SOFIA, "cnc", 300, 6),
        (ROSA, "embroidery", 330, 25),
        (SOFIA, "printer-resin", 150, None),
    ):
        _certify(email, kind, today - timedelta(days=since), _in(today, days_left), now)
    _certify(TEACHER, "laser", today - timedelta(days=90), None, now, level=2)
    paolo = _uid(PAOLO)
    suspension = Suspend(
        person_uid=paolo,
        machine_type="embroidery",
        reason="Telaio montato due volte al contrario: ripassiamo insieme la preparazione.",
        ends_on=today + timedelta(days=21),
    )
    services.suspend(suspension, actor=_actor(TEACHER, now), now=now)
    cards.issue_card(actor=_actor(MAKER, now), now=now)
    uses.note_uses(since=None, now=now)


def _describe(
    slug: str,
    now: datetime,
    *,
    months: int | None = None,
    unused: int | None = None,
    ways: tuple[Renewal, ...] = (),
    levels: tuple[tuple[str, str], ...] = (),
) -> None:
    kind = settings.type_by_slug(reading(), slug)
    command = DescribeType(
        slug=slug,
        name_it=kind.name_it,
        name_en=kind.name_en,
        valid_months=months,
        unused_days=unused,
        renewal=ways,
        levels=levels,
    )
    settings.describe_type(command, actor=SYSTEM, now=now)


def _certify(
    email: str, kind: str, starts_on: date, ends_on: date | None, now: datetime, *, level: int = 1
) -> None:
    command = Certify(
        person_uid=_uid(email),
        machine_type=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        level=level,
        evidence="Corso di abilitazione",
    )
    services.certify(command, actor=_actor(TEACHER, now), now=now)


def _in(today: date, days: int | None) -> date | None:
    return None if days is None else today + timedelta(days=days)


def _uid(email: str) -> str:
    uid = people.uid_by_email(reading(), email)
    assert uid is not None  # noqa: S101 - the demonstration has just made it
    return uid


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - the demonstration has just made it
    return people.actor_of(reading(), account.person_id, now=now)
