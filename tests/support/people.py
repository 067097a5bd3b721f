"""More people, for crowds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from labops.domain.memberships.services import add_membership
from labops.domain.people import profiles
from labops.domain.people.administration import add_person
from labops.domain.people.models import Person
from labops.domain.people.services import SignUp
from labops.domain.privacy.models import Consent
from labops.domain.privacy.purposes import Purpose
from labops.kernel.db import unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World


def members(world: World, count: int) -> list[int]:
    """Make so many members of MHUMA and return their ids."""
    ids = []
    with unit_of_work() as session:
        for number in range(count):
            sign_up = SignUp(
                name=f"Member {number}",
                email=f"member{number}@example.org",
                password=None,
                confirmed=True,
            )
            uid = add_person(session, sign_up, actor=SYSTEM, now=NOW)
            person = session.scalars(select(Person).where(Person.uid == uid)).one()
            add_membership(
                session,
                person,
                world.sites["mhuma"],
                starts_on=date(2026, 1, 1),
                ends_on=None,
                actor=SYSTEM,
                now=NOW,
            )
            ids.append(person.id)
    return ids


def all_want_news() -> None:
    """Let everybody there is agree to hear of news."""
    with unit_of_work() as session:
        for person_id in session.scalars(select(Person.id)):
            agreed = Consent(
                person_id=person_id, purpose=Purpose.NEWS.value, given=True, decided_at=NOW
            )
            session.add(agreed)


def rename(world: World, who: str, name: str, *, now: datetime) -> None:
    """Let somebody be called otherwise from now on."""
    command = profiles.SaveProfile(name=name)
    profiles.save_profile(world.uids[who], command, actor=world.actor(who, now), now=now)
